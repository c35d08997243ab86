from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binomtest

from sandbox.grading.bounds import interval, upper_bound
from sandbox.grading.measuring import measured
from sandbox.grading.metrics import METRICS
from sandbox.grading.pairs import Pair

TRUE = ("approve", "ask_for_documents", "to_case_officer")
SAID = (*TRUE, "refuse")


def cases(**counts: int) -> list[str]:
    return [answer for answer, count in counts.items() for _ in range(count)]


def same_day(truth: list[str], given_: list[str]):
    return METRICS["same-day"](
        [Pair({"answer": t}, {"answer": g}) for t, g in zip(truth, given_, strict=True)]
    )


def test_a_metric_is_the_function_named_as_its_module_and_each_can_be_loaded():
    assert {"exact-match", "same-day"} <= set(METRICS)
    assert len(METRICS) == len(set(METRICS))
    for name, metric in METRICS.items():
        assert metric.__name__ == name.replace("-", "_")
        assert metric.__doc__, f"{name} does not say how it measures"


@pytest.mark.heavy
def test_naming_the_metrics_loads_none_of_them_and_one_loads_no_other():
    code = (
        "import sys; from sandbox.grading.metrics import METRICS; list(METRICS); "
        "'same-day' in METRICS; METRICS['exact-match']; "
        "print([m for m in sys.modules if m.startswith('sandbox.grading.metrics.')], "
        "'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['sandbox.grading.metrics.exact_match'] False"


@pytest.mark.parametrize("name", ["registry", "same_day", "__init__", "", "../judge"])
def test_what_is_no_metric_is_not_loaded(name):
    assert name not in METRICS
    with pytest.raises(KeyError):
        METRICS[name]


TRUTH = cases(approve=1000, ask_for_documents=700, to_case_officer=300)


def test_the_bound_is_the_exact_one_of_clopper_and_pearson():
    for events, trials in [(0, 598), (3, 2000), (1, 2), (10, 10)]:
        theirs = binomtest(events, trials, alternative="less").proportion_ci(0.95, "exact").high
        assert upper_bound(events, trials) == pytest.approx(theirs)
    assert upper_bound(2, 900) == pytest.approx(beta.ppf(0.95, 3, 898))


def test_598_approvals_without_an_error_are_the_fewest_that_can_be_trusted():
    assert upper_bound(0, 598) <= 0.005 < upper_bound(0, 597)


def test_nothing_tried_is_nothing_proved():
    assert upper_bound(0, 0) == 1.0


def test_the_interval_is_the_exact_one_on_both_sides():
    theirs = binomtest(40, 100).proportion_ci(0.95, "exact")
    assert interval(40, 100) == (pytest.approx(theirs.low), pytest.approx(theirs.high))
    assert interval(0, 10)[0] == 0.0
    assert interval(10, 10)[1] == 1.0


def test_perfect_answers_score_all_that_can_be_answered_the_same_day():
    measure = same_day(TRUTH, TRUTH)
    assert measure.score == pytest.approx(85.0)
    assert measure.passed_gates
    assert measure.low < 85 < measure.high


@pytest.mark.parametrize("constant", SAID)
def test_a_constant_answer_scores_nothing(constant):
    assert same_day(TRUTH, [constant] * len(TRUTH)).score == 0


def test_a_single_refusal_by_machine_closes_the_gate_and_shows_the_share_without_it():
    measure = same_day(TRUTH, [*TRUTH[:-1], "refuse"])
    assert measure.score == 0
    assert measure.ungated == pytest.approx(85.0)
    assert [g.name for g in measure.gates if not g.passed] == ["machine_refusals"]


def test_ten_right_approvals_prove_too_little_to_count():
    measure = same_day(TRUTH, cases(approve=10, to_case_officer=1990))
    assert measure.score == 0
    assert measure.passed_gates
    assert measure.ungated > 0


def test_two_wrongful_approvals_of_a_thousand_close_the_gate():
    given_ = list(TRUTH)
    given_[-1] = given_[-2] = "approve"
    assert same_day(TRUTH, given_).score == 0
    given_[-1] = "to_case_officer"
    assert same_day(TRUTH, given_).score == pytest.approx(85.0)


def test_asking_everybody_for_documents_closes_the_gate():
    given_ = ["approve"] * 1000 + ["ask_for_documents"] * 1000
    measure = same_day(TRUTH, given_)
    assert [g.name for g in measure.gates if not g.passed] == ["needless_requests"]


def test_each_group_shows_its_own_share():
    pairs = [
        Pair({"answer": "approve", "group": "0301"}, {"answer": "approve"}),
        Pair({"answer": "approve", "group": "4601"}, {"answer": "to_case_officer"}),
    ]
    found = measured(METRICS["same-day"], pairs, b"seed" * 8)
    assert found.groups == {"0301": 100.0, "4601": 0.0}
    assert found.group_rows == {"0301": 1, "4601": 1}


@pytest.mark.heavy
@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_better_answer_never_scores_lower(data):
    """Wrong answers become right in any order: neither the score nor a gate gets worse."""
    truth = data.draw(st.lists(st.sampled_from(TRUE), min_size=1, max_size=30)) * 40
    given_ = data.draw(st.lists(st.sampled_from(SAID), min_size=len(truth), max_size=len(truth)))
    before = same_day(truth, given_)
    for place in data.draw(st.permutations(range(len(truth))))[: len(truth) // 2]:
        given_[place] = truth[place]
    after = same_day(truth, given_)
    assert after.ungated >= before.ungated
    assert after.score >= before.score
    assert all(a.value <= b.value for a, b in zip(after.gates, before.gates, strict=True))


@pytest.mark.heavy
@settings(max_examples=50, deadline=None)
@given(st.integers(600, 1500), st.integers(0, 6), st.integers(0, 700))
def test_a_better_answer_never_scores_lower_close_to_the_bound(approved, wrong, left):
    """The same where gates open and close: hundreds of approvals, a few of them wrong."""
    truth = cases(approve=approved + left, to_case_officer=wrong)
    given_ = ["approve"] * approved + ["to_case_officer"] * left + ["approve"] * wrong
    before = same_day(truth, given_)
    assert same_day(truth, [*given_[:-1], truth[-1]]).score >= before.score
    assert same_day(truth, given_[:approved] + truth[approved:]).score >= before.score


def test_who_approves_nothing_passes_with_what_was_asked_for():
    measure = same_day(TRUTH, ["to_case_officer" if t == "approve" else t for t in TRUTH])
    assert measure.passed_gates
    assert measure.score == pytest.approx(35.0)


def test_approvals_count_from_598_without_an_error():
    waiting = ["to_case_officer" if t == "approve" else t for t in TRUTH]
    scores = {n: same_day(TRUTH, TRUTH[:n] + waiting[n:]).score for n in (0, 1, 597, 598)}
    few = pytest.approx(35.0)
    assert scores == {0: few, 1: few, 597: few, 598: pytest.approx(35.0 + 29.9)}


def test_one_wrong_approval_among_few_closes_the_gate():
    measure = same_day(TRUTH, [*TRUTH[:100], *["to_case_officer"] * 1899, "approve"])
    assert TRUTH[-1] != "approve"
    assert [g.name for g in measure.gates if not g.passed] == ["wrongful_approvals"]
    assert measure.score == 0


def test_an_answer_without_cases_scores_nothing():
    assert same_day([], []).ungated == 0
    assert METRICS["exact-match"]([]).score == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TRUE), st.sampled_from(SAID)), min_size=1), st.randoms())
