"""Intervals are scored by what they cost, against the best answer that never changes."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm
from sklearn.metrics import mean_absolute_error, mean_pinball_loss

from sandbox.grading.measuring import measured
from sandbox.grading.metrics import METRICS
from sandbox.grading.pairs import Pair

pytestmark = pytest.mark.heavy

score = METRICS["interval-score"]
ROWS = 200
SHUFFLED = np.random.RandomState(1).permutation(ROWS)
EFFECTS = norm.ppf((SHUFFLED + 0.5) / ROWS, -2, 6)
SOUND = np.random.RandomState(2).random_sample(ROWS) < 0.85


def answer(estimate, low, high, sound=True):
    return {
        "estimate": float(estimate),
        "low": float(low),
        "high": float(high),
        "trustworthy": "yes" if sound else "no",
    }


def pairs(answers, effects=EFFECTS, sound=SOUND):
    truth = [
        {"estimate": repr(float(e)), "trustworthy": "yes" if s else "no"}
        for e, s in zip(effects, sound, strict=True)
    ]
    return [Pair(t, a) for t, a in zip(truth, answers, strict=True)]


def noisy(spread, claimed, seed=3):
    """Estimates that err by `spread`, with intervals for errors of `claimed`."""
    found = EFFECTS + spread * np.random.RandomState(seed).standard_normal(ROWS)
    reach = 1.96 * claimed
    return [answer(f, f - reach, f + reach, s) for f, s in zip(found, SOUND, strict=True)]


def test_the_right_answers_score_100_and_miss_nothing():
    best = score(pairs([answer(e, e, e, s) for e, s in zip(EFFECTS, SOUND, strict=True)]))
    assert best.score == best.ungated == 100
    assert best.details["missed"].value == 0


@given(
    estimate=st.floats(-30, 30), low=st.floats(-120, 120), high=st.floats(-120, 120),
    sound=st.booleans(),
)  # fmt: skip
@settings(max_examples=60)
def test_a_constant_answer_scores_nothing(estimate, low, high, sound):
    assert score(pairs([answer(estimate, low, high, sound)] * ROWS)).score == 0


def test_no_constant_answer_is_better_than_the_one_it_is_compared_with():
    """Not even the one made from the truth: a constant costs at least what the score takes off."""
    grid = np.quantile(EFFECTS, [0.01, 0.02, 0.025, 0.03, 0.05, 0.5, 0.95, 0.97, 0.975, 0.98, 0.99])
    for low in grid[:5]:
        for high in grid[6:]:
            assert score(pairs([answer(grid[5], low, high)] * ROWS)).ungated == pytest.approx(0)


def test_the_interval_score_is_that_of_two_quantiles():
    """2 / α times the pinball losses of both ends, as scikit-learn has them."""
    answers = noisy(2, 1.5)
    low, high, middle = ([a[c] for a in answers] for c in ("low", "high", "estimate"))
    theirs = sum(mean_pinball_loss(EFFECTS, q, alpha=a) for q, a in ((low, 0.025), (high, 0.975)))
    found = score(pairs(answers))
    assert found.details["interval_score"].value == pytest.approx(40 * theirs)
    assert found.details["error"].value == pytest.approx(mean_absolute_error(EFFECTS, middle))


def test_the_formula_is_what_the_docstring_says():
    answers = noisy(2, 1)
    cost = [
        abs(a["estimate"] - e) + a["high"] - a["low"]
        + 40 * max(0, a["low"] - e, e - a["high"]) + 10 * ((a["trustworthy"] == "yes") != s)
        for a, e, s in zip(answers, EFFECTS, SOUND, strict=True)
    ]  # fmt: skip
    ordered = sorted(EFFECTS)
    low, middle, high = ordered[4], ordered[99], ordered[194]
    constant = [
        abs(middle - e) + high - low + 40 * max(0, low - e, e - high) + 10 * (not s)
        for e, s in zip(EFFECTS, SOUND, strict=True)
    ]
    missed = sum(not a["low"] <= e <= a["high"] for a, e in zip(answers, EFFECTS, strict=True))
    saved = 100 * (1 - sum(cost) / sum(constant))
    found = score(pairs(answers))
    assert missed > 18
    assert found.ungated == pytest.approx(saved)
    assert found.score == pytest.approx(saved * 18 / missed)


@pytest.mark.parametrize("rows", [1, 20, 60, 140, 200])
def test_as_many_misses_are_allowed_as_the_binomial_distribution_says(rows):
    found = score(pairs(noisy(2, 2)[:rows], EFFECTS[:rows], SOUND[:rows]))
    assert found.details["allowed"].value == binom.ppf(0.99, rows, 0.05)


def test_18_of_200_may_miss_at_no_further_price():
    for missed, counts in ((18, 1.0), (19, 18 / 19), (36, 0.5)):
        answers = [
            answer(e, e + 0.01 * (n < missed), e + 1, s)
            for n, (e, s) in enumerate(zip(EFFECTS, SOUND, strict=True))
        ]
        found = score(pairs(answers))
        assert found.details["missed"].value == missed
        assert found.score == pytest.approx(found.ungated * counts)


def test_honest_intervals_beat_boasting_and_hedging():
    """Averaged over many trials, an error told as it is scores highest."""

    def average(claimed):
        return np.mean([score(pairs(noisy(2, claimed, seed))).score for seed in range(20)])

    honest = average(2)
    assert honest > average(1.4)
    assert honest > average(3)


@given(st.data())
@settings(max_examples=40)
def test_a_better_answer_never_scores_lower(data):
    """Nearer, narrower without missing, reaching to the truth, or right about trust."""
    answers = noisy(3, 1.5, data.draw(st.integers(0, 50)))
    before = score(pairs(answers)).score
    for place in data.draw(st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=40)):
        effect, given_ = EFFECTS[place], answers[place]
        nearer = data.draw(st.floats(0, 1))
        better = dict(given_)
        better["estimate"] += nearer * (effect - better["estimate"])
        if not given_["low"] <= effect <= given_["high"]:
            better["low"] = min(given_["low"], effect)
            better["high"] = max(given_["high"], effect)
        else:
            better["low"] += nearer * (effect - better["low"])
            better["high"] += nearer * (effect - better["high"])
        if data.draw(st.booleans()):
            better["trustworthy"] = "yes" if SOUND[place] else "no"
        answers[place] = better
    assert score(pairs(answers)).score >= before - 1e-9


def test_the_order_of_rows_does_not_matter():
    rows = pairs(noisy(2, 1))
    before = score(rows)
    random.Random(4).shuffle(rows)
    after = score(rows)
    assert after.score == pytest.approx(before.score)
    assert after.details == {k: v.model_copy(update={"value": pytest.approx(v.value)})
                             for k, v in before.details.items()}  # fmt: skip


def test_the_ends_of_an_interval_may_stand_in_either_order():
    answers = noisy(2, 2)
    turned = [a | {"low": a["high"], "high": a["low"]} for a in answers]
    assert score(pairs(turned)).score == score(pairs(answers)).score


def test_the_score_has_an_interval_by_chance_in_which_rehearsals_were_asked_about():
    found = measured(score, pairs(noisy(2, 2)), b"the seed of a test")
    assert found.low < found.score < found.high
    assert found.band > 0


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows_are_scored_too(rows):
    right = [answer(e, e, e, s) for e, s in zip(EFFECTS[:rows], SOUND[:rows], strict=True)]
    found = measured(score, pairs(right, EFFECTS[:rows], SOUND[:rows]), b"the seed of a test")
    assert found.rows == rows
    assert found.score == (100 if rows else 0)
