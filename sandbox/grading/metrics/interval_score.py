"""Estimates with 95 % intervals: how near, how narrow, and how often they hold what is true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from sandbox.grading.pairs import Pair, number
from sandbox.grading.sums import Sums
from sandbox.grading.verdict import Measure

Floats = NDArray[np.float64]

ALPHA = 0.05  # the intervals that are asked for are 95 % intervals
WRONG_TRUST = 10.0  # as an interval that is so much wider
PATIENCE = 0.99  # how often honest 95 % intervals keep all of their score
SLACK = 1e-9  # what decimal numbers lose on their way through a file


def interval_score(pairs: Sequence[Pair]) -> Measure:
    """How much of the loss of the best constant answer is saved, in per cent.

    An answer has estimate, low, high and trustworthy (yes or no). The loss of a key is

        |estimate − truth| + (high − low) + 40 · (distance from the truth to the interval)
        + 10 if trustworthy is wrong

    The terms of low and high are the interval score at 95 %, with 2 / 0.05 = 40 (Gneiting and
    Raftery, "Strictly Proper Scoring Rules, Prediction, and Estimation", JASA 102, 2007, section
    6.2). It is smallest, on average, for the interval that leaves 2.5 % on either side, so that
    neither boasting nor hedging pays.

        score = 100 · max(0, 1 − mean loss / mean loss of the best constant answer)
                · min(1, misses allowed / misses)

    The best constant answer is chosen with the truth of these keys at hand: its median, its 2.5 %
    and 97.5 % quantiles, the more common of yes and no. Every constant answer scores 0, and the
    right answers score 100. A miss is an interval that does not hold the truth. Allowed are as
    many as honest 95 % intervals exceed once in a hundred times: 18 of 200 (the 99 % point of the
    binomial distribution). Each miss beyond them takes from the score, and there is no cliff.

    An answer with no larger loss and no further miss scores no lower. low and high may stand in
    either order. `ungated` is told before misses are counted.
    Truth columns: estimate (what is true), trustworthy.
    """
    truth, estimate, low, high = _numbers(pairs)
    right = np.array([p.given["trustworthy"] == p.truth["trustworthy"] for p in pairs], bool)
    outside = _outside(truth, low, high)
    missed = outside > SLACK
    error = np.abs(estimate - truth)
    loss = error + (high - low) + 2 / ALPHA * outside + WRONG_TRUST * ~right
    allowed = _allowed(len(pairs))
    sums = Sums(
        np.column_stack([loss, _constant_losses(truth, pairs), missed]),
        lambda s: _saved(s) * (allowed / np.maximum(s[..., 2], max(allowed, 1))),
    )
    total = sums.rows.sum(axis=0)
    return Measure(
        rows=len(pairs),
        ungated=float(_saved(total)) if pairs else 0.0,
        earned=float(sums.score(total)),
        details={
            "held": number("intervals that hold the truth", "intervaller som dekker sannheten",
                           (~missed).sum()),
            "missed": number("intervals that miss it", "intervaller som bommer",
                             missed.sum()),
            "allowed": number("misses that cost nothing more", "bom som ikke koster noe ekstra",
                              allowed),
            "coverage": number("coverage in %", "dekning i %", 100 * _mean(~missed)),
            "error": number("mean absolute error", "gjennomsnittlig absolutt feil", _mean(error)),
            "width": number("mean width of the intervals", "gjennomsnittlig bredde på intervallene",
                            _mean(high - low)),
            "interval_score": number("mean interval score", "gjennomsnittlig intervallskår",
                                     _mean(high - low + 2 / ALPHA * outside)),
            "wrong_trust": number("wrong about what can be trusted",
                                  "feil om hva som er til å stole på",
                                  (~right).sum()),
        },
        sums=sums,
    )  # fmt: skip


def _allowed(rows: int) -> int:
    """The fewest misses m with P(Bin(rows, 0.05) ≤ m) ≥ 99 %."""
    return int(np.searchsorted(bdtr(np.arange(rows + 1), rows, ALPHA), PATIENCE))


def _numbers(pairs: Sequence[Pair]) -> tuple[Floats, Floats, Floats, Floats]:
    """What is true, the estimate, and the lower and the upper end of the interval."""
    truth = np.array([float(p.truth["estimate"]) for p in pairs])
    given = np.array(
        [[float(str(p.given[c])) for c in ("estimate", "low", "high")] for p in pairs]
    ).reshape(-1, 3)
    ends = given[:, 1:]
    return truth, given[:, 0], ends.min(axis=1), ends.max(axis=1)


def _outside(truth: Floats, low: Floats, high: Floats) -> Floats:
    return np.asarray(np.maximum(0, np.maximum(low - truth, truth - high)))


def _constant_losses(truth: Floats, pairs: Sequence[Pair]) -> Floats:
    """The loss of each key under the constant answer whose mean loss is the smallest.

    Quantiles of the sample (no value in between) are what makes the mean of each term smallest.
    """
    if not pairs:
        return truth
    points = (ALPHA / 2, 0.5, 1 - ALPHA / 2)
    low, middle, high = np.quantile(truth, points, method="inverted_cdf")
    outside = _outside(truth, low, high)
    yes = np.array([p.truth["trustworthy"] == "yes" for p in pairs])
    wrong = yes if 2 * np.count_nonzero(yes) < len(yes) else ~yes
    return np.asarray(
        np.abs(middle - truth) + (high - low) + 2 / ALPHA * outside + WRONG_TRUST * wrong
    )


def _saved(sums: NDArray[Any]) -> NDArray[Any]:
    """Per cent of the best constant answer's loss; what has no loss at all saves everything."""
    loss, constant = sums[..., 0], sums[..., 1]
    share = np.divide(loss, constant, out=np.ones_like(loss), where=constant > SLACK)
    return np.asarray(100 * np.where(loss <= SLACK, 1.0, np.maximum(0, 1 - share)))


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else 0.0
