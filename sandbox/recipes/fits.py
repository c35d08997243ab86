"""What was drawn beside what was declared: summaries that add up over pieces, and their verdict.

Both tests hold for any number of rows and need no large-sample argument: an honest draw is found
guilty at most once in a million calls (`FALSE_ALARM`), whatever the seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log, sqrt

import numpy as np

from sandbox.recipes.vectors import Array

FALSE_ALARM = 1e-6
GROUPS = 512  # more values than that are counted together, by their number modulo 512
BINS = 1024
UNIT = 1 << 32  # probabilities are summed as whole numbers, so that no order of adding matters
VARIATION, SMIRNOV, EXACT = "total variation", "Kolmogorov-Smirnov", "exact shares"


@dataclass(frozen=True)
class Verdict:
    """How far apart drawn and declared lie, and how far they may.

    distance, allowed: from 0 to 1. rows: how many were looked at. impossible: how many of them hold
    a value that the declaration rules out.
    """

    test: str
    distance: float
    allowed: float
    rows: int
    impossible: int

    @property
    def is_met(self) -> bool:
        return self.distance <= self.allowed and not self.impossible


@dataclass(frozen=True)
class Shares:
    """How often each value was drawn, and how often it was asked for.

    drawn: rows per value. asked, spread: the sums over rows of the value's probability p and of
    p (1 - p), in units of 1 / UNIT. slack: how far a sampler's tables may be off, as a distance.
    exact: in place of chance, how many counts were to be met to less than one row each.
    """

    drawn: Array
    asked: Array
    spread: Array
    impossible: int
    slack: float = 0.0
    exact: int = 0

    def __add__(self, other: Shares) -> Shares:
        return replace(
            self,
            drawn=self.drawn + other.drawn,
            asked=self.asked + other.asked,
            spread=self.spread + other.spread,
            impossible=self.impossible + other.impossible,
        )

    def verdict(self) -> Verdict:
        """The total variation distance, and what chance makes of it at most.

        Its mean is at most half the sum of the counts' standard deviations (Jensen). Above that it
        exceeds t with the probability of McDiarmid's inequality (1989), exp(-2 t² / rows), or of
        Klein and Rio's (2005, theorem 1.1), which is sharper where one value has nearly every row.
        """
        rows = int(self.drawn.sum())
        apart = float(np.abs(self.drawn - self.asked / UNIT).sum()) / 2
        if self.exact:
            return _verdict(EXACT, apart, self.exact / 2, rows, self.impossible)
        spread = self.spread / UNIT
        noise = float(np.sqrt(spread).sum()) / 2
        variance = min(rows / 4, float(spread.sum()) / 2)
        unlikely = -log(FALSE_ALARM)
        above = min(
            sqrt(rows * unlikely / 2),
            (3 * unlikely + sqrt(9 * unlikely**2 + 8 * unlikely * (variance + 2 * noise))) / 2,
        )
        allowed = noise + above + self.slack * rows
        return _verdict(VARIATION, apart, allowed, rows, self.impossible)


def _verdict(test: str, apart: float, allowed: float, rows: int, impossible: int) -> Verdict:
    """The verdict on counts that lie so many rows apart."""
    of = max(rows, 1)
    return Verdict(test, apart / of, min(allowed / of, 1.0), rows, impossible)


@dataclass(frozen=True)
class Places:
    """Where each draw lies in its own distribution: rows per bin of F(x), which is even if honest.

    impossible: draws outside their distribution. slack: how far the sampler may be off.
    """

    bins: Array
    impossible: int
    slack: float = 0.0

    def __add__(self, other: Places) -> Places:
        return replace(
            self, bins=self.bins + other.bins, impossible=self.impossible + other.impossible
        )

    def verdict(self) -> Verdict:
        """The Kolmogorov–Smirnov distance at the edges of the bins, which is at most the whole one.

        It exceeds e with a probability of at most 2 exp(-2 rows e²) (Dvoretzky, Kiefer and
        Wolfowitz 1956, with the constant of Massart 1990).
        """
        rows = int(self.bins.sum())
        edges = np.arange(1, BINS + 1) / BINS
        apart = float(np.abs(np.cumsum(self.bins) / max(rows, 1) - edges).max()) if rows else 0.0
        allowed = sqrt(log(2 / FALSE_ALARM) / (2 * max(rows, 1))) + self.slack
        return Verdict(SMIRNOV, apart, min(allowed, 1.0), rows, self.impossible)


Summary = Shares | Places


def shares(drawn: Array, chances: Array, given: Array | None = None, *, bits: int = 32) -> Shares:
    """Summarise draws of one of several values.

    drawn: the number of the value per row. chances: conditions × values, weights of 0 or more.
    given: the condition of each row; without it, the first. bits: how fine the sampler's table is.
    """
    conditions, values = chances.shape
    total = chances.sum(axis=1, keepdims=True)
    chances = np.divide(chances, total, out=np.zeros(chances.shape), where=total > 0)
    groups = min(conditions * values, GROUPS)
    if given is None:
        cell, of_row = drawn, np.array([len(drawn)])
    else:
        cell, of_row = given * values + drawn, np.bincount(given, minlength=conditions)
    outside = (drawn < 0) | (drawn >= values)
    if outside.any():
        cell = np.where(outside, 0, cell)
    possible = chances.ravel().take(cell) > 0
    folded = np.stack([_folded(row, i * values, groups) for i, row in enumerate(chances)])
    return Shares(
        np.bincount(cell % groups if conditions * values > groups else cell, minlength=groups),
        of_row @ np.round(folded * UNIT).astype(np.int64),
        of_row @ np.round(folded * (1 - folded) * UNIT).astype(np.int64),
        int(np.count_nonzero(outside | ~possible)),
        slack=values * 2.0 ** -(bits + 1),
    )


def _folded(chances: Array, start: int, groups: int) -> Array:
    """The chances of cells `start`, `start` + 1 … summed by cell modulo `groups`."""
    lead = start % groups
    padded = np.zeros(-(-(lead + len(chances)) // groups) * groups)
    padded[lead : lead + len(chances)] = chances
    return np.asarray(padded.reshape(-1, groups).sum(axis=0))


def yes_or_no(drawn: Array, chance: Array) -> Shares:
    """Summarise yes and no, each row with a chance of its own."""
    p = np.broadcast_to(np.clip(chance, 0, 1), drawn.shape)
    hits, rows = int(drawn.sum()), len(drawn)
    asked = int(np.round(p * UNIT).astype(np.int64).sum())
    spread = int(np.round(p * (1 - p) * UNIT).astype(np.int64).sum())
    wrong = int((drawn & (p == 0)).sum() + (~drawn & (p == 1)).sum())
    return Shares(
        np.array([hits, rows - hits]), np.array([asked, rows * UNIT - asked]),
        np.array([spread, spread]), wrong,
    )  # fmt: skip


def places(u: Array, impossible: int = 0, slack: float = 0.0) -> Places:
    """Summarise draws by the share of their distribution that lies below each, 0 to 1."""
    bins = np.minimum((np.clip(u, 0, 1) * BINS).astype(np.int64), BINS - 1)
    return Places(np.bincount(bins, minlength=BINS), impossible, slack)


def among(step: Array, width: Array, within: Array) -> Places:
    """Summarise draws of one of `width` equally likely steps from 0 on.

    within: numbers in [0, 1) by which each draw is put somewhere on its step.
    """
    outside = int(((step < 0) | (step >= width)).sum())
    return places((step + within) / width, outside)
