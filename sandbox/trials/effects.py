"""The effect of one arm beside another on everyone assigned, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from sandbox.trials.robust import Codes, Coefficient, Floats, coefficient

Bools = NDArray[np.bool_]
FEWEST = 2  # units or clusters: an arm's least, and a stratum's for an effect of its own


@dataclass(frozen=True)
class Effect:
    """The other arm's outcome minus the control arm's, in the outcome's unit (a share from 0 to 1).

    `low` and `high` are the ends of the interval at `confidence`, `p` the probability of an effect
    at least as large by chance alone. `control` and `treated` are the arms' raw means, `method` how
    it was computed, `narrower` by how much of its width a covariate made the interval narrower.
    """

    estimate: float
    low: float
    high: float
    p: float
    confidence: float
    control: float
    treated: float
    counts: tuple[int, int]
    method: Literal["newcombe", "difference", "regression", "clusters"]
    narrower: float | None = None


def effect(
    outcome: Floats,
    treated: Bools,
    *,
    kind: Literal["share", "mean"] = "mean",
    strata: Sequence[str] | None = None,
    clusters: Sequence[str] | None = None,
    covariate: Floats | None = None,
    confidence: float = 0.95,
) -> Effect:
    """The effect from arrays of one value per unit, without missing outcomes.

    A share that is adjusted for nothing has Newcombe's interval, which holds for rare events. All
    else is a regression with HC2 or, with clusters, CR2 variance: strata and covariate are centred
    and may have another slope in each arm (Lin, Annals of Applied Statistics 7, 2013), which for a
    covariate is CUPED (Deng, Xu, Kohavi, Walker, WSDM 2013) with an arm's own θ. With clusters, or
    in strata with fewer than two units in an arm, slopes are shared, since there are too few units
    for more. A covariate that is missing counts as average. ValueError if an arm has fewer than two
    units or clusters.
    """
    groups = _codes(clusters) if clusters is not None else None
    _enough(treated, groups)
    levels = _codes(strata) if strata is not None and len(set(strata)) > 1 else None
    adjusted = levels is not None or covariate is not None or groups is not None
    bare = kind == "share" and not adjusted
    if bare or (kind == "share" and groups is None and _constant(outcome, treated)):
        return _newcombe(outcome, treated, confidence)
    found = _fitted(outcome, treated, levels, groups, covariate)
    half = _half(found, confidence)
    narrower = None
    if covariate is not None:
        without = _half(_fitted(outcome, treated, levels, groups, None), confidence)
        narrower = 1 - half / without if without else 0.0
    method: Literal["clusters", "regression", "difference"] = (
        "clusters" if groups is not None else "regression" if adjusted else "difference"
    )
    return Effect(
        found.value, found.value - half, found.value + half, _p(found), confidence,
        *_means(outcome, treated), _counts(treated), method, narrower,
    )  # fmt: skip


def _codes(labels: Sequence[str]) -> Codes:
    return np.asarray(np.unique(np.array(labels, str), return_inverse=True)[1], np.int64)


def _enough(treated: Bools, groups: Codes | None) -> None:
    for arm in (treated, ~treated):
        alone = arm.sum() if groups is None else len(np.unique(groups[arm]))
        if alone < FEWEST:
            raise ValueError(f"an arm has {alone} {'units' if groups is None else 'clusters'}")


def _constant(outcome: Floats, treated: Bools) -> bool:
    """Whether the outcome is the same for all of an arm, so that no spread can be seen in it."""
    return any(np.ptp(outcome[arm]) == 0 for arm in (treated, ~treated))


def _means(outcome: Floats, treated: Bools) -> tuple[float, float]:
    return float(outcome[~treated].mean()), float(outcome[treated].mean())


def _counts(treated: Bools) -> tuple[int, int]:
    return int((~treated).sum()), int(treated.sum())


# --- regression -----------------------------------------------------------------------------------


def _fitted(
    outcome: Floats, treated: Bools, levels: Codes | None, groups: Codes | None,
    covariate: Floats | None,
) -> Coefficient:  # fmt: skip
    arm = treated.astype(float)
    blocks = [np.ones((len(arm), 1)), arm[:, None]]
    if levels is not None:
        dummies = (levels[:, None] == np.arange(1, levels.max() + 1)).astype(float)
        own = groups is None and _in_both_arms(levels, treated)
        blocks += _block(dummies, arm, interacted=own)
    if covariate is not None:
        blocks += _block(_filled(covariate), arm, interacted=groups is None)
    return coefficient(outcome, np.hstack(blocks), 1, groups)


def _block(columns: Floats, arm: Floats, *, interacted: bool) -> list[Floats]:
    centred = columns - columns.mean(axis=0)
    return [centred, centred * arm[:, None]] if interacted else [centred]


def _in_both_arms(levels: Codes, treated: Bools) -> bool:
    fewest = min(np.bincount(levels[arm], minlength=levels.max() + 1).min()
                 for arm in (treated, ~treated))  # fmt: skip
    return bool(fewest >= FEWEST)


def _filled(covariate: Floats) -> Floats:
    """The covariate in standard deviations, average where missing, and which were missing."""
    missing = np.isnan(covariate)
    if missing.all():
        return np.zeros((len(covariate), 0))
    centred = covariate - covariate[~missing].mean()
    spread = centred[~missing].std()
    scaled = np.where(missing, 0.0, centred / (spread or 1.0))
    columns = [scaled, missing.astype(float)] if missing.any() else [scaled]
    return np.column_stack(columns)


def _half(found: Coefficient, confidence: float) -> float:
    """Half the interval's width."""
    critical = stats.t.isf((1 - confidence) / 2, found.degrees)
    return float(critical * found.error)


def _p(found: Coefficient) -> float:
    if found.error == 0:
        return 1.0 if found.value == 0 else 0.0
    return float(2 * stats.t.sf(abs(found.value) / found.error, found.degrees))


# --- shares ---------------------------------------------------------------------------------------


def _newcombe(outcome: Floats, treated: Bools, confidence: float) -> Effect:
    """Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, 873–890, method 10).

    p is where the interval's level would have it end at zero, so the two never disagree.
    """
    control, other = _means(outcome, treated)
    sizes = _counts(treated)

    def ends(alpha: float) -> tuple[float, float]:
        z = float(stats.norm.isf(alpha / 2))
        (low0, high0), (low1, high1) = (_wilson(p, n, z) for p, n in zip((control, other), sizes,
                                                                         strict=True))  # fmt: skip
        difference = other - control
        below = sqrt((other - low1) ** 2 + (high0 - control) ** 2)
        above = sqrt((high1 - other) ** 2 + (control - low0) ** 2)
        return max(-1.0, difference - below), min(1.0, difference + above)  # rounding goes beyond

    def nearest_to_zero(alpha: float) -> float:
        low, high = ends(alpha)
        return low if other > control else -high

    low, high = ends(1 - confidence)
    p = 1.0
    if other != control:
        beyond = nearest_to_zero(1e-300) > 0
        p = 0.0 if beyond else float(brentq(nearest_to_zero, 1e-300, 1.0, xtol=1e-12))
    return Effect(other - control, low, high, p, confidence, control, other, sizes, "newcombe")


def _wilson(share: float, count: int, z: float) -> tuple[float, float]:
    """Wilson's score interval of one share (JASA 22, 1927)."""
    middle = share + z * z / (2 * count)
    half = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    below = 1 + z * z / count
    return (middle - half) / below, (middle + half) / below
