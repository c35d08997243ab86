"""Published figures are right on tables small enough to count by hand."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from sandbox.catalog.models import Dataset
from sandbox.descriptors import load_yaml, make
from sandbox.quality import measure
from sandbox.quality.types import ARROW_TYPES

DESCRIBED = """
title: Trees
summary: Trees and woods.
version: 1.0.0
origin: open
licence: CC0-1.0
publisher: x
contact: a@example.org
reference_date: 2026-01-02
tables:
  trees:
    title: Trees
    row: One row is one tree.
    key: code
    columns:
      code: {type: string, title: Code, required: true}
      wood: {type: string, title: Wood, references: woods}
      height: {type: number, title: Height, required: true}
      rings: {type: integer, title: Rings, codes: {"1": one, "2": two}}
      alive: {type: boolean, title: Alive}
      planted: {type: date, title: Planted}
      seen: {type: datetime, title: Seen}
      note: {type: string, title: Note}
"""


@pytest.fixture
def dataset():
    problems = []
    made = make(load_yaml(DESCRIBED.replace(", references: woods", ""), "d"), Dataset, problems)
    linked = make(load_yaml(DESCRIBED, "d"), Dataset, problems)
    assert problems == [] and made
    return linked


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


def measured(dataset, rows):
    columns = dataset.tables["trees"].columns
    trees = pa.table({n: pa.array(rows[n], ARROW_TYPES[c.type]) for n, c in columns.items()})
    woods = pa.table({"wood_code": pa.array(["w1", "w2"], pa.string())})
    return measure(
        dataset, {"trees": trees, "woods": woods}, {"trees": "code", "woods": "wood_code"}
    )


def test_each_column_has_its_figures(dataset):
    table = measured(dataset, ROWS)["tables"]["trees"]
    assert table["rows"] == 4
    assert table["columns"] == {
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
