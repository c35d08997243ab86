"""Whatever stands in a recipe is answered with problems, and nothing but the vocabulary runs."""

import contextlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.errors import RecipeError
from sandbox.recipes.registry import FAULTS, FUNCTIONS
from tests.recipes.composing import FILES
from tests.recipes.conftest import kitchen

FEW, MANY = 40, 2_000
TABLES = {
    "places": {"place_code": "string", "name": "string", "people": "integer", "size": "integer"},
    "homes": {"home_id": "integer", "place_code": "string > places", "rent": "number"},
    "persons": {"person_id": "integer", "home_id": "integer > homes", "born": "date",
                "name": "string", "seen": "datetime", "well": "boolean", "age": "integer"},
}  # fmt: skip
HOMES = {"rows": 9, "home_id": "row", "place_code": "pick(places)", "rent": "normal(9, 2)"}
PERSONS = {"per": "homes * 2", "person_id": "row", "home_id": "parent", "born": "born(age)",
           "age": "integer(0, 99)", "name": "family_name()", "seen": "moment(date('2025-01-31'))",
           "well": "bernoulli(.5)"}  # fmt: skip
SECRETS = {"gain": "secret(1, 2)"}


def recipe(table, **more):
    tables = {"places": {"file": "places.csv"}, "homes": dict(HOMES), "persons": dict(PERSONS)}
    tables[table] |= more
    return {"secrets": SECRETS, "tables": tables}


# --- expressions ----------------------------------------------------------------------------------

NAMES = [*TABLES, *(c for columns in TABLES.values() for c in columns), "home", "place", "gain",
         "row", "parent", "position", "asof", "scale", "value", "nobody", "self", "here", "other",
         "state", "open", "eval", "exec", "__import__", "print", "os", "__builtins__", "type",
         "breakpoint", "exit", "table", "number", "by", "given", "values"]  # fmt: skip
WORDS = [*FUNCTIONS, *FAULTS, "effect", "eval", "exec", "open", "__import__", "print", "getattr"]
CONSTANTS = ["0", "1", "-1", "2.5", "1e308", "1e999", "10**400", "9223372036854775807", "10**30",
             "9" * 30, "''", "'a'", "'F'", "'2026-01-31'", "'2026-02-31'", "'places.csv'",
             "'sorts.csv'", "'notes.csv'", "'ways.csv'", "'parts.csv'", "'no.csv'", "'../x.csv'",
             "'/etc/passwd'", "'\\x00'", "'\\ud800'", "True", "None", "...",
             "b'a'", "1j"]  # fmt: skip
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>", "@", "==", "!=", "<",
             "<=", ">", ">=", " in ", " not in ", " is ", " and ", " or "]  # fmt: skip
name, word, constant = map(st.sampled_from, (NAMES, WORDS, CONSTANTS))


def _compound(part):
    keyword = st.tuples(st.sampled_from([*NAMES, "low", "high", "file", "start", "digits"]), part)
    argument = st.one_of(part, keyword.map("=".join), part.map("*({})".format),
                         part.map("**({})".format))  # fmt: skip
    arguments = st.lists(argument, max_size=4).map(
        lambda given: ", ".join(sorted(given, key=lambda a: ("=" in a, a[:2] == "**")))
    )
    call = st.tuples(word, arguments).map(lambda c: f"{c[0]}({c[1]})")
    listed = st.lists(part, max_size=3).map(", ".join)
    return st.one_of(
        call, call, call,
        st.tuples(part, st.sampled_from(OPERATORS), part).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        st.tuples(st.sampled_from("-~+"), part).map(lambda t: f"({t[0]}{t[1]})"),
        part.map("(not {})".format),
        st.tuples(part, name).map(lambda t: f"({t[0]}).{t[1]}"),
        st.tuples(part, st.sampled_from(["__class__", "__globals__", "func", "mro"])).map(".".join),
        st.tuples(part, part).map(lambda t: f"({t[0]})[{t[1]}]"),
        st.tuples(part, arguments).map(lambda t: f"({t[0]})({t[1]})"),
        listed.map("[{}]".format), listed.map("({},)".format), listed.map("{{{}}}".format),
        st.tuples(part, part).map(lambda t: f"{{{t[0]}: {t[1]}}}"),
        part.map("(lambda: {})".format),
        st.tuples(part, name).map(lambda t: f"[{t[0]} for {t[1]} in homes]"),
        st.tuples(part, part, part).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(name, part).map(lambda t: f"({t[0]} := {t[1]})"),
        part.map(lambda p: f"f'{{{p}}}'" if "'" not in p and "\\" not in p else p),
        st.tuples(part, st.integers(1, 300)).map(lambda t: "(" * t[1] + t[0] + ")" * t[1]),
        st.tuples(st.sampled_from("-~"), st.integers(1, 3_000)).map(lambda t: t[0] * t[1] + "1"),
        st.tuples(constant, st.integers(2, 2_000)).map(lambda t: "+".join([t[0]] * t[1])),
    )  # fmt: skip


