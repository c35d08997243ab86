"""Draws: values at random, each row its own, the same again for the same event."""

from __future__ import annotations

from typing import Any

import numpy as np

from sandbox.recipes import declared, keyed
from sandbox.recipes.files import Figures
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import (
    Anything,
    Booleans,
    Constant,
    Constants,
    FileName,
    Integers,
    Numbers,
    function,
)
from sandbox.recipes.vectors import Array, Vector, coded, same_codes

BITS = 16  # choices are exact to 1 / 65 536
LARGEST_MEAN = 1e15
COUNT_BY_INVERSION = 30.0  # above this mean, a Poisson count comes from the normal


@function(declared=declared.choice)
def choice(here: Here, values: Constants | None = None, shares: Constants | None = None,
           **named: Constant) -> Anything:  # fmt: skip
    """One of several values, each with its share: choice(F=.497, M=.503), choice([1, 2], [.4, .6]).

    values: texts or numbers. shares: one per value, adding up to 1; without them all are equally
    likely. column: a text and its share, in place of both lists.

    Example: choice(book=.8, film=.12, game=.08)
    Example: choice([1, 2, 5], [.5, .3, .2])
    """
    if (values is None) == (not named):
        raise Unfit("choice takes two lists or named shares", fix="choice(F=.497, M=.503)")
    if values is None:
        values, shares = list(named), list(named.values())
    weights = [1.0] * len(values) if shares is None else shares
    if len(weights) != len(values):
        raise Unfit("choice has another number of shares than of values", str(len(weights)),
                    str(len(values)))  # fmt: skip
    if not all(isinstance(w, int | float) and w >= 0 for w in weights):
        raise Unfit("a share is a number of 0 or more", str(weights))
    if shares is not None and abs(sum(weights) - 1) > 1e-6:
        raise Unfit("the shares do not add up", f"{sum(weights):g}", "1")
    chosen = keyed.guided(here.words(), keyed.guide(np.array(weights, float), BITS))
    return _listed(values, chosen)


def _listed(values: list[Any], chosen: Array) -> Vector:
    if all(isinstance(value, str) for value in values):
        return coded(chosen, values)
    if any(isinstance(value, str) for value in values):
        raise Unfit("the values are of different kinds", str(values), "all texts or all numbers")
    array = np.array(values)
    if array.dtype.kind not in "bif":
        raise Unfit("a number is too large for a whole number", str(values), fix="1e20")
    array = array[chosen]
    kind = {"b": "boolean", "i": "integer"}.get(array.dtype.kind, "number")
    return Vector(kind, array)  # type: ignore[arg-type]


@function(declared=declared.draw)
def draw(here: Here, file: FileName, given: Anything | None = None) -> Anything:
    """A value from a table of shares in a CSV file beside the recipe.

    file: its first column holds the values (texts, whole numbers, or bands such as 20-29, of which
    each number is equally likely); each further column holds shares that add up to 1 or 100.
    given: which column to go by, as its heading says; a file with one column of shares needs none.

    Example: draw('reader_ages.csv', given=sex)
    Example: draw('class_sizes.csv')
    """
    figures = here.figures(file)
    words = here.words()
    if given is None:
        if len(figures.conditions) != 1:
            found = ", ".join(figures.conditions)
            raise Unfit(f"{file} has several columns of shares", found, fix="say given=…")
        return figures.values(keyed.guided(words, figures.guides(BITS)), words)
    column = here.kept["conditions"] = conditions(figures, here.every(given))
    slots = (words >> np.uint64(64 - BITS)).view(np.int64)
    chosen = figures.guides(BITS).take((column << BITS) + slots)
    return figures.values(chosen, words).hiding(given.missing)


def conditions(figures: Figures, given: Vector) -> Array:
    """The column of the file that holds for each row."""
    headings: list[Any] = list(figures.conditions)
    if given.keys().kind in ("integer", "boolean"):
        known = {str(name): i for i, name in enumerate(headings)}
        values, where = np.unique(given.keys().values, return_inverse=True)
        shown = [str(v).lower() if given.kind == "boolean" else str(v) for v in values]
        columns = np.array([known.get(text, -1) for text in shown], np.int64)[where]
    else:
        if given.keys().kind != "string":
            raise Unfit("given is a text, a whole number or a condition", given.kind)
        theirs, ours = same_codes(coded(np.arange(len(headings)), headings), given)
        column_of = np.full(max(theirs.max(initial=-1), ours.max(initial=-1)) + 1, -1)
        column_of[theirs] = np.arange(len(headings))
        columns = column_of[ours]
    lost = columns < 0 if given.missing is None else (columns < 0) & ~given.missing
    if lost.any():
        what = f"{figures.file} has no column for a value of given"
        example = given.keys().take(np.flatnonzero(lost)[:1])
        raise Unfit(what, _shown(example), ", ".join(figures.conditions), "add the column")
    return np.maximum(columns, 0)


def _shown(one: Vector) -> str:
    return str(one.words[int(one.values[0])] if one.kind == "string" else one.values[0])


@function(declared=declared.integer)
def integer(here: Here, low: Integers, high: Integers) -> Integers:
    """A whole number from low to high, both included, all equally likely.

    low, high: whole numbers; where high is below low, the result is low.

    Example: integer(1, 60)
    """
    if (high.astype(float) - low >= keyed.MOST).any():
        raise Unfit("integer chooses among too many numbers", expected=f"at most {keyed.MOST:,}",
                    fix="round(uniform(low, high))")  # fmt: skip
    span = np.maximum(high - low + 1, 1)
    return low + keyed.below(here.words(), span)


