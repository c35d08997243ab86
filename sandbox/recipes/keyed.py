"""Random words addressed by seed, name and row, and the tables that turn them into draws."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sandbox.randomness import MOST, Array, Words, below, uniform, words

__all__ = [
    "MOST",
    "Array",
    "Words",
    "below",
    "guide",
    "guided",
    "largest_remainder",
    "normal",
    "uniform",
    "words",
    "words_within",
]


def guide(weights: Array, bits: int) -> Array:
    """An inverse CDF as a table of 2^bits slots: slot → index of the weight it belongs to.

    Shares are rounded to whole slots by the largest remainder, so a share is kept to ± 2^-bits.
    """
    share = np.asarray(weights, float)
    slots = largest_remainder(share, 1 << bits)
    kind = np.uint8 if len(share) <= 256 else np.uint16 if len(share) <= 65536 else np.uint32
    return np.repeat(np.arange(len(share), dtype=kind), slots)


def guided(raw: Words, table: Array) -> NDArray[np.int64]:
    """Indexes drawn from a guide table by the upper bits of each word."""
    bits = len(table).bit_length() - 1
    return np.asarray(table.take((raw >> np.uint64(64 - bits)).view(np.int64)), np.int64)


def largest_remainder(weights: Array, total: int) -> NDArray[np.int64]:
    """Whole numbers in proportion to `weights` that add up to `total` exactly (Hamilton's method).

    Equal remainders are decided by position, so the result depends on nothing else.
    """
    weights = np.asarray(weights, float)
    everything = weights.sum()
    if not len(weights) or everything == 0:
        return np.zeros(len(weights), np.int64)
    exact = weights / everything * total
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return np.asarray(whole)


QUANTILES = 1 << 14


@cache
def _normal_quantiles() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The quantiles, and how far it is from each to the next."""
    lower = [1 / (8 * QUANTILES), *(i / QUANTILES for i in range(1, QUANTILES // 2))]
    below_zero = [NormalDist().inv_cdf(p) for p in lower]
    quantiles = np.array([*below_zero, 0.0, *(-z for z in reversed(below_zero))])
    return quantiles, np.diff(quantiles)


def normal(raw: Words) -> NDArray[np.float64]:
    """Standard normal numbers: quantiles at 16 385 points (Wichura's AS 241 in `statistics`),
    linear between them, cut at ± 4.3."""
    quantiles, steps = _normal_quantiles()
    place = uniform(raw) * QUANTILES
    cell = place.astype(np.int64)
    place -= cell
    place *= steps.take(cell)
    place += quantiles.take(cell)
    return place


def words_within(raw: Words) -> Words:
    """Further words made of given ones, for the place inside a band that they chose.

    The upper 16 bits have chosen the band; the lower 48, moved up, are independent of them.
    """
    return raw << np.uint64(16)
