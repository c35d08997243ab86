"""Whole-table functions: they need every row before they can tell the value of one.

Exact quotas, exact splits, ranks, totals and queues. They are the same for any partitioning, but
more rows may change the first ones.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sandbox.recipes import calendars, declared, keyed
from sandbox.recipes.functions.draws import conditions
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit, whole
from sandbox.recipes.registry import (
    Anything,
    Dates,
    FileName,
    Integers,
    Many,
    ManyRows,
    Numbers,
    function,
)
from sandbox.recipes.vectors import Array, Vector, same_codes


@function(whole_table=True)
def quota(here: Here, total: Numbers, by: Numbers) -> Integers:
    """A total shared out over the rows by weight, in whole numbers that add up to it.

    total: one number for the whole table, rounded. by: a weight per row, 0 or more.
    Largest remainder (Hamilton's method): each row gets its exact share rounded down or up.

    Example: quota(500, by=inhabitants)
    """
    totals, weights = np.unique(whole(np.round(here.spread(total)))), here.counted(by)
    if len(totals) > 1 or not ((weights >= 0) & (weights < np.inf)).all():
        raise Unfit("quota shares one total out by weights of 0 or more")
    return keyed.largest_remainder(weights, int(totals[0]) if len(totals) else 0)


@function(whole_table=True, declared=declared.allot)
def allot(here: Here, file: FileName, given: Anything | None = None) -> Anything:
    """Like draw(), but exactly: each value occurs as often as its share of the rows says.

    file, given: as for draw(). For tables that must match published counts: in each condition the
    numbers are those of the largest remainder (Hamilton's method), and chance only decides which
    row gets which value.

    Example: allot('reader_ages.csv', given=sex)
    """
    figures = here.figures(file)
    columns = np.zeros(here.count, np.int64)
    if given is not None:
        columns = here.kept["conditions"] = conditions(figures, here.every(given))
        if given.missing is not None:  # a group of their own, whose values are hidden
            columns = np.where(given.missing, len(figures.conditions), columns)
    elif len(figures.conditions) != 1:
        raise Unfit(f"{file} has several columns of shares", fix="say given=…")
    words = here.words()
    order = np.lexsort((words, columns))
    chosen = np.zeros(here.count, np.int64)
    edges = np.searchsorted(columns[order], np.arange(1, len(figures.conditions) + 1))
    groups = np.split(order, edges)[:-1]
    for shares, group in zip(figures.shares.T, groups, strict=True):
        counts = keyed.largest_remainder(shares, len(group))
        chosen[group] = np.repeat(np.arange(len(counts)), counts)
    return figures.values(chosen, words).hiding(None if given is None else given.missing)


@function(whole_table=True)
def split(here: Here, total: Integers, file: FileName) -> ManyRows:
    """For `per`: each row's total as parts that add up to it exactly, one row per part.

    The word `part` holds each part in the new table. total: a whole number per row, such as the
    persons of a municipality. file: the shares of the parts' sizes, such as household sizes.
    The sizes are drawn until the total is reached; the last one takes what is left.

    Example: branches * split(quota(1_200, by=inhabitants), 'class_sizes.csv')
    """
    figures = here.figures(file)
    if figures.low is None or len(figures.conditions) != 1 or figures.low.min() < 1:
        raise Unfit(f"{file} must hold whole numbers from 1 and one column of shares")
    totals = here.spread(total)
    sizes = _sizes(here, totals, figures.low, keyed.guide(figures.shares[:, 0], 16))
    return Many(sizes[0], {"part": Vector("integer", sizes[1])})


def _sizes(here: Here, totals: Array, values: Array, guide: Array) -> tuple[Array, Array]:
    """(row, part) of every part. Each row draws from a stream of its own, one word per part."""
    longest = int(totals.max(initial=0)) // int(values.min()) + 1
    rows, parts = [], []
    streams = here.words()
    for row, (stream, total) in enumerate(zip(streams, totals, strict=True)):
        if total <= 0:
            continue
        words = np.random.Philox(key=int(stream)).random_raw(min(longest, int(total)))
        drawn = values[keyed.guided(words, guide)]
        reached = np.cumsum(drawn)
        last = int(np.searchsorted(reached, total))
        drawn = drawn[: last + 1].copy()
        drawn[last] -= reached[last] - total
        rows.append(np.full(len(drawn), row))
        parts.append(drawn)
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(rows), np.concatenate(parts)


@function(whole_table=True)
def rank(here: Here, values: Anything, by: Anything | None = None) -> Integers:
    """The place of each row in the order of a column, from 1; equal values in the rows' order.

    values: numbers or dates; missing ones come last. by: counts anew for each value of this column.

    Example: rank(age)
    Example: rank(borrowed_on, by=reader)
    """
    groups, order = _grouped(here, by, here.every(values))
    first = np.searchsorted(groups[order], groups[order])
    ranks = np.empty(here.count, np.int64)
    ranks[order] = np.arange(here.count) - first + 1
    return ranks


@function(whole_table=True)
def total(here: Here, values: Numbers, by: Anything | None = None) -> Numbers:
    """The sum of a column over the table, or over the rows with the same value of `by`.

    values: numbers. by: any column.

    Example: inhabitants / total(inhabitants)
    """
    groups = _groups(here, by)
    return np.bincount(groups, here.counted(values), minlength=1)[groups]


@function(whole_table=True)
def queue(here: Here, arrived: Dates, work: Numbers, capacity: Numbers,
          by: Anything | None = None) -> Dates:  # fmt: skip
    """The business day on which each case is done, when an office takes them one after the other.

    arrived: the date on which the case came in; an office begins on the next business day.
    work: officer-days that the case takes. capacity: officer-days per business day. by: one queue
    for each value of this column, such as the municipality.
    First come, first served; what is left in the evening waits for the next day. Lindley's
    recursion: done = max(arrived, done before) + work / capacity, solved with a running maximum.

    Example: queue(received_on, .3, 1)
    """
    days, speed, work = here.spread(arrived), here.spread(capacity), here.counted(work)
    if (speed <= 0).any() or (work < 0).any():
        raise Unfit("capacity is above 0 and work is 0 or more", "a value below")
    groups, order = _grouped(here, by, Vector("date", days))
    calendar = calendars.calendar()
    begin = calendar.ordinal(days[order]).astype(float)
    effort = (work / speed)[order]
    done = np.empty(here.count)
    edges = np.flatnonzero(np.diff(groups[order], prepend=-1, append=-1))
    for start, stop in pairwise(edges):
        served = np.cumsum(effort[start:stop])
        before = np.concatenate([[0.0], served[:-1]])
        done[start:stop] = served + np.maximum.accumulate(begin[start:stop] - before)
    result = np.empty(here.count, np.int64)
    result[order] = calendar.day(np.ceil(np.round(done, 9)).astype(np.int64))
    return result


def _groups(here: Here, by: Vector | None) -> Array:
    if by is None:
        return np.zeros(here.count, np.int64)
    return same_codes(here.every(by), here.every(by))[0]


def _grouped(here: Here, by: Vector | None, values: Vector) -> tuple[Array, Array]:
    """The group of each row, and the order of rows by group, value and row."""
    groups = _groups(here, by)
    if values.keys().kind == "string":
        raise Unfit("texts have no rank here", expected="numbers or dates")
    last = np.zeros(here.count, bool) if values.missing is None else values.missing
    return groups, np.lexsort((values.values, last, groups))
