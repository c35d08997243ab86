"""Text cells become typed columns, and every cell that does not is told with its line."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import pyarrow as pa

from sandbox.catalog.models import Column, Table, Type
from sandbox.errors import Problem, did_you_mean
from sandbox.quality.types import ARROW_TYPES

MOST_PROBLEMS = 50  # of one file; whoever has more has one cause for most of them

Row = tuple[int, list[str]]


def from_csv(path: Path, table: Table, file: str, problems: list[Problem]) -> pa.Table | None:
    """The rows of a UTF-8 CSV file as the columns that `table` declares, sorted by key.

    None when anything is wrong: the first MOST_PROBLEMS are added to `problems`; `file` is the path
    as its author knows it.
    """
    cells: dict[str, list[object]] = {name: [] for name in table.columns}
    found = list(islice(_problems(path, table, file, cells), MOST_PROBLEMS + 1))
    if len(found) > MOST_PROBLEMS:
        line = found.pop().line
        what = f"more problems follow: only the first {MOST_PROBLEMS} are listed"
        found.append(Problem(what, file, line, fix="mend these first"))
    problems += found
    if found:
        return None
    typed = [pa.array(cells[name], ARROW_TYPES[c.type]) for name, c in table.columns.items()]
    return pa.table(typed, names=list(table.columns)).sort_by(table.key)


def _problems(
    path: Path, table: Table, file: str, cells: dict[str, list[object]]
) -> Iterator[Problem]:
    """Fill `cells` column by column, and tell what does not fit on the way."""
    line = 1
    with path.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.reader(opened, strict=True)
        try:
            header = next(reader, [])
            if wrong := list(_header_problems(header, table, file)):
                yield from wrong
                return
            first: dict[object, int] = {}
            for row in reader:
                line = reader.line_num
                if len(row) != len(header):
                    counts = f"{len(row)} cells", str(len(header))
                    yield Problem("the row has another number of cells", file, line, *counts)
                    continue
                yield from _row(dict(zip(header, row, strict=True)), table, file, line, cells)
                key = row[header.index(table.key)]
                if key and first.setdefault(key, line) != line:
                    what, found = f"the key {table.key} stands twice", repr(key)
                    yield Problem(what, file, line, found, f"it is on line {first[key]} already")
        except csv.Error as error:
            yield Problem(f"this is not CSV: {error}", file, reader.line_num, fix="check quotes")
        except UnicodeDecodeError as error:
            what, fix = f"the file is not UTF-8 ({error.reason})", "save it as UTF-8"
            yield Problem(what, file, line, fix=fix)


def _header_problems(header: list[str], table: Table, file: str) -> Iterator[Problem]:
    wanted = list(table.columns)
    for name in dict.fromkeys(header):
        if name not in wanted:
            fix = did_you_mean(name, wanted)
            yield Problem(f"the column {name!r} is not described", file, 1, fix=fix)
        if header.count(name) > 1:
            yield Problem(f"the column {name!r} stands twice", file, 1, fix="delete one")
    for name in wanted:
        if name not in header:
            fix = "add it, or take it out of dataset.yml"
            yield Problem(f"the column {name!r} is missing", file, 1, fix=fix)


def _row(
    row: dict[str, str], table: Table, file: str, line: int, cells: dict[str, list[object]]
) -> Iterator[Problem]:
    for name, column in table.columns.items():
        text = row[name]
        if text == "":
            if column.required or name == table.key:
                yield Problem(f"{name} is empty, and is required", file, line)
            cells[name].append(None)
            continue
        try:
            cells[name].append(parse(text, column))
        except ValueError:
            what = f"{name} is not {'an' if column.type == 'integer' else 'a'} {column.type}"
            yield Problem(what, file, line, repr(text), _FORMS[column.type][0])
            continue
        if column.codes and text not in column.codes:
            what, fix = f"{name} is not one of its codes", did_you_mean(text, list(column.codes))
            yield Problem(what, file, line, repr(text), fix=fix)


def parse(text: str, column: Column) -> object:
    """The value that a cell stands for, in the one way that each type is written; ValueError."""
    _, pattern, convert = _FORMS[column.type]
    if not re.fullmatch(pattern, text, re.ASCII | re.DOTALL):
        raise ValueError(text)
    return convert(text)


def _integer(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise ValueError(text)
    return value


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


_FORMS: dict[Type, tuple[str, str, Callable[[str], object]]] = {
    "integer": ("digits alone, of 64 bits at most", r"-?\d{1,19}", _integer),
    "number": ("a decimal point, no spaces", r"-?\d+(\.\d+)?([eE][-+]?\d+)?", _number),
    "string": ("text", r"[^\0]*", str),
    "boolean": ("true, false, 1 or 0", "true|false|1|0", lambda text: text in ("true", "1")),
    "date": ("such as 2024-01-31", r"\d{4}-\d\d-\d\d", date.fromisoformat),
    "datetime": (
        "such as 2024-01-31T12:00:00Z",
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[-+]\d\d:\d\d)",
        lambda text: datetime.fromisoformat(text).astimezone(UTC),
    ),
}
