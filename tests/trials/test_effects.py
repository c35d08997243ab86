"""Effects and intervals agree with other people's programs, with algebra, and with each other."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import linalg, stats

from sandbox.randomness import uniform, words
from sandbox.recipes.keyed import normal
from sandbox.trials.effects import effect
from sandbox.trials.robust import coefficient

Y = np.array([3, 5, 4, 8, 6, 7, 9, 2, 4, 6, 5, 8.0])
X = np.array([1, 2, 2, 4, 3, 3, 4, 1, 2, 3, 1, 4.0])
ARM = np.repeat([0.0, 1.0], 6)
SMALL = settings(max_examples=40, deadline=None)


def shares(happened, of):
    """Outcome and arm of two groups: so many of so many, control first."""
    outcome = np.concatenate([np.arange(n) < k for k, n in zip(happened, of, strict=True)])
    return outcome.astype(float), np.repeat([False, True], of)


def noise(name, count):
    return normal(words(b"effects", name, "normal", 0, count))


# --- shares ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("happened", "of", "low", "high"),
    [
        ((48, 56), (80, 70), 0.0524, 0.3339),  # Newcombe 1998, table II, example (a)
        ((3, 9), (10, 10), 0.1705, 0.8090),  # (b)
        ((0, 10), (10, 10), 0.6075, 1.0000),  # (h)
        ((211, 160), (1900, 1900), -0.045780, -0.007968),  # statsmodels 0.15, method="newcomb"
    ],
)
def test_a_difference_of_shares_has_newcombes_interval(happened, of, low, high):
    found = effect(*shares(happened, of), kind="share")
    assert found.method == "newcombe"
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)
    assert found.estimate == pytest.approx(happened[1] / of[1] - happened[0] / of[0])
    assert found.counts == of


@SMALL
@example(40, 0, 0.875)
@given(st.integers(0, 40), st.integers(0, 60), st.floats(0.8, 0.99))
def test_p_and_interval_never_disagree(first, second, confidence):
    found = effect(*shares((first, second), (40, 60)), kind="share", confidence=confidence)
    assert (found.p < 1 - confidence) == (found.low > 0 or found.high < 0)
    assert -1 <= found.low <= found.estimate <= found.high <= 1


def test_an_outcome_that_never_happened_still_has_an_interval():
    found = effect(*shares((0, 0), (50, 50)), kind="share")
    assert (found.estimate, found.p) == (0, 1)
    assert found.low == pytest.approx(-found.high)
    assert 0.07 < found.high < 0.08
    strata = ["a", "b"] * 50
    assert effect(*shares((0, 0), (50, 50)), kind="share", strata=strata).high == found.high


def test_all_against_nothing_has_a_tiny_p():
    found = effect(*shares((0, 2000), (2000, 2000)), kind="share")
    assert 0 <= found.p < 1e-100


# --- means ----------------------------------------------------------------------------------------


def test_a_difference_of_means_has_welchs_standard_error():
    found = effect(Y, ARM == 1)
    welch = stats.ttest_ind(Y[6:], Y[:6], equal_var=False)
    assert found.estimate == pytest.approx(Y[6:].mean() - Y[:6].mean())
    columns = np.column_stack([np.ones(12), ARM])
    assert coefficient(Y, columns, 1).error == pytest.approx(found.estimate / welch.statistic)


def test_hc2_is_as_statsmodels_has_it():
    """OLS(y, [1, arm, x centred, arm × x centred]).fit(cov_type="HC2"), statsmodels 0.15."""
    centred = X - X.mean()
    found = coefficient(Y, np.column_stack([np.ones(12), ARM, centred, ARM * centred]), 1)
    assert found.value == pytest.approx(0.16666666666666552)
    assert found.error == pytest.approx(0.5700371946496458)
    both = effect(Y, ARM == 1, covariate=X)
    assert both.estimate == pytest.approx(found.value)
    assert both.high - both.low == pytest.approx(
        2 * stats.t.isf(0.025, found.degrees) * found.error
    )


@pytest.mark.parametrize("clusters", [[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 5], list(range(12))])
def test_cr2_and_its_degrees_are_what_their_definitions_say(clusters):
    """Written out with matrices of units × units, as in Bell and McCaffrey's paper."""
    clusters = np.array(clusters)
    columns = np.column_stack([np.ones(12), ARM, X])
    inverse = np.linalg.inv(columns.T @ columns)
    rest = np.eye(12) - columns @ inverse @ columns.T
    variance, moved = 0.0, []
    for cluster in np.unique(clusters):
        own = clusters == cluster
        adjusted = np.linalg.inv(linalg.sqrtm(rest[np.ix_(own, own)]).real)
        weights = adjusted @ columns[own] @ inverse[1]
        variance += (weights @ (rest @ Y)[own]) ** 2
        moved.append(rest[:, own] @ weights)
    form = np.array(moved) @ np.array(moved).T
    found = coefficient(Y, columns, 1, clusters)
    assert found.value == pytest.approx((inverse @ columns.T @ Y)[1])
    assert found.error == pytest.approx(np.sqrt(variance))
    assert found.degrees == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form))


def test_a_column_that_others_make_up_changes_nothing():
    columns = np.column_stack([np.ones(12), ARM, X])
    doubled = np.column_stack([columns, 2 * X - 1])
    one, other = coefficient(Y, columns, 1), coefficient(Y, doubled, 1)
    assert (one.value, one.error, one.degrees) == pytest.approx(
        (other.value, other.error, other.degrees)
    )


