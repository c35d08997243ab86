"""A trial that went wrong is noticed: counts, balance, missing outcomes, what really arrived."""

import numpy as np
import pytest
from scipy import stats

from sandbox.trials import checks
from sandbox.trials.effects import effect
from sandbox.trials.plan import Measure

ARMS = ["a"] * 10 + ["b"] * 10
TREATED = np.array([arm == "b" for arm in ARMS])
SHARE = Measure.model_validate({"column": "y", "kind": "share", "title": "Y", "better": "lower",
                                "happened": "did", "today": 0.5})  # fmt: skip


def mean(**more):
    said = {"column": "y", "kind": "mean", "title": "Y", "better": "lower", "unit": "days"}
    return Measure.model_validate({**said, "today": 5.0, "spread": 1.0, **more})


def again(outcome, known):
    return effect(outcome[known], TREATED[known])


def test_counts_alarm_only_where_chance_would_hardly_do_it():
    assert not checks.counts([1000, 1000], [1, 1]).alarm
    assert not checks.counts([1050, 950], [1, 1]).alarm  # p = 0.025
    found = checks.counts([1100, 900], [1, 1])
    assert found.alarm
    assert found.p == pytest.approx(stats.chi2.sf(2 * 100**2 / 1000, 1))
    assert not checks.counts([300, 200], [3, 2]).alarm
    assert checks.counts([0, 0], [3, 2]).alarm


def test_a_difference_is_in_standard_deviations():
    values = [str(v) for v in (*range(10), *range(2, 12))]
    (row,) = checks.balance("x", values, ARMS, ["a", "b"], words=False)
    assert row.difference == pytest.approx(2 / np.std(range(10)))
    assert (row.verdict, row.word) == ("uneven", None)


def test_of_words_the_one_that_differs_most_is_told():
    values = ["x"] * 5 + ["y"] * 4 + ["z"] + ["x"] * 5 + ["y"] * 1 + ["z"] * 4
    (row,) = checks.balance("kind", values, ARMS, ["a", "b"], words=True)
    assert row.word in {"y", "z"}
    assert abs(row.difference) == pytest.approx(0.3 / np.sqrt((0.4 * 0.6 + 0.1 * 0.9) / 2))


@pytest.mark.parametrize(("values", "words"), [(["0301", "0302"], True), (["301", "302"], False)])
def test_codes_with_a_leading_zero_are_words(values, words):
    (row,) = checks.balance("code", values * 10, ARMS, ["a", "b"], words=False)
    assert (row.word is not None) is words


def test_missing_values_are_left_out_of_the_balance_and_a_column_without_any_has_none():
    values = ["1", ""] * 5 + ["1", "3"] * 5
    (row,) = checks.balance("x", values, ARMS, ["a", "b"], words=False)
    assert row.difference == pytest.approx(1 / np.sqrt(0.5))
    assert checks.balance("x", [""] * 20, ARMS, ["a", "b"], words=False) == []
    assert checks.balance("x", ["1"] * 10 + [""] * 10, ARMS, ["a", "b"], words=False) == []


def test_a_column_that_is_constant_in_each_arm_is_infinitely_uneven():
    (row,) = checks.balance("x", ["1"] * 10 + ["2"] * 10, ARMS, ["a", "b"], words=False)
    assert (row.difference, row.verdict) == (np.inf, "uneven")


# --- missing outcomes -----------------------------------------------------------------------------


def test_when_none_is_missing_nothing_is_told():
    assert checks.missing(SHARE, np.zeros(20), TREATED, again) is None


def test_shares_are_bounded_by_all_that_the_missing_may_have_done():
    outcome = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, np.nan, 1, 0, 0, 0, 0, 0, 0, 0, np.nan, np.nan])
    found = checks.missing(SHARE, outcome, TREATED, again)
    assert (found.counts, found.of, found.certain) == ((1, 2), (10, 10), True)
    best = np.where(np.isnan(outcome), ~TREATED, outcome)
    worst = np.where(np.isnan(outcome), TREATED, outcome)
    assert found.low == pytest.approx(effect(best, TREATED).low)
    assert found.high == pytest.approx(effect(worst, TREATED).high)
    assert found.p == pytest.approx(1.0)


def test_means_are_bounded_by_what_can_be_measured_at_all():
    outcome = np.array([*range(9), np.nan, *range(10)], float)
    found = checks.missing(mean(lowest=0.0, highest=20.0), outcome, TREATED, again)
    low = np.where(np.isnan(outcome), 20.0, outcome)
    high = np.where(np.isnan(outcome), 0.0, outcome)
    assert (found.low, found.high) == pytest.approx(
        (effect(low, TREATED).low, effect(high, TREATED).high)
    )


def test_other_means_are_bounded_by_trimming_the_arm_that_is_seen_more_of():
    """Lee 2009, by hand: 8 of 10 are seen in one arm, 10 of 10 in the other, so 2 are cut."""
    outcome = np.array([*range(8), np.nan, np.nan, *range(10)], float)
    found = checks.missing(mean(), outcome, TREATED, again)
    assert not found.certain
    assert (found.low, found.high) == pytest.approx((3.5 - 3.5, 5.5 - 3.5))
    turned = checks.missing(mean(), outcome, ~TREATED, again)
    assert (turned.low, turned.high) == pytest.approx((-2.0, 0.0))


def test_arms_that_are_seen_alike_need_no_trimming():
    outcome = np.array([*range(9), np.nan, *range(9), np.nan], float)
    found = checks.missing(mean(), outcome, TREATED, again)
    assert (found.low, found.high) == (0, 0)


def test_what_arrived_is_counted_by_what_was_assigned():
    reached = ["a"] * 8 + ["b", ""] + ["b"] * 5 + ["a"] * 2 + [""] * 3
    assert checks.arrived(ARMS, reached, ["a", "b"]) == [
        checks.Arrived("a", 10, 8, 1, 1),
        checks.Arrived("b", 10, 5, 2, 3),
    ]
