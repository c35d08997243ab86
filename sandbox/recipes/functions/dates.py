"""Dates, business days and moments: seasons, weekdays, Norwegian holidays and office hours."""

from __future__ import annotations

from datetime import date as calendar_date

import numpy as np

from sandbox.recipes import calendars, declared, keyed
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit, whole
from sandbox.recipes.registry import (
    Booleans,
    Constant,
    Constants,
    Dates,
    Datetimes,
    Durations,
    Integers,
    Numbers,
    function,
)
from sandbox.recipes.vectors import DAY, Array

BITS = 20
OLDEST = 200


@function()
def date(iso: Constant) -> Dates:
    """A date, written out: date('2026-01-31').

    Example: date('2026-01-31')
    """
    try:
        return np.asarray(calendars.day_number(calendar_date.fromisoformat(str(iso))))
    except ValueError:
        raise Unfit("this is no date", str(iso), "date('2026-01-31')") from None


@function(declared=declared.day)
def day(here: Here, year: Constant, season: Constants | None = None,
        weekdays: Constants | None = None) -> Dates:  # fmt: skip
    """A day of a year at random, by season and day of the week.

    year: written out. season: twelve weights, January to December, 1 for an ordinary month.
    weekdays: seven weights, Monday to Sunday; public holidays count as Sundays.

    Example: day(2025, season=[1, 1, 1.2, 1, 1, .8, .5, .7, 1.2, 1.1, 1, .9])
    """
    first = calendars.day_number(calendar_date(int(year), 1, 1))
    last = calendars.day_number(calendar_date(int(year), 12, 31))
    every = np.arange(first, last + 1)
    weight = _weights("season", season, 12)[calendars.parts(every)[1] - 1]
    if weekdays is not None:
        working = calendars.calendar().is_business_day(every)
        of_week = calendars.weekday(every)
        weight = (
            weight
            * _weights("weekdays", weekdays, 7)[np.where((of_week < 5) & ~working, 6, of_week)]
        )
    if weight.sum() == 0:
        raise Unfit("no day has a weight above 0")
    here.kept["days"] = first, weight
    return first + keyed.guided(here.words(), keyed.guide(weight, BITS))


def _weights(name: str, given: list[float] | None, count: int) -> Array:
    if given is None:
        return np.ones(count)
    fine = all(isinstance(w, int | float) and w >= 0 for w in given)
    if len(given) != count or not fine:
        raise Unfit(f"{name} holds weights of 0 or more", str(given), f"{count} numbers")
    return np.array(given, float)


@function()
def days(number: Numbers) -> Durations:
    """So many days, to add to a date or take from it; parts of a day are cut off.

    Example: borrowed_on + days(28)
    """
    return whole(np.floor(number) * DAY)


@function()
def hours(number: Numbers) -> Durations:
    """So many hours, to add to a moment or take from it.

    Example: moment(borrowed_on) + hours(1.5)
    """
    return whole(np.round(number * calendars.HOUR))


@function()
def minutes(number: Numbers) -> Durations:
    """So many minutes, to add to a moment or take from it.

    Example: moment(borrowed_on) + minutes(integer(1, 20))
    """
    return whole(np.round(number * 60))


@function()
def year(of: Dates) -> Integers:
    """The year of a date.

    Example: year(borrowed_on)
    """
    return calendars.parts(of)[0]


@function()
def month(of: Dates) -> Integers:
    """The month of a date, 1 to 12.

    Example: month(borrowed_on)
    """
    return calendars.parts(of)[1]


@function()
def weekday(of: Dates) -> Integers:
    """The day of the week of a date, 1 for Monday to 7 for Sunday (ISO 8601).

    Example: weekday(borrowed_on) == 6
    """
    return calendars.weekday(of) + 1


@function(declared=declared.born)
def born(here: Here, age: Integers) -> Dates:
    """A birth date for someone who has this age at `asof`, every day of the year equally likely.

    age: full years, 0 or more.

    Example: born(integer(6, 90))
    """
    if age.size and (age.min() < 0 or age.max() >= OLDEST):
        raise Unfit("an age lies between 0 and 199")
    birthdays = calendars.years_before(here.asof, np.arange(OLDEST + 1))
    earliest, days = birthdays[1:] + 1, birthdays[:-1] - birthdays[1:]
    return earliest[age] + keyed.below(here.words(), days[age])


@function()
def age(here: Here, birth_date: Dates) -> Integers:
    """Age in full years at `asof`.

    birth_date: a date.

    Example: age(birth_date)
    """
    return calendars.full_years(birth_date, np.asarray(calendars.day_number(here.asof)))


@function()
def is_business_day(of: Dates) -> Booleans:
    """Whether a date is a weekday and no public holiday in Norway.

    Source: the library holidays (MIT), frozen in vocabularies/holidays_NO.json.

    Example: is_business_day(borrowed_on)
    """
    return calendars.calendar().is_business_day(of)


@function()
def add_business_days(of: Dates, number: Integers) -> Dates:
    """The date so many Norwegian business days later; 0 gives the date, or the next business day.

    of: a date. number: whole days, 0 or more.

    Example: add_business_days(received_on, 3)
    """
    calendar = calendars.calendar()
    from_next = ~calendar.is_business_day(of) & (number > 0)
    return calendar.day(calendar.ordinal(of) + number - from_next)


@function()
def business_days_between(first: Dates, last: Dates) -> Integers:
    """How many Norwegian business days come after the first date, up to and with the last.

    first, last: dates; a last before the first counts below zero.

    Example: business_days_between(received_on, read_on)
    """
    calendar = calendars.calendar()
    return calendar.ordinal(last + 1) - calendar.ordinal(first + 1)


@function(declared=declared.moment)
def moment(here: Here, of: Dates, after: Numbers = 8, before: Numbers = 16) -> Datetimes:  # type: ignore[assignment]
    """A moment of a day between two hours of Norwegian time, to the minute, stored as UTC.

    of: a date. after, before: hours of the day, from 4 to 24; office hours unless said.

    Example: moment(borrowed_on, 10, 18)
    """
    after, before = np.asarray(after), np.asarray(before)
    if not ((after >= 4) & (before <= 24) & (before > after)).all():
        raise Unfit("the hours lie between 4 and 24, the first before the last")
    span = np.round((before - after) * 60).astype(np.int64)
    minute = np.round(after * 60).astype(np.int64) + keyed.below(here.words(), span)
    return calendars.utc(here.spread(of), minute * 60)


@function()
def date_of(of: Datetimes) -> Dates:
    """The date in Norway of a moment.

    Example: date_of(received_at)
    """
    return calendars.norwegian_day(of)
