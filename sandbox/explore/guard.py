"""What one SQL query may cost and touch: limits and an authorizer on every connection.

Protected here: one cell, one pattern, one statement and one answer are bounded, SQLite's memory is
bounded for the whole process, a query that runs too long is interrupted, and nothing but reading
tables and calling harmless functions is authorized.

Not protected here: a query runs in a thread of the server, so while a single call of a slow
function runs it cannot be interrupted, slow queries of one visitor take the threads of the others,
and preparing a hostile statement may cost the process the memory limit. Only a process of its own,
killed when it oversteps, closes that.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Against functions that build or search enormous values: cost grows with the square of a length.
LONGEST_CELL = 64 * 1024
LONGEST_SQL = 20_000
LARGEST_ANSWER = 8 * 1024 * 1024
SQLITE_MEMORY = 256 * 1024 * 1024
TIME_LIMIT_MS = 2_000
# Instructions between looks at the clock. A thousand take 0.08 ms, unless each calls a slow
# function: then fewer between two looks is what keeps the limit.
STEPS_BETWEEN_LOOKS = 250

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_CELL,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: LONGEST_SQL,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 250_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 32,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 2_000,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}

# printf('%.900000000c') is busy for many seconds whatever the length limit says.
_REFUSED_FUNCTIONS = {
    *("zeroblob", "randomblob", "printf", "format", "load_extension", "fts3_tokenizer"),
    *("readfile", "writefile", "edit", "sqlite_compileoption_get", "sqlite_compileoption_used"),
    *("sqlite_log", "sqlite_source_id"),
}
# What Datasette and full-text search ask of the schema; database_list would show the path.
_HARMLESS_PRAGMAS = {
    *("table_info", "table_xinfo", "table_list", "foreign_key_list", "index_list", "index_info"),
    *("index_xinfo", "schema_version", "data_version"),
}
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}


def protect(connection: sqlite3.Connection) -> None:
    """Put the limits on a connection that visitors' SQL will run on; they cannot be taken off."""
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    connection.execute(f"PRAGMA hard_heap_limit={SQLITE_MEMORY}")
    connection.execute("PRAGMA trusted_schema=0")
    connection.execute("PRAGMA cell_size_check=1")
    connection.execute("PRAGMA query_only=1")
    # SQLite's own compares at every position; Python's search is linear.
    connection.create_function("instr", 2, _instr, deterministic=True)
    connection.set_authorizer(_authorize)


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action in _READING:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        # Opening a full-text table asks for this; query_only keeps the schema as it is.
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        refused = (second or "").lower() in _REFUSED_FUNCTIONS
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _HARMLESS_PRAGMAS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _instr(text: Any, sought: Any) -> int | None:
    """SQLite's instr: the position of `sought`, counted from 1; 0 if it is not there."""
    if text is None or sought is None:
        return None
    if isinstance(text, bytes) and isinstance(sought, bytes):
        return text.find(sought) + 1
    return _as_text(text).find(_as_text(sought)) + 1


def _as_text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


@contextmanager
def time_limit(connection: sqlite3.Connection, milliseconds: int) -> Iterator[None]:
    """Interrupt what runs on `connection` after so long."""
    deadline = time.monotonic() + milliseconds / 1000
    steps = STEPS_BETWEEN_LOOKS if milliseconds > 20 else 1
    connection.set_progress_handler(lambda: time.monotonic() > deadline, steps)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


class AnswerTooLarge(sqlite3.OperationalError):
    """Too many bytes for one answer; a kind of SQL error, so that it is shown like one."""


def fetch(cursor: sqlite3.Cursor, most: int | None) -> tuple[list[Any], bool]:
    """At most `most` rows, and whether there were more. Raises AnswerTooLarge."""
    rows: list[Any] = []
    size = 0
    for row in cursor:
        if most is not None and len(rows) >= most:
            return rows, True
        rows.append(row)
        size += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
        if size > LARGEST_ANSWER:
            raise AnswerTooLarge("the answer is too large")
    return rows, False
