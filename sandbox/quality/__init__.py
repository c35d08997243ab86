"""Measured quality of published tables, in the words of the W3C Data Quality Vocabulary (DQV)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from sandbox.catalog.models import Column, Dataset, Table

Figures = dict[str, Any]
Rows: TypeAlias = pa.Table | ds.Dataset


def measure(dataset: Dataset, tables: Mapping[str, Rows], keys: Mapping[str, str]) -> Figures:
    """Figures per column and measures per table of a dataset.

    `tables` are the published ones, and `keys` their key columns, of this dataset and of all that
    its foreign keys lead to. Shares are numbers from 0 to 1.
    """
    return {
        "tables": {
            name: {
                "rows": _count(tables[name]),
                "columns": {
                    c: _column(_values(tables[name], c), column)
                    for c, column in described.columns.items()
                },
            }
            for name, described in dataset.tables.items()
        },
        "measures": [
            measured
            for name, described in dataset.tables.items()
            for measured in _measures(name, described, tables[name], tables, keys)
        ]
        + [
            {
                "dimension": "currentness",
                "measure": "reference date",
                "computed_on": "dataset",
                "value": dataset.reference_date.isoformat(),
                "unit": "date",
            }
        ],
    }


def _values(rows: Rows, column: str) -> pa.ChunkedArray:
    """One column alone, since all of a large table may be more than fits into memory."""
    if isinstance(rows, pa.Table):
        return rows.column(column)
    return rows.to_table(columns=[column]).column(0)


def _count(rows: Rows) -> int:
    return int(rows.num_rows if isinstance(rows, pa.Table) else rows.count_rows())


def _column(values: pa.ChunkedArray, column: Column) -> Figures:
    filled = len(values) - values.null_count
    figures: Figures = {
        "filled": _share(filled, len(values)),
        "distinct": pc.count_distinct(values).as_py(),
    }
    if filled and column.type not in ("string", "boolean"):
        extremes = pc.min_max(values).as_py()
        figures |= {"min": _plain(extremes["min"]), "max": _plain(extremes["max"])}
    if filled:
        figures["example"] = _plain(values.drop_null()[0].as_py())
    return figures


def _measures(
    name: str,
    described: Table,
    table: Rows,
    known: Mapping[str, Rows],
    keys: Mapping[str, str],
) -> list[Figures]:
    required = [c for c, column in described.columns.items() if column.required]
    rows = _count(table)
    cells = rows * len(required)
    empty = sum(_values(table, c).null_count for c in required)
    distinct = pc.count_distinct(_values(table, described.key)).as_py()
    measures = [
        _measured("completeness", "rate of filled required cells", name, cells - empty, cells),
        _measured("consistency", "rate of unique keys", name, distinct, rows),
    ]
    for column, parent in described.foreign_keys.items():
        values = _values(table, column).drop_null()
        theirs = _values(known[parent], keys[parent])
        found = pc.sum(pc.is_in(values, value_set=theirs)).as_py() or 0
        title = f"rate of {column} found in {parent}"
        measures.append(_measured("consistency", title, f"{name}.{column}", found, len(values)))
    for column, codes in ((c, k.codes) for c, k in described.columns.items() if k.codes):
        values = pc.cast(_values(table, column).drop_null(), pa.string())
        found = pc.sum(pc.is_in(values, value_set=pa.array(list(codes)))).as_py() or 0
        title = f"rate of {column} within its codes"
        measures.append(_measured("accuracy", title, f"{name}.{column}", found, len(values)))
    return measures


def _measured(dimension: str, title: str, on: str, hits: int, of: int) -> Figures:
    return {
        "dimension": dimension,
        "measure": title,
        "computed_on": on,
        "value": _share(hits, of),
        "unit": "share",
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 1.0


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    text: str = value.isoformat()
    return text.replace("+00:00", "Z")
