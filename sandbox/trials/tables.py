"""Read the CSV files of a trial as people have them, and say everything that is wrong at once."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sandbox.errors import Problem, TableError, did_you_mean

SHOWN_OF_A_KIND = 5
SAVE_AS = 'in your spreadsheet, choose "Save as" and then "CSV UTF-8"'
YES_NO = {"1": 1.0, "0": 0.0, "true": 1.0, "false": 0.0}

Numbers = NDArray[np.float64]


@dataclass
class Table:
    """The columns of a CSV file as text without blanks around it, and the line of each row.

    Problems are gathered by the methods that read a column, and raised by `done`.
    """

    file: str
    columns: dict[str, list[str]]
    lines: list[int]
    sha256: str
    decimal_comma: bool = False
    problems: list[Problem] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    def has(self, name: str, why: str) -> bool:
        """Whether the column is there; if not, that is a problem."""
        if name in self.columns:
            return True
        what = f"the column {name!r} is missing: {why}"
        if not any(p.what == what for p in self.problems):
            fix = did_you_mean(name, list(self.columns))
            self.problems.append(Problem(what, self.file, 1, fix=fix))
        return False

    def words(self, name: str, why: str) -> list[str]:
        """A column as text; empty cells are problems."""
        if not self.has(name, why):
            return [""] * len(self)
        for index, value in enumerate(self.columns[name]):
            if not value:
                self.told(f"{name} is empty", index, fix=f"fill it in: {why}")
        return self.columns[name]

    def keys(self, name: str, why: str) -> list[str]:
        """A column as text in which no value stands twice."""
        first: dict[str, int] = {}
        for index, value in enumerate(self.words(name, why)):
            if value and first.setdefault(value, index) != index:
                what = f"{name} {value!r} stands twice"
                found = f"first on line {self.lines[first[value]]}"
                self.told(what, index, found, kind=f"{name} twice", fix="keep one row for each")
        return self.columns.get(name, [""] * len(self))

    def numbers(self, name: str, why: str) -> Numbers:
        """A column as numbers; NaN where a cell is empty."""
        return self._read(name, why, self._number, "a number such as 12.5")

    def yes_no(self, name: str, why: str) -> Numbers:
        """A column of 1 and 0, or true and false; NaN where a cell is empty."""
        return self._read(name, why, lambda text: YES_NO.get(text.lower()), "1 or 0, or empty")

    def _read(
        self, name: str, why: str, parse: Callable[[str], float | None], expected: str
    ) -> Numbers:
        values = np.full(len(self), np.nan)
        if not self.has(name, why):
            return values
        for index, text in enumerate(self.columns[name]):
            if not text:
                continue
            if (value := parse(text)) is None:
                self.told(f"{name} is not right", index, text[:60], expected)
            else:
                values[index] = value
        return values

    def _number(self, text: str) -> float | None:
        try:
            value = float(text.replace(",", ".") if self.decimal_comma else text)
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def told(
        self, what: str, index: int, found: str | None = None, expected: str | None = None,
        fix: str | None = None, kind: str | None = None,
    ) -> None:  # fmt: skip
        """A problem with a row; the first few of a kind are shown, the rest are counted."""
        kind = kind or what
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if self._counts[kind] <= SHOWN_OF_A_KIND:
            self.problems.append(Problem(what, self.file, self.lines[index], found, expected, fix))

    def done(self, *others: Problem) -> None:
        """Raise TableError if anything was wrong."""
        problems = [*self.problems, *others]
        for kind, count in self._counts.items():
            if count > SHOWN_OF_A_KIND:
                what = f"{kind}: {count - SHOWN_OF_A_KIND:,} more rows like those"
                problems.append(Problem(what, self.file))
        if problems:
            raise TableError(problems)


def read_table(path: Path) -> Table:
    """A CSV file in UTF-8 with one line of names; separated by commas, semicolons or tabs.

    Semicolons and tabs are what spreadsheets write where the comma is the decimal sign, so it may
    be one there. Raises TableError.
    """
    file = str(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise TableError([Problem("the file is missing", file, fix="check its name")]) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TableError([Problem("the file is not UTF-8", file, line, fix=SAVE_AS)]) from None
    if "\0" in text:
        raise TableError([Problem("this is not a CSV file", file, fix=SAVE_AS)])
    return _parsed(text, file, hashlib.sha256(raw).hexdigest())


def _parsed(text: str, file: str, sha256: str) -> Table:
    head = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    problems: list[Problem] = []
    try:
        for row in reader:
            if any(map(str.strip, row)):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        what = f"this line is not CSV: {error}"
        problems.append(Problem(what, file, reader.line_num, fix='close every quotation mark (")'))
    if not rows:
        raise TableError(problems or [Problem("the file is empty", file, fix=SAVE_AS)])
    header, body = rows[0], rows[1:]
    for index, name in enumerate(header):
        if name in header[:index]:
            what = f"the column {name!r} stands twice"
            problems.append(Problem(what, file, lines[0], fix="keep one of them"))
    table = Table(file, {}, lines[1:], sha256, separator != ",", problems)
    for index, row in enumerate(body):
        if len(row) != len(header):
            what = "this line has another number of values than the first line"
            fix = "put values that hold the separator in quotation marks"
            table.told(what, index, f"{len(row)}", f"{len(header)}", fix)
    if not body:
        problems.append(Problem("there are no rows", file, fix="add one row for each unit"))
    table.done()
    table.columns = {name: [row[i] for row in body] for i, name in enumerate(header)}
    return table


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a CSV file (UTF-8, comma, LF) and return its SHA-256."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    raw = out.getvalue().encode()
    path.write_bytes(raw)
    return hashlib.sha256(raw).hexdigest()


def strata(columns: Sequence[Sequence[str]], rows: int) -> list[str]:
    """One label for each row: the values of all strata columns, which together name its stratum."""
    return [" | ".join(values) for values in zip(*columns, strict=True)] if columns else [""] * rows