expression = st.recursive(st.one_of(name, constant), _compound, max_leaves=8)
place = st.sampled_from(["homes", "persons", "per", "rows", "faults", "truth", "secrets", "where"])


def _recipe_with(place, text):
    if place in ("homes", "persons"):
        return recipe(place, value=text, hidden=["value"])
    if place == "per":
        return recipe("persons", per=f"homes * {text}")
    if place == "rows":
        return recipe("persons", per=text)
    if place == "faults":
        return recipe("persons", faults=[text])
    if place == "truth":
        return recipe("persons", truth={"gained": text})
    if place == "secrets":
        return recipe("homes") | {"secrets": {"gain": text}}
    told = recipe("homes", hold_out={"rows": 3, "columns": ["rent"]})
    told["tables"]["persons"]["hold_out"] = {"with": "home_id", "where": text}
    return told


def _answered(told, files=FILES):
    """Check a recipe, and draw it if nothing is wrong: problems with their places, or tables."""
    with TemporaryDirectory() as folder:
        made = kitchen(Path(folder), TABLES, told, files=files, assumptions=list(FILES))
        with _nothing_else_runs():
            problems = made.check()
            if not problems:
                try:
                    assert made.draw().published
                except RecipeError as error:
                    problems = error.problems
    for problem in problems:
        assert problem.file.startswith("datasets/trial/")
        assert problem.line is not None
        assert len(str(problem)) < 5_000
    return problems


WATCHED = ("exec", "os.", "subprocess.", "socket.", "shutil.", "ctypes.", "builtins.input")
LOOKING = ("os.listdir", "os.scandir")  # which CSV files there are, for a message
_seen = None  # a list while there is something to watch


def _watch(event, arguments):
    if _seen is None or not event.startswith(WATCHED) or event.startswith(LOOKING):
        return
    if event == "exec" and Path(arguments[0].co_filename).is_file():
        return  # a library imports a module of its own
    _seen.append(f"{event} {arguments}")


sys.addaudithook(_watch)


@contextlib.contextmanager
def _nothing_else_runs():
    """No code, no other program and no change of files, whatever an expression says."""
    global _seen
    _seen = []
    try:
        yield
        assert _seen == []
    finally:
        _seen = None


@pytest.fixture(scope="module", autouse=True)
def warm():
    """Libraries import modules of their own when they are first used, which is not watched."""
    with TemporaryDirectory() as folder:
        plain = kitchen(Path(folder), TABLES, recipe("homes"), files=FILES, assumptions=list(FILES))
        assert plain.check() == []
        plain.draw()


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.heavy)])
def test_any_expression_is_answered_with_problems_or_tables(examples):
    @settings(max_examples=examples)
    @given(place, expression)
    def holds(place, text):
        _answered(_recipe_with(place, text))

    holds()


# --- shapes ---------------------------------------------------------------------------------------

KEYS = ["asof", "secrets", "size", "tables", "homes", "persons", "places", "nobody", "rows", "per",
        "file", "hidden", "hold_out", "truth", "faults", "with", "columns", "where", "home_id",
        "rent", "born", "Bad Name", "", "_x", "row", "1"]  # fmt: skip
SCALARS = [None, True, False, 0, 1, -1, 5, 10**12, 10**30, 1.5, float("inf"), "", "row", "homes",
           "homes * 2", "nobody * 2", "persons * 2", "places.csv", "../x.csv", "no.csv", "row + ",
           "missing(rent, .1)", "effect(rent, home_id)", "normal()", "[1, 2]", "x" * 20_000,
           "2026-01-01", "2026-02-31", "* 2", "a: b"]  # fmt: skip
