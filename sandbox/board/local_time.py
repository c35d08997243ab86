"""Moments as people write them, in the event's zone, also on the two nights when clocks change."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sandbox.errors import SandboxError

_WRITTEN = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]+(\d{2}:\d{2})(:00)?(Z|[-+]\d{2}:\d{2})?")
Which = Literal["earlier", "later", ""]


class NoMoment(SandboxError):
    """What was written is no date and time."""


class NoSuchHour(NoMoment):
    """Clocks go forward over it: `before` and `after` are the nearest moments that exist."""

    def __init__(self, before: datetime, after: datetime):
        self.before, self.after = before, after
        super().__init__(
            f"clocks go forward over that hour; the nearest are {before:%H:%M} and {after:%H:%M}"
        )


class TwiceThatHour(NoMoment):
    """Clocks go back over it: `earlier` and `later` are both called so."""

    def __init__(self, earlier: datetime, later: datetime):
        self.earlier, self.later = earlier, later
        super().__init__(
            "clocks go back over that hour, so it comes twice; say which: "
            f"{_with_offset(earlier)} or {_with_offset(later)}"
        )


def read(text: str, zone: ZoneInfo, which: Which = "") -> datetime:
    """`2027-03-05 09:00` (or with a T between) in `zone` as a moment in UTC.

    `which` of two is meant where clocks go back; an offset such as +02:00 says it, too. Raises
    NoMoment, NoSuchHour or TwiceThatHour.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        raise NoMoment("a date and time such as 2027-03-05 09:00 is expected")
    day, hour, _, offset = found.groups()
    try:
        wall = datetime.fromisoformat(f"{day}T{hour}{(offset or '').replace('Z', '+00:00')}")
        if wall.tzinfo is not None:
            return wall.astimezone(UTC)
        return _in_zone(wall, zone, which)
    except (ValueError, OverflowError):
        raise NoMoment(f"there is no {day} {hour}") from None


def _in_zone(wall: datetime, zone: ZoneInfo, which: Which) -> datetime:
    """PEP 495: the two folds of a reading differ where clocks change, and only there."""
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if _reads(first, zone) != wall:
        raise NoSuchHour(_nearest(wall, zone, -1), _nearest(wall, zone, +1))
    if which == "":
        raise TwiceThatHour(first, second)
    return (first if which == "earlier" else second).astimezone(UTC)


def _reads(moment: datetime, zone: ZoneInfo) -> datetime:
    """What a clock on the wall shows at `moment`."""
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0)


def _nearest(wall: datetime, zone: ZoneInfo, minutes: Literal[-1, 1]) -> datetime:
    """The nearest reading, minute by minute in one direction, that a clock really shows."""
    while _reads(wall.replace(tzinfo=zone), zone) != wall:
        wall += timedelta(minutes=minutes)
    return wall.replace(tzinfo=zone)


def written(moment: datetime | None, zone: ZoneInfo) -> str:
    """`moment` as a field for date and time holds it: 2027-03-05T09:00."""
    return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}"


def which(moment: datetime | None, zone: ZoneInfo) -> Which:
    """Which of two it is where clocks go back, so that a form can say it again; else nothing."""
    if moment is None:
        return ""
    here = moment.astimezone(zone)
    if here.replace(fold=0).utcoffset() == here.replace(fold=1).utcoffset():
        return ""
    return "later" if here.fold else "earlier"


def _with_offset(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes")


def told(moment: datetime | None) -> Any:
    """`moment` as the audit log keeps it: ISO 8601 in UTC, or nothing."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="minutes")
