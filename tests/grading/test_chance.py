"""Intervals, ties and gaps hold what they promise, and are the same whenever they are drawn."""

import numpy as np
import pytest
import scipy.stats

from sandbox.grading import chance
from sandbox.grading.sums import Sums, mean
from sandbox.grading.verdict import Gate, Measure, band_of, tie

pytestmark = pytest.mark.heavy

SEED = b"a seed of the tests, 32 bytes in"


@pytest.fixture
def rng():
    """A new one for each test, so that none depends on which ran before it."""
    return np.random.default_rng(20260301)


@pytest.fixture
def fewer_resamples(monkeypatch):
    """Where hundreds of intervals are made: each end is a little less sure, and they are fast."""
    monkeypatch.setattr(chance, "RESAMPLES", 300)


def f1(sums):
    """Of true positives, false positives and false negatives."""
    true, extra, missed = np.moveaxis(np.asarray(sums, float), -1, 0)
    return 2 * true / np.maximum(2 * true + extra + missed, 1)


def test_the_interval_of_a_mean_is_scipys(rng):
    values = rng.exponential(3.0, 400)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=5000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    low, high = chance.interval(mean(values), SEED)
    width = theirs.high - theirs.low
    assert low == pytest.approx(theirs.low, abs=width / 15)
    assert high == pytest.approx(theirs.high, abs=width / 15)


def test_the_interval_of_a_ratio_of_sums_is_scipys(rng):
    kinds = rng.choice(3, 300, p=[0.5, 0.3, 0.2])
    rows = np.eye(3)[kinds]
    theirs = scipy.stats.bootstrap(
        tuple(rows.T), lambda *c, axis: f1(np.stack([x.sum(axis=axis) for x in c], -1)),
        paired=True, n_resamples=5000, method="BCa", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    low, high = chance.interval(Sums(rows, f1), SEED)
    width = theirs.high - theirs.low
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=width / 15)


def test_the_interval_covers_the_truth_about_as_often_as_it_says(rng, fewer_resamples):
    covered = sum(
        low <= 3.0 <= high
        for low, high in (chance.interval(mean(rng.exponential(3.0, 80)), SEED) for _ in range(300))
    )
    assert 0.90 <= covered / 300 <= 0.985


def test_clusters_widen_the_interval_as_much_as_they_must(rng):
    """Twenty rows that repeat one value are one piece of evidence, not twenty."""
    values = rng.normal(0, 1, 50)
    labels = [str(cluster) for cluster in range(50)]
    alone = chance.interval(mean(values), SEED)
    repeated = mean(np.repeat(values, 20), np.repeat(labels, 20))
    assert chance.interval(repeated, SEED) == pytest.approx(alone, abs=0.05)
    low, high = chance.interval(mean(np.repeat(values, 20)), SEED)
    assert (high - low) < 0.5 * (alone[1] - alone[0])


def test_the_same_seed_gives_the_same_figures_and_another_seed_others(rng):
    values = mean(rng.normal(0, 1, 200))
    first = chance.interval(values, SEED)
    assert chance.interval(values, SEED) == first
    assert chance.interval(values, SEED[::-1]) != first


def test_how_many_are_drawn_at_a_time_changes_nothing(monkeypatch, rng):
    values = mean(rng.normal(0, 1, 100))
    groups = ["a", "b"] * 50
    before = chance.interval(values, SEED), chance.gap(values, groups, SEED)
    monkeypatch.setattr(chance, "IN_A_BLOCK", 7_000)
    assert (chance.interval(values, SEED), chance.gap(values, groups, SEED)) == before


@pytest.mark.parametrize("values", [[], [3.0], [2.0] * 10], ids=["none", "one", "all alike"])
def test_rows_that_do_not_differ_have_no_uncertainty(values):
    expected = values[0] if values else 0.0
    assert chance.interval(mean(values), SEED) == (expected, expected)


# --- ties -----------------------------------------------------------------------------------------


def test_an_answer_ties_with_itself_and_with_one_that_errs_elsewhere_as_often(rng):
    right = rng.random(2000) < 0.7
    other = rng.permutation(right)
    assert chance.compare(mean(right), mean(right), SEED).is_tie
    assert chance.compare(mean(right), mean(other), SEED).is_tie


