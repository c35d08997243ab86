"""CSV files beside a recipe: tables of shares that draws follow, and tables taken as they are."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TextIO

import numpy as np

from sandbox.recipes.keyed import Words, guide, uniform, words_within
from sandbox.recipes.operators import Unfit
from sandbox.recipes.vectors import EPOCH, Array, Kind, Vector, coded

WHOLE = re.compile(r"-?(0|[1-9]\d*)")
DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
BAND = re.compile(r"(-?(?:0|[1-9]\d*))(?:[-–](0|[1-9]\d*))?")  # 20, or 20-29
TOTALS = (1.0, 100.0)  # shares, or per cent


@dataclass(frozen=True)
class Figures:
    """Shares of values, one distribution per condition (column of the file after the first).

    Values are whole numbers (`low` = `high`), bands of them such as 20-29, or words (`low` None).
    """

    file: str
    words: tuple[str, ...]
    low: Array | None
    high: Array | None
    conditions: tuple[str, ...]
    shares: Array
    _guides: dict[int, Array] = field(default_factory=dict, repr=False, compare=False)

    def guides(self, bits: int) -> Array:
        """The guide tables of all conditions, one after the other, 2^bits slots each."""
        if bits not in self._guides:
            self._guides[bits] = np.concatenate([guide(share, bits) for share in self.shares.T])
        return self._guides[bits]

    @cached_property
    def by_number(self) -> tuple[int, Array]:
        """The lowest number, and conditions × shares of each from there on; bands spread evenly."""
        assert self.low is not None and self.high is not None
        lowest, widths = int(self.low.min()), self.high - self.low + 1
        chances = np.zeros((len(self.conditions), int(self.high.max()) - lowest + 1))
        for low, width, share in zip(self.low - lowest, widths, self.shares, strict=True):
            chances[:, low : low + width] += share[:, None] / width
        return lowest, chances

    def values(self, chosen: Array, words: Words) -> Vector:
        """The values at positions `chosen`; further bits of `words` place a number in its band."""
        if self.low is None or self.high is None:
            return coded(chosen, self.words)
        low, high = self.low, self.high
        if (low == high).all():
            return Vector("integer", low.take(chosen))
        within = uniform(words_within(words))
        wide = (high - low + 1).take(chosen)
        return Vector("integer", low.take(chosen) + np.floor(within * wide).astype(np.int64))


def read_figures(folder: Path, file: str) -> Figures:
    """The table of shares in `file`; Unfit names what is wrong, and where."""
    header, rows = rows_of(folder, file)
    if len(header) < 2 or not rows:
        fix = "the values in the first column, their shares in the others"
        raise Unfit(f"{file} is no table of shares", fix=fix)
    shares = np.empty((len(rows), len(header) - 1))
    for i, row in enumerate(rows):
        for j, text in enumerate(row[1:]):
            shares[i, j] = _share(text, (file, row.line), header[j + 1])
    for condition, total in zip(header[1:], shares.sum(axis=0), strict=True):
        if not np.isclose(total, TOTALS, rtol=0, atol=1e-6).any():
            what = f"the shares of {condition!r} do not add up"
            fix = f"correct the column, lines {rows[0].line} to {rows[-1].line}"
            raise Unfit(what, f"{total:.12g}", "1, or 100 as per cent", fix, at=(file, 1))
    words = tuple(row[0] for row in rows)
    low, high = _bands(words)
    return Figures(file, words, low, high, tuple(header[1:]), shares)


def _share(text: str, at: tuple[str, int], column: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < float("inf"):
        raise Unfit(f"{column!r} is no share", text, "a number of 0 or more", at=at)
    return share


def _bands(words: tuple[str, ...]) -> tuple[Array | None, Array | None]:
    ends = [band.groups() for word in words if (band := BAND.fullmatch(word))]
    if len(ends) < len(words):
        return None, None
    low, high = (np.array([int(e[i] or e[0]) for e in ends], np.int64) for i in (0, 1))
    return low, high


class Row(list[str]):
    """The cells of one row of a CSV file, and the line on which it ends."""

    line = 0


def rows_of(folder: Path, file: str) -> tuple[Row, list[Row]]:
    """The header and the rows of a CSV file beside the recipe; Unfit says what is wrong."""
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        raise Unfit(f"{file} lies outside the dataset's folder", fix="keep it beside recipe.yml")
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            header, *rows = _read(handle) or [Row()]
    except OSError as error:
        near = ", ".join(sorted(p.name for p in folder.glob("*.csv"))) or "none"
        what = f"{file} cannot be read: {error.strerror}"
        raise Unfit(what, fix=f"CSV files beside the recipe: {near}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unfit(f"this is not CSV in UTF-8: {error}", at=(file, 1)) from None
    if not header:
        raise Unfit("there are no columns", at=(file, 1), fix="begin with a line of headings")
    if doubled := [name for name in header if header.count(name) > 1]:
        raise Unfit(f"the heading {doubled[0]!r} stands twice", at=(file, 1), fix="rename one")
    for row in rows:
        if len(row) != len(header):
            what = "a row has another number of columns than the headings"
            raise Unfit(what, str(len(row)), str(len(header)), at=(file, row.line))
    return header, rows


def _read(handle: TextIO) -> list[Row]:
    rows, reader = [], csv.reader(handle, strict=True)
    for cells in reader:
        if cells:
            rows.append(Row(cells))
            rows[-1].line = reader.line_num
    return rows


def read_columns(folder: Path, file: str, kinds: Mapping[str, Kind]) -> dict[str, Vector]:
    """The columns of a table taken over from a file, empty cells as missing.

    A column that `kinds` does not name is made of numbers, or of true and false, if all its cells
    are that, else of text; codes (names ending in _code) are always text.
    """
    header, rows = rows_of(folder, file)
    cells = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    return {
        name: _column(texts, kinds.get(name) or _guess(name, texts), name, file, rows)
        for name, texts in cells.items()
    }


def _guess(name: str, texts: list[str]) -> Kind:
    known = [text for text in texts if text]
    if name.endswith("_code") or not known:
        return "string"
    if all(WHOLE.fullmatch(text) for text in known):
        return "integer"
    if all(DECIMAL.fullmatch(text) for text in known):
        return "number"
    return "boolean" if set(known) <= {"true", "false"} else "string"


def _column(texts: list[str], kind: Kind, name: str, file: str, rows: list[Row]) -> Vector:
    missing = np.array([text == "" for text in texts], bool)
    gone = missing if missing.any() else None
    if kind == "string":
        return Vector("string", *_encoded(texts, gone))
    values: Array = np.zeros(len(texts), _FORMS[kind][0])
    for row, text in enumerate(texts):
        try:
            values[row] = _FORMS[kind][1](text) if text else 0
        except (ValueError, KeyError, OverflowError):
            at = (file, rows[row].line)
            raise Unfit(f"{name} is not of its type", text, kind, at=at) from None
    return Vector(kind, values, gone)


def _encoded(texts: list[str], gone: Array | None) -> tuple[Array, Array | None, object]:
    places = {word: code for code, word in enumerate(dict.fromkeys(texts))}
    codes = np.array([places[text] for text in texts], np.int64)
    return codes, gone, coded(codes, list(places)).words


def _moment(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


_FORMS: dict[str, tuple[type, Callable[[str], float]]] = {
    "integer": (np.int64, int),
    "number": (np.float64, float),
    "boolean": (np.bool_, lambda text: {"true": True, "false": False}[text]),
    "date": (np.int64, lambda text: (date.fromisoformat(text) - EPOCH).days),
    "datetime": (np.int64, _moment),
}
