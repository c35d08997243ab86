"""How far chance alone moves a score: bootstrap intervals, ties, and gaps between groups.

Resamples are the same for every answer to a challenge, since they are drawn from its name and its
truth: two answers are compared on the same draws, and a file scored twice gets the same figures.
Only raw words of the generator are used, since NumPy does not promise its distributions across
versions (NEP 19), nor does SciPy's bootstrap, which draws with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sandbox.grading.sums import Sums
from sandbox.grading.verdict import Difference, Gap
from sandbox.randomness import below

Floats = NDArray[Any]

RESAMPLES = 2000
IN_A_BLOCK = 2_000_000  # numbers at a time, so that memory stays small whatever the rows
CONFIDENCE = 0.95


def interval(sums: Sums, seed: bytes, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The bootstrap interval of a score, bias-corrected and accelerated (BCa).

    Efron, "Better bootstrap confidence intervals", JASA 82 (1987), equations 2.3 and 6.6. Rows are
    drawn with replacement, or whole clusters where the sums have any. One row, or rows that are all
    alike, give the score itself twice.
    """
    units = _units(sums)
    drawn = np.concatenate(
        [sums.score(units[places].sum(axis=1)) for places in _drawn(units, seed)] or [np.empty(0)]
    )
    everything = units.sum(axis=0)
    return _bca(drawn, float(sums.score(everything)), sums.score(everything - units), confidence)


def compare(first: Sums, second: Sums, seed: bytes) -> Difference:
    """How much better `first` is than `second` on the same rows, by a paired bootstrap.

    They tie if the 95 % interval of the difference holds 0: then chance in which rows were asked
    about would account for it. Both must have the same rows in the same order, or say by `places`
    which answers theirs are of. Sharper than comparing two intervals, since rows that are hard for
    one are mostly hard for the other.
    """
    mine, theirs = _side_by_side(first, second)
    width = mine.shape[1]
    both = Sums(
        np.hstack([mine, theirs]),
        lambda sums: first.score(sums[..., :width]) - second.score(sums[..., width:]),
        first.clusters,
    )
    low, high = interval(both, seed)
    value = float(both.score(both.rows.sum(axis=0)))
    return Difference(value=value, low=low, high=high, error=standard_error(both))


def standard_error(sums: Sums) -> float:
    """The standard error of a score by the jackknife, which leaves out each unit in turn.

    √((n − 1) / n · Σ (score without unit i − their mean)²) (Tukey, "Bias and confidence in not
    quite large samples", Annals of Mathematical Statistics 29, 1958). Of a mean it is exactly
    s / √n, with s the sample's standard deviation. 0 where there are fewer than two units.
    """
    units = _units(sums)
    if len(units) < 2:
        return 0.0
    without_one = sums.score(units.sum(axis=0) - units)
    spread = ((without_one - without_one.mean()) ** 2).sum()
    return float(np.sqrt((len(units) - 1) / len(units) * spread))


def gap(sums: Sums, groups: Sequence[str], seed: bytes) -> Gap:
    """The gap between the group with the best score and the one with the worst.

    A largest difference is pushed upwards by chance, the more so the more groups there are. So the
    interval is the simultaneous one of all differences (Tukey's, here with the bootstrap in place
    of a normal distribution): rows are drawn within each group, the widest deviation between two
    groups' scores is taken, and its 95th percentile is added and taken away. It reaches down to 0
    unless the gap is wider than 19 times of 20 by chance alone.
    """
    labels, member = np.unique(np.asarray(groups, str), return_inverse=True)
    units, group = _units_by_group(sums, member)
    order = np.argsort(group, kind="stable")
    units, group = units[order], group[order]
    sizes = np.bincount(group, minlength=len(labels))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])

    def scores(chosen: Floats) -> Floats:
        return np.asarray(sums.score(np.add.reduceat(chosen, starts, axis=-2)))

    here = scores(units)
    apart = [scores(units[p]) - here for p in _drawn(units, seed, sizes[group], starts[group])]
    reach = float(np.quantile(np.concatenate([np.ptp(a, axis=-1) for a in apart]), CONFIDENCE))
    value = float(np.ptp(here))
    return Gap(value=value, low=max(0.0, value - reach), high=value + reach)


# --- the parts ------------------------------------------------------------------------------------


def _side_by_side(first: Sums, second: Sums) -> tuple[Floats, Floats]:
    """The rows of both, so that a row of one is of the same answer as that of the other.

    An answer that adds something to one of them alone adds nothing to the other.
    """
    if first.places is None or second.places is None:
        return first.rows, second.rows
    every = {place: row for row, place in enumerate(sorted({*first.places, *second.places}))}
    made = []
    for sums in (first, second):
        rows = np.zeros((len(every), sums.rows.shape[1]))
        rows[[every[place] for place in sums.places or ()]] = sums.rows
        made.append(rows)
    return made[0], made[1]


def _units(sums: Sums) -> Floats:
    """What is drawn: rows, or the sums of each cluster."""
    if sums.clusters is None:
        return np.asarray(sums.rows, float)
    return _units_by_group(sums, np.zeros(len(sums.rows), int))[0]


def _units_by_group(sums: Sums, member: NDArray[Any]) -> tuple[Floats, NDArray[Any]]:
    """What is drawn and the group of each; a cluster in two groups is one unit in each."""
    rows = np.asarray(sums.rows, float)
    if sums.clusters is None:
        return rows, member
    _, cluster = np.unique(np.asarray(sums.clusters, str), return_inverse=True)
    pairs, unit = np.unique(np.column_stack([member, cluster]), axis=0, return_inverse=True)
    units = np.zeros((len(pairs), rows.shape[1]))
    np.add.at(units, unit.ravel(), rows)
    return units, pairs[:, 0]


def _drawn(
    units: Floats, seed: bytes, limit: Floats | None = None, start: Floats | None = None
) -> Iterator[NDArray[Any]]:
    """Places of units in resamples, a block at a time, of shape (resamples, units).

    Each place is from all units, or from `start` to start + limit, given for each place.
    """
    n, width = units.shape
    if not n:
        return
    limits = np.asarray(n if limit is None else limit)
    generator = np.random.Philox(key=int.from_bytes(seed[:16], "little"))
    block = max(1, IN_A_BLOCK // (n * width))
    for done in range(0, RESAMPLES, block):
        count = min(block, RESAMPLES - done)
        places = below(generator.random_raw(count * n).reshape(count, n), limits)
        yield places if start is None else places + start


def _bca(
    drawn: Floats, value: float, without_one: Floats, confidence: float
) -> tuple[float, float]:
    """`without_one`: the score with each unit left out in turn, which says how skewed it is."""
    if len(without_one) < 2 or np.ptp(drawn) == 0:
        return value, value
    below = (np.count_nonzero(drawn < value) + np.count_nonzero(drawn == value) / 2) / len(drawn)
    edge = 0.5 / len(drawn)
    bias = ndtri(min(max(below, edge), 1 - edge))
    apart = without_one.mean() - without_one
    spread = (apart**2).sum() ** 1.5
    skew = (apart**3).sum() / (6 * spread) if spread else 0.0
    ends = bias + ndtri([(1 - confidence) / 2, (1 + confidence) / 2])
    low, high = np.quantile(drawn, ndtr(bias + ends / (1 - skew * ends)))
    return float(low), float(high)
