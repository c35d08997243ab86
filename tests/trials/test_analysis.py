"""A trial is analysed as it was planned, everyone in the arm they were assigned to."""

import csv
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import SandboxError, TableError
from sandbox.trials.analysis import answer
from sandbox.trials.effects import effect
from sandbox.trials.frozen import assigned_file
from tests.trials.conftest import BEFORE


def missed(today, cost):
    """So many of each arm missed their appointment."""
    return lambda row, place: int(place < {"today": today, "cost": cost}[row["arm"]])


def rewrite(trial, change):
    """Change the rows of outcomes.csv; a row for which nothing is returned is dropped."""
    file = trial.folder / "outcomes.csv"
    with file.open(encoding="utf-8") as opened:
        rows = [changed for row in csv.DictReader(opened) if (changed := change(row))]
    trial.write("outcomes.csv", rows)


def test_the_effect_is_that_of_everyone_assigned_adjusted_for_strata(run):
    run.outcomes(missed(30, 12))
    (primary,) = run.analyse().primary
    rows = run.assigned()
    seen = {"today": 0, "cost": 0}
    outcome = []
    for row in rows:
        outcome.append(float(seen[row["arm"]] < {"today": 30, "cost": 12}[row["arm"]]))
        seen[row["arm"]] += 1
    by_hand = effect(np.array(outcome), np.array([row["arm"] == "cost" for row in rows]),
                     kind="share", strata=[row["stratum"] for row in rows])  # fmt: skip
    assert primary.effect == by_hand
    assert primary.effect.counts == (60, 60)
    assert (primary.effect.control, primary.effect.treated) == (0.5, 0.2)


def test_what_reached_a_unit_never_moves_it_to_another_arm(run):
    run.outcomes(missed(30, 12))
    before = run.analyse().primary[0].effect
    run.outcomes(missed(30, 12), reached=lambda row, place: "today" if place % 2 else "")
    result = run.analyse()
    assert result.primary[0].effect == before
    assert [(a.arm, a.as_assigned, a.another, a.nothing) for a in result.arrived] == [
        ("today", 30, 0, 30), ("cost", 0, 30, 30),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [((30, 12), "yes"), ((12, 30), "no"), ((20, 18), "unclear"), ((30, 30), "unclear")],
)
def test_the_answer_follows_from_the_interval(run, numbers, expected):
    run.outcomes(missed(*numbers))
    (verdict,) = run.analyse().verdicts
    assert (verdict.answer, verdict.reasons) == (expected, ())


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.4, 0.6, "yes"),
        (0.01, 0.6, "yes"),  # the margin, 0.3, is neither shown nor ruled out, but an effect is
        (0.01, 0.29, "no"),
        (-0.5, -0.1, "no"),
        (0.0, 0.6, "unclear"),
        (-0.1, 0.3, "unclear"),
    ],
)
def test_yes_is_an_effect_and_no_is_none_worth_acting_on(low, high, expected):
    assert answer(low, high, 0.3) == expected


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0.01, 1))
def test_yes_and_no_exclude_each_other(low, width, margin):
    found = answer(low, low + width, margin)
    assert (found == "no") == (low + width < margin)
    assert found != "yes" or (low > 0 and low + width >= margin)


def test_harm_turns_a_yes_into_a_no(run):
    run.outcomes(missed(30, 12), complained=lambda row, place: int(
        row["arm"] == "cost" and place < 20))  # fmt: skip
    result = run.analyse()
    assert (result.guardrails[0].answer, result.primary[0].answer) == ("yes", "yes")
    assert (result.verdicts[0].answer, result.verdicts[0].reasons) == ("no", ("harm",))


def test_harm_that_is_not_ruled_out_leaves_it_unclear(run):
    run.outcomes(missed(30, 12), complained=lambda row, place: int(
        place < {"today": 5, "cost": 11}[row["arm"]]))  # fmt: skip
    (verdict,) = run.analyse().verdicts
    assert (verdict.answer, verdict.reasons) == ("unclear", ("harm unclear",))


