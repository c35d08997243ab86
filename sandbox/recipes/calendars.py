"""Calendars for recipes: Norwegian business days, and hours of the day in Norway as UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np

from sandbox.recipes.operators import Unfit
from sandbox.recipes.vectors import DAY, EPOCH, Array
from sandbox.recipes.vocabularies import frozen

HOUR = 3_600


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


@dataclass(frozen=True)
class Calendar:
    """Business days of Norway: Monday to Friday without public holidays.

    `days` are the business days; `not_before[d]` is the ordinal of the first one from day
    `first + d` on.
    """

    first: int
    days: Array
    not_before: Array

    @property
    def span(self) -> str:
        first, last = (date.fromordinal(EPOCH.toordinal() + int(d)) for d in self.days[[0, -1]])
        return f"{first} to {last}"

    def ordinal(self, days: Array) -> Array:
        """The ordinal of the first business day on or after each day."""
        days = np.asarray(days)
        index = days - self.first
        if index.size and (index.min() < 0 or index.max() >= len(self.not_before)):
            found = f"{_shown(days.min())} to {_shown(days.max())}"
            raise Unfit("a date lies outside the calendar of holidays", found, self.span)
        return np.asarray(self.not_before[index])

    def day(self, ordinals: Array) -> Array:
        """The business day with each ordinal."""
        if ordinals.size and (ordinals.min() < 0 or ordinals.max() >= len(self.days)):
            raise Unfit("a date lies outside the calendar of holidays", expected=self.span)
        return self.days[ordinals]

    def is_business_day(self, days: Array) -> Array:
        return np.asarray(self.day(self.ordinal(days)) == days)


def _shown(day: int) -> str:
    try:
        return date.fromordinal(EPOCH.toordinal() + int(day)).isoformat()
    except (ValueError, OverflowError):
        return f"day {day:+,} from {EPOCH}"


@cache
def calendar() -> Calendar:
    """The calendar of vocabularies/holidays_NO.json (from the library holidays, MIT)."""
    known = frozen("holidays_NO.json")
    first = day_number(date(known["first_year"], 1, 1))
    last = day_number(date(known["last_year"], 12, 31))
    holidays = [day_number(date.fromisoformat(day)) for day in known["days"]]
    every = np.arange(first, last + 1)
    business = (weekday(every) < 5) & ~np.isin(every, holidays)
    days = every[business]
    return Calendar(first, days, np.searchsorted(days, every[: days[-1] - first + 1]))


def weekday(days: Array) -> Array:
    """0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday."""
    return (days + 3) % 7


def parts(days: Array) -> tuple[Array, Array, Array]:
    """Year, month (1–12) and day of the month."""
    as_day = np.asarray(days).astype("datetime64[D]")
    month = as_day.astype("datetime64[M]")
    year = as_day.astype("datetime64[Y]").astype(np.int64) + 1970
    return year, month.astype(np.int64) % 12 + 1, (as_day - month).astype(np.int64) + 1


def years_before(day: date, years: Array) -> Array:
    """The same day so many years earlier; 29 February becomes 1 March in other years."""
    months = (day.year - np.asarray(years) - 1970) * 12 + day.month - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(first + day.day - 1)


def full_years(birth: Array, on: Array) -> Array:
    """Age in full years on a day; who is born on 29 February has the birthday on 1 March."""
    birth_year, birth_month, birth_day = parts(birth)
    year, month, day = parts(on)
    return year - birth_year - (month * 32 + day < birth_month * 32 + birth_day)


def utc(days: Array, seconds: Array) -> Array:
    """Seconds since 1970 UTC of a time of day in Norway.

    Summer time from the last Sunday of March to the last Sunday of October (Directive 2000/84/EC,
    in force since 1996); times between 01 and 04 on those Sundays are not asked for.
    """
    year = parts(days)[0]
    summer = (days >= _last_sunday(year, 3)) & (days < _last_sunday(year, 10))
    return np.asarray(days * DAY + seconds - HOUR * (1 + summer))


def norwegian_offset(moments: Array) -> Array:
    """By how many seconds Norwegian time is ahead of UTC at each moment."""
    year = parts((moments + HOUR) // DAY)[0]
    start, end = (_last_sunday(year, month) * DAY + HOUR for month in (3, 10))
    return np.asarray(HOUR * (1 + ((moments >= start) & (moments < end))))


def norwegian_day(moments: Array) -> Array:
    """The date in Norway of each moment."""
    return np.asarray((moments + norwegian_offset(moments)) // DAY)


def _last_sunday(year: Array, month: int) -> Array:
    last = ((year - 1970) * 12 + month).astype("datetime64[M]").astype("datetime64[D]")
    day = last.astype(np.int64) - 1
    return np.asarray(day - (weekday(day) + 1) % 7)
