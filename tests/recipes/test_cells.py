"""Every cell is a function of event, column and row: nothing else that changes may move it."""

import pytest

TABLES = {"homes": {"home_id": "integer", "size": "integer", "street": "string"},
          "people": {"person_id": "string", "home_id": "integer > homes", "age": "integer",
                     "height": "number", "name": "string", "born": "date"}}  # fmt: skip
HOMES = {"rows": 400, "home_id": "row", "size": "choice([1, 2, 3], [.5, .3, .2])",
         "street": "street_name() + ' ' + text(integer(1, 120))"}  # fmt: skip
PEOPLE = {"per": "homes * size", "person_id": "code('P-', row, 6)", "home_id": "parent",
          "age": "clip(round(normal(40, 20)), 0, 99)",
          "height": "when(bernoulli(.9), normal(170, 9) + home.size)",
          "name": "given_name(choice(F=.5, M=.5)) + ' ' + family_name()",
          "born": "born(age)"}  # fmt: skip


def _recipe(homes=HOMES, people=PEOPLE):
    return {"tables": {"homes": homes, "people": people}}


def test_drawing_twice_gives_the_same_tables(cook):
    kitchen = cook(TABLES, _recipe())
    one, other = kitchen.draw().full, kitchen.draw().full
    assert all(one[name].equals(other[name]) for name in one)


def test_adding_columns_and_tables_moves_no_other_cell(cook):
    before = cook(TABLES, _recipe()).draw().full
    homes = {"rows": 400, "_first": "normal()", **HOMES, "_last": "integer(1, 9)"}
    recipe = _recipe(homes, {"_new": "choice(['a', 'b'])", **PEOPLE})
    recipe["tables"] = {"_before": {"rows": 7, "x": "normal()"}, **recipe["tables"]}
    after = cook(TABLES, recipe).draw().full
    assert all(before[name].equals(after[name]) for name in before)


def test_twice_the_rows_leave_the_first_half_as_it_was(cook):
    kitchen = cook(TABLES, _recipe())
    single, double = kitchen.draw().full, kitchen.draw(scale=2).full
    for name, table in single.items():
        assert double[name].num_rows > table.num_rows
        assert double[name].slice(0, table.num_rows).equals(table)


@pytest.mark.parametrize(
    "rows", [1_000, 399, 60, *(pytest.param(n, marks=pytest.mark.heavy) for n in (200, 7))]
)
def test_partitioning_never_matters(cook, rows):
    """1, 2, 2, 7 and 58 pieces; the added columns need the whole table, the others do not."""
    more = {
        "place": ("integer", "rank(height, by=age)"),
        "share": ("integer", "quota(20_000, by=age)"),
        "number": ("string", "national_id_no(born, 'F')"),
        "friend": ("string", "nth(people, 3, age=age)"),
        "siblings": ("string", "per_parent(family_name())"),
    }
    people = PEOPLE | {name: expression for name, (_, expression) in more.items()}
    described = TABLES["people"] | {name: kind for name, (kind, _) in more.items()}
    tables = TABLES | {"people": described}
    kitchen = cook(tables, _recipe(people=people))
    whole, pieces = kitchen.draw(), kitchen.draw(rows_per_piece=rows)
    for name, table in whole.full.items():
        assert pieces.full[name].equals(table), name


def test_another_call_in_the_expression_keeps_the_draws_of_the_first(column):
    assert column("number", "normal()") == column("number", "normal() + 0 * uniform(0, 1)")


def test_another_seed_gives_other_cells(column):
    assert column("number", "normal()") != column("number", "normal()", seed=b"other")
