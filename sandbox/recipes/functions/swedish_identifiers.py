"""Swedish identity numbers that can be nobody's: published test numbers, and impossible ones."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.recipes import calendars
from sandbox.recipes.functions.identifiers import SEXES, decimals, written
from sandbox.recipes.functions.keys import one_to_one
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import Constant, Dates, Integers, Strings, function
from sandbox.recipes.vectors import Array, coded
from sandbox.recipes.vocabularies import frozen

TEST_NUMBERS = "test_numbers_SE.json"
COMPANY = 5  # the first digit of a company's organisation number
FIRST_MONTH, MONTHS = 13, 7  # no month, and too low for an organisation


@function()
def national_id_se(
    here: Here, number: Integers, first_year: Constant = 1890, last_year: Constant = 2019
) -> Strings:
    """A Swedish personal identity number (personnummer) of twelve digits, from the test numbers.

    number: whole numbers from 0, each different, such as the row's: no two get the same one, and
    the order of the results tells nothing. first_year, last_year: only numbers of persons who were
    born then. The Swedish Tax Agency publishes numbers for tests as open data (Skatteverket,
    "Testpersonnummer", CC0 1.0), which no person ever gets; there are none for most birth dates and
    sexes, so the number comes first, and birth_date_se() and sex_se() read the rest from it. Those
    known here are a part, frozen in vocabularies/test_numbers_SE.json: 6,198, of 1890–1891,
    1900–1901, 1991–1992, 2000–2006 and 2019. A larger register needs another key.

    Example: national_id_se(row, 1991, 2006)
    """
    days, serials = _test_numbers()
    years = calendars.parts(days)[0]
    chosen = np.flatnonzero((years >= first_year) & (years <= last_year))
    if not len(chosen):
        raise Unfit(f"there are no test numbers for {first_year} to {last_year}", fix="other years")
    numbers = here.spread(number)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= len(chosen)):
        what = f"there are {len(chosen):,} test numbers for {first_year} to {last_year}"
        fix = "number from 0, draw fewer rows, or take another key: code('P-', shuffled(row, 6), 6)"
        raise Unfit(what, str(numbers.max()), fix=fix)
    chosen = chosen[np.argsort(here.words_for(len(chosen), "order"), kind="stable")]
    return written(_digits(days, serials)[chosen[numbers]] + ord("0"))


@function()
def birth_date_se(numbers: Strings) -> Dates:
    """The birth date that a Swedish personal identity number of twelve digits tells.

    numbers: as national_id_se() gives them.

    Example: birth_date_se('200001012384')
    """
    date_digits = _as_integers(numbers) // 10_000
    years, months, days = date_digits // 10_000, date_digits // 100 % 100, date_digits % 100
    month = ((years - 1970) * 12 + months - 1).astype("datetime64[M]")
    return np.asarray(month.astype("datetime64[D]").astype(np.int64) + days - 1)


@function()
def sex_se(numbers: Strings) -> Strings:
    """The sex, 'F' or 'M', that a Swedish personal identity number tells: even serials are women's.

    numbers: as national_id_se() gives them.

    Example: sex_se('200001012384')
    """
    return coded(_as_integers(numbers) // 10 % 2, SEXES)


@function()
def organisation_number_se(here: Here, number: Integers) -> Strings:
    """A Swedish organisation number with a valid check digit, for nobody: 551300-0018.

    number: whole numbers from 0 to 6,999,999, each different, such as the row's: no two get the
    same one, and the order of the results tells nothing. The third digit of a real one is never
    below 2, so that nobody takes it for a person's (lag 1974:174 om identitetsbeteckning för
    juridiska personer, 4 §); here the third and fourth are 13 to 19, and so no month of a person's
    either. The first is 5, as of companies; the last satisfies the check modulo 10 (Luhn).

    Example: organisation_number_se(row)
    """
    what, fix = "so many organisations", "draw fewer, or give them another key"
    place = one_to_one(here, number, MONTHS * 1_000_000, what, fix)
    month, rest = np.divmod(place, 1_000_000)
    kind, serial = np.divmod(rest, 100_000)
    front = (COMPANY * 10 + kind) * 10_000_000 + (FIRST_MONTH + month) * 100_000 + serial
    digits = _with_check_digit(decimals(front, 9))
    hyphen = np.full((len(digits), 1), ord("-"))
    return written(
        np.concatenate([digits[:, :6] + ord("0"), hyphen, digits[:, 6:] + ord("0")], axis=1)
    )


def _with_check_digit(nine: Array) -> Array:
    """Nine digits and the one that makes every second of them, doubled, add up to tens."""
    doubled = nine * np.array([2, 1] * 4 + [2])
    check = -(doubled // 10 + doubled % 10).sum(axis=1) % 10
    return np.concatenate([nine, check[:, None]], axis=1)


@cache
def _test_numbers() -> tuple[Array, Array]:
    """The birth dates and serials of the test numbers, ascending."""
    known = frozen(TEST_NUMBERS)
    pairs: set[tuple[int, int]] = set()
    for run in known["runs"]:
        first, last = (calendars.day_number(date.fromisoformat(run[e])) for e in ("first", "last"))
        serials = run["serials"]
        for day in range(first, last + 1):
            in_turn = [serials[(day - first) % len(serials)]]
            pairs |= {(day, serial) for serial in (in_turn if run["in_turn"] else serials)}
    for day, serial in known["lacking"]:
        pairs.remove((calendars.day_number(date.fromisoformat(day)), serial))
    days, serials = np.array(sorted(pairs)).T
    return days, serials


def _digits(days: Array, serials: Array) -> Array:
    """Twelve digits of each number: yyyymmdd, serial, and a check digit of all but the century."""
    years, months, day = calendars.parts(days)
    nine = (years % 100 * 10_000 + months * 100 + day) * 1_000 + serials
    return np.concatenate([decimals(years // 100, 2), _with_check_digit(decimals(nine, 9))], axis=1)


def _as_integers(numbers: Strings) -> Array:
    """Texts of twelve digits as whole numbers; 0 where one is missing."""
    texts = numbers.words.take(pa.array(np.atleast_1d(numbers.values)))
    fit = np.asarray(pc.match_substring_regex(texts, r"^\d{12}$").to_numpy(zero_copy_only=False))
    known = fit if numbers.missing is None else fit | numbers.missing
    if not known.all():
        found = texts.filter(pa.array(~known))[0].as_py()
        raise Unfit("this is no Swedish personal identity number", found, "twelve digits")
    read = pc.if_else(pa.array(fit), texts, "0" * 12).cast(pa.int64()).to_numpy()
    return np.asarray(read.reshape(numbers.values.shape))