shape = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=12,
)


def _walk(told, path=()):
    yield path
    if isinstance(told, dict):
        for key in told:
            yield from _walk(told[key], (*path, key))


PLACES = [*_walk({**recipe("persons", hidden=["age"], faults=["missing(born, .1)"],
                           truth={"gained": "effect(age, well)"}),
                  "size": {"homes": 9}}),
          ("tables", "homes", "hold_out"), ("tables", "persons", "hold_out", "with"),
          ("tables", "persons", "hold_out", "where")]  # fmt: skip


def _put(told, path, value):
    for key in path[:-1]:
        told = told.setdefault(key, {})
    told[path[-1]] = value


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.heavy)])
def test_a_recipe_of_any_shape_is_answered_with_problems_or_tables(examples):
    @settings(max_examples=examples)
    @given(st.sampled_from(PLACES), shape)
    def holds(path, value):
        told = value
        if path:
            told = recipe("persons")
            _put(told, path, value)
        _answered(told if isinstance(told, dict) else yaml.safe_dump(told))

    holds()


@pytest.mark.parametrize("text", ["", "- a", "tables", "tables: [", "%", "\t", "a: &b 1\nc: *b",
                                  "? {a: 1}\n: 2", "tables: {homes: {rows: 1, rows: 2}}",
                                  "[" * 5_000, "tables: !!python/object/apply:os.system [x]",
                                  "asof: 2026-01-01", "asof: x\ntables: {a: }"])  # fmt: skip
def test_what_is_no_yaml_or_no_recipe_is_told(text):
    assert _answered(text)


# --- what only shows when rows are drawn ----------------------------------------------------------

THINGS = {"things": {"id": "integer", "value": "number"}}
STAY = '''
from sandbox.recipes.own_functions import Here, Integers, Numbers, Unfit, function

@function()
def stay(here: Here, number: Integers) -> Numbers:
    """How long a visit lasts."""
    if (number > 3).any():
        {}
    return number * 1.0
'''


@pytest.fixture
def drawn(cook):
    """drawn(expression) → the problems that drawing five rows of it meets, where check met none."""

    def problems(expression, files=None, described=THINGS, rows_per_piece=100, **more):
        body = {"rows": 5, "id": "row", "value": expression, **more}
        kitchen = cook(described, {"tables": {"things": body}}, files=files)
        assert kitchen.check() == []
        with pytest.raises(RecipeError) as caught:
            kitchen.draw(rows_per_piece=rows_per_piece)
        return caught.value.problems

    return problems


@pytest.mark.parametrize("rows_per_piece", [100, 2])
@pytest.mark.parametrize(
    ("expression", "what", "fix"),
    [
        ("exp(300 * row)", "a number without limits cannot be published", "clip(…, low, high)"),
        ("exp(300 * row) - exp(300 * row)", "a number without limits cannot", "clip(…, low, high)"),
        ("(row - 4) ** -1", "a number without limits cannot be published", "when(…)"),
        ("round(exp(9 * row))", "a number is too large for a whole number", "clip(…, low, high)"),
        ("(row + 3) * 4_000_000_000_000_000_000", "the result is too large", "1.0 * …"),
        ("3_000_000_000_000_000 * row", "a whole number is too large to be a", "type: integer"),
        ("log(3 - row)", "log of a number that is not above 0", "log(max(…, 1))"),
    ],
)
def test_a_value_beyond_all_limits_is_told(drawn, expression, what, fix, rows_per_piece):
    (problem,) = drawn(expression, rows_per_piece=rows_per_piece)
    assert problem.what.startswith(f"things.value: {what}")
    assert (problem.file, problem.line) == ("datasets/trial/recipe.yml", 6)
    assert fix in problem.fix


def test_dates_of_no_calendar_are_told(drawn):
    described = {"things": {"id": "integer", "value": "date"}}
    (problem,) = drawn("asof + days(row * 900_000)", described=described)
    assert "a date lies outside the years 1 to 9999" in problem.what


