"""Danish personal identity numbers that can be nobody's."""

from __future__ import annotations

from functools import cache

import numpy as np

from sandbox.recipes import calendars
from sandbox.recipes.functions.identifiers import (
    FIRST_DAY,
    LAST_DAY,
    days_and_sexes,
    decimals,
    places,
    written,
)
from sandbox.recipes.here import Here
from sandbox.recipes.registry import Dates, Numbering, Strings, function
from sandbox.recipes.vectors import Array

WEIGHTS = np.array([4, 3, 2, 7, 6, 5, 4, 3, 2, 1])
REPLACEMENT = 60  # added to the day
ERAS = (1937, 2000, 2037)  # from these years on, other first digits of the serial are used
FIRST_DIGITS = ("0123", "012349", "456789", "5678")  # of a serial, before, between and after them


@function(numbered_by=days_and_sexes)
def national_id_dk(here: Here, born: Dates, sex: Strings, number: Numbering) -> Strings:
    """A Danish personal identity number (CPR-nummer) with a valid check digit, for nobody.

    born: birth dates from 1900 to 2039. sex: 'F' or 'M', told by the last digit: even for women.
    The day has 60 added, by which the CPR office makes numbers that cannot be taken for real ones
    (cpr.dk, "Erstatningspersonnummer i eksterne systemer"; also viden.stil.dk, 24838200). ddmmyy,
    and four digits of which the first tells the century (cpr.dk, "Personnummeret i CPR"). All ten
    satisfy the check modulo 11, weights 4 3 2 7 6 5 4 3 2 1, though real ones need not since 2007.
    Unique: there are at least 181 numbers for each date and sex, and 272 from 1937 to 2036.

    Example: national_id_dk(birth_date, sex)
    """
    group = here.spread(days_and_sexes(born, sex))
    fronts, kinds = _fronts()
    counts, tails = _tails()
    kind = kinds[group]
    tail = tails[kind, places(here, group, number, counts[kinds])]
    digits = np.concatenate([fronts[group >> 1], decimals(tail, 4)], axis=1)
    return written(digits + ord("0"))


@cache
def _fronts() -> tuple[Array, Array]:
    """For each day its six digits, and for each group its kind: weighted sum, era and sex."""
    years, months, days = calendars.parts(np.arange(FIRST_DAY, LAST_DAY + 1))
    digits = decimals((days + REPLACEMENT) * 10_000 + months * 100 + years % 100, 6)
    era = np.searchsorted(ERAS, years, "right")
    kind = ((digits @ WEIGHTS[:6] % 11) * len(FIRST_DIGITS) + era) * 2
    return digits, np.stack([kind, kind + 1], axis=1).ravel()


@cache
def _tails() -> tuple[Array, Array]:
    """For each kind, (how many last four digits are valid, those in order)."""
    total, era, male = np.unravel_index(np.arange(88), (11, len(FIRST_DIGITS), 2))
    serials = decimals(np.arange(10_000), 4)
    first = np.array([[str(d) in digits for d in range(10)] for digits in FIRST_DIGITS])
    valid = first[era][:, serials[:, 0]] & (serials[:, 3] % 2 == male[:, None])
    valid &= (total[:, None] + serials @ WEIGHTS[6:]) % 11 == 0
    return valid.sum(axis=1), np.argsort(~valid, axis=1, kind="stable")
