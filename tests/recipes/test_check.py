"""A wrong recipe is answered with its place, the names that exist and the nearest one."""

import pytest

THINGS = {"things": {"id": "integer", "value": "number"}}


def _problems(cook, expression, **more):
    recipe = {"tables": {"things": {"rows": 5, "id": "row", "value": expression, **more}}}
    return cook(THINGS, recipe).check()


@pytest.mark.parametrize(
    ("expression", "what", "fix"),
    [
        ("normla(0, 1)", "there is no function 'normla' (column 1", "did you mean normal?"),
        ("1.5 + vlaue", "there is no 'vlaue' here (column 7", "did you mean value?"),
        ("normal(centre=3)", "normal has no argument 'centre'", "known: mean, spread"),
        ("lognormal(1)", "lognormal lacks spread", "lognormal(mean, spread)"),
        ("uniform(0, 1, 2)", "uniform takes fewer arguments", "uniform(low, high)"),
        ("normal + 1", "normal is a function", "write normal([mean], [spread])"),
        ("id.size", "id is no foreign key", None),
        ("'a' + 1", "string + integer means nothing", "text(…)"),
        ("date('2026-01-31') + 1", "date + integer means nothing", "days(…)"),
        ("date('2026-02-31')", "this is no date", None),
        ("1 if id > 2 else 3", "ifexp is not part of the language", "when(condition"),
        ("[x for x in id]", "listcomp is not part of the language", None),
        ("(lambda: 1)()", "only functions of the language can be called", None),
        ("id.__class__.__mro__", "id is no foreign key", None),
        ("__import__('os')", "there is no function '__import__'", None),
        ("__import__('os').system('true')", "only functions of the language can be", None),
        ("id > 2 & id < 4", "& joins conditions, and one side is no condition", "parentheses"),
        ("choice(['a', 'b'], [.5, .6])", "the shares do not add up", None),
        ("draw('ages.csv')", "ages.csv cannot be read", "CSV files beside the recipe: none"),
        ("draw('../../x.csv')", "../../x.csv lies outside the dataset's folder", None),
        ("secret(1, 2)", "a secret needs a name", "under secrets:"),
        ("round(1.5, 'a')", "round cannot work with these arguments", "round(values, [digits])"),
        ("integer(1.5, 3)", "integer(low=…): an integer is needed here", "round(…)"),
        ("lookup(thing, id=1)", "thing is not a table", "did you mean things?"),
        ("quota(5, by=value)", "things.value would have to be known before it is made", None),
    ],
)
def test_a_wrong_expression_is_answered_with_its_place_and_a_way_out(cook, expression, what, fix):
    problem = _problems(cook, expression)[0]
    assert problem.what.startswith("things.value: ")
    assert what in problem.what
    assert (problem.file, problem.line) == ("datasets/trial/recipe.yml", 6)
    assert fix is None or fix in problem.fix


def test_an_expression_that_cannot_be_parsed_is_shown(cook):
    (problem,) = _problems(cook, "normal(0,")
    assert problem.what == "things.value is no expression: '(' was never closed, at column 7"


def test_every_problem_is_listed_and_none_twice(cook):
    problems = _problems(cook, "nothing_here + 1", _a="_b", _b="_a", _c="value * 2")
    assert [p.what.split(":")[0] for p in problems] == ["things.value", "things._b"]
    assert problems[1].found == "things._a → things._b → things._a"


def test_a_value_of_another_type_is_refused(cook):
    (problem,) = _problems(cook, "'text'")
    assert (problem.found, problem.expected) == ("string", "number")


def test_tables_and_columns_must_agree_with_dataset_yml(cook):
    recipe = {"tables": {"thing": {"rows": 1, "id": "row"},
                         "things": {"rows": 1, "id": "row", "valve": "1.5"}}}  # fmt: skip
    assert [p.what for p in cook(THINGS, recipe).check()] == [
        "the table thing is not in dataset.yml",
        "dataset.yml describes things.value, and the recipe does not make it",
        "things.valve is not in dataset.yml",
    ]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"rows": 5, "per": "other"}, "things has no single shape"),
        ({"value": "1"}, "things has no single shape"),
        ({"rows": "many"}, "rows is no number of rows"),
        ({"rows": 5, "faults": "missing(value, .1)"}, "faults is not a list"),
        ({"rows": 5, "truth": ["effect(value, value)"]}, "tables.things.truth is not a map"),
        ({"rows": 5, "truth": {"faults": "effect(value, value)"}}, "'faults' has a meaning"),
        ({"rows": 5, "hidden": ["valve"]}, "hidden names 'valve'"),
        ({"rows": 5, "parent": "1"}, "'parent' has a meaning of its own"),
        ({"rows": 5, "hold_out": {"row": 3}}, "row is not a key that belongs here"),
        ({"rows": 5, "Value": "1"}, "'Value' cannot be a name here"),
    ],
)
def test_a_table_of_wrong_form_is_refused(cook, body, what):
    recipe = {"tables": {"things": {"id": "row", "value": "1.5"} | body}}
    assert any(what in p.what for p in cook(THINGS, recipe).check())


def test_shares_that_do_not_add_up_are_refused_with_their_column(cook):
    recipe = {"tables": {"things": {"rows": 5, "id": "row", "value": "draw('s.csv')"}}}
    recipe["tables"]["things"]["_again"] = "draw('s.csv')"
    (problem,) = cook(THINGS, recipe, files={"s.csv": "v,share\n1,40\n\n2,50\n"}).check()
    told = "the shares of 'share' do not add up (read for things.value, recipe.yml:6)"
    assert problem.what == told
    assert (problem.file, problem.line) == ("datasets/trial/s.csv", 1)
    assert (problem.found, problem.fix) == ("90", "correct the column, lines 2 to 4")


def test_figures_without_a_source_are_refused(cook):
    recipe = {"tables": {"things": {"rows": 5, "id": "row", "value": "draw('s.csv')"}}}
    files = {"s.csv": "v,share\n1,40\n2,60\n"}
    (problem,) = cook(THINGS, recipe, files=files).check()
    assert problem.what == "nothing in dataset.yml says where the figures of s.csv come from"
    assert cook(THINGS, recipe, files=files, assumptions=["Values (s.csv)"]).check() == []


def test_keys_that_are_not_one_per_row_are_refused(cook):
    recipe = {"tables": {"things": {"rows": 5, "id": "row // 2", "value": "1.5"}}}
    with pytest.raises(Exception, match=r"things\.id is the key") as error:
        cook(THINGS, recipe).draw()
    assert error.value.problems[0].found == "2 doubled, 0 missing"