def test_hidden_columns_are_held_to_the_same_limits(drawn):
    (problem,) = drawn("1.5", dark="exp(300 * row)", hidden=["dark"])
    assert problem.what == "things.dark: a number without limits cannot be published"


@pytest.mark.parametrize("rows_per_piece", [100, 2])
def test_a_function_of_ones_own_that_raises_is_told_with_both_lines(drawn, rows_per_piece):
    files = {"functions.py": STAY.format("raise RuntimeError('no\\nbed')")}
    (problem,) = drawn("stay(row)", files, rows_per_piece=rows_per_piece)
    raised = "stay() of functions.py raised RuntimeError: no bed"
    assert problem.what == f"things.value: {raised} (column 1 of its expression)"
    assert (problem.file, problem.line) == ("datasets/trial/recipe.yml", 6)
    assert problem.found == "functions.py:8"
    assert "raise Unfit(what, fix=…)" in problem.fix


def test_a_function_of_ones_own_may_say_what_is_wrong(drawn):
    files = {"functions.py": STAY.format("raise Unfit('no bed', fix='come alone')")}
    (problem,) = drawn("stay(row)", files)
    assert (problem.what, problem.fix) == (
        "things.value: no bed (column 1 of its expression)",
        "come alone",
    )


def test_a_functions_file_that_ends_the_program_does_not(cook):
    recipe = {"tables": {"things": {"rows": 5, "id": "row", "value": "1.5"}}}
    (problem,) = cook(THINGS, recipe, files={"functions.py": "import sys\nsys.exit(3)\n"}).check()
    assert (problem.file, problem.line) == ("datasets/trial/functions.py", 2)


@pytest.mark.parametrize(
    ("shape", "more", "found"),
    [
        ({"rows": 4_000_000_000}, {"scale": 2}, "8,000,000,000"),
        ({"per": "few * round(exp(30))"}, {}, "53,432,372,"),
        ({"per": "few * round(-2.5 * id)"}, {}, "-12"),
    ],
)
def test_rows_beyond_all_memory_are_refused_before_they_are_drawn(cook, shape, more, found):
    tables = {"_few": None, "few": {"rows": 5, "id": "row"},
              "things": {"id": "row", "value": "1.5", **shape}}  # fmt: skip
    del tables["_few"]
    described = {"few": {"id": "integer"}, **THINGS}
    with pytest.raises(RecipeError) as caught:
        cook(described, {"tables": tables}).draw(**more)
    (problem,) = caught.value.problems
    assert problem.found.startswith(found)
    assert problem.line is not None


@pytest.mark.heavy
def test_a_chain_of_very_many_columns_is_told_and_no_crash(cook):
    chain = {f"_c{n}": f"_c{n + 1} + 1" for n in range(3_000)} | {"_c3000": "row"}
    recipe = {"tables": {"things": {"rows": 5, "id": "row", "value": "_c0 * 1.0", **chain}}}
    problems = cook(THINGS, recipe).check()
    assert "it goes back over too many columns" in problems[0].what
    assert problems[0].line is not None


def test_what_lies_below_a_missing_value_is_neither_refused_nor_summed_up(cook):
    tables = {"things": {"id": "integer", "value": "number", "all": "number", "share": "integer",
                         "done": "date"}}  # fmt: skip
    recipe = """tables:
  things:
    rows: 6
    id: row
    value: log(when(row > 3, row - 3.0))
    _most: when(row > 3, row * 1.0)
    all: total(_most)
    share: quota(30, by=_most)
    _came: when(row > 3, asof + days(1))
    done: queue(_came, 1, 1)
"""
    rows = cook(tables, recipe).draw().full["things"].to_pylist()
    assert [row["value"] is None for row in rows] == [True] * 3 + [False] * 3
    assert [row["all"] for row in rows[3:]] == [15.0] * 3
    assert [row["share"] for row in rows] == [None, None, None, 8, 10, 12]
    alone = (
        recipe.replace("rows: 6", "rows: 3")
        .replace("row > 3", "row > 0")
        .replace("row - 3.0", "row")
    )
    others = cook(tables, alone).draw().full["things"].to_pylist()
    assert [row["done"] for row in rows[3:]] == [row["done"] for row in others]
