"""A true effect is known because the same rows are drawn with the treatment forced off and on."""

import math

import pytest

TABLES = {
    "clinics": {"clinic_id": "integer", "region": "string", "invited": "boolean"},
    "visits": {
        "visit_id": "integer",
        "clinic_id": "integer > clinics",
        "age": "integer",
        "letter": "boolean",
        "arm": "string",
        "came": "boolean",
        "days": "number",
    },
}
CLINICS = {
    "rows": 60,
    "clinic_id": "row",
    "region": "choice(['N', 'S'])",
    "invited": "bernoulli(.5)",
}
VISITS = {
    "per": "clinics * 50",
    "visit_id": "row",
    "clinic_id": "parent",
    "age": "integer(18, 90)",
    "letter": "bernoulli(.5)",
    "arm": "choice(['none', 'sms', 'cost'])",
    "_drive": "normal()",
    "came": "bernoulli(sigmoid(.4 * _drive - .5 + gain * letter + .3 * clinic.invited))",
    "days": "10 + 2 * _drive - when(arm == 'cost', 3, when(arm == 'sms', 1, 0))",
}
TRUTH = {
    "ate": "effect(came, letter, by=clinic_id)",
    "cluster": "effect(came, clinic.invited)",
    "cost": "effect(days, arm, ['none', 'cost'])",
}


def _recipe(truth=None, **visits):
    return {
        "secrets": {"gain": "secret(.5, .9)"},
        "tables": {"clinics": CLINICS, "visits": VISITS | visits | {"truth": truth or TRUTH}},
    }


def _lines(table):
    return {(row["effect"], row["group"]): row for row in table.to_pylist()}


def test_the_ledger_holds_both_outcomes_and_the_one_that_was_drawn_is_one_of_them(cook):
    drawn = cook(TABLES, _recipe()).draw()
    ledger, visits = drawn.truth["visits.ate"].to_pylist(), drawn.full["visits"].to_pylist()
    for known, row in zip(ledger, visits, strict=True):
        assert known["visit_id"] == row["visit_id"]
        drawn_one = "outcome_treated" if row["letter"] else "outcome_untreated"
        assert known[drawn_one] == row["came"]
    assert any(k["outcome_treated"] != k["outcome_untreated"] for k in ledger)


def test_the_average_is_that_of_the_rows_and_of_each_group(cook):
    drawn = cook(TABLES, _recipe()).draw()
    ledger, lines = drawn.truth["visits.ate"].to_pylist(), _lines(drawn.truth["effects"])
    gains = [k["outcome_treated"] - k["outcome_untreated"] for k in ledger]
    assert lines["ate", None]["effect_size"] == pytest.approx(sum(gains) / len(gains))
    first = [k for k in ledger if k["group"] == 1]
    told = lines["ate", "1"]
    assert told["rows"] == len(first) == 50
    assert told["mean_treated"] == pytest.approx(sum(k["outcome_treated"] for k in first) / 50)


def test_an_exact_effect_is_told_exactly(cook):
    lines = _lines(cook(TABLES, _recipe()).draw().truth["effects"])
    assert lines["cost", None]["effect_size"] == -3


def test_what_does_not_depend_on_the_treatment_is_the_same_in_both_worlds(cook):
    drawn = cook(TABLES, _recipe()).draw()
    off, on = (drawn.truth["visits.cost"].column(f"outcome_{w}") for w in ("untreated", "treated"))
    assert {round(b - a, 9) for a, b in zip(off.to_pylist(), on.to_pylist(), strict=True)} == {-3}


def test_the_difference_of_means_lies_about_the_true_effect(cook):
    drawn = cook(TABLES, _recipe()).draw(scale=20)
    true = _lines(drawn.truth["effects"])["ate", None]["effect_size"]
    came = {arm: [] for arm in (True, False)}
    for row in drawn.published["visits"].select(["letter", "came"]).to_pylist():
        came[row["letter"]].append(row["came"])
    shares = {arm: sum(values) / len(values) for arm, values in came.items()}
    error = math.sqrt(sum(shares[a] * (1 - shares[a]) / len(v) for a, v in came.items()))
    assert abs(shares[True] - shares[False] - true) < 5 * error


def test_clusters_are_treated_as_a_whole(cook):
    drawn = cook(TABLES, _recipe()).draw()
    invited = dict(
        zip(
            *(drawn.full["clinics"].column(c).to_pylist() for c in ("clinic_id", "invited")),
            strict=True,
        )
    )
    rows = zip(
        drawn.truth["visits.cluster"].to_pylist(), drawn.full["visits"].to_pylist(), strict=True
    )
    for known, row in rows:
        drawn_one = "outcome_treated" if invited[row["clinic_id"]] else "outcome_untreated"
        assert known[drawn_one] == row["came"]


@pytest.mark.parametrize("rows", [59, 17, pytest.param(4, marks=pytest.mark.heavy)])
def test_truth_is_the_same_in_any_number_of_pieces(cook, rows):
    kitchen = cook(TABLES, _recipe())
    whole, pieces = kitchen.draw(), kitchen.draw(rows_per_piece=rows)
    assert whole.truth.keys() == pieces.truth.keys() >= {"effects", "visits.ate", "secrets"}
    for name, table in whole.truth.items():
        assert pieces.truth[name].equals(table), name


def test_a_whole_table_function_is_worked_out_in_each_world(cook):
    visits = {"days": "total(letter * 1.0, by=clinic_id)"}
    kitchen = cook(TABLES, _recipe({"all_or_none": "effect(days, letter)"}, **visits))
    for rows in (1000, 20):
        line = _lines(kitchen.draw(rows_per_piece=rows).truth["effects"])["all_or_none", None]
        assert (line["mean_untreated"], line["mean_treated"]) == (0, 50)


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        ("came", "only effects stand under truth"),
        ("effect(cane, letter)", "cane is no column of visits"),
        ("effect(came, clinik.invited)", "clinik is no foreign key of visits"),
        ("effect(came, clinic.invitet)", "invitet is no column of clinics"),
        ("effect(age, letter)", "age does not depend on visits.letter"),
        ("effect(arm, letter)", "the outcome arm has no mean"),
        ("effect(days, arm)", "the treatment visits.arm cannot be False"),
        ("effect(days, arm, ['none'])", "two values of the treatment are compared"),
        ("effect(came, letter, of=age)", "effect has no argument 'of'"),
    ],
)
def test_an_effect_that_cannot_be_is_refused(cook, effect, said):
    problems = cook(TABLES, _recipe({"it": effect})).check()
    assert any(said in problem.what for problem in problems), problems
    assert all(problem.line for problem in problems)
