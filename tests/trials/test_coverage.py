"""Intervals cover the truth as often as they say, and a variance that is broken is found out.

The same trials as in `scripts/bench trials`, fewer of them: the bounds are about three standard
errors of so many trials wide, and each way of getting a variance wrong lies outside.
"""

import numpy as np
import pytest

from benchmarks.trials import KINDS, tried
from sandbox.trials import effects
from sandbox.trials.robust import Coefficient, coefficient

pytestmark = pytest.mark.heavy

FEW, MANY = 80, 250  # trials of a kind with an effect, and as many without
BOUNDS = {FEW: (0.88, 1.0), MANY: (0.91, 0.985)}  # 95 % ± four standard errors of 1.7 and 0.97 %
BY_NAME = {kind.name: kind for kind in KINDS}
QUICK = ("12 large clusters", "means in 40 pairs", "shares in 6 strata")


def holds(name, trials):
    """Whether the part of intervals that hold the truth, with and without effect, is in bounds."""
    found = tried(BY_NAME[name], trials)
    low, high = BOUNDS[trials]
    return low < (found.covered + 1 - found.alarms) / 2 < high


@pytest.mark.parametrize("name", QUICK)
def test_intervals_cover_the_truth(name):
    assert holds(name, FEW)


@pytest.mark.heavy
@pytest.mark.parametrize("name", BY_NAME)
def test_intervals_of_every_kind_cover_the_truth(name):
    assert holds(name, MANY)


def narrower(factor):
    def broken(*arguments):
        found = coefficient(*arguments)
        return Coefficient(found.value, found.error * factor, found.degrees)

    return broken


def without_clusters(outcome, columns, which, clusters=None):
    return coefficient(outcome, columns, which)


def without_adjustment(outcome, columns, which, clusters=None):
    """White's HC0 or CR0: residuals as they are, with the normal distribution."""
    inverse = np.linalg.pinv(columns.T @ columns)
    fitted = inverse @ (columns.T @ outcome)
    scores = columns * (outcome - columns @ fitted)[:, None]
    if clusters is not None:
        scores = np.array([scores[clusters == c].sum(axis=0) for c in np.unique(clusters)])
    error = np.sqrt(inverse[which] @ scores.T @ scores @ inverse[which])
    return Coefficient(float(fitted[which]), float(error), np.inf)


HALF_THE_VARIANCE, TWICE_THE_VARIANCE = narrower(2**-0.5), narrower(2**0.5)


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("12 large clusters", without_clusters),
        ("means in 40 pairs", HALF_THE_VARIANCE),
        ("shares in 6 strata", HALF_THE_VARIANCE),
    ],
)
def test_a_broken_variance_is_found_out(name, broken, monkeypatch):
    monkeypatch.setattr(effects, "coefficient", broken)
    assert not holds(name, FEW)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("160 small clusters", without_clusters),
        ("12 large clusters", without_adjustment),
        ("means of 5 and 5, uneven spread", without_adjustment),
        ("skewed means", HALF_THE_VARIANCE),
        ("skewed means", TWICE_THE_VARIANCE),
        ("means with a covariate (CUPED)", HALF_THE_VARIANCE),
        ("shares in 6 strata", TWICE_THE_VARIANCE),
    ],
)
def test_every_kind_of_broken_variance_is_found_out(name, broken, monkeypatch):
    monkeypatch.setattr(effects, "coefficient", broken)
    assert not holds(name, MANY)


@pytest.mark.heavy
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_broken_interval_of_shares_is_found_out(factor, monkeypatch):
    whole = effects._wilson
    monkeypatch.setattr(effects, "_wilson", lambda share, count, z: whole(share, count * factor, z))
    assert not holds("plain shares", MANY)
