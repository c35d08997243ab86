"""What each drawing function declares, and its draws beside it, on a sample of a table's rows.

Each function here has the name and the arguments of one of the language, after the sample and the
result; arguments are those of all rows, and `here.kept` holds what the function found on its way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sandbox.recipes import calendars, keyed
from sandbox.recipes.fits import Places, Shares, Summary, among, places, shares, yes_or_no
from sandbox.recipes.vectors import Array, Vector

if TYPE_CHECKING:
    from sandbox.recipes.here import Here
    from sandbox.recipes.registry import Many
    from sandbox.recipes.tables import Table

# Rows are chosen by their number alone, so that pieces add up to the same sample however a table is
# cut: all of the first ones, and few enough of the others to cost next to nothing.
FIRST, EVERY = 1 << 15, 256
NORMAL_SLACK = 2.0**-14  # keyed.normal is exact at the edges of its cells, and linear between them
STEPS = 4  # of a history: each sampled row tells of one of its first so many
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
POISSON_SLACK = (
    5e-4  # Cornish-Fisher's distance from Poisson's distribution, largest at a mean of 30
)

BINOMIAL_SLACK = 5e-4  # likewise, largest where 30 of 60 are expected to succeed


def sampled_before(row: int) -> int:
    """How many rows of the sample have a smaller number."""
    return row if row <= FIRST else FIRST - (FIRST - row) // EVERY


@dataclass(frozen=True)
class Sample:
    """Some of the rows that a call was made for: `rows` are their places among these."""

    here: Here
    rows: Array

    @classmethod
    def of(cls, here: Here, missing: Array | None) -> Sample:
        """The sample of the rows of `here` for which there is a value."""
        first = here.table.first
        start, stop = sampled_before(first), sampled_before(first + here.count)
        place = np.arange(start, stop)
        rows = np.where(place < FIRST, place, FIRST + (place - FIRST) * EVERY) - first
        if missing is not None:
            rows = rows[~np.broadcast_to(missing, here.count)[rows]]
        return cls(here, rows)

    @cached_property
    def within(self) -> Array:
        """A number in [0, 1) for each row, on which what was drawn does not depend."""
        first = self.here.table.first
        start, stop = sampled_before(first), sampled_before(first + self.here.count)
        number = self.rows + first
        place = np.where(number < FIRST, number, FIRST + (number - FIRST) // EVERY)
        within = keyed.uniform(self.here.words_between("proof", start, stop))
        return np.asarray(within[place - start])

    def __call__(self, values: Array) -> Array:
        """The values of the sampled rows; a constant stays one."""
        return values[self.rows] if values.ndim else values

    def every(self, values: Array | float) -> Array:
        """The values of the sampled rows, a constant's repeated."""
        return np.broadcast_to(self(np.asarray(values)), len(self.rows))


def choice(sample: Sample, result: Vector, values: list[Any] | None = None,
           weights: list[float] | None = None, **named: float) -> Shares:  # fmt: skip
    if values is None:
        values, weights = list(named), list(named.values())
    chances = np.ones(len(values)) if weights is None else np.array(weights, float)
    drawn = sample(result.values)
    if result.kind != "string":
        known, place = np.unique(np.array(values), return_inverse=True)
        chances = np.bincount(place, chances)
        drawn = _found(known, drawn)
    return shares(drawn, chances[None], bits=16)


def _found(known: Array, values: Array) -> Array:
    """The place of each value among known ones in ascending order, -1 where it is none of them."""
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[place] == values, place, -1)


def draw(sample: Sample, result: Vector, file: str, given: Vector | None = None) -> Shares:
    figures = sample.here.figures(file)
    chances, drawn = figures.shares.T, sample(result.values)
    if figures.low is not None and figures.high is not None:
        lowest, chances = figures.by_number
        drawn = drawn - lowest
    return shares(drawn, chances, _conditions(sample, given), bits=16)


def _conditions(sample: Sample, given: Vector | None) -> Array | None:
    """The column of the file for each row, as the draw found it."""
    return None if given is None else sample(sample.here.kept["conditions"])


def allot(sample: Sample, result: Vector, file: str, given: Vector | None = None) -> Shares | None:
    """Every row is looked at: each count is to be met to less than one row."""
    here, figures = sample.here, sample.here.figures(file)
    missing = np.zeros(()) if result.missing is None else result.missing
    there = ~np.broadcast_to(missing.astype(bool), here.count)
    drawn = result.values[there]
    if figures.low is not None and figures.high is not None:
        order = np.argsort(figures.low)
        if (figures.high[order][:-1] >= figures.low[order][1:]).any():
            return None  # bands that overlap do not say which of them a number is from
        drawn = order[np.searchsorted(figures.low[order], drawn, "right") - 1]
    under = np.zeros(len(drawn), np.int64)
    if given is not None:
        under = here.kept["conditions"][there]
    cells = len(figures.words) * len(np.unique(under))
    summary = shares(drawn, figures.shares.T, under)
    return Shares(summary.drawn, summary.asked, summary.spread, summary.impossible, exact=cells)


def integer(sample: Sample, result: Vector, low: Array, high: Array) -> Places:
    low, high = sample(low), sample(high)
    return among(sample(result.values) - low, np.maximum(high - low + 1, 1), sample.within)


def uniform(sample: Sample, result: Vector, low: Array, high: Array) -> Places:
    values, low, high = sample(result.values), sample.every(low), sample.every(high)
    wide = high != low
    return places((values[wide] - low[wide]) / (high[wide] - low[wide]))


