"""One number from rates and effects: what it rewards, and what no answer can gain."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.grading.measuring import measured
from sandbox.grading.metrics import METRICS
from sandbox.grading.pairs import Pair

pytestmark = pytest.mark.heavy

SUBDISTRICTS, INDICATORS = 40, ("lonely", "unsafe")
PLANTED = {"a-lonely": -5.0, "b-unsafe": -4.0, "c-lonely": 6.0}
NONE = ("a-unsafe", "b-lonely", "c-unsafe", "d-lonely", "d-unsafe")
POINTS = st.floats(-120, 120)


def quantile(values, share):
    return float(np.quantile(values, share, method="inverted_cdf"))


def rows():
    """Hidden answers: true rates of 40 subdistricts by two indicators, and eight effects."""
    made = []
    for number, indicator in enumerate(INDICATORS):
        rates = [15 + 5 * number + 0.5 * ((7 * s) % SUBDISTRICTS) for s in range(SUBDISTRICTS)]
        constant = {
            "constant": str(quantile(rates, 0.5)),
            "constant_low": str(quantile(rates, 0.025)),
            "constant_high": str(quantile(rates, 0.975)),
        }
        made += [
            {"item": f"S{s}-{indicator}", "kind": "rate", "estimate": str(rate), "cluster": f"S{s}",
             "group": "small" if s % 2 else "large", "indicator": indicator, **constant}
            for s, rate in enumerate(rates)
        ]  # fmt: skip
    nothing = {"constant": "0", "constant_low": "0", "constant_high": "0"}
    for item, effect in {**PLANTED, **dict.fromkeys(NONE, 0.0)}.items():
        made.append({"item": item, "kind": "effect", "estimate": str(effect), "cluster": "",
                     "group": "", **nothing})  # fmt: skip
    return made


TRUTH = rows()
RIGHT = [(float(row["estimate"]),) * 3 for row in TRUTH]
PLACE = {row["item"]: place for place, row in enumerate(TRUTH)}


def score(answers, truth=TRUTH):
    columns = ("estimate", "low", "high")
    return METRICS["rates-and-effects"](
        [
            Pair(row, dict(zip(columns, a, strict=True)))
            for row, a in zip(truth, answers, strict=True)
        ]
    )


def answered(rate=None, **effects):
    """The right rates, or one answer for all of them; nothing known of effects but those given."""
    made = []
    for row, right in zip(TRUTH, RIGHT, strict=True):
        if row["kind"] == "rate":
            made.append(right if rate is None else rate)
        else:
            made.append(effects.get(row["item"].replace("-", "_"), (0.0, -50.0, 50.0)))
    return made


def test_right_answers_score_a_hundred():
    measure = score(RIGHT)
    assert measure.score == pytest.approx(100)
    assert measure.passed_gates
    assert measure.details["effects_found"].value == 3


def test_the_best_constants_score_nothing():
    best = [
        tuple(float(row[c]) for c in ("constant", "constant_low", "constant_high")) for row in TRUTH
    ]
    assert score(best).score == pytest.approx(0)


@given(POINTS, POINTS, POINTS)
def test_any_constant_scores_nothing(estimate, low, high):
    """One answer for all rates, and one that holds 0 for all effects."""
    ends = (min(low, high, 0), max(low, high, 0))
    constant = [(estimate, low, high) if row["kind"] == "rate" else (0.0, *ends) for row in TRUTH]
    assert score(constant).score == pytest.approx(0, abs=1e-9)


def test_the_loss_is_as_it_is_written_down():
    """One rate, told by hand: error 2, width 8, and the interval misses by 1."""
    row = dict(TRUTH[0], estimate="20", constant="30", constant_low="20", constant_high="40")
    measure = score([(22.0, 21.0, 29.0)], [row])
    assert measure.score == pytest.approx(100 * (1 - (2 + 8 / 20 + 2 * 1) / (10 + 20 / 20)))


def test_rates_count_sixty_and_each_effect_a_third_of_forty():
    found = {"a_lonely": (-5.0, -5.0, -5.0)}
    assert score(answered()).score == pytest.approx(60)
    assert score(answered(**found)).score == pytest.approx(60 + 40 / 3)


def test_an_effect_is_found_only_if_its_interval_leaves_out_zero():
    holds, leaves_out = (-5.0, -10.0, 0.0), (-5.0, -10.0, -0.1)
    assert score(answered(a_lonely=holds)).score == pytest.approx(60)
    assert score(answered(a_lonely=leaves_out)).score > 70


def test_an_effect_in_the_wrong_direction_earns_nothing():
    measure = score(answered(a_lonely=(5.0, 4.0, 6.0)))
    assert measure.score == pytest.approx(60)
    assert measure.passed_gates, "it is an effect, only told the wrong way round"


def test_a_second_false_alarm_closes_the_gate():
    alarm = (1.0, 0.5, 1.5)
    once = score(answered(a_unsafe=alarm))
    twice = score(answered(a_unsafe=alarm, d_lonely=alarm))
    assert once.score == pytest.approx(60)
    assert twice.score == 0
    assert twice.ungated == pytest.approx(60)
    assert [g.name for g in twice.gates if not g.passed] == ["false_alarms"]


def test_claiming_every_effect_scores_nothing():
    claimed = [(-5.0, -6.0, -4.0) if row["kind"] == "effect" else a
               for row, a in zip(TRUTH, RIGHT, strict=True)]  # fmt: skip
    assert score(claimed).score == 0


def test_the_ends_may_stand_in_either_order_and_what_is_beyond_a_hundred_counts_as_that():
    forward, backward = ((20.0, 10.0, 130.0), (20.0, 130.0, 10.0))
    assert (
        score(answered(forward))
        == score(answered(backward))
        == score(answered((20.0, 10.0, 100.0)))
    )


def test_rows_without_a_planted_effect_are_scored_by_rates_alone():
    places = [p for p, row in enumerate(TRUTH) if row["item"] not in PLANTED]
    half = [(a[0] + 1, a[1] - 2, a[2] + 2) for a in RIGHT]
    measure = score([half[p] for p in places], [TRUTH[p] for p in places])
    assert measure.score == pytest.approx(measure.details["rates"].value)
    assert 0 < measure.score < 100
    assert score([], []).score == 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_better_answer_never_scores_lower(data):
    """Estimates and ends move towards the truth by any share: score and gate get no worse."""
    seed = data.draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    truth = np.array(RIGHT)
    spread = data.draw(st.sampled_from([0.5, 3, 20]))
    before = truth + random.normal(0, spread, truth.shape)
    after = before + random.choice([0, 0.3, 0.9, 1], truth.shape) * (truth - before)
    first, second = score(before.tolist()), score(after.tolist())
    assert second.ungated >= first.ungated - 1e-9
    assert second.score >= first.score - 1e-9
    assert second.gates[0].value <= first.gates[0].value


def test_the_order_of_rows_never_matters():
    random = np.random.default_rng(5)
    answers = [tuple(np.array(a) + random.normal(0, 2, 3)) for a in RIGHT]
    order = random.permutation(len(TRUTH))
    shuffled = score([answers[p] for p in order], [TRUTH[p] for p in order])
    plain = score(answers)
    assert shuffled.score == pytest.approx(plain.score)
    assert (shuffled.low, shuffled.high) == pytest.approx((plain.low, plain.high))
    assert shuffled.gates == plain.gates


def test_the_interval_is_the_jackknife_over_subdistricts():
    random = np.random.default_rng(6)
    answers = [(a[0] + e, a[0] + e - 2, a[0] + e + 2) for a, e in
               zip(RIGHT, random.normal(0, 2, len(RIGHT)), strict=True)]  # fmt: skip
    kept = [p for p, row in enumerate(TRUTH) if row["kind"] == "rate"]

    def rates(without=None):
        places = [p for p in kept if TRUTH[p]["cluster"] != without]
        return score([answers[p] for p in places], [TRUTH[p] for p in places])

    left_out = np.array([rates(f"S{s}").score for s in range(SUBDISTRICTS)])
    error = np.sqrt((SUBDISTRICTS - 1) * left_out.var())
    measure = rates()
    assert measure.low < measure.score < measure.high
    assert measure.high - measure.low == pytest.approx(2 * 1.96 * error)


def test_groups_are_told_of_rates_alone_with_the_gap_between_them():
    wide = {"small": 8.0, "large": 1.0, "": 50.0}
    answers = [(a[0], a[0] - wide[row["group"]], a[0] + wide[row["group"]])
               for row, a in zip(TRUTH, RIGHT, strict=True)]  # fmt: skip
    pairs = [Pair(row, dict(zip(("estimate", "low", "high"), a, strict=True)))
             for row, a in zip(TRUTH, answers, strict=True)]  # fmt: skip
    measure = measured(METRICS["rates-and-effects"], pairs, b"0123456789abcdef")
    assert measure.groups["small"] < measure.groups["large"]
    assert measure.gap.value == pytest.approx(measure.groups["large"] - measure.groups["small"])
    assert measure.gap.low > 0


def test_honest_intervals_cost_least():
    """Of a normal belief about a rate, 1.96 standard deviations cost least on average."""
    random = np.random.default_rng(7)
    truth = 50 + 4 * random.normal(size=20_000)
    row = dict(TRUTH[0], constant="50", constant_low="20", constant_high="80")
    told = [dict(row, estimate=str(t)) for t in truth]
    scores = [
        score([(50.0, 50 - 4 * z, 50 + 4 * z)] * len(told), told).score
        for z in (1.0, 1.5, 1.96, 2.5, 3.5)
    ]
    assert max(scores) == scores[2]
    assert all(a < b for a, b in pairwise(scores[:3]))
    assert all(a > b for a, b in pairwise(scores[2:]))
