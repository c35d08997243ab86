"""A plan is frozen before anybody is assigned, and whatever is changed later comes to light."""

import json

import pytest

from sandbox.errors import SandboxError
from sandbox.trials.frozen import canonical, changes, digest, frozen_file, read_frozen
from tests.trials.conftest import BEFORE

WHY = {"date": "2027-05-01", "why": "A clinic closed.", "key": "arms"}


def explained(trial, **more):
    """YAML dates are dates: safe_dump writes a text with quotes, so the file is written by hand."""
    entry = WHY | more
    lines = [f"  - {{date: {entry['date']}, why: {entry['why']}, key: {entry['key']}}}"]
    text = trial.path.read_text("utf-8") + "deviations:\n" + "\n".join(lines) + "\n"
    trial.path.write_text(text, "utf-8")


def test_the_record_holds_the_hash_the_time_and_the_whole_plan(trial):
    made = trial.freeze()
    record = json.loads(frozen_file(trial.path).read_text("utf-8"))
    assert record["frozen_at"] == "2027-03-05T09:00:00Z"
    assert record["sha256"] == made.sha256 == digest(trial.plan)
    assert read_frozen(trial.path) == made
    assert made.at == BEFORE


def test_the_hash_stands_for_what_is_said_and_not_for_how_it_is_written(trial):
    before = digest(trial.plan)
    text = trial.path.read_text("utf-8")
    trial.path.write_text("# a note\n" + text.replace("0.111", "0.1110"), "utf-8")
    assert digest(trial.plan) == before
    trial.change(analysis={"confidence": 0.95})  # what it is anyway
    assert digest(trial.plan) == before
    trial.change(smallest_effect=0.026)
    assert digest(trial.plan) != before


def test_the_hash_never_changes(trial):
    """A changed value here means that every frozen plan in the world looks as if it was tampered
    with: keep the canonical form."""
    trial.path.write_text("\n".join((
        "title: T", "decision: {what: W, who: X, when: Y, if_yes: Z, if_no: N, if_unclear: U}",
        "unit: {column: id, title: units}",
        "arms: [{code: a, title: A, size: 10}, {code: b, title: B, size: 10}]",
        "outcome: {column: y, kind: mean, title: Y, unit: d, better: lower, today: 3, spread: 1}",
        "smallest_effect: 1", "stop: {date: 2027-01-01, rule: R}",
    )))  # fmt: skip
    assert json.loads(canonical(trial.plan))["smallest_effect"] == 1.0
    assert digest(trial.plan) == "ecfab399b80a200765af12ed756177d58f0a78665db76032236ef10e23e5ae35"


def test_a_plan_may_be_frozen_again_until_units_are_assigned(trial):
    first = trial.freeze()
    second = trial.change(smallest_effect=0.03).freeze()
    assert second.sha256 != first.sha256
    trial.units()
    trial.assign()
    assert trial.freeze() == second  # nothing to do
    trial.change(smallest_effect=0.02)
    with pytest.raises(
        SandboxError, match=r"is frozen for good: units were assigned at 2027-03-05"
    ):
        trial.freeze()
    assert read_frozen(trial.path) == second


def test_each_changed_key_is_found_with_old_and_new(trial):
    frozen = trial.freeze()
    trial.said["arms"][1]["size"] = 50
    trial.change(smallest_effect=0.03, strata=[])
    found = [(c.key, c.old, c.new, c.explained) for c in changes(frozen.plan, trial.plan)]
    assert found == [
        ("arms.2.size", "60", "50", None),
        ("smallest_effect", "0.027", "0.03", None),
        ("strata.1", "clinic", None, None),
    ]


@pytest.mark.parametrize(("key", "explains"), [
    ("arms", True), ("arms.2", True), ("arms.2.size", True), ("arms.1", False), ("arm", False),
    ("arms.2.siz", False), ("smallest_effect", False),
])  # fmt: skip
def test_a_deviation_explains_its_key_and_what_lies_below(trial, key, explains):
    frozen = trial.freeze()
    trial.said["arms"][1]["size"] = 50
    trial.change()
    explained(trial, key=key)
    (change,) = changes(frozen.plan, trial.plan)
    assert (change.explained is not None) is explains


def test_deviations_themselves_do_not_change_the_hash(trial):
    frozen = trial.freeze()
    explained(trial)
    assert changes(frozen.plan, trial.plan) == []


def test_a_record_that_was_tampered_with_is_refused(trial):
    trial.freeze()
    file = frozen_file(trial.path)
    file.write_text(file.read_text("utf-8").replace("0.027", "0.02"), "utf-8")
    with pytest.raises(SandboxError, match="is not the one that its hash stands for"):
        read_frozen(trial.path)


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"sha256": 1, "frozen_at": "x", "plan": {}}'])
def test_a_record_that_is_damaged_is_told(trial, damage):
    frozen_file(trial.path).write_text(damage, "utf-8")
    with pytest.raises(SandboxError, match="the record cannot be read"):
        read_frozen(trial.path)
