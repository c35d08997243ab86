"""Planted faults: every difference stands in the ledger, and every line of it is a difference."""

from datetime import timedelta

import pytest

from sandbox.errors import RecipeError

PEOPLE = {
    "person_id": "string", "place_code": "string > places", "boss_id": "string > people",
    "name": "string", "born": "date", "seen_at": "datetime", "area": "number", "floors": "integer",
    "left": "date",
}  # fmt: skip
TABLES = {"places": {"place_code": "string", "size": "integer"}, "people": PEOPLE}
COLUMNS = {
    "rows": 3000, "person_id": "code('P-', shuffled(row, 6), 6)", "place_code": "pick(places)",
    "boss_id": "nth(people, max(1, row // 8))",
    "name": "given_name('F') + ' Bjørk ' + family_name()", "born": "born(integer(0, 90))",
    "seen_at": "moment(day(2025))", "area": "round(uniform(20, 200), 1)",
    "floors": "integer(1, 9)", "left": "when(bernoulli(.5), day(2025))",
}  # fmt: skip
FILES = {"places.csv": "place_code,size\n0301,5\n4601,3\n5001,2\n1103,1\n",
         "old.csv": "value,instead\n4601,1201\n5001,1601\n"}  # fmt: skip
FAULTS = {
    "missing": "missing(left, .3 * (floors > 6))",
    "swapped_day_month": "swapped_day_month(born, rate)",
    "wrong_unit": "wrong_unit(area, .1, 10.764)",
    "impossible": "impossible(floors, .05, -3, 0)",
    "recoded": "recoded(place_code, .5, 'old.csv')",
    "broken_key": "broken_key(boss_id, .1)",
    "damaged_encoding": "damaged_encoding(name, .2)",
    "time_zone_slip": "time_zone_slip(seen_at, .1)",
    "typo": "typo(name, .2)",
    "duplicate": "duplicate(.05, name)",
}


@pytest.fixture
def register(cook):
    """register([faults], hold_out=…) → Kitchen of a register of people with these faults."""

    def make(faults, **more):
        people = COLUMNS | {"faults": faults} | more
        recipe = {"secrets": {"rate": "secret(.05, .15)"},
                  "tables": {"places": {"file": "places.csv"}, "people": people}}  # fmt: skip
        return cook(TABLES, recipe, files=FILES, assumptions=["codes (old.csv)"])

    return make


def _rows(table, key="person_id"):
    return {row[key]: row for row in table.to_pylist()}


def _text(value):
    """A value as it stands in a CSV file."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text.replace("+00:00", "Z")


def _ledger(drawn):
    return drawn.truth["people.faults"].to_pylist()


def _checked_off(drawn):
    """Assert that the differences are exactly the ledger's lines; returns them by fault."""
    full, shown, by_fault = _rows(drawn.full["people"]), _rows(drawn.published["people"]), {}
    doubles = {r["person_id"]: r["true_value"] for r in _ledger(drawn) if r["fault"] == "duplicate"}
    told = {(r["person_id"], r["column"]): r for r in _ledger(drawn)}
    assert len(told) == len(_ledger(drawn))
    assert shown.keys() - full.keys() == doubles.keys()
    for key, row in shown.items():
        true = full[doubles.get(key, key)] | {"person_id": key}
        for column, value in row.items():
            line = told.pop((key, column), None)
            if column == "person_id":
                continue
            assert (value != true[column]) == (line is not None), (key, column)
            if line:
                assert line["published_value"] == _text(value)
                assert line["true_value"] == _text(true[column])
                by_fault.setdefault(line["fault"], []).append((true, row))
    assert all(line["fault"] == "duplicate" for line in told.values())
    return by_fault


@pytest.mark.parametrize("fault", FAULTS)
def test_every_difference_is_in_the_ledger_and_every_line_is_a_difference(register, fault):
    drawn = register([FAULTS[fault]]).draw()
    by_fault = _checked_off(drawn)
    assert set(by_fault) == ({"typo"} if fault == "duplicate" else {fault})


def test_all_faults_together_strike_no_cell_twice(register):
    by_fault = _checked_off(register(list(FAULTS.values())).draw())
    assert set(by_fault) == set(FAULTS) - {"duplicate"}


def test_faults_are_what_they_say(register):
    found = _checked_off(register(list(FAULTS.values())).draw())
    for true, row in found["swapped_day_month"]:
        assert (row["born"].month, row["born"].day) == (true["born"].day, true["born"].month)
    assert all(true["floors"] > 6 for true, _ in found["missing"])
    assert all(row["area"] == round(true["area"] * 10.764, 2) for true, row in found["wrong_unit"])
    assert all(-3 <= row["floors"] <= 0 for _, row in found["impossible"])
    assert {row["place_code"] for _, row in found["recoded"]} == {"1201", "1601"}
    assert all("BjÃ¸rk" in row["name"] for _, row in found["damaged_encoding"])
    assert {row["seen_at"] - true["seen_at"] for true, row in found["time_zone_slip"]} == {
        timedelta(hours=1), timedelta(hours=2)}  # fmt: skip
    assert all(sorted(row["name"]) == sorted(true["name"]) for true, row in found["typo"])


