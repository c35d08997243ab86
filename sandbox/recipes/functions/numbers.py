"""Numbers and conditions: rounding, limits, curves, and one value or another."""

from __future__ import annotations

import numpy as np

from sandbox.recipes.operators import Unfit, an, truth, whole
from sandbox.recipes.registry import (
    Anything,
    Booleans,
    Constant,
    Integers,
    Numbers,
    function,
)
from sandbox.recipes.vectors import Array, Vector, either, join_words


@function(name="round")
def round_(values: Numbers, digits: Constant = 0) -> Anything:
    """The nearest whole number (halves to even), or the nearest with so many decimals.

    values: numbers. digits: decimals to keep; with 0 the result is a whole number.

    Example: round(age / 10)
    Example: round(lognormal(3, .5), 2)
    """
    rounded = np.round(values, int(digits))
    return Vector("number", rounded) if digits else Vector("integer", whole(rounded))


@function()
def floor(values: Numbers) -> Integers:
    """The largest whole number that is not above the value.

    Example: floor(age / 10) * 10
    """
    return whole(np.floor(values))


@function()
def ceil(values: Numbers) -> Integers:
    """The smallest whole number that is not below the value.

    Example: ceil(inhabitants / 4_000)
    """
    return whole(np.ceil(values))


@function(name="abs")
def abs_(values: Numbers) -> Numbers:
    """The size of a number without its sign.

    Example: abs(returned_on - due_on)
    """
    return np.abs(values)


@function()
def sqrt(values: Numbers) -> Numbers:
    """The square root; of a negative number, 0.

    Example: sqrt(inhabitants)
    """
    return np.sqrt(np.maximum(values, 0))


@function()
def exp(values: Numbers) -> Numbers:
    """e to the power of the value.

    Example: exp(-.02 * age)
    """
    return np.exp(values)


@function()
def log(values: Numbers) -> Numbers:
    """The natural logarithm of a number above 0.

    Example: log(age + 1)
    """
    if (values <= 0).any():
        raise Unfit("log of a number that is not above 0", fix="log(max(…, 1))")
    return np.log(values)


@function()
def cos(degrees: Numbers) -> Numbers:
    """The cosine of an angle in degrees; a degree of longitude is cos(latitude) as long as one of
    latitude.

    Example: cos(60)
    """
    return np.cos(np.radians(degrees))


@function()
def sigmoid(values: Numbers) -> Numbers:
    """1 / (1 + e^-value): log-odds as a probability.

    Example: sigmoid(.3 + .02 * (age - 40))
    """
    return 1 / (1 + np.exp(-values))


@function(name="min")
def min_(one: Anything, *others: Anything) -> Anything:
    """The smallest of several values, row by row; missing where any of them is.

    one, others: numbers, dates or datetimes, all of one kind.

    Example: min(age, 67)
    """
    return _extreme(np.minimum, one, *others)


@function(name="max")
def max_(one: Anything, *others: Anything) -> Anything:
    """The largest of several values, row by row; missing where any of them is.

    one, others: numbers, dates or datetimes, all of one kind.

    Example: max(due_on, returned_on)
    """
    return _extreme(np.maximum, one, *others)


def _extreme(pick: np.ufunc, *vectors: Vector) -> Vector:
    first = vectors[0]
    for other in vectors[1:]:
        first, other = _alike(first, other)
        if first.kind in ("string", "boolean", "reference"):
            raise Unfit(f"{an(first.kind)} is neither larger nor smaller", expected="numbers")
        values = np.asarray(pick(first.values, other.values))
        first = Vector(first.kind, values, either(first.missing, other.missing))
    return first


@function()
def clip(values: Anything, low: Anything, high: Anything) -> Anything:
    """The value, kept between two limits.

    values, low, high: numbers, dates or datetimes, all of one kind.

    Example: clip(round(normal(40, 20)), 0, 99)
    """
    return _extreme(np.minimum, _extreme(np.maximum, values, low), high)


@function()
def when(condition: Anything, value: Anything, otherwise: Anything = None) -> Anything:  # type: ignore[assignment]
    """One value where a condition holds, another (or nothing) where it does not.

    condition: a boolean; where it is missing, it does not hold.

    Example: when(age < 16, 'child', 'adult')
    Example: when(on_time, returned_on)
    """
    holds = truth(condition)
    if otherwise is None:
        spread = value if value.values.ndim else value.spread(holds.size)
        return (spread if holds.ndim else value).hiding(~holds)
    one, other = _alike(value, otherwise)
    missing = None
    if one.missing is not None or other.missing is not None:
        missing = np.where(holds, _mask(one), _mask(other))
    if one.kind == "string":
        left, right, words = join_words(one, other)
        return Vector("string", np.where(holds, left, right), missing, words)
    return Vector(one.kind, np.where(holds, one.values, other.values), missing, table=one.table)


def _mask(vector: Vector) -> Array:
    return np.zeros((), bool) if vector.missing is None else vector.missing


def _alike(one: Vector, other: Vector) -> tuple[Vector, Vector]:
    """Both as one kind: whole numbers become numbers, references keys, where they must."""
    if one.kind == other.kind and one.table is other.table:
        return one, other
    one, other = one.keys(), other.keys()
    if {one.kind, other.kind} == {"integer", "number"}:
        return (
            Vector("number", one.values.astype(float), one.missing),
            Vector("number", other.values.astype(float), other.missing),
        )
    if one.kind != other.kind:
        raise Unfit("the values are of different kinds", f"{one.kind} and {other.kind}")
    return one, other


@function()
def is_missing(values: Anything) -> Booleans:
    """Whether there is no value.

    Example: is_missing(when(age > 66, age))
    """
    if values.missing is None:
        return np.zeros(values.values.shape, bool)
    return np.broadcast_to(values.missing, values.values.shape)
