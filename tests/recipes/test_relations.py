"""Tables that lead to themselves: mothers and children, managers and those they lead."""

import pytest

from sandbox.errors import RecipeError

FAMILIES = {
    "households": {"household_id": "integer", "size": "integer"},
    "persons": {
        "person_id": "string",
        "household_id": "integer > households",
        "role": "string",
        "sex": "string",
        "birth_date": "date",
        "mother_id": "string > persons",
        "partner_id": "string > persons",
        "mother_age": "integer",
        "children": "integer",
        "invited": "boolean",
        "came": "boolean",
    },
}
HOUSEHOLDS = {"rows": 150, "household_id": "row", "size": "integer(1, 5)"}
PERSONS = {
    "per": "households * size",
    "person_id": "code('P-', shuffled(row, 5), 5)",
    "household_id": "parent",
    "role": "when(position == 1, 'first', when((position == 2) & bernoulli(.7), 'other', 'child'))",
    "sex": "choice(F=.5, M=.5)",
    "_is_adult": "role != 'child'",
    "_adult_born": "date('1970-01-01') + days(integer(0, 5000))",
    "mother_id": "when(role == 'child', sibling(_is_adult & (sex == 'F')))",
    "partner_id": "when(_is_adult, sibling(_is_adult))",
    "birth_date": "when(_is_adult, _adult_born, mother._adult_born + days(integer(7000, 9000)))",
    "mother_age": "floor((birth_date - mother.birth_date) / 365.25)",
    "children": "count(persons, mother_id=person_id)",
    "invited": "bernoulli(.5)",
    "came": "bernoulli(when(mother.invited, .9, .2))",
}

COMPANY = {
    "offices": {"office_id": "integer", "size": "integer"},
    "employees": {
        "employee_id": "string",
        "office_id": "integer > offices",
        "level": "integer",
        "manager_id": "string > employees",
        "leads": "integer",
        "of_level": "integer",
    },
}
OFFICES = {"rows": 80, "office_id": "row", "size": "integer(1, 12)"}
EMPLOYEES = {
    "per": "offices * size",
    "employee_id": "code('E-', row, 5)",
    "office_id": "parent",
    "level": "when(position == 1, 1, when(position <= 3, 2, 3))",
    "manager_id": "pick(employees, level=level - 1, office_id=office_id)",
    "leads": "count(employees, manager_id=employee_id)",
    "of_level": "manager.manager.level",
}


def _families(households=(), **persons):
    tables = {"households": HOUSEHOLDS | dict(households), "persons": PERSONS | persons}
    return {"tables": tables}


def _company(**employees):
    return {"tables": {"offices": OFFICES, "employees": EMPLOYEES | employees}}


def _by_key(drawn, table, key):
    return {row[key]: row for row in drawn.full[table].to_pylist()}


@pytest.fixture
def persons(cook):
    return _by_key(cook(FAMILIES, _families()).draw(), "persons", "person_id")


@pytest.fixture
def employees(cook):
    return _by_key(cook(COMPANY, _company()).draw(), "employees", "employee_id")


# --- parents and children -------------------------------------------------------------------------


def test_a_childs_mother_is_a_grown_woman_of_the_same_household(persons):
    children = [row for row in persons.values() if row["mother_id"]]
    assert len(children) > 50
    for child in children:
        mother = persons[child["mother_id"]]
        assert child["role"] == "child" and mother["role"] != "child"
        assert mother["sex"] == "F"
        assert mother["household_id"] == child["household_id"]


def test_a_child_without_a_mother_in_the_household_has_none(persons):
    homes = {
        r["household_id"] for r in persons.values() if r["role"] != "child" and r["sex"] == "F"
    }
    for row in persons.values():
        has_mother = row["role"] == "child" and row["household_id"] in homes
        assert (row["mother_id"] is not None) == has_mother


def test_partners_are_each_others_and_nobody_is_their_own(persons):
    partners = {key: row["partner_id"] for key, row in persons.items() if row["partner_id"]}
    assert len(partners) > 50
    for one, other in partners.items():
        assert other != one and partners[other] == one


def test_a_walk_leads_from_the_child_to_what_is_known_of_the_mother(persons):
    for row in persons.values():
        if row["mother_id"]:
            days = (row["birth_date"] - persons[row["mother_id"]]["birth_date"]).days
            assert 7_000 <= days <= 9_000
            assert row["mother_age"] == int(days / 365.25)


def test_children_are_counted_and_those_without_a_mother_belong_to_nobody(persons):
    mothers = [row["mother_id"] for row in persons.values()]
    assert all(row["children"] == mothers.count(key) for key, row in persons.items())