def test_a_broken_key_looks_like_the_others_and_leads_nowhere(register):
    drawn = register([FAULTS["broken_key"], "broken_key(place_code, .1)"]).draw()
    people = _rows(drawn.published["people"])
    bosses = [
        row["boss_id"]
        for _, row in _checked_off(drawn)["broken_key"]
        if row["boss_id"] not in people
    ]
    assert len(bosses) > 200
    assert all(len(boss) == 8 and boss.startswith("P-") for boss in bosses)
    places = {row["published_value"] for row in _ledger(drawn) if row["column"] == "place_code"}
    assert places and all(len(place) == 4 and place.isdigit() for place in places)
    assert not places & {"0301", "4601", "5001", "1103"}


def test_a_broken_key_does_not_lead_to_a_row_that_stands_there_twice(cook):
    """Both need keys that no row has; were they the same ones, the link would not be broken."""
    tables = {"places": {"place_id": "string"},
              "visits": {"visit_id": "integer", "place_id": "string > places"}}  # fmt: skip
    places = {"rows": 500, "place_id": "code('P-', shuffled(row, 6), 6)"}
    visits = {"rows": 500, "visit_id": "row", "place_id": "pick(places)"}
    places["faults"], visits["faults"] = ["duplicate(.5)"], ["broken_key(place_id, .5)"]
    drawn = cook(tables, {"tables": {"places": places, "visits": visits}}).draw()
    broken = {line["published_value"] for line in drawn.truth["visits.faults"].to_pylist()}
    assert len(broken) > 100
    assert not broken & set(drawn.published["places"]["place_id"].to_pylist())


def test_rates_are_met_within_what_chance_allows(register):
    drawn = register(["impossible(floors, .1, -3, 0)", "missing(born, .2 * (area > 110))"]).draw()
    found = _checked_off(drawn)
    large = sum(row["area"] > 110 for row in drawn.full["people"].to_pylist())
    for hits, rows, rate in ((found["impossible"], 3000, 0.1), (found["missing"], large, 0.2)):
        assert abs(len(hits) - rows * rate) < 5 * (rows * rate * (1 - rate)) ** 0.5


@pytest.mark.parametrize("rows", [2999, 700, pytest.param(100, marks=pytest.mark.heavy)])
def test_faults_are_the_same_in_any_number_of_pieces(register, rows):
    kitchen = register(list(FAULTS.values()), hold_out={"rows": 300, "columns": ["floors"]})
    whole, pieces = kitchen.draw(), kitchen.draw(rows_per_piece=rows)
    assert pieces.faulted == whole.faulted
    for group in ("full", "published", "truth"):
        for name, table in getattr(whole, group).items():
            assert getattr(pieces, group)[name].equals(table), (group, name)


def test_adding_a_fault_moves_no_other(register):
    one = _ledger(register([FAULTS["impossible"], FAULTS["typo"]]).draw())
    more = _ledger(register(["missing(left, .1)", FAULTS["impossible"], FAULTS["typo"]]).draw())
    assert one == [line for line in more if line["fault"] != "missing"]


def test_nothing_is_planted_where_readers_see_nothing(register):
    faults = ["impossible(floors, .5, -3, 0)", "duplicate(.2)"]
    drawn = register(faults, hold_out={"rows": 1000, "columns": ["floors"]}).draw()
    held = set(_rows(drawn.truth["people"]))
    lines = [line for line in _ledger(drawn) if line["column"] == "floors"]
    assert lines and not held & {line["person_id"] for line in lines}
    shown = _rows(drawn.published["people"])
    doubles = [r for r in _ledger(drawn) if r["fault"] == "duplicate" and r["true_value"] in held]
    assert doubles and all(shown[r["person_id"]]["floors"] is None for r in doubles)
    assert all(row["floors"] in range(1, 10) for row in drawn.truth["people"].to_pylist())


def test_what_is_faulted_is_told_to_the_build(register):
    drawn = register([FAULTS["broken_key"], FAULTS["duplicate"]]).draw()
    assert drawn.faulted == {"people": frozenset({"boss_id", "person_id", "name"})}


def test_another_seed_plants_elsewhere(register):
    kitchen = register([FAULTS["swapped_day_month"]])
    assert _ledger(kitchen.draw()) != _ledger(kitchen.draw(b"other"))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("mising(left, .1)", "there is no fault 'mising'"),
        ("missing(lef, .1)", "lef is no column of people"),
        ("missing(person_id, .1)", "the key cannot carry a fault"),
        ("missing(left, 'often')", "missing(probability=…): a number is needed here"),
        ("swapped_day_month(name, .1)", "name cannot carry this fault"),
        ("broken_key(area, .1)", "area is no foreign key"),
        ("recoded(place_code, .1, 'odl.csv')", "odl.csv cannot be read"),
        ("recoded(place_code, .1, 'places.csv')", "this is no list of codes"),
        ("impossible(name, .1, 1, 2)", "name cannot carry this fault"),
        ("left", "there is no fault ''"),
    ],
)
def test_a_fault_that_cannot_be_planted_is_refused_with_its_line(register, fault, said):
    problems = register([fault]).check()
    assert any(said in problem.what for problem in problems), problems
    assert all(problem.line for problem in problems)


def test_doubles_need_a_key_that_does_not_tell(register):
    problems = register(["duplicate(.1)"], person_id="code('P-', row, 6)").check()
    assert any("would tell which rows stand there twice" in problem.what for problem in problems)


def test_a_fault_in_an_ordinary_expression_is_sent_where_it_belongs(register):
    (problem,) = register([], floors="missing(floors, .1)").check()
    assert problem.fix == "missing plants a fault: it belongs under faults:"


def test_a_probability_beyond_one_is_told_when_it_is_drawn(register):
    with pytest.raises(RecipeError, match="a probability lies between 0 and 1"):
        register(["missing(left, floors)"]).draw()
