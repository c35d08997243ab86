"""Moments as people type them: a date and a time on the clocks of the event's zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.board.words import gettext

FORM = "%Y-%m-%dT%H:%M"  # what a browser's field for date and time sends (datetime-local)
FIRST_YEAR, LAST_YEAR = 2000, 2200
_FORM = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)", re.ASCII)


class NoSuchMoment(ValueError):
    """What was typed is no moment; the message says why and what would be one."""


def parse(text: str, zone: ZoneInfo) -> datetime:
    """What clocks in `zone` show as `2027-03-28T09:30` (or with a space), as a moment in UTC.

    An hour that clocks pass twice in autumn is its first pass. Raises NoSuchMoment, in the reader's
    language, for what is no date and time, and for an hour that clocks leave out in spring.
    """
    found = _FORM.fullmatch(text.strip())
    try:
        typed = datetime.fromisoformat(f"{found[1]}T{found[2]}") if found else None
    except ValueError:
        typed = None
    if typed is None or not FIRST_YEAR <= typed.year <= LAST_YEAR:
        raise NoSuchMoment(gettext("Write a date and a time such as 2027-03-05 09:00."))
    moment = typed.replace(tzinfo=zone)
    if _shown(moment.astimezone(UTC), zone) == typed:
        return moment.astimezone(UTC)
    told = gettext(
        "Clocks in %(zone)s leave out %(time)s on this day. Choose a time before %(gap)s, or from "
        "%(after)s on."
    )
    before, after = _gap(moment, zone)
    raise NoSuchMoment(told % {"zone": zone.key, "time": f"{typed:%H:%M}",
                               "gap": f"{before:%H:%M}", "after": f"{after:%H:%M}"})  # fmt: skip


def as_typed(moment: datetime | None, zone: ZoneInfo) -> str:
    """`moment` as the field for date and time holds it; empty for none."""
    return "" if moment is None else moment.astimezone(zone).strftime(FORM)


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """What clocks in `zone` show at `moment`."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _gap(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """What clocks in `zone` show when they are put forward around `moment`, and right after."""
    early, late = (moment.astimezone(UTC) + timedelta(hours=h) for h in (-26, 26))
    offset = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    after = _shown(late, zone).replace(microsecond=0)
    return after - (late.astimezone(zone).utcoffset() or timedelta()) + (
        offset or timedelta()
    ), after
