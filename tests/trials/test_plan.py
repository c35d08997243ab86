"""A plan is read whole, or every mistake in it is told in words an analyst can act on."""

import pytest

from sandbox import trials
from sandbox.errors import PlanError

CLUSTERED = {
    "cluster": {"column": "clinic", "title": "clinics", "size": 20, "likeness": 0.05},
    "strata": [],
}


def problems(trial):
    with pytest.raises(PlanError) as caught:
        trial.plan  # noqa: B018
    return [(p.what, p.fix) for p in caught.value.problems]


def test_the_example_is_a_plan_and_its_first_arm_is_compared_with(trial):
    trials.write_example(trial.folder / "mine.yml")
    plan = trials.read_plan(trial.folder / "mine.yml")
    assert (plan.control.code, [arm.code for arm in plan.treatments]) == ("today", ["cost"])
    assert plan.confidence == pytest.approx(0.95)


def test_the_example_never_overwrites_a_plan(trial):
    with pytest.raises(trials.SandboxError, match="is there already"):
        trials.write_example(trial.path)


def test_with_more_arms_each_interval_is_wider_so_that_all_hold_together(trial):
    arms = [{"code": f"arm{i}", "title": f"Arm {i}", "size": 50} for i in range(3)]
    assert trial.change(arms=arms).plan.confidence == pytest.approx(0.975)


@pytest.mark.parametrize(
    ("keys", "what", "fix"),
    [
        (
            {"arms": [{"code": "today", "title": "Today", "size": 50}]},
            "a comparison needs two arms",
            "add the arm that is tried below the one that is today's practice",
        ),
        (
            {"arms": [{"code": "a", "title": title, "size": 50} for title in "AB"]},
            "the code 'a' stands twice",
            "give each arm its own",
        ),
        ({"smallest_effect": 2.7}, "smallest_effect is not a share between 0 and 1",
         "2.7 % is written 0.027"),
        ({"smallest_effect": 0.111}, "smallest_effect is more than there is room for",
         "say what change would matter"),
        ({"strata": ["missed"]}, "the column 'missed' is the outcome, known only after the trial",
         "name a column from before it"),
        ({"strata": ["reached"]},
         "the column 'reached' is the delivery, known only after the trial",
         "name a column from before it"),
        ({"balance": ["complained"]},
         "the column 'complained' is the guardrail, known only after the trial",
         "name a column from before it"),
        ({"balance": ["arm"]}, "the column 'arm' is the arm itself",
         "name another column, or set arm_column"),
        ({"arm_column": "missed"},
         "the column 'missed' is the outcome, known only after the trial",
         "name a column from before it"),
        ({"strata": [], "strata_explain": 0.1}, "strata_explain is given, but no strata",
         "add strata:, or delete this line"),
        ({"colour": "red"}, "colour is not a key that belongs here", None),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_the_way_out(trial, keys, what, fix):
    (told,) = problems(trial.change(**keys))
    assert told[0] == what
    assert fix is None or told[1] == fix


def test_few_clusters_are_refused_since_no_method_saves_them(trial):
    told = problems(trial.change(size=4, **CLUSTERED))
    assert told == [("4 clusters are too few to tell an arm from its clusters",
                     "assign smaller clusters, or single units")] * 2  # fmt: skip


def test_a_mean_needs_its_spread_and_unit_and_a_share_has_none(trial):
    mean = {"column": "days", "kind": "mean", "title": "Days", "better": "lower", "today": 40.0,
            "happened": "waited", "lowest": 3.0}  # fmt: skip
    assert {what for what, _ in problems(trial.change(outcome=mean))} == {
        "a mean needs unit, the words that its numbers are told in",
        "a mean needs spread, the standard deviation between units today",
        "happened does not belong to a mean",
        "lowest and highest belong together",
    }
    trial.said["outcome"] = {**mean, "kind": "share", "spread": 2.0, "today": 0.2}
    assert {what for what, _ in problems(trial.change())} == {
        "spread does not belong to a share",
        "lowest does not belong to a share",
        "lowest and highest belong together",
    }


def test_every_problem_is_told_at_once_and_with_its_line(trial):
    trial.change(smallest_effect=2.7, strata=["missed"])
    with pytest.raises(PlanError) as caught:
        trial.plan  # noqa: B018
    lines = trial.path.read_text("utf-8").splitlines()
    told = {lines[p.line - 1].strip() for p in caught.value.problems}
    assert told == {"smallest_effect: 2.7", "- missed"}
    assert str(caught.value).startswith("The plan cannot be used (2 problems):\n\nletter.yml:")


def test_harm_that_there_is_no_room_for_is_told(trial):
    trial.said["guardrails"][0] |= {"better": "higher", "harm": 0.02}
    assert problems(trial.change()) == [
        ("harm is more than there is room for", "say what change would matter")
    ]


def test_a_plan_that_is_not_there_is_told(trial):
    with pytest.raises(PlanError, match=r"nothing\.yml: the file is missing"):
        trials.read_plan(trial.folder / "nothing.yml")