def test_counts_that_cannot_be_chance_leave_everything_unclear(run):
    run.outcomes(missed(30, 12))
    rewrite(run, lambda row: None if row["reached"] == "cost" and row["missed"] == "0"
            and int(row["patient_id"][1:]) % 2 else row)  # fmt: skip
    result = run.analyse()
    assert not result.counts.alarm  # 60 against some 40: so few could be chance
    rewrite(run, lambda row: None if row["reached"] == "cost" and row["missed"] == "0" else row)
    result = run.analyse()
    assert result.counts.found == (60, 12)
    assert (result.verdicts[0].answer, result.verdicts[0].reasons) == ("unclear", ("counts",))


def test_who_is_not_in_the_data_is_missing_and_not_forgotten(run):
    run.outcomes(missed(30, 12))
    rewrite(run, lambda row: None if row["patient_id"] in {"p000", "p001", "p002"} else row)
    rewrite(run, lambda row: row | ({"missed": ""} if row["patient_id"] == "p003" else {}))
    (primary,) = run.analyse().primary
    assert sum(primary.missing.counts) == 4
    assert primary.missing.of == (60, 60)
    assert primary.missing.low < primary.effect.low < primary.effect.high < primary.missing.high
    assert sum(primary.effect.counts) == 116


def test_rows_of_others_do_not_count(run):
    run.outcomes(missed(30, 12))
    before = run.analyse()
    with (run.folder / "outcomes.csv").open("a", encoding="utf-8") as file:
        file.write("p900,1,0,30,cost\n")
    after = run.analyse()
    assert (before.data.outside, after.data.outside) == (0, 1)
    assert after.primary == before.primary


def test_nobody_looks_before_the_day_in_the_plan(run):
    run.outcomes(missed(30, 12))
    with pytest.raises(SandboxError, match="looks at the outcome on 2027-06-30, and today is 2027"):
        run.analyse(moment=BEFORE)
    assert run.analyse(moment=datetime(2027, 6, 30, tzinfo=UTC)).primary


def test_the_order_of_rows_decides_nothing(run):
    run.outcomes(missed(30, 12))
    before = run.analyse()
    with (run.folder / "outcomes.csv").open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    run.write("outcomes.csv", rows[::-1])
    assert run.analyse().primary == before.primary


def test_a_plan_that_changed_is_analysed_in_both_forms(run):
    run.outcomes(missed(30, 12))
    run.change(strata=[])
    result = run.analyse()
    assert [change.key for change in result.changes] == ["strata.1"]
    assert result.primary[0].effect.method == "newcombe"
    assert result.as_frozen[0].effect.method == "regression"
    run.said["outcome"]["column"] = "gone"
    run.change()
    run.outcomes(missed(30, 12), drop={"missed"}, gone=missed(30, 12))
    assert run.analyse().as_frozen is None


def test_without_an_assignment_of_the_kit_the_data_says_the_arm(trial):
    trial.freeze()
    trial.change(strata=[])
    rows = [{"patient_id": f"p{i}", "arm": ("today", "cost")[i % 2], "missed": int(i % 5 == 0),
             "complained": 0, "age": i, "reached": ""} for i in range(120)]  # fmt: skip
    trial.write("outcomes.csv", rows)
    result = trial.analyse()
    assert result.data.by_lot is False
    assert result.primary[0].effect.counts == (60, 60)
    rows[0]["arm"] = "costs"
    trial.write("outcomes.csv", rows)
    with pytest.raises(TableError, match="arm is no arm of the plan") as caught:
        trial.analyse()
    assert "did you mean cost?" in str(caught.value)


def test_an_assignment_that_is_named_is_used(run):
    run.outcomes(missed(30, 12))
    before = run.analyse().primary
    assigned_file(run.path).unlink()
    assert run.analyse(assignment=run.folder / "letters.csv").primary == before


