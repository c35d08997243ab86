"""Published figures are right on tables small enough to count by hand."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.catalog.models import Column
from sandbox.quality import WITHHELD, Counts, broken_promises, is_withheld, measure
from sandbox.quality.columns import figures
from sandbox.quality.types import ARROW_TYPES

ROWS = {
    "code": ["a", "b", "b", "d"],
    "wood": ["w1", "w1", "gone", None],
    "height": [2.5, None, 1.0, 30.25],
    "rings": [1, 2, 3, None],
    "alive": [True, False, True, True],
    "planted": [date(2020, 1, 1), None, date(1999, 12, 31), None],
    "seen": [datetime(2026, 1, 1, 12, tzinfo=UTC), None, None, None],
    "note": [None, None, None, None],
}


KEYS = {"trees": "code", "woods": "wood_code"}


def tables(dataset, rows):
    columns = dataset.tables["trees"].columns
    trees = pa.table({n: pa.array(rows[n], ARROW_TYPES[c.type]) for n, c in columns.items()})
    woods = pa.table({"wood_code": pa.array(["w1", "w2"], pa.string())})
    return {"trees": trees, "woods": woods}


def measured(dataset, rows, **more):
    return measure(dataset, tables(dataset, rows), Counts(KEYS), **more)


def test_each_column_has_its_figures(dataset):
    table = measured(dataset, ROWS)["tables"]["trees"]
    assert table["rows"] == 4
    columns = table["columns"]
    bars = {name: column.pop("bars", None) for name, column in columns.items()}
    assert columns == {
        "code": {"filled": 1.0, "distinct": 3, "example": "a"},
        "wood": {"filled": 0.75, "distinct": 2, "example": "w1"},
        "height": {"filled": 0.75, "distinct": 3, "min": 1.0, "max": 30.25, "example": 2.5},
        "rings": {"filled": 0.75, "distinct": 3, "min": 1, "max": 3, "example": 1},
        "alive": {"filled": 1.0, "distinct": 2, "example": True},
        "planted": {"filled": 0.5, "distinct": 2, "min": "1999-12-31", "max": "2020-01-01",
                    "example": "2020-01-01"},
        "seen": {"filled": 0.25, "distinct": 1, "min": "2026-01-01T12:00:00Z",
                 "max": "2026-01-01T12:00:00Z", "example": "2026-01-01T12:00:00Z"},
        "note": {"filled": 0.0, "distinct": 0},
    }  # fmt: skip
    assert bars["code"] is None and bars["note"] is None and bars["rings"] is None
    assert bars["alive"] == {"values": [True, False], "counts": [3, 1], "others": 0}
    assert bars["height"] == {"values": [1.0, 2.5, 30.25], "counts": [1, 1, 1], "others": 0}
    assert bars["planted"]["values"] == ["1999-12-31", "2020-01-01"]
    assert bars["wood"] == {"values": ["w1", "gone"], "counts": [2, 1], "others": 0}


def test_each_rule_of_the_descriptor_has_its_measure(dataset):
    told = measured(dataset, ROWS)["measures"]
    assert [(m["dimension"], m["measure"], m["computed_on"], m["value"]) for m in told] == [
        ("completeness", "rate of filled required cells", "trees", 0.875),
        ("consistency", "rate of unique keys", "trees", 0.75),
        ("consistency", "rate of wood found in woods", "trees.wood", 0.666667),
        ("accuracy", "rate of rings within its codes", "trees.rings", 0.666667),
        ("currentness", "reference date", "dataset", "2026-01-02"),
    ]
    assert {m["unit"] for m in told} == {"share", "date"}


@pytest.mark.parametrize("rows", [{name: [] for name in ROWS}], ids=["empty"])
def test_in_an_empty_table_no_rule_is_broken_and_no_figure_is_made_up(dataset, rows):
    found = measured(dataset, rows)
    assert [m["value"] for m in found["measures"]] == [1.0, 1.0, 1.0, 1.0, "2026-01-02"]
    columns = found["tables"]["trees"]["columns"]
    assert found["tables"]["trees"]["rows"] == 0
    assert all(figures == {"filled": 1.0, "distinct": 0} for figures in columns.values())


def test_columns_without_a_value_break_only_what_they_must(dataset):
    rows = {name: [None] * 4 for name in ROWS} | {"code": ["a", "b", "c", "d"]}
    told = {m["measure"]: m["value"] for m in measured(dataset, rows)["measures"]}
    assert told["rate of filled required cells"] == 0.5
    assert told["rate of unique keys"] == 1.0
    assert told["rate of wood found in woods"] == 1.0
    assert told["rate of rings within its codes"] == 1.0


# --- what a picture shows -------------------------------------------------------------------------


def bars(dataset, name, values):
    column = dataset.tables["trees"].columns[name]
    array = pa.chunked_array([pa.array(values, ARROW_TYPES[column.type])])
    return figures(array, column).get("bars")


def test_numbers_lie_between_round_edges(dataset):
    told = bars(dataset, "height", [n / 10 for n in range(301)] + [None])
    assert told["edges"] == [2.0 * n for n in range(17)]
    assert told["counts"] == [20] * 15 + [1]


def test_an_edge_belongs_to_the_bar_that_it_begins(dataset):
    told = bars(dataset, "height", [n / 100 for n in range(31)])
    assert told["edges"][:3] == [0.0, 0.02, 0.04]
    assert told["counts"] == [2] * 15 + [1]


def test_what_lies_far_out_has_a_wide_bar_at_the_end(dataset):
    told = bars(dataset, "height", [float(n % 100) for n in range(10_000)] + [1e6, -500.0])
    assert told["edges"][0] == -500.0 and told["edges"][-1] == 1e6
    assert told["counts"][0] == told["counts"][-1] == 1
    assert told["edges"][1:4] == [0.0, 5.0, 10.0]
    assert sum(told["counts"]) == 10_002


@pytest.mark.parametrize(
    ("first", "days", "edges"),
    [
        (date(2025, 12, 25), 14, ["2025-12-25", "2025-12-26", "2026-01-08"]),
        (date(2025, 1, 10), 350, ["2025-01-01", "2025-02-01", "2026-01-01"]),
        (date(1926, 5, 1), 36_000, ["1925-01-01", "1930-01-01", "2025-01-01"]),
        (date(2020, 2, 28), 366 * 3, ["2020-01-01", "2020-04-01", "2023-04-01"]),
    ],
)
def test_dates_lie_between_days_months_or_years(dataset, first, days, edges):
    told = bars(dataset, "planted", [first + timedelta(day) for day in range(days)])
    assert [told["edges"][0], told["edges"][1], told["edges"][-1]] == edges
    assert sum(told["counts"]) == days
    assert min(told["counts"]) > 0


def test_texts_of_which_no_two_are_equal_or_which_are_many_have_no_bars(dataset):
    assert bars(dataset, "note", ["a", "b", "c"]) is None
    assert bars(dataset, "note", [f"{n % 41}" for n in range(100)]) is None
    told = bars(dataset, "note", [f"{n % 40:02}" for n in range(80)])
    assert told["values"] == [f"{n:02}" for n in range(12)]
    assert told["others"] == 56


@given(st.lists(st.floats(-1e9, 1e9), min_size=13, max_size=60, unique=True), st.integers(1, 59))
def test_every_value_is_in_one_bar_however_the_column_is_cut(values, cut):
    column = Column(type="number", title={"en": "x"})
    whole = figures(pa.chunked_array([pa.array(values)]), column)["bars"]
    parts = [pa.array(values[:cut], pa.float64()), pa.array(values[cut:], pa.float64())]
    assert figures(pa.chunked_array(parts), column)["bars"] == whole
    assert sum(whole["counts"]) == len(values)
    assert len(whole["counts"]) <= 23
    assert whole["edges"] == sorted(set(whole["edges"]))


# --- what is withheld, and what is promised -------------------------------------------------------


def test_a_table_with_planted_faults_says_how_many_rows_it_has_and_nothing_else(dataset):
    fits = [{"table": "trees", "column": "height"}]
    told = measured(dataset, ROWS, withheld={"trees"}, fits=fits)
    assert is_withheld(told) and not is_withheld(measured(dataset, ROWS))
    assert set(told["tables"]["trees"]) == {"rows", "withheld"}
    assert told["fits"] == []
    shut = [m for m in told["measures"] if "value" not in m]
    assert {m["status"] for m in shut} == {WITHHELD}
    assert [m["measure"] for m in told["measures"] if "value" in m] == ["reference date"]


def test_how_many_keys_lead_to_a_table_with_planted_faults_is_withheld_too(dataset):
    told = measured(dataset, ROWS, withheld={"woods"})
    shut = [m["measure"] for m in told["measures"] if "value" not in m]
    assert shut == ["rate of wood found in woods"]
    assert is_withheld(told)


def test_every_broken_promise_is_told_with_its_count(dataset):
    rows = ROWS | {"code": ["a", None, "a", "d"]}
    problems = broken_promises(dataset, "dataset.yml", tables(dataset, rows), Counts(KEYS))
    assert [(p.file, p.what) for p in problems] == [
        ("dataset.yml", "trees.code: 1 of 4 rows have no key"),
        ("dataset.yml", "trees.code: 1 of 4 rows repeat the key of another"),
        ("dataset.yml", "trees.height: 1 of 4 rows have no value, and one is required"),
        ("dataset.yml", "trees.wood: 1 of 4 rows lead to no row of woods"),
        ("dataset.yml", "trees.rings: 1 of 4 rows have a code that is not described"),
    ]


def test_kept_promises_are_not_mentioned_and_tables_are_counted_once(dataset, monkeypatch):
    rows = {n: v[:1] for n, v in ROWS.items()}
    here, counts = tables(dataset, rows), Counts(KEYS)
    assert list(broken_promises(dataset, "dataset.yml", here, counts)) == []
    monkeypatch.setattr(Counts, "_count", None)
    assert measure(dataset, here, counts)["measures"]
