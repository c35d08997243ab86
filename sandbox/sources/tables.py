"""Text cells become typed columns, and every cell that does not is told with its line."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from sandbox.catalog.models import Table, Type
from sandbox.errors import Problem, did_you_mean
from sandbox.quality.types import ARROW_TYPES

MOST_PROBLEMS = 50


def from_csv(path: Path, table: Table, shown: str, problems: list[Problem]) -> pa.Table:
    """The rows of a UTF-8 CSV file as the columns that `table` declares, sorted by key."""
    file = f"{shown}/{path.parent.name}/{path.name}"
    with path.open(encoding="utf-8-sig", newline="") as opened:
        rows = csv.reader(opened)
        header = next(rows, [])
        if wrong := _header_problems(header, table, file):
            problems += wrong
            return pa.table({})
        places = [header.index(name) for name in table.columns]
        cells: list[list[object]] = [[] for _ in places]
        for row in rows:
            _take(row, places, cells, table, file, rows.line_num, problems)
            if len(problems) > MOST_PROBLEMS:
                break
    if problems:
        return pa.table({})
    typed = [
        pa.array(values, ARROW_TYPES[column.type])
        for values, column in zip(cells, table.columns.values(), strict=True)
    ]
    return pa.table(typed, names=list(table.columns)).sort_by(table.key)


def _header_problems(header: list[str], table: Table, file: str) -> list[Problem]:
    wanted = list(table.columns)
    extra = [c for c in header if c not in wanted]
    return [
        Problem(f"the column {c!r} is not described", file, 1, fix=did_you_mean(c, wanted))
        for c in extra
    ] + [Problem(f"the column {c!r} is missing", file, 1) for c in wanted if c not in header]


def _take(
    row: list[str],
    places: list[int],
    cells: list[list[object]],
    table: Table,
    file: str,
    line: int,
    problems: list[Problem],
) -> None:
    if len(row) <= max(places):
        found = f"{len(row)} cells"
        problems.append(Problem("the row is too short", file, line, found=found))
        return
    for place, values, (name, column) in zip(places, cells, table.columns.items(), strict=True):
        text = row[place]
        try:
            value = None if text == "" else _PARSERS[column.type](text)
        except ValueError:
            what = f"{name} is not a {column.type}"
            problems.append(Problem(what, file, line, found=repr(text)))
            continue
        if value is None and column.required:
            problems.append(Problem(f"{name} is empty, and is required", file, line))
        if value is not None and column.codes and text not in column.codes:
            what, expected = f"{name} has a value that is not in its codes", ", ".join(column.codes)
            problems.append(Problem(what, file, line, repr(text), expected))
        values.append(value)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _boolean(text: str) -> bool:
    if text not in ("true", "false", "0", "1"):
        raise ValueError(text)
    return text in ("true", "1")


_PARSERS: dict[Type, Callable[[str], object]] = {
    "integer": int,
    "number": _number,
    "string": str,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "datetime": lambda text: datetime.fromisoformat(text).astimezone(UTC),
}
