"""Stored SQL is prepared against every described table, empty: wrong names show themselves."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator, Mapping

from sandbox.catalog.content import Content, Described
from sandbox.catalog.models import Table
from sandbox.descriptors import Path_
from sandbox.errors import Problem, did_you_mean

SQL_TYPES = {
    "integer": "INTEGER",
    "number": "REAL",
    "boolean": "INTEGER",
    "string": "TEXT",
    "date": "TEXT",
    "datetime": "TEXT",
}
_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
STEPS = 1_000_000  # of SQLite's machine: some hundredths of a second
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/""", re.DOTALL)
_BLANK = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")


def sql_problems(content: Content, unseen: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with the SQL of every question, choice of options, and expectation.

    And with a picture that draws what its question does not answer.
    unseen: columns that readers do not have, and where that is said.
    """
    db = empty_database(content.tables)
    db.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY
    )
    for d in content.datasets.values():
        for at, sql, parameters in _statements(d):
            yield from _tried(d, at, db, content.tables, sql, parameters, unseen)
    db.set_progress_handler(lambda: 1, STEPS)  # some questions never end, whatever the rows
    for d in content.challenges.values():
        yield from _picture(d, db, content)
    db.close()


def empty_database(tables: Mapping[str, Table]) -> sqlite3.Connection:
    """An in-memory database with every table and search index, and no rows."""
    db = sqlite3.connect(":memory:")
    for name, table in tables.items():
        columns = ", ".join(f'"{c}" {SQL_TYPES[k.type]}' for c, k in table.columns.items())
        db.execute(f'CREATE TABLE "{name}" ({columns})')
        if table.search:
            searched = ", ".join(f'"{c}"' for c in table.search)
            db.execute(
                f'CREATE VIRTUAL TABLE "{name}_fts" USING fts5({searched}, content="{name}")'
            )
    if sys.version_info >= (3, 12):  # "a word" in double quotes is then never silently a text
        db.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, False)
    return db


def _picture(d: Described, db: sqlite3.Connection, content: Content) -> Iterator[Problem]:
    picture = d.model.picture
    questions = {n: q for s in content.datasets.values() for n, q in s.model.questions.items()}
    if picture is None or picture.question not in questions:
        return  # an unknown question is told with the other unknown names
    question = questions[picture.question]
    try:
        answer = db.execute(question.sql, dict.fromkeys(question.parameters, 1))
    except (sqlite3.Error, sqlite3.Warning):
        return  # wrong, which is told at the question itself, or endless
    columns = [described[0] for described in answer.description]
    for name in ("x", "y", "low", "high"):
        wanted = getattr(picture, name)
        if wanted and wanted not in columns:
            what = f"picture.{name} names {wanted!r}, which {picture.question} does not answer"
            yield d.problem(("picture", name), what, fix=did_you_mean(wanted, columns))


def _statements(d: Described) -> Iterator[tuple[Path_, str, Mapping[str, object]]]:
    for name, question in d.model.questions.items():
        yield ("questions", name, "sql"), question.sql, question.parameters
        for parameter, described in question.parameters.items():
            if described.options:
                at = ("questions", name, "parameters", parameter, "options")
                yield at, described.options, {}
    for index, expectation in enumerate(d.model.expectations):
        blanks = {"scale": 1.0} if ":scale" in expectation.sql else {}
        yield ("expectations", index, "sql"), expectation.sql, blanks


def _tried(
    d: Described,
    at: Path_,
    db: sqlite3.Connection,
    tables: Mapping[str, Table],
    sql: str,
    parameters: Mapping[str, object],
    unseen: Mapping[str, str],
) -> Iterator[Problem]:
    bare = _QUOTED.sub(" ", sql)
    blanks = set(_BLANK.findall(bare))
    for name in sorted(blanks - set(parameters)):
        what = f"the SQL has :{name}, which is not among its parameters"
        yield d.problem(at, what, fix=f"describe {name} under parameters:")
    for name in sorted(set(parameters) - blanks):
        what = f"the parameter {name} is not used in the SQL"
        yield d.problem((*at[:-1], "parameters", name), what, fix=f"use :{name}, or delete it")
    try:
        if not re.match(r"\s*(select|with|values)\b", bare, re.IGNORECASE):
            raise sqlite3.DatabaseError("not authorized")
        db.execute(f"EXPLAIN {sql}", dict.fromkeys(blanks, 1)).close()
    except (sqlite3.Error, sqlite3.Warning) as error:
        if str(error) == "not authorized":
            found = " ".join(bare.split()[:3])
            yield d.problem(at, "the SQL does not only read", found=found, expected="a SELECT")
        else:
            fix = _way_out(str(error), tables, unseen)
            yield d.problem(at, f"SQLite cannot run this: {error}", fix=fix)


def _way_out(said: str, tables: Mapping[str, Table], unseen: Mapping[str, str]) -> str | None:
    if missing := re.match(r"no such table: (\S+)", said):
        return did_you_mean(missing[1], list(tables))
    if missing := re.match(r"no such column: (?:\w+\.)?(\S+)", said):
        if where := unseen.get(missing[1]):
            return f"readers do not see it, as {where} says; ask for something they see"
        return did_you_mean(missing[1], sorted({c for t in tables.values() for c in t.columns}))
    return "keep one of them" if "one statement" in said else None