def test_a_small_gain_on_the_same_rows_is_told_from_chance_where_the_band_calls_a_tie():
    """Thirty rows more right and none less is no chance, though both intervals overlap widely."""
    right = np.zeros(2000)
    right[:1400] = 1
    better = right.copy()
    better[1400:1430] = 1
    found = chance.compare(mean(better), mean(right), SEED)
    assert not found.is_tie
    assert found.value == pytest.approx(0.015)
    assert found.low < 0.015 < found.high
    backwards = chance.compare(mean(right), mean(better), SEED)
    assert backwards.value == pytest.approx(-found.value)
    assert tie(scored(better), scored(right))


def scored(values):
    low, high = chance.interval(mean(values), SEED)
    return Measure(rows=len(values), ungated=float(np.mean(values)), band=band_of(low, high))


def test_two_equally_good_answers_fall_within_the_band_19_times_of_20(rng):
    """Whoever errs independently and is as good differs by chance alone."""
    n, share = 1000, 0.6
    low, high = scipy.stats.binomtest(600, n).proportion_ci(0.95, "wilson")
    apart = np.abs(rng.binomial(n, share, 4000) - rng.binomial(n, share, 4000)) / n
    assert np.mean(apart <= band_of(low, high)) == pytest.approx(0.95, abs=0.015)


def test_scores_without_a_band_tie_only_if_they_are_equal():
    eight, seven = Measure(rows=8, ungated=100.0), Measure(rows=8, ungated=87.5)
    assert not tie(eight, seven)
    assert tie(eight, eight)


def test_who_passed_the_gates_never_ties_with_one_who_did_not():
    gate = Gate(name="g", title="g", value=1.0, limit=0.0, unit="cases")
    passed = Measure(rows=9, ungated=1.0, band=5.0)
    assert not tie(passed, passed.model_copy(update={"gates": (gate,)}))


# --- gaps between groups --------------------------------------------------------------------------


def test_a_gap_that_is_there_is_told_from_chance(rng):
    right = np.concatenate([rng.random(500) < 0.8, rng.random(500) < 0.5])
    found = chance.gap(mean(right), ["east"] * 500 + ["west"] * 500, SEED)
    assert 0 < found.low < 0.3 < found.high


@pytest.mark.parametrize("shares", [[0.5] * 6, [0.5, 0.5, 0.55, 0.6]], ids=["none", "some"])
def test_the_interval_of_the_gap_holds_the_true_one_19_times_of_20(shares, rng, fewer_resamples):
    """Above all where there is none: many groups that are alike have some gap by chance."""
    held = 0
    groups = [str(i % len(shares)) for i in range(600)]
    chances = np.asarray([shares[int(g)] for g in groups])
    for _ in range(100):
        found = chance.gap(mean(rng.random(600) < chances), groups, SEED)
        held += found.low <= max(shares) - min(shares) <= found.high
    assert held >= 89  # of 95 expected, the one draw in a hundred


def test_the_gap_is_that_of_the_groups_own_scores_in_whatever_order_rows_come(rng):
    kinds = np.eye(3)[rng.choice(3, 90)]
    groups = np.asarray(rng.choice(["a", "b", "c"], 90))
    own = [f1(kinds[groups == g].sum(axis=0)) for g in "abc"]
    order = rng.permutation(90)
    for rows, named in ((kinds, groups), (kinds[order], groups[order])):
        found = chance.gap(Sums(rows, f1), list(named), SEED)
        assert found.value == pytest.approx(max(own) - min(own))


def test_clusters_within_groups_are_drawn_whole(rng):
    values = rng.normal(0, 1, 60)
    labels, groups = [str(i) for i in range(60)], ["a", "b", "c"] * 20
    alone = chance.gap(mean(values), groups, SEED)
    repeated = chance.gap(mean(np.repeat(values, 9), np.repeat(labels, 9)),
                          list(np.repeat(groups, 9)), SEED)  # fmt: skip
    assert repeated.value == pytest.approx(alone.value)
    assert repeated.high == pytest.approx(alone.high, rel=0.1)
