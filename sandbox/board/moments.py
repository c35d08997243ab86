"""Moments as people type them into a form, and what is wrong with one in the reader's language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.board.local_time import NoMoment, NoSuchHour, read, written
from sandbox.board.words import gettext

FIRST_YEAR, LAST_YEAR = 2000, 2200


class NoSuchMoment(ValueError):
    """What was typed is no moment; the message says why and what would be one."""


def parse(text: str, zone: ZoneInfo) -> datetime:
    """What clocks in `zone` show as `2027-03-28T09:30` (or with a space), as a moment in UTC.

    An hour that clocks pass twice in autumn is its first pass. Raises NoSuchMoment, in the reader's
    language, for what is no date and time, and for an hour that clocks leave out in spring.
    """
    try:
        moment = read(text, zone, "earlier")
    except NoSuchHour as gap:
        told = gettext(
            "Clocks in %(zone)s go forward over that hour. "
            "The nearest are %(before)s and %(after)s."
        )
        words = {"zone": zone.key, "before": f"{gap.before:%H:%M}", "after": f"{gap.after:%H:%M}"}
        raise NoSuchMoment(told % words) from None
    except NoMoment:
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise NoSuchMoment(gettext("Write a date and a time such as 2027-03-05 09:00."))
    return moment


def as_typed(moment: datetime | None, zone: ZoneInfo) -> str:
    """`moment` as the field for date and time holds it; empty for none."""
    return written(moment, zone)
