"""Hidden truth: what is held out is seen nowhere; a recipe that would tell it is refused."""

import pytest

from sandbox.errors import RecipeError

TABLES = {
    "applications": {"application_id": "integer", "area": "number", "outcome": "string"},
    "decisions": {"decision_id": "integer", "application_id": "integer > applications",
                  "letter": "string"},
    "events": {"event_id": "integer", "application_id": "integer > applications",
               "step": "string", "note": "string"},
}  # fmt: skip
RECIPE = """
secrets:
  limit: secret(40, 60)
tables:
  applications:
    rows: 1_000
    application_id: row
    area: uniform(0, 100)
    drive: normal()
    outcome: when(area + drive > limit, 'refused', 'granted')
    hidden: [drive]
    hold_out: {rows: 200, columns: [outcome]}
  decisions:
    per: applications
    decision_id: row
    application_id: parent
    letter: "'You are ' + application.outcome"
    hold_out: {with: application_id}
  events:
    per: applications * 2
    event_id: row
    application_id: parent
    step: when(position == 1, 'received', 'decided')
    note: when(step == 'received', 'welcome', application.outcome)
    hold_out: {with: application_id, where: step == 'decided'}
"""


def test_held_out_cells_are_blank_for_readers_and_whole_in_the_truth(cook):
    drawn = cook(TABLES, RECIPE).draw()
    public, truth = drawn.published["applications"], drawn.truth["applications"]
    assert public.column("outcome").null_count == truth.num_rows == 200
    assert drawn.full["applications"].column("outcome").null_count == 0
    assert truth.column_names == ["application_id", "outcome"]
    blank = {r["application_id"] for r in public.to_pylist() if r["outcome"] is None}
    assert blank == set(truth.column("application_id").to_pylist())


def test_rows_that_follow_a_held_out_row_are_absent_and_kept_in_the_truth(cook):
    drawn = cook(TABLES, RECIPE).draw()
    held = set(drawn.truth["applications"].column("application_id").to_pylist())
    assert drawn.published["decisions"].num_rows == 800
    assert not held & set(drawn.published["decisions"].column("application_id").to_pylist())
    assert set(drawn.truth["decisions"].column("application_id").to_pylist()) == held


def test_where_drops_some_rows_and_leaves_the_others(cook):
    drawn = cook(TABLES, RECIPE).draw()
    held = set(drawn.truth["applications"].column("application_id").to_pylist())
    rows = drawn.published["events"].to_pylist()
    assert {r["step"] for r in rows if r["application_id"] in held} == {"received"}
    assert len(rows) == 2_000 - 200
    assert drawn.truth["events"].num_rows == 200


def test_where_that_leaves_a_telling_row_is_refused_when_it_is_drawn(cook):
    telling = RECIPE.replace("where: step == 'decided'", "where: step == 'received'")
    with pytest.raises(RecipeError) as error:
        cook(TABLES, telling).draw()
    (problem,) = error.value.problems
    assert problem.what == "the rows of events that stay would give away what is held out"
    assert problem.found == "it shows in note"


def test_hidden_columns_and_secrets_are_truth_alone(cook):
    drawn = cook(TABLES, RECIPE).draw()
    assert drawn.truth["applications.hidden"].column_names == ["application_id", "drive"]
    assert "drive" not in drawn.full["applications"].column_names
    (secret,) = drawn.truth["secrets"].to_pylist()
    assert secret["name"] == "limit"
    assert 40 < float(secret["value"]) < 60


def test_another_seed_holds_out_other_rows_and_tells_another_secret(cook):
    kitchen = cook(TABLES, RECIPE)
    one, other = kitchen.draw(b"one").truth, kitchen.draw(b"other").truth
    assert one["applications"].column(0) != other["applications"].column(0)
    assert one["secrets"] != other["secrets"]


def test_a_sound_recipe_has_no_problem(cook):
    assert cook(TABLES, RECIPE).check() == []


def test_a_column_that_depends_on_a_held_out_one_is_refused_with_the_chain(cook):
    leaky = RECIPE.replace("    hold_out: {with: application_id}\n", "")
    (problem,) = cook(TABLES, leaky).check()
    assert problem.what == (
        "decisions.letter would give away applications.outcome, which is held out"
    )
    assert problem.found == "decisions.letter ← applications.outcome"
    assert problem.line == 18


def test_a_chain_through_a_working_column_is_found_too(cook):
    leaky = RECIPE.replace(
        "    hidden: [drive]", "    _half: outcome\n    hidden: [drive]"
    ).replace("area: uniform(0, 100)", "area: uniform(0, 100)\n    tone: _half + '!'")
    tables = TABLES | {"applications": TABLES["applications"] | {"tone": "string"}}
    (problem,) = cook(tables, leaky).check()
    assert problem.found == "applications.tone ← applications._half ← applications.outcome"


def test_the_number_of_rows_must_not_give_a_held_out_column_away(cook):
    leaky = RECIPE.replace(
        "per: applications\n    decision_id: row",
        "per: applications * (outcome == 'granted')\n    decision_id: application.application_id",
    )
    assert cook(TABLES, leaky).check() == []  # all rows are absent where it is held out
    leaky = leaky.replace("{with: application_id}\n", "{with: application_id, columns: [letter]}\n")
    problems = cook(TABLES, leaky).check()
    assert problems[0].what == "which rows decisions has would give away applications.outcome"


def test_a_running_number_over_rows_that_are_held_out_is_refused(cook):
    """Its gaps would tell how many rows each held-out parent has."""
    leaky = RECIPE.replace("per: applications\n", "per: applications * when(area > 50, 1, 3)\n")
    (problem,) = cook(TABLES, leaky).check()
    assert problem.what == "decisions.decision_id numbers rows of which some will be absent"
    assert problem.line == 16
    assert "text(position)" in problem.fix


def test_hold_out_along_something_that_holds_nothing_out_is_refused(cook):
    recipe = RECIPE.replace("    hold_out: {rows: 200, columns: [outcome]}\n", "")
    assert [p.what for p in cook(TABLES, recipe).check()] == [
        "decisions: hold_out follows application_id to applications, which holds nothing out",
        "events: hold_out follows application_id to applications, which holds nothing out",
    ]