def test_an_assignment_that_was_changed_is_refused(run):
    run.outcomes(missed(30, 12))
    file = run.folder / "letters.csv"
    file.write_text(file.read_text("utf-8").replace("cost", "today", 1), "utf-8")
    with pytest.raises(TableError, match="this is not the assignment as it was drawn"):
        run.analyse()


def test_data_that_contradicts_the_assignment_is_refused_line_by_line(run):
    run.outcomes(missed(30, 12), arm=lambda row, place: "cost")
    with pytest.raises(TableError) as caught:
        run.analyse()
    assert "arm is not the arm that was assigned" in str(caught.value)
    assert "55 more rows like those" in str(caught.value)


def test_everything_that_is_wrong_with_the_data_is_told_at_once(run):
    run.outcomes(lambda row, place: "maybe" if place == 0 else 0, drop={"age", "complained"},
                 reached=lambda row, place: "letter" if place == 0 else "")  # fmt: skip
    with pytest.raises(TableError) as caught:
        run.analyse()
    assert {p.what for p in caught.value.problems} == {
        "missed is not right",
        "the column 'age' is missing: the plan names it for the balance of arms",
        "the column 'complained' is missing: it is an outcome of the plan",
        "reached is no arm of the plan",
    }


def test_without_any_outcome_there_is_nothing_to_compare(run):
    run.outcomes(lambda row, place: "")
    with pytest.raises(SandboxError, match="missed cannot be compared: cost or today has fewer"):
        run.analyse()


def test_clusters_are_compared_as_clusters(trial):
    trial.change(size=6, strata=[], balance=[], guardrails=[], cluster={
        "column": "clinic", "title": "clinics", "size": 10, "likeness": 0.05})  # fmt: skip
    trial.freeze()
    trial.write("patients.csv", [{"patient_id": f"p{i:03}", "clinic": f"c{i % 12:02}"}
                                 for i in range(120)])  # fmt: skip
    trial.assign()
    trial.outcomes(missed(30, 12))
    result = trial.analyse()
    (primary,) = result.primary
    rows = trial.assigned()
    assert primary.effect.method == "clusters"
    assert result.counts.found == (6, 6)
    assert set(result.data.clusters) == {row["clinic"] for row in rows}


def test_a_mean_with_a_covariate_is_sharper(trial):
    trial.said["outcome"] = {"column": "days", "kind": "mean", "title": "Days", "unit": "days",
                             "better": "lower", "today": 40.0, "spread": 12.0}  # fmt: skip
    trial.change(smallest_effect=3.0, guardrails=[], strata=[],
                 covariate={"column": "age", "correlation": 0.7})  # fmt: skip
    trial.freeze()
    trial.units()
    trial.assign()
    trial.outcomes(missed(0, 0), days=lambda row, place: int(row["patient_id"][1:]) % 60
                   + place % 7 - 5 * (row["arm"] == "cost"))  # fmt: skip
    (primary,) = trial.analyse().primary
    assert primary.effect.estimate == pytest.approx(-5, abs=1.2)
    assert primary.effect.narrower > 0.7


def test_three_arms_are_each_compared_with_the_first(trial):
    trial.said["arms"].append({"code": "call", "title": "A call", "size": 60})
    trial.change()
    trial.freeze()
    trial.units(180)
    trial.assign()
    trial.outcomes(
        lambda row, place: int(place < {"today": 30, "cost": 12, "call": 29}[row["arm"]])
    )
    result = trial.analyse()
    assert [(v.arm, v.answer) for v in result.verdicts] == [("cost", "yes"), ("call", "unclear")]
    assert {c.effect.confidence for c in result.primary} == {0.975}
    assert [(row.column, row.arm) for row in result.balance] == [("age", "cost"), ("age", "call")]
