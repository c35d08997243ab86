"""One cell of a file of answers: its text becomes a typed value, or a mistake with its way out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime

from sandbox.catalog.models import AnswerColumn
from sandbox.errors import nearest

FORMULA = re.compile(r"[=@+]|-(?![\d.])")


class WrongValue(Exception):
    """`kind` groups equal mistakes; the rest is what a Problem says."""

    def __init__(self, kind: str, what: str, expected: str, fix: str | None = None):
        super().__init__(what)
        self.kind, self.what, self.expected, self.fix = kind, what, expected, fix


def parse(text: str, column: AnswerColumn) -> object:
    """The value of a cell: str, int, float, bool, date, datetime, or None where blank is allowed.

    Raises WrongValue.
    """
    value = text.strip()
    if not value:
        if column.required:
            raise WrongValue("blank", "the value is missing", _expected(column))
        return None
    if column.codes is not None:
        return _code(value, column)
    try:
        return _PARSERS[column.type](value)
    except ValueError:
        if FORMULA.match(value):
            raise _formula(column) from None
        what = f"this is not {_ARTICLES[column.type]}"
        raise WrongValue("type", what, _expected(column), _hint(value, column)) from None


def _code(value: str, column: AnswerColumn) -> str:
    codes = list(column.codes or {})
    if value in codes:
        return value
    if FORMULA.match(value):
        raise _formula(column)
    plain = value.casefold().replace(" ", "_").replace("-", "_")
    close = plain if plain in codes else nearest(plain, codes)
    fix = f"did you mean {close}?" if close else None
    raise WrongValue("code", "this is not one of the allowed answers", ", ".join(codes), fix)


def _formula(column: AnswerColumn) -> WrongValue:
    what = "a formula stands where a value belongs"
    return WrongValue("formula", what, _expected(column), 'paste with "values only" and save again')


def _expected(column: AnswerColumn) -> str:
    return ", ".join(column.codes) if column.codes else _EXAMPLES[column.type]


def _hint(value: str, column: AnswerColumn) -> str | None:
    if column.type in ("number", "integer") and re.fullmatch(r"-?[\d\s]+,\d+", value):
        return "write a decimal point, not a comma"
    if re.fullmatch(r"\d{1,2}[./]\d{1,2}[./]\d{4}", value):
        return "write the year first: 2026-01-31"
    return None


def _text(value: str) -> str:
    if FORMULA.match(value):
        raise ValueError
    return value


def _integer(value: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise ValueError
    return int(value)


def _number(value: str) -> float:
    if not re.fullmatch(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?", value):
        raise ValueError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(value: str) -> bool:
    if value.lower() not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[value.lower()]


def _datetime(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_PARSERS: dict[str, Callable[[str], object]] = {
    "string": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "datetime": _datetime,
}
_ARTICLES = {
    "string": "plain text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "datetime": "a moment in time",
}
_EXAMPLES = {
    "string": "plain text",
    "integer": "a whole number such as 42",
    "number": "a number such as 17.5, with a decimal point",
    "boolean": "true or false",
    "date": "a date such as 2026-01-31",
    "datetime": "a moment in UTC such as 2026-01-31T12:00:00Z",
}