def test_twice_the_households_leave_the_mothers_of_the_first_half_as_they_were(cook):
    kitchen = cook(FAMILIES, _families(person_id="code('P-', row, 5)"))
    single, double = (kitchen.draw(scale=s).full["persons"] for s in (1, 2))
    assert double.num_rows > single.num_rows
    assert double.slice(0, single.num_rows).equals(single)


# --- managers -------------------------------------------------------------------------------------


def test_a_manager_is_one_level_above_in_the_same_office_and_the_topmost_have_none(employees):
    for row in employees.values():
        assert (row["manager_id"] is None) == (row["level"] == 1)
        if row["manager_id"]:
            manager = employees[row["manager_id"]]
            assert manager["level"] == row["level"] - 1
            assert manager["office_id"] == row["office_id"]


def test_a_manager_leads_those_who_name_him_and_no_head_is_led_by_anyone(employees):
    managers = [row["manager_id"] for row in employees.values()]
    assert all(row["leads"] == managers.count(key) for key, row in employees.items())


def test_a_walk_may_go_up_twice(employees):
    assert {row["of_level"] for row in employees.values() if row["level"] == 3} == {1}
    assert {row["of_level"] for row in employees.values() if row["level"] < 3} == {None}


# --- in pieces, worlds, and behind what is held out -----------------------------------------------


@pytest.mark.parametrize(
    "rows", [149, 40, *(pytest.param(n, marks=pytest.mark.heavy) for n in (79, 9))]
)
def test_tables_that_lead_to_themselves_are_the_same_in_any_number_of_pieces(cook, rows):
    truth = {"own": "effect(came, mother.invited)"}
    hold_out = {"rows": 30, "columns": ["size"]}
    more = {"_grandmother": "mother.mother_id", "hidden": ["_grandmother"], "truth": truth}
    made = _families({"hold_out": hold_out}, faults=["missing(mother_id, .1)"], **more)
    for tables, recipe in ((COMPANY, _company()), (FAMILIES, made)):
        kitchen = cook(tables, recipe)
        whole, pieces = kitchen.draw(), kitchen.draw(rows_per_piece=rows)
        for group in ("full", "published", "truth"):
            one, other = getattr(whole, group), getattr(pieces, group)
            assert one.keys() == other.keys()
            assert all(other[name].equals(table) for name, table in one.items()), group


@pytest.mark.parametrize("rows", [1_000, 40])
def test_an_effect_of_the_mothers_treatment_is_known(cook, rows):
    kitchen = cook(FAMILIES, _families(truth={"call": "effect(came, mother.invited)"}))
    drawn = kitchen.draw(rows_per_piece=rows)
    ledger = drawn.truth["persons.call"].to_pylist()
    persons = _by_key(drawn, "persons", "person_id")
    assert any(known["outcome_treated"] != known["outcome_untreated"] for known in ledger)
    for known in ledger:
        row = persons[known["person_id"]]
        if row["mother_id"] is None:
            assert known["outcome_treated"] == known["outcome_untreated"] == row["came"]
        else:
            invited = persons[row["mother_id"]]["invited"]
            drawn_one = "outcome_treated" if invited else "outcome_untreated"
            assert known[drawn_one] == row["came"]


def test_what_is_told_of_the_mother_gives_away_what_is_held_out_of_her(cook):
    made = _families(hold_out={"rows": 20, "columns": ["birth_date"]})
    (problem,) = cook(FAMILIES, made).check()
    assert problem.found == "persons.mother_age ← persons.birth_date"


# --- mistakes -------------------------------------------------------------------------------------


def test_a_sound_recipe_has_no_problem(cook):
    assert cook(FAMILIES, _families()).check() == []
    assert cook(COMPANY, _company()).check() == []


@pytest.mark.parametrize(
    ("tables", "recipe", "said"),
    [
        (FAMILIES, _families(birth_date="mother.birth_date + days(9000)"),
         "persons.birth_date would have to be known before it is made"),
        (FAMILIES, _families(sex="when(is_missing(mother_id), 'F', 'M')"),
         "persons.sex would have to be known before it is made"),
        (FAMILIES, _families(mother_id="sibling(father.sex == 'F')"), "there is no 'father' here"),
        (FAMILIES, _families(mother_id="household_id"), "mother_id leads to households"),
        (FAMILIES, _families({"size": "integer(1, 5) + is_missing(sibling(row > 1))"}),
         "households has no rows per row of another table"),
        (COMPANY, _company(hold_out={"with": "manager_id"}),
         "employees: hold_out follows manager_id back to employees itself"),
    ],
)  # fmt: skip
def test_a_relation_that_cannot_be_is_refused_when_checked_and_when_drawn(
    cook, tables, recipe, said
):
    kitchen = cook(tables, recipe)
    assert any(said in problem.what for problem in kitchen.check())
    with pytest.raises(RecipeError, match=said):
        kitchen.draw()