@function(declared=declared.uniform)
def uniform(here: Here, low: Numbers, high: Numbers) -> Numbers:
    """A number between low and high, all equally likely.

    Example: uniform(.2, .8)
    """
    return np.asarray(low + here.uniform() * (high - low))


@function(declared=declared.normal)
def normal(here: Here, mean: Numbers = 0, spread: Numbers = 1) -> Numbers:  # type: ignore[assignment]
    """A number from the normal distribution, cut at 4.3 standard deviations.

    mean: its centre. spread: its standard deviation.

    Example: round(normal(170, 9))
    """
    return mean + spread * keyed.normal(here.words())


@function(declared=declared.lognormal)
def lognormal(here: Here, mean: Numbers, spread: Numbers) -> Numbers:
    """A number above 0 whose logarithm is normal: incomes, areas, durations.

    mean, spread: of the natural logarithm; the median is e^mean.

    Example: lognormal(3, .5)
    """
    return np.exp(mean + spread * keyed.normal(here.words()))


@function(declared=declared.bernoulli)
def bernoulli(here: Here, probability: Numbers) -> Booleans:
    """Yes or no, yes with this probability.

    Example: bernoulli(when(kind == 'game', .3, .05))
    """
    return here.uniform() < probability


@function(declared=declared.poisson)
def poisson(here: Here, mean: Numbers) -> Integers:
    """How often something happens that happens `mean` times on average.

    Means up to 30 by inversion of the distribution function; above, the normal with the
    Cornish–Fisher correction for skewness.

    Example: poisson(2.5)
    """
    if mean.size and not (mean < LARGEST_MEAN).all():
        raise Unfit("poisson counts no more", f"{mean.max():g}", f"means below {LARGEST_MEAN:g}")
    words, mean = here.words(), here.spread(np.maximum(mean, 0))
    z = keyed.normal(words)
    large = np.floor(np.maximum(mean + np.sqrt(mean) * z + (z * z - 1) / 6 + 0.5, 0))
    return np.where(mean > COUNT_BY_INVERSION, large, _inverted(keyed.uniform(words), mean)).astype(
        np.int64
    )


def _inverted(u: Array, mean: Array) -> Array:
    small = np.minimum(mean, COUNT_BY_INVERSION)
    probability = np.exp(-small)
    reached = probability.copy()
    count = np.zeros(len(u), np.int64)
    for step in range(1, 100):
        beyond = u >= reached
        if not beyond.any():
            break
        count += beyond
        probability = probability * small / step
        reached = reached + probability
    return count


@function(declared=declared.binomial)
def binomial(here: Here, trials: Integers, probability: Numbers) -> Integers:
    """How many of several tries succeed: of 120 who were asked, those who say yes.

    By inversion of the distribution function where up to 30 successes or failures are expected;
    above, the normal with the Cornish–Fisher correction for skewness.
    trials: whole numbers of 0 or more. probability: of each single one, from 0 to 1.

    Example: binomial(120, .2)
    """
    words, trials = here.words(), here.spread(np.maximum(trials, 0))
    chance = here.spread(np.clip(probability, 0, 1))
    z, mean = keyed.normal(words), trials * chance
    spread = np.sqrt(mean * (1 - chance))
    large = np.floor(mean + spread * z + (1 - 2 * chance) * (z * z - 1) / 6 + 0.5)
    u, rarer = keyed.uniform(words), np.minimum(chance, 1 - chance)
    successes = _successes(np.where(chance > 0.5, 1 - u, u), trials, rarer)
    small = np.where(chance > 0.5, trials - successes, successes)
    few = trials * rarer <= COUNT_BY_INVERSION
    return np.clip(np.where(few, small, large), 0, trials).astype(np.int64)


def _successes(u: Array, trials: Array, chance: Array) -> Array:
    """The quantile of Bin(trials, chance) at u, where chance is at most 1/2 and the mean small."""
    odds = chance / (1 - chance)
    probability = (1 - chance) ** np.minimum(trials, COUNT_BY_INVERSION / np.maximum(chance, 1e-9))
    reached = probability.copy()
    count = np.zeros(len(u), np.int64)
    for step in range(1, 100):
        beyond = (u >= reached) & (count < trials)
        if not beyond.any():
            break
        count += beyond
        probability = probability * odds * np.maximum(trials - step + 1, 0) / step
        reached = reached + probability
    return count


@function()
def secret(here: Here, low: Constant, high: Constant) -> Numbers:
    """A number between low and high that is drawn once for the event and told nobody.

    Belongs under `secrets:`, where it gets its name. low, high: numbers, written out.

    Example: secret(.4, 1.2)
    """
    _only_among_secrets(here)
    return np.asarray(low + here.uniform()[0] * (high - low))


@function()
def secret_choice(here: Here, values: Constants) -> Anything:
    """One of several values that is drawn once for the event and told nobody.

    Belongs under `secrets:`, where it gets its name. values: texts or numbers, all equally likely.

    Example: secret_choice(['book', 'film', 'game'])
    """
    _only_among_secrets(here)
    return _listed(values, keyed.below(here.words(), np.array(len(values))))


def _only_among_secrets(here: Here) -> None:
    if not here.place.startswith("secrets."):
        fix = "add a line under secrets: and use its name here"
        raise Unfit("a secret needs a name", fix=fix)
