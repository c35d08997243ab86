"""Finnish personal identity codes that can be nobody's."""

from __future__ import annotations

import numpy as np

from sandbox.recipes import calendars
from sandbox.recipes.functions.identifiers import (
    GROUPS,
    days_and_sexes,
    decimals,
    enough,
    places,
    written,
)
from sandbox.recipes.here import Here
from sandbox.recipes.registry import Dates, Numbering, Strings, function
from sandbox.recipes.vectors import Array

SERIALS = 900  # the first one that is given to nobody; each date and sex has every second one
PER_SIGN = 50
SIGNS = np.array([list(b"-YXWVU"), list(b"ABCDEF")])  # of 1900–1999 and of 2000–2099
CONTROL = np.array(list(b"0123456789ABCDEFHJKLMNPRSTUVWXY"))


@function(numbered_by=days_and_sexes)
def national_id_fi(here: Here, born: Dates, sex: Strings, number: Numbering) -> Strings:
    """A Finnish personal identity code (henkilötunnus) with a valid control character, for nobody.

    born: birth dates from 1900 to 2039. sex: 'F' or 'M', told by the serial: even for women. The
    serials 900–999 are never given to a person; the test persons of the Digital and Population Data
    Services Agency have them (dvv.fi, "The personal identity code"). ddmmyy, a sign of the century,
    serial, and the remainder modulo 31 as a character. Unique: there are 50 codes for each date and
    sex, and 250 more with the further signs in use since 2023, Y X W V U and B C D E F (dvv.fi,
    "Reform of personal identity code"), which are taken only when those with - or A are used up.

    Example: national_id_fi(birth_date, sex)
    """
    group = here.spread(days_and_sexes(born, sex))
    years, months, days = calendars.parts(here.spread(born))
    sign, serial = _signs_and_serials(here, group, number)
    front = days * 10_000 + months * 100 + years % 100
    parts = [
        decimals(front, 6) + ord("0"),
        SIGNS[(years >= 2000).astype(np.int64), sign][:, None],
        decimals(serial, 3) + ord("0"),
        CONTROL[(front * 1_000 + serial) % len(CONTROL)][:, None],
    ]
    return written(np.concatenate(parts, axis=1))


def _signs_and_serials(here: Here, group: Array, number: Array) -> tuple[Array, Array]:
    """Which sign each row gets, and its serial: all of one sign before the next."""
    enough(number, np.asarray(PER_SIGN * SIGNS.shape[1]))
    sign, within = np.divmod(number, PER_SIGN)
    place = places(here, group, within, np.full(GROUPS, PER_SIGN))
    return sign, SERIALS + place * 2 + group % 2
