"""Identifiers with valid check digits that can be nobody's."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa

from sandbox.recipes import calendars, keyed
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import Dates, Strings, function
from sandbox.recipes.vectors import Array, coded, same_codes, strings

FIRST_WEIGHTS = np.array([3, 7, 6, 1, 8, 9, 4, 5, 2])
SECOND_WEIGHTS = np.array([5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
SYNTHETIC = 80  # added to the month
SERIALS = 500  # per century, half of them for each sex


@function(whole_table=True)
def national_id_no(here: Here, born: Dates, sex: Strings) -> Strings:
    """A Norwegian national identity number (fødselsnummer) with valid check digits, for nobody.

    born: birth dates from 1900 to 2039. sex: 'F' or 'M', told by the third digit of the serial.
    The month has 80 added, as in Tenor, the tax administration's register of synthetic persons
    (Skatteetaten, folkeregisteret-api-dokumentasjon, "Test for konsumenter"), so that no number is
    a real person's. ddmmyy, serial (000–499 for 1900–1999, 500–999 for 2000–2039), two check digits
    modulo 11. Unique: persons of one date and sex get different serials, of about 206 there are.
    """
    years, months, days = calendars.parts(here.spread(born))
    if ((years < 1900) | (years > 2039)).any():
        raise Unfit("national_id_no knows birth dates from 1900 to 2039")
    known, ours = same_codes(coded(np.arange(2), ("F", "M")), here.every(sex))
    if not np.isin(ours, known).all():
        raise Unfit("a sex is 'F' or 'M' here")
    front = _digits(days * 10_000 + (months + SYNTHETIC) * 100 + years % 100, 6)
    male, late = (ours == known[1]).astype(np.int64), (years >= 2000).astype(np.int64)
    first = front @ FIRST_WEIGHTS[:6] % 11
    second = front @ SECOND_WEIGHTS[:6] % 11
    counts, tails = _tails()
    kind = ((first * 11 + second) * 2 + late) * 2 + male
    place = _places(here, here.spread(born) * 2 + male, counts[kind])
    text = np.concatenate([front, _digits(tails[kind, place], 5)], axis=1)
    return strings(_fixed_width(text))


def _places(here: Here, group: Array, room: Array) -> Array:
    """Different numbers below `room` for the rows of one group, in an order of the group's own."""
    order = np.argsort(group, kind="stable")
    groups = group[order]
    among = np.arange(len(order)) - np.searchsorted(groups, groups)
    if (among >= room[order]).any():
        what = "more persons of one birth date and sex than there are numbers"
        raise Unfit(what, fix="spread the birth dates, or draw fewer persons")
    lowest = int(group.min(initial=0))
    shift = here.words_for(int(group.max(initial=0)) - lowest + 1, "shift")
    place = np.empty(len(order), np.int64)
    place[order] = among
    return (place + keyed.below(shift[group - lowest], room)) % room


@cache
def _tails() -> tuple[Array, Array]:
    """For each kind of date, (how many serials are valid, their five last digits in order).

    The check digits depend on the date only through its two weighted sums modulo 11, on the century
    and on the sex: 11 × 11 × 2 × 2 = 484 kinds, so that no row needs a calculation of its own.
    """
    first, second, late, male = np.unravel_index(np.arange(484), (11, 11, 2, 2))
    serial = (late * SERIALS + male)[:, None] + np.arange(0, SERIALS, 2)
    digits = _digits(serial, 3)
    k1 = -(first[:, None] + digits @ FIRST_WEIGHTS[6:]) % 11
    k2 = -(second[:, None] + digits @ SECOND_WEIGHTS[6:9] + k1 * SECOND_WEIGHTS[9]) % 11
    valid = (k1 < 10) & (k2 < 10)
    front = np.argsort(~valid, axis=1, kind="stable")
    tails = np.take_along_axis(serial * 100 + k1 * 10 + k2, front, axis=1)
    return valid.sum(axis=1), tails


def _digits(numbers: Array, width: int) -> Array:
    """Decimal digits in a last axis of `width`."""
    return numbers[..., None] // 10 ** np.arange(width - 1, -1, -1) % 10


def _fixed_width(digits: Array) -> pa.Array:
    """Rows of digits as an Arrow array of texts, without a Python string for any of them."""
    rows, width = digits.shape
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    content = np.ascontiguousarray(digits + ord("0"), dtype=np.uint8)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(content))
