"""Identifiers with valid check digits that can be nobody's."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa

from sandbox.recipes import calendars, keyed
from sandbox.recipes.functions.keys import one_to_one
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import Dates, Integers, Numbering, Strings, function
from sandbox.recipes.vectors import Array, Vector, coded, same_codes, strings

FIRST_WEIGHTS = np.array([3, 7, 6, 1, 8, 9, 4, 5, 2])
SECOND_WEIGHTS = np.array([5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
SYNTHETIC = 80  # added to the month
D_NUMBER = 40  # added to the day
SERIALS = 500  # per century, half of them for each sex
SEXES = ("F", "M")
FIRST_DAY = calendars.day_number(date(1900, 1, 1))
LAST_DAY = calendars.day_number(date(2039, 12, 31))
GROUPS = 2 * (LAST_DAY - FIRST_DAY + 1)  # one for each birth date and sex
ORGANISATION_WEIGHTS = np.array([3, 2, 7, 6, 5, 4, 3, 2])
UPPER_HALVES = np.arange(2_000, 4_000)  # the first four digits, of which the first is 2 or 3


def days_and_sexes(born: Dates, sex: Strings) -> Array:
    """A group for each birth date from 1900 on and sex: twice the day, and one more for men."""
    if born.size and (born.min() < FIRST_DAY or born.max() > LAST_DAY):
        raise Unfit("identity numbers are known for birth dates from 1900 to 2039 here")
    known, ours = same_codes(coded(np.arange(2), SEXES), sex)
    male = ours == known[1]
    if not (male | (ours == known[0])).all():
        raise Unfit("a sex is 'F' or 'M' here")
    return np.asarray((born - FIRST_DAY) * 2 + male)


@function(numbered_by=days_and_sexes)
def national_id_no(here: Here, born: Dates, sex: Strings, number: Numbering) -> Strings:
    """A Norwegian national identity number (fødselsnummer) with valid check digits, for nobody.

    born: birth dates from 1900 to 2039. sex: 'F' or 'M', told by the third digit of the serial.
    The month has 80 added, as in Tenor, the tax administration's register of synthetic persons
    (Skatteetaten, folkeregisteret-api-dokumentasjon, "Test for konsumenter"), so that no number is
    a real person's. ddmmyy, serial (000–499 for 1900–1999, 500–999 for 2000–2039), two check digits
    modulo 11. Unique: persons of one date and sex get different serials, of about 206 there are.

    Example: national_id_no(birth_date, sex)
    """
    return _numbers(here, days_and_sexes(born, sex), number, 0)


@function(numbered_by=days_and_sexes)
def d_number_no(here: Here, born: Dates, sex: Strings, number: Numbering) -> Strings:
    """A Norwegian D-number, for persons without a fødselsnummer, with valid check digits.

    born, sex: as for national_id_no. The day has 40 added, which makes it a D-number, and the month
    80, which makes it nobody's (the combination "dnr-and-tnr" of navikt/fnrvalidator).

    Example: d_number_no(birth_date, sex)
    """
    return _numbers(here, days_and_sexes(born, sex), number, D_NUMBER)


def _numbers(here: Here, group: Array, number: Array, day_offset: int) -> Strings:
    """The number-th valid number of each row's group, counted from a place of the group's own."""
    fronts, kinds = _fronts(day_offset)
    counts, tails = _tails()
    tails_per_kind = len(tails) // len(counts)
    group = here.spread(group)
    place = places(here, group, number, counts.take(kinds))
    tail = tails.take((kinds * tails_per_kind).take(group) + place)
    return strings(_six_and_five(fronts.take(group >> 1), _five_digits().take(tail)))


def places(here: Here, group: Array, number: Array, room: Array) -> Array:
    """A place for each row among those of its group: its number, counted from one of its own.

    group: as days_and_sexes gives it. room: of each group, how many different numbers there are.
    """
    room_here = room.take(group)
    enough(number, room_here)
    shift = keyed.below(here.words_for(len(room), "shift"), room)
    place = number + shift.take(group)
    return np.asarray(place - room_here * (place >= room_here))


def enough(number: Array, room: Array) -> None:
    """Unfit where more rows are of one group than there is room for in it."""
    beyond = number >= room
    if beyond.any():
        what = "more persons of one birth date and sex than there are numbers"
        found = f"there are {np.broadcast_to(room, beyond.shape)[beyond].min()}"
        raise Unfit(what, found, fix="spread the birth dates, or draw fewer persons")


@cache
def _fronts(day_offset: int) -> tuple[Array, Array]:
    """For each day its six digits, and for each group the kind of its weighted sums."""
    years, months, days = calendars.parts(np.arange(FIRST_DAY, LAST_DAY + 1))
    digits = decimals((days + day_offset) * 10_000 + (months + SYNTHETIC) * 100 + years % 100, 6)
    first, second = (digits @ weights[:6] % 11 for weights in (FIRST_WEIGHTS, SECOND_WEIGHTS))
    kind = ((first * 11 + second) * 2 + (years >= 2000)) * 2
    return _eight_bytes(digits), np.stack([kind, kind + 1], axis=1).ravel()


@cache
def _tails() -> tuple[Array, Array]:
    """For each kind of date, (how many serials are valid, their five last digits in order).

    The check digits depend on the date only through its two weighted sums modulo 11, on the century
    and on the sex: 11 × 11 × 2 × 2 = 484 kinds, so that no row needs a calculation of its own.
    """
    first, second, late, male = np.unravel_index(np.arange(484), (11, 11, 2, 2))
    serial = (late * SERIALS + male)[:, None] + np.arange(0, SERIALS, 2)
    digits = decimals(serial, 3)
    k1 = -(first[:, None] + digits @ FIRST_WEIGHTS[6:]) % 11
    k2 = -(second[:, None] + digits @ SECOND_WEIGHTS[6:9] + k1 * SECOND_WEIGHTS[9]) % 11
    valid = (k1 < 10) & (k2 < 10)
    front = np.argsort(~valid, axis=1, kind="stable")
    tails = np.take_along_axis(serial * 100 + k1 * 10 + k2, front, axis=1)
    return valid.sum(axis=1), tails.ravel()


@function()
def organisation_number_no(here: Here, number: Integers) -> Strings:
    """A Norwegian organisation number (organisasjonsnummer) with a valid check digit, for nobody.

    number: whole numbers from 0 to 18,181,817, each different, such as the row's: no two get the
    same one, and the order of the results tells nothing. Real ones begin with 8 or 9, these with 2
    or 3, as in Tenor, the tax administration's register of the synthetic (the hundred companies of
    Skatteetaten's api-dokumentasjon, "utleggsbegjæring"). Eight digits, of which those that need 10
    as a check digit are left out, and a check digit modulo 11 with the weights 3 2 7 6 5 4 3 2
    (Brønnøysundregistrene, "Organisasjonsnummeret").

    Example: organisation_number_no(row)
    """
    until, upper, tails = _organisations()
    what, fix = "so many organisations", "draw fewer, or give them another key"
    place = one_to_one(here, number, int(until[-1]), what, fix)
    half = np.searchsorted(until, place, "right")
    rest = place - until[half] + np.diff(until, prepend=0)[half]
    return strings(_four_and_five(upper.take(half), tails[_upper_kinds()[half], rest]))


@cache
def _organisations() -> tuple[Array, Array, Array]:
    """Of each upper half how many numbers there are up to its last, its four digits, and for each
    kind of upper half the ways to go on: four digits and the check digit, in order.

    The check digit depends on the upper half only through its weighted sum modulo 11.
    """
    lower = decimals(np.arange(10_000), 4) @ ORGANISATION_WEIGHTS[4:]
    check = -(np.arange(11)[:, None] + lower) % 11
    front = np.argsort(check == 10, axis=1, kind="stable")
    tails = front * 10 + np.take_along_axis(check, front, axis=1)
    counts = (check < 10).sum(axis=1)
    until = np.cumsum(counts[_upper_kinds()])
    return until, _eight_bytes(decimals(UPPER_HALVES, 4)), _five_digits()[tails % 100_000]


@cache
def _upper_kinds() -> Array:
    """The weighted sum modulo 11 of each upper half."""
    return np.asarray(decimals(UPPER_HALVES, 4) @ ORGANISATION_WEIGHTS[:4] % 11)


@cache
def _five_digits() -> Array:
    """00000 to 99999 as ASCII."""
    return _eight_bytes(decimals(np.arange(100_000), 5))


def decimals(numbers: Array, width: int) -> Array:
    """Decimal digits in a last axis of `width`."""
    return numbers[..., None] // 10 ** np.arange(width - 1, -1, -1) % 10


def _eight_bytes(digits: Array) -> Array:
    """Rows of up to eight digits as ASCII in one little-endian word each, the first one lowest."""
    text = np.zeros((len(digits), 8), np.uint8)
    text[:, : digits.shape[1]] = digits + ord("0")
    return text.view("<u8").ravel()


def _six_and_five(six: Array, five: Array) -> pa.Array:
    """Eleven digits a row as an Arrow array of texts, without a Python string for any of them.

    Each row is written as a word of eight bytes at its beginning and one of four behind, whose last
    byte is the next row's first: so those of four go first.
    """
    rows, width = len(six), 11
    buffer = np.empty(rows * width + 8, np.uint8)
    behind = np.ndarray((rows,), "<u4", buffer, 8, (width,))
    before = np.ndarray((rows,), "<u8", buffer, 0, (width,))
    behind[:] = five >> np.uint64(16)
    before[:] = six | (five << np.uint64(48))
    return _texts(buffer, rows, width)


def _four_and_five(four: Array, five: Array) -> pa.Array:
    """Nine digits a row, as _six_and_five writes eleven."""
    rows, width = len(four), 9
    buffer = np.empty(rows * width, np.uint8)
    np.ndarray((rows,), "<u8", buffer, 0, (width,))[:] = four | (five << np.uint64(32))
    np.ndarray((rows,), "u1", buffer, 8, (width,))[:] = five >> np.uint64(32)
    return _texts(buffer, rows, width)


def written(characters: Array) -> Vector:
    """Rows of characters, one byte each, as texts."""
    rows, width = characters.shape
    return strings(_texts(np.ascontiguousarray(characters, np.uint8), rows, width))


def _texts(buffer: Array, rows: int, width: int) -> pa.Array:
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(buffer))