def test_the_order_of_rows_never_matters(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert Counter(rows) == Counter(shuffled)
    assert same_day(*map(list, zip(*rows, strict=True))) == same_day(
        *map(list, zip(*shuffled, strict=True))
    )


def right(given_: object, answer: str, tolerance: str = "") -> bool:
    pair = Pair({"answer": answer, "tolerance": tolerance}, {"answer": given_})
    return METRICS["exact-match"]([pair]).score == 100


@pytest.mark.parametrize("given_", ["Bodø", "bodø", " BODØ ", "Bodø"])
def test_a_name_matches_however_it_is_typed(given_):
    assert right(given_, "Bodø")


@pytest.mark.parametrize("given_", ["17.1", "17,1", "17.14", "17.05"])
def test_a_number_matches_within_its_tolerance(given_):
    assert right(given_, "17.1", "0.05")


@pytest.mark.parametrize("given_", ["5 550 203", "5550203", "5 550 203.0"])
def test_a_number_may_have_spaces_between_thousands(given_):
    assert right(given_, "5550203", "0")


@pytest.mark.parametrize("given_", [None, "", "17.2", "many", "nan", "inf"])
def test_anything_else_is_wrong(given_):
    assert not right(given_, "17.1", "0.05")


def test_exact_match_is_the_share_of_questions():
    pairs = [Pair({"answer": a, "tolerance": ""}, {"answer": "Oslo"}) for a in ("Oslo", "Bergen")]
    assert METRICS["exact-match"](pairs).score == 50.0


@pytest.mark.heavy
@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1), st.data())
def test_a_better_match_never_scores_lower_and_order_never_matters(rows, data):
    def score(rows):
        pairs = [Pair({"answer": t, "tolerance": ""}, {"answer": g}) for t, g in rows]
        return METRICS["exact-match"](pairs).score

    place = data.draw(st.integers(0, len(rows) - 1))
    better = [(t, t) if i == place else (t, g) for i, (t, g) in enumerate(rows)]
    assert score(better) >= score(rows) == score(rows[::-1])
