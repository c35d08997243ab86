"""Stored questions: their defaults, their parameters as typed values, and what can be chosen."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sandbox.bundle import Bundle
from sandbox.catalog import Question
from sandbox.catalog.models import Parameter

# Says which stored question a changed one came from, so that its blanks keep type and title.
ASKED = "_question"
MOST_OPTIONS = 1_000


class ParameterMistake(sqlite3.OperationalError):
    """A value that is not of its parameter's type; a kind of SQL error, shown like one."""


def _boolean(text: str) -> int:
    return {"true": 1, "1": 1, "false": 0, "0": 0}[text.lower()]


def _same(check: Callable[[str], object]) -> Callable[[str], str]:
    def checked(text: str) -> str:
        check(text)
        return text

    return checked


_READ: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": lambda text: float(text.replace(",", ".")),
    "string": str,
    "boolean": _boolean,
    "date": _same(date.fromisoformat),
    "datetime": _same(datetime.fromisoformat),
}


def with_defaults(question: Question, query: str) -> str:
    """The query string with the default of every parameter that is missing or left empty."""
    given = dict(parse_qsl(query))
    missing = {n: _text(p) for n, p in question.parameters.items() if n not in given}
    if not missing:
        return query
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in missing]
    return urlencode([*kept, *missing.items()])


def _text(parameter: Parameter) -> str:
    return str(parameter.default)


def bind(question: Question, params: Mapping[str, Any]) -> dict[str, Any]:
    """`params` (text, as they stand in the address) with the question's parameters typed.

    SQLite compares text with a count as unequal, so "5" must become 5. Raises ParameterMistake.
    """
    return {**params, **{
        name: _typed(name, parameter, str(params[name]))
        for name, parameter in question.parameters.items() if name in params
    }}  # fmt: skip


def _typed(name: str, parameter: Parameter, text: str) -> Any:
    try:
        return _READ[parameter.type](text)
    except (ValueError, KeyError):
        raise ParameterMistake(f"parameter {name} is not of type {parameter.type}") from None


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


def choices(bundle: Bundle, questions: Mapping[str, Question]) -> dict[str, tuple[Choice, ...]]:
    """The SQL of every parameter's options → its choices; asked once, since nothing changes."""
    wanted = {p.options for q in questions.values() for p in q.parameters.values() if p.options}
    connection = bundle.connect()
    try:
        return {sql: _choices(connection, sql) for sql in sorted(wanted)}
    finally:
        connection.close()


def _choices(connection: sqlite3.Connection, sql: str) -> tuple[Choice, ...]:
    rows = connection.execute(sql).fetchmany(MOST_OPTIONS)
    return tuple(Choice(str(row[0]), str(row[-1])) for row in rows)
