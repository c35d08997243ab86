"""Read a file of answers, bounded and strict, and say everything that is wrong in plain words."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from sandbox.catalog.models import AnswerColumn, Answers
from sandbox.errors import AnswersRejected, Problem, nearest
from sandbox.grading.values import WrongValue, parse

LONGEST_LINE = 64 * 1024
SHOWN_OF_A_KIND = 5
SHOWN = 20

NOT_TEXT = {
    b"PK\x03\x04": "a spreadsheet (xlsx, ods) or a zip file",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (xls)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file (gzip)",
    b"SQLite format 3": "a SQLite database",
    b"PAR1": "a Parquet file",
}
SAVE_AS_CSV = 'in your spreadsheet, choose "Save as" and then "CSV UTF-8 (comma delimited)"'
SAVE_AS_UTF8 = f'save it as UTF-8: {SAVE_AS_CSV}, or in Python open(…, "w", encoding="utf-8")'

Rows = dict[str, dict[str, object]]


class _Findings:
    """Problems by kind: the first few of each are shown, the rest are counted."""

    def __init__(self, file: str):
        self.file = file
        self.shown: list[Problem] = []
        self.counts: dict[str, int] = {}

    def add(
        self, kind: str, what: str, line: int | None = None, found: str | None = None,
        expected: str | None = None, fix: str | None = None,
    ) -> None:  # fmt: skip
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= SHOWN_OF_A_KIND and len(self.shown) < SHOWN:
            self.shown.append(Problem(what, self.file, line, found, expected, fix))

    def rejected(self) -> AnswersRejected | None:
        if not self.counts:
            return None
        total = sum(self.counts.values())
        if total == len(self.shown):
            return AnswersRejected(self.shown)
        title = f"The answers cannot be scored: {total:,} mistakes. The first of each kind"
        return AnswersRejected(self.shown, title)


def read_answers(path: Path, form: Answers, keys: Sequence[str], shown_as: str) -> Rows:
    """The answers by key, every key of `keys` exactly once, values typed as `form` says.

    Where `form` lets keys be left out, those have blanks. Reading stops soon after as many rows as
    were asked for, however long the file is. Raises AnswersRejected with line numbers of the file,
    which is called `shown_as`.
    """
    findings = _Findings(shown_as)
    rows: Rows = {}
    try:
        with path.open("rb") as file:
            if _is_text(file, findings):
                rows = _read(file, form, keys, findings)
    except IsADirectoryError:
        findings.add("file", "this is a folder", fix="name the CSV file in it")
    except OSError as error:
        findings.add("file", f"the file cannot be read: {error.strerror}", fix="check its name")
    if rejected := findings.rejected():
        raise rejected
    blank: dict[str, object] = dict.fromkeys(form.columns)
    return {key: rows.get(key, blank) for key in keys} if form.may_leave_out else rows


# --- bytes to lines -------------------------------------------------------------------------------


def _is_text(file: BinaryIO, findings: _Findings) -> bool:
    head = file.read(4096)
    file.seek(0)
    for magic, name in NOT_TEXT.items():
        if head.startswith(magic):
            findings.add("file", f"this is {name}, not a CSV file", fix=SAVE_AS_CSV)
            return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        findings.add("file", "the file is UTF-16, not UTF-8", fix=SAVE_AS_UTF8)
    elif b"\0" in head:
        findings.add("file", "this is a binary file, not a CSV file", fix=SAVE_AS_CSV)
    elif not head.strip(b"\xef\xbb\xbf \t\r\n"):
        findings.add("file", "the file is empty", fix="begin with the answers template")
    return not findings.counts


class _NotUtf8(Exception):
    pass


class _TooLong(Exception):
    pass


def _lines(file: BinaryIO) -> Iterator[str]:
    """Decoded lines of bounded length."""
    first = True
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise _TooLong
        try:
            text = line.decode("utf-8-sig" if first else "utf-8")
        except UnicodeDecodeError as error:
            guess = line[max(0, error.start - 20) : error.end + 20].decode("cp1252", "replace")
            raise _NotUtf8(guess.strip()) from None
        first = False
        yield text


# --- lines to rows --------------------------------------------------------------------------------


def _read(file: BinaryIO, form: Answers, keys: Sequence[str], findings: _Findings) -> Rows:
    reader = csv.reader(_lines(file), strict=True)
    rows: Rows = {}
    try:
        header = next((row for row in reader if row), [])
        places = _places(header, form, keys, findings)
        if places is None:
            return rows
        rows = _body(reader, header, places, form, keys, findings)
    except csv.Error as error:
        what = f"this line is not CSV: {error}"
        findings.add("csv", what, reader.line_num, fix='close every quotation mark (")')
    except _NotUtf8 as guess:
        line = reader.line_num + 1
        what = "the file is not UTF-8; it seems to be Windows-1252 (ANSI)"
        findings.add("file", what, line, found=str(guess), fix=SAVE_AS_UTF8)
    except _TooLong:
        what = f"this line is longer than {LONGEST_LINE:,} bytes"
        findings.add("file", what, reader.line_num + 1, fix="is this the right file?")
    return rows


def _places(
    header: list[str], form: Answers, keys: Sequence[str], findings: _Findings
) -> dict[str, int] | None:
    """Column → its place in a row, or None if rows cannot be read under this header."""
    wanted = [form.key, *form.columns]
    needed = [form.key, *(n for n, c in form.columns.items() if c.required)]
    expected = ",".join(wanted)
    if len(header) == 1:
        for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")):
            if mark in header[0]:
                what = f"the columns are separated by {name}, not by commas"
                fix = f"{SAVE_AS_CSV}, or replace each {mark.replace(chr(9), 'tab')} by a comma"
                findings.add("header", what, 1, header[0][:80], expected, fix)
                return None
    if header and header[0] in set(keys):
        what = "the first line holds an answer; it must name the columns"
        findings.add("header", what, 1, ",".join(header)[:80], expected, "add the line above it")
        return None
    for name in needed:
        if name not in header:
            findings.add("header", f"the column {name} is missing", 1, fix=_renaming(name, header))
    for index, name in enumerate(header):
        if name in header[:index]:
            findings.add("header", f"the column {name!r} stands twice", 1, fix="keep one of them")
        elif name not in wanted and not _meant(name, wanted):
            what = f"the column {name!r} does not belong here"
            findings.add("header", what, 1, expected=expected, fix="delete it")
    return None if findings.counts else {n: header.index(n) for n in wanted if n in header}


def _meant(name: str, wanted: Sequence[str]) -> str | None:
    """The column that a misspelt name stands for."""
    plain = name.strip().casefold().replace(" ", "_").replace("-", "_")
    return plain if plain in wanted else nearest(plain, wanted)


def _renaming(name: str, header: Sequence[str]) -> str:
    for given in header:
        if _meant(given, [name]) == name:
            return f"write {name} in place of {given!r} (small letters, no spaces)"
    return f"add it; the columns are {', '.join(map(repr, header)) or 'none'} now"


def _body(
    reader: Iterator[list[str]], header: list[str], places: Mapping[str, int],
    form: Answers, keys: Sequence[str], findings: _Findings,
) -> Rows:  # fmt: skip
    asked = set(keys)
    rows: Rows = {}
    lines: dict[str, int] = {}
    read = 0
    for cells in reader:
        if not cells:
            continue
        line: int = reader.line_num  # type: ignore[attr-defined]
        read += 1
        if read > 2 * len(keys) + 100:
            what = f"there are far more rows than were asked for; reading stopped at line {line:,}"
            findings.add("length", what, expected=f"{len(keys):,} rows", fix="one row per key")
            return rows
        if len(cells) != len(header):
            found, expected = f"{len(cells)} values", f"{len(header)}"
            fix = "put values that hold a comma in quotation marks"
            if len(cells) == 1 and ";" in cells[0]:
                fix = "separate values by commas, as in the first line, not by semicolons"
            findings.add("cells", "this line has another number of values than the first line",
                         line, found, expected, fix)  # fmt: skip
            continue
        key = cells[places[form.key]].strip()
        if key in lines:
            what = f"{form.key} {key!r} was answered before, on line {lines[key]}"
            findings.add("double", what, line, fix="keep one of the two lines")
            continue
        if key not in asked:
            _unknown(form, key, asked, line, findings)
            continue
        lines[key] = line
        rows[key] = {
            name: _value(_cell(cells, places.get(name)), name, column, line, findings)
            for name, column in form.columns.items()
        }
    if not form.may_leave_out:
        _left_out(form, keys, lines, findings)
    return rows


def _cell(cells: list[str], place: int | None) -> str:
    return "" if place is None else cells[place]


def _unknown(form: Answers, key: str, asked: set[str], line: int, findings: _Findings) -> None:
    example = min(asked, default="")
    found = key[:60] or "nothing"
    if key[:1] in tuple("=+@") and key not in asked:
        what, fix = f"a formula stands where {form.key} belongs", "paste values, not formulas"
        findings.add("formula", what, line, found, f"a value such as {example}", fix)
        return
    longer = len(example) - len(key)
    zeros = f"spreadsheets drop leading zeros: write {key.zfill(len(example))!r}"
    fix = zeros if longer > 0 and key.zfill(len(example)) in asked else "see the answers template"
    what = f"no answer was asked for {form.key} {key[:60]!r}"
    findings.add("unknown", what, line, expected=f"a key such as {example}", fix=fix)


def _value(text: str, name: str, column: AnswerColumn, line: int, findings: _Findings) -> object:
    try:
        return parse(text, column)
    except WrongValue as wrong:
        found = text.strip()[:60] or "nothing"
        what = f"{name}: {wrong.what}"
        findings.add(f"{name} {wrong.kind}", what, line, found, wrong.expected, wrong.fix)
        return None


def _left_out(
    form: Answers, keys: Sequence[str], lines: Mapping[str, int], findings: _Findings
) -> None:
    missing = [key for key in keys if key not in lines]
    unreadable = findings.counts.get("cells", 0)  # lines that are told already
    if len(missing) > unreadable and not findings.counts.get("length"):
        first = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
        what = f"{len(missing):,} of {len(keys):,} rows are not answered"
        findings.add("left out", what, None, f"no line for {form.key} {first}",
                     fix="answer every row of the answers template")  # fmt: skip