def normal(
    sample: Sample, result: Vector, mean: Array | float = 0.0, spread: Array | float = 1.0
) -> Places:
    return _normal(sample, sample(result.values), mean, spread)


def lognormal(sample: Sample, result: Vector, mean: Array, spread: Array) -> Places:
    return _normal(sample, np.log(sample(result.values)), mean, spread)


def _normal(sample: Sample, values: Array, mean: Array | float, spread: Array | float) -> Places:
    from scipy.special import ndtr  # a third of a second to import, for those who prove

    mean, spread = sample.every(mean), sample.every(spread)
    wide = spread != 0
    return places(ndtr((values[wide] - mean[wide]) / spread[wide]), slack=NORMAL_SLACK)


def bernoulli(sample: Sample, result: Vector, probability: Array) -> Shares:
    return yes_or_no(sample(result.values), sample(probability))


def poisson(sample: Sample, result: Vector, mean: Array) -> Places:
    """The distribution function jumps at whole numbers: each draw is put somewhere on its jump."""
    from scipy.special import pdtr

    values, mean = sample(result.values), np.maximum(sample.every(mean), 0)
    below = np.where(values > 0, pdtr(np.maximum(values - 1, 0), mean), 0)
    u = below + sample.within * (pdtr(np.maximum(values, 0), mean) - below)
    return places(u, int((values < 0).sum()), POISSON_SLACK)


def binomial(sample: Sample, result: Vector, trials: Array, probability: Array) -> Places:
    """As for poisson()."""
    from scipy.special import bdtr

    values, trials = sample(result.values), np.maximum(sample.every(trials), 0)
    chance = np.clip(sample.every(probability), 0, 1)
    below = np.where(values > 0, bdtr(np.maximum(values - 1, 0), trials, chance), 0)
    u = below + sample.within * (bdtr(np.minimum(values, trials), trials, chance) - below)
    return places(u, int(((values < 0) | (values > trials)).sum()), BINOMIAL_SLACK)


def day(sample: Sample, result: Vector, *weights: object, **named: object) -> Shares:
    first, weight = sample.here.kept["days"]
    return shares(sample(result.values) - first, weight[None], bits=20)


def born(sample: Sample, result: Vector, age: Array) -> Places:
    """All dates on which who is born then has the age: from a day after the birthday before."""
    asof = sample.here.asof
    latest, before = (calendars.years_before(asof, sample.every(age) + n) for n in (0, 1))
    return among(sample(result.values) - before - 1, latest - before, sample.within)


def moment(
    sample: Sample, result: Vector, of: Array, after: Array | float = 8, before: Array | float = 16
) -> Places:
    after, before = sample(np.asarray(after)), sample(np.asarray(before))
    start, width = (np.round(h * 60).astype(np.int64) for h in (after, before - after))
    earliest = calendars.utc(sample.every(of), start * 60)
    return among((sample(result.values) - earliest) // 60, width, sample.within)


def pick(sample: Sample, result: Vector, table: Table, by: Vector | None = None,
         **matching: Vector) -> Summary:  # fmt: skip
    kept, chosen = sample.here.kept, sample(result.values)
    weights = kept["weights"]
    if not matching:
        return shares(chosen, weights[None], bits=20)
    # Where each pick lies among those it was made from, in their order.
    order, start, stop = kept["order"], sample(kept["start"]), sample(kept["stop"])
    place_of = np.empty(len(order), np.int64)
    place_of[order] = np.arange(len(order))
    place = place_of[chosen]
    if by is None:
        return among(place - start, stop - start, sample.within)
    until = kept["until"]
    low, width = until[start], until[stop] - until[start]
    u = (until[place] - low + sample.within * weights[chosen]) / width
    return places(u, int(((place < start) | (place >= stop) | (weights[chosen] == 0)).sum()))


def walk(sample: Sample, result: Many, *arguments: object, **named: object) -> Shares:
    """One step of each history that is that long: the first, second, … by the row's number.

    Given its history so far, where a step leads depends on nothing else, so these are independent.
    """
    machine, chosen = sample.here.kept["machine"], sample(sample.here.kept["chosen"])
    states = len(machine.states)
    chances = np.zeros((len(machine.ways), states, states))
    for condition, ways in enumerate(machine.ways):
        for state, (_, following, _, _, share) in ways.items():
            np.add.at(chances[condition, state], following, share)
    entered = result.words["state"].values
    first, last = (np.searchsorted(result.owners, sample.rows, side) for side in _SIDES)
    step = (sample.rows + sample.here.table.first) % STEPS
    moves = step < last - first - 1
    at = (first + step)[moves]
    given = chosen[moves] * states + entered[at]
    return shares(entered[at + 1], chances.reshape(-1, states), given, bits=16)


def one_of(sample: Sample, result: Vector) -> Shares:
    """A word of a vocabulary of so many, all equally likely."""
    return shares(sample(result.values), np.ones((1, sample.here.kept["words"])))


def given_name(sample: Sample, result: Vector, sex: Vector) -> Shares:
    """A word of the vocabulary of each sex; these stand one after the other."""
    kept = sample.here.kept
    women, men = kept["words"]
    chances = np.zeros((2, women + men))
    chances[0, :women] = chances[1, women:] = 1
    return shares(sample(result.values), chances, sample(kept["male"]).astype(np.int64))
