"""Exact bounds of a share, where the rows that were scored are a sample."""

from __future__ import annotations

from scipy.special import betaincinv


def upper_bound(events: int, trials: int, confidence: float = 0.95) -> float:
    """The exact one-sided upper bound of a share, from 0 to 1; 1 when nothing was tried.

    The p for which P(Bin(trials, p) ≤ events) = 1 − confidence, that is the quantile of
    Beta(events + 1, trials − events) (Clopper and Pearson, Biometrika 26, 1934). With no event at
    all it is at most 0.5 % from 598 trials on: 1 − 0.05^(1/598) = 0.00500.
    """
    if events >= trials:
        return 1.0
    return float(betaincinv(events + 1, trials - events, confidence))


def interval(events: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a share (Clopper and Pearson, 1934), from 0 to 1."""
    one_side = (1 + confidence) / 2
    return (
        1 - upper_bound(trials - events, trials, one_side),
        upper_bound(events, trials, one_side),
    )
