"""True rates of small areas and true effects of measures, each with an interval, in one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.descriptors import Text
from sandbox.grading.pairs import Pair, number
from sandbox.grading.sums import Sums
from sandbox.grading.verdict import Gate, Measure, Number

ALPHA = 0.05
RATES, EFFECTS = 60.0, 40.0
MOST_FALSE_ALARMS = 1
Z = 1.96
Floats = NDArray[Any]


def rates_and_effects(pairs: Sequence[Pair]) -> Measure:
    """How much of what a constant leaves unknown is known, of rates and of effects, from 0 to 100.

    Each answer is an estimate with a 95 % interval, in per cent or in points. It costs

        loss = |estimate − truth| + width / 20 + 2 · (how far the truth lies outside the interval)

    which is the absolute error plus 0.05 times the interval score of a 95 % interval, or three
    times the weighted interval score with one interval. It is proper: whoever tells the median and
    the interval they believe in loses least on average.

        rates   = max(0, 1 − loss / loss of the best constant), losses summed over the rates
        effects = mean over the planted effects of max(0, 1 − loss / loss of "exactly 0"), and 0
                  where the interval holds 0: an effect that is not seen is not found
        score   = 60 · rates + 40 · effects, or 100 · rates where the rows have no planted effect

    The best constant of an indicator is the median and the 2.5 and 97.5 % quantiles of its true
    rates. So one answer for all rows of an indicator scores 0, and so does an interval that holds 0
    for every effect: constant answers score 0, the right ones 100. One gate holds back everything:
    at most one false alarm, an interval without 0 for a pair that has no effect. A better answer
    (estimate and both ends nearer to the truth) never scores lower. low and high may stand in
    either order, and what lies beyond ± 100 counts as 100.

    The interval says how the score would move with other subdistricts (delete-one jackknife over
    clusters); the planted effects are no sample.
    Truth columns: kind (rate or effect), estimate (what is true), cluster (rates that may err
    together), constant, constant_low, constant_high (the best constant), and group for gaps.
    Source: Gneiting and Raftery, "Strictly Proper Scoring Rules, Prediction, and Estimation",
    JASA 102 (2007), section 6.2; with the absolute error, Bracher, Ray, Gneiting and Reich,
    "Evaluating epidemic forecasts in an interval format", PLoS Computational Biology 17 (2021).
    Weights and gate are the challenge's own.
    """
    rates = [pair for pair in pairs if pair.truth["kind"] == "rate"]
    effects = [pair for pair in pairs if pair.truth["kind"] == "effect"]
    credits, false_alarms = _credits(effects)
    sums = _sums(pairs)
    known = float(_known(sums.rows.sum(axis=0)))
    found = float(np.mean(credits)) if credits else 0.0
    weight = RATES if credits else 100.0
    score = weight * known + (EFFECTS * found if credits else 0.0)
    margin = weight * Z * _jackknife(sums)
    return Measure(
        rows=len(pairs),
        ungated=score,
        low=max(0.0, score - margin),
        high=min(100.0, score + margin),
        gates=(_gate(false_alarms),),
        details=_details(rates, known, credits, found),
        sums=sums,
    )


def _said(pairs: Sequence[Pair], column: str) -> Floats:
    given = [float(str(pair.given[column])) for pair in pairs]
    return np.asarray(np.clip(np.array(given, float), -100, 100))


def _interval(pairs: Sequence[Pair]) -> tuple[Floats, Floats]:
    ends = _said(pairs, "low"), _said(pairs, "high")
    return np.minimum(*ends), np.maximum(*ends)


def _truth(pairs: Sequence[Pair], column: str = "estimate") -> Floats:
    return np.array([float(pair.truth[column]) for pair in pairs], float)


def _losses(pairs: Sequence[Pair]) -> Floats:
    return _loss(_said(pairs, "estimate"), *_interval(pairs), _truth(pairs))


def _constant_losses(pairs: Sequence[Pair]) -> Floats:
    middle, low, high = (_truth(pairs, c) for c in ("constant", "constant_low", "constant_high"))
    return _loss(middle, low, high, _truth(pairs))


def _loss(estimate: Floats, low: Floats, high: Floats, truth: Floats) -> Floats:
    outside = np.maximum(0, low - truth) + np.maximum(0, truth - high)
    return np.asarray(np.abs(estimate - truth) + ALPHA * (high - low) + 2 * outside)


def _sums(pairs: Sequence[Pair]) -> Sums:
    """What each rate costs and would cost as a constant; an effect adds nothing to either."""
    rate = np.array([pair.truth["kind"] == "rate" for pair in pairs], bool)[:, None]
    rows = np.where(rate, np.column_stack([_losses(pairs), _constant_losses(pairs)]), 0)
    return Sums(rows, lambda sums: 100 * _known(sums), [pair.truth["cluster"] for pair in pairs])


def _known(sums: Floats) -> Floats:
    """The share of the constant's loss that is avoided, from 0 to 1; without rates, nothing."""
    lost, constant = sums[..., 0], sums[..., 1]
    share = 1 - lost / np.where(constant > 0, constant, 1)
    return np.where(constant > 0, np.maximum(0, share), 0)


def _credits(effects: Sequence[Pair]) -> tuple[list[float], int]:
    """What each planted effect earns, from 0 to 1, and how often an alarm was false."""
    low, high = _interval(effects)
    alarms, planted = (low > 0) | (high < 0), _truth(effects) != 0
    known = _known(np.column_stack([_losses(effects), _constant_losses(effects)]))
    return list(np.where(alarms, known, 0)[planted]), int((alarms & ~planted).sum())


def _jackknife(sums: Sums) -> float:
    """The standard error of the known share when clusters of rates are left out one by one.

    Efron and Stein, "The Jackknife Estimate of Variance", Annals of Statistics 9 (1981).
    """
    there = sums.rows[:, 1] > 0
    labels = np.asarray(sums.clusters, str)[there]
    names, cluster = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        return 0.0
    of_cluster = np.column_stack([np.bincount(cluster, sum_[there]) for sum_ in sums.rows.T])
    without = _known(of_cluster.sum(axis=0) - of_cluster)
    return float(np.sqrt((len(names) - 1) / len(names) * ((without - without.mean()) ** 2).sum()))


def _gate(false_alarms: int) -> Gate:
    return Gate(
        name="false_alarms",
        title=Text({"en": "false alarms about effects", "nb": "falske alarmer om virkninger"}),
        value=float(false_alarms),
        limit=float(MOST_FALSE_ALARMS),
        unit=Text({"en": "pairs", "nb": "par"}),
    )


def _details(
    rates: Sequence[Pair], known: float, credits: Sequence[float], found: float
) -> dict[str, Number]:
    truth = _truth(rates)
    error = np.abs(_said(rates, "estimate") - truth)
    low, high = _interval(rates)
    held = (low <= truth) & (truth <= high)
    return {
        "rates": number("rates, part of the score", "andeler, del av poengene", 100 * known),
        "effects": number("effects, part of the score", "virkninger, del av poengene", 100 * found),
        "effects_found": number(
            "effects found", "virkninger funnet", sum(credit > 0 for credit in credits)
        ),
        "mean_absolute_error": number(
            "mean error of the rates, in points",
            "gjennomsnittlig feil i andelene, i prosentpoeng",
            float(error.mean()) if len(rates) else 0.0,
        ),
        "coverage": number(
            "intervals of rates that hold the truth, in per cent (95 promised)",
            "intervaller for andeler som rommer sannheten, i prosent (95 lovet)",
            100 * float(held.mean()) if len(rates) else 0.0,
        ),
    }