def test_strata_weigh_by_their_size_whatever_share_of_them_is_treated():
    """By hand: the difference in each stratum, weighted by its units; Neyman's variances added."""
    strata = np.array(["a"] * 7 + ["b"] * 5)
    arm = np.array([0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1]) == 1
    found = effect(Y, arm, strata=list(strata))
    by_hand, variance = 0.0, 0.0
    for stratum, share in (("a", 7 / 12), ("b", 5 / 12)):
        groups = [Y[(strata == stratum) & (arm == which)] for which in (True, False)]
        by_hand += share * (groups[0].mean() - groups[1].mean())
        variance += share**2 * sum(g.var(ddof=1) / len(g) for g in groups)
    assert found.estimate == pytest.approx(by_hand)
    half = (found.high - found.low) / 2
    assert 2.2 < half / np.sqrt(variance) < 3.0  # t with few degrees of freedom
    assert found.method == "regression"


def test_pairs_are_compared_within_themselves():
    pairs = [str(i // 2) for i in range(12)]
    arm = np.arange(12) % 2 == 1
    found = effect(Y, arm, strata=pairs)
    within = stats.ttest_rel(Y[1::2], Y[0::2])
    assert found.estimate == pytest.approx((Y[1::2] - Y[0::2]).mean())
    assert found.p == pytest.approx(within.pvalue)


def test_cuped_is_what_deng_and_others_wrote_down():
    """θ = cov(y, x) / var(x); its estimate is the regression's up to the arms' own θ."""
    before = noise("before", 4_000)
    arm = uniform(words(b"effects", "arm", "u", 0, 4_000)) < 0.5
    outcome = 0.8 * before + 0.6 * noise("after", 4_000) + 0.1 * arm
    theta = np.cov(outcome, before)[0, 1] / before.var(ddof=1)
    adjusted = outcome - theta * (before - before.mean())
    classic = adjusted[arm].mean() - adjusted[~arm].mean()
    found = effect(outcome, arm, covariate=before)
    assert found.estimate == pytest.approx(classic, abs=2e-3)
    # n is multiplied by 1 − ρ², the width by its root
    assert 1 - found.narrower == pytest.approx(np.sqrt(1 - 0.8**2), abs=0.02)


def test_a_covariate_may_be_missing_and_one_that_says_nothing_costs_nothing():
    arm = np.arange(400) % 2 == 1
    outcome, before = noise("y", 400), noise("x", 400)
    plain = effect(outcome, arm)
    gaps = np.where(np.arange(400) % 7 == 0, np.nan, before)
    for covariate in (gaps, np.full(400, np.nan), np.zeros(400)):
        found = effect(outcome, arm, covariate=covariate)
        assert found.estimate == pytest.approx(plain.estimate, abs=0.02)
        assert abs(found.narrower) < 0.02


def test_clusters_make_the_interval_wider_by_their_design_effect():
    cluster = np.repeat(np.arange(40), 25)
    arm = np.repeat(np.arange(40) % 2 == 1, 25)
    outcome = noise("cluster", 40)[cluster] * np.sqrt(0.2) + noise("unit", 1000) * np.sqrt(0.8)
    labels = [str(c) for c in cluster]
    whole, alone = effect(outcome, arm, clusters=labels), effect(outcome, arm)
    assert whole.estimate == pytest.approx(alone.estimate)
    ratio = (whole.high - whole.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(np.sqrt(1 + 24 * 0.2), rel=0.25)
    means = np.array([outcome[cluster == c].mean() for c in range(40)])
    by_means = stats.ttest_ind(means[1::2], means[0::2])
    assert whole.p == pytest.approx(by_means.pvalue, rel=0.02)  # equal sizes: the same test


@SMALL
@given(st.permutations(range(12)), st.floats(-50, 50), st.floats(0.1, 10))
def test_order_shift_and_scale_do_what_they_should(order, shift, scale):
    order = np.array(order)
    strata = np.array(["a", "b"] * 6)
    plain = effect(Y, ARM == 1, strata=list(strata), covariate=X)
    moved = effect((Y * scale + shift)[order], (ARM == 1)[order], strata=list(strata[order]),
                   covariate=(3 * X - 1)[order])  # fmt: skip
    assert moved.estimate == pytest.approx(scale * plain.estimate, abs=1e-6)
    assert moved.low == pytest.approx(scale * plain.low, abs=1e-6)
    assert moved.p == pytest.approx(plain.p, abs=1e-9)


def test_swapping_the_arms_turns_the_sign():
    one, other = effect(Y, ARM == 1, covariate=X), effect(Y, ARM == 0, covariate=X)
    assert (one.estimate, one.low, one.high) == pytest.approx(
        (-other.estimate, -other.high, -other.low)
    )


def test_an_arm_with_a_single_unit_or_cluster_cannot_be_compared():
    with pytest.raises(ValueError, match="an arm has 1 units"):
        effect(Y[:4], np.array([True, False, False, False]))
    with pytest.raises(ValueError, match="an arm has 1 clusters"):
        effect(Y[:4], np.array([True, True, False, False]), clusters=["a", "a", "b", "c"])


def test_an_outcome_without_any_spread_has_an_interval_of_no_width():
    found = effect(np.repeat([1.0, 2.0], 5), np.repeat([False, True], 5))
    assert (found.low, found.high, found.p) == pytest.approx((1, 1, 0))
