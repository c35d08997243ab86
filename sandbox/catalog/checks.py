"""What no single descriptor can know: that names exist, agree, and stand only once."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.catalog.models import Dataset, Table
from sandbox.descriptors import LANGUAGES, Path_, Source
from sandbox.errors import Problem, did_you_mean

MOST_QUESTIONS = 4
SQL_TYPES = {
    "integer": "INTEGER",
    "number": "REAL",
    "boolean": "INTEGER",
    "string": "TEXT",
    "date": "TEXT",
    "datetime": "TEXT",
}


@dataclass(frozen=True)
class Described:
    """One content folder: its descriptor as an object, and where each of its keys stands."""

    slug: str
    folder: Path
    shown: str
    model: Any
    source: Source

    def problem(self, path: Path_, what: str, **more: str | None) -> Problem:
        return Problem(what, self.source.file, self.source.line(path), **more)


Content = Mapping[str, Mapping[str, Described]]


def check_all(content: Content, *, complete: bool) -> list[Problem]:
    """Every problem between descriptors; SQL is tried only if all of them are there."""
    found: list[Problem] = []
    for kind, check in _CHECKS.items():
        for described in content[kind].values():
            found += check(described, content)
    found += _doubled_names(content)
    if complete and not found:
        found += _sql(content)
    return found


# --- datasets -------------------------------------------------------------------------------------


def _dataset(d: Described, content: Content) -> Iterator[Problem]:
    dataset: Dataset = d.model
    tables = _tables(content)
    for name, table in dataset.tables.items():
        yield from _table(d, name, table, tables)
    maker = "source.yml" if dataset.origin == "open" else "recipe.yml"
    if not (d.folder / maker).is_file():
        yield d.problem(("origin",), f"{maker} is missing", fix=f"add {d.shown}/{maker}")
    yield from _parents(d, dataset, content["datasets"])


def _table(d: Described, name: str, table: Table, tables: Mapping[str, Table]) -> Iterator[Problem]:
    at: Path_ = ("tables", name)
    columns = list(table.columns)
    if table.key not in columns:
        what = f"the key {table.key!r} is not a column of {name}"
        yield d.problem((*at, "key"), what, fix=did_you_mean(table.key, columns))
    for part in ("search", "indexes"):
        for index, column in enumerate(getattr(table, part)):
            if column not in columns:
                what = f"{part} names {column!r}, which is not a column of {name}"
                yield d.problem((*at, part, index), what, fix=did_you_mean(column, columns))
    for column, parent in table.foreign_keys.items():
        here: Path_ = (*at, "columns", column, "references")
        if parent not in tables:
            what = f"{name}.{column} references {parent!r}, which is not a table"
            yield d.problem(here, what, fix=did_you_mean(parent, list(tables)))
        elif (key := tables[parent].columns.get(tables[parent].key)) and (
            key.type != (mine := table.columns[column].type)
        ):
            what = f"{name}.{column} and the key it references are of different types"
            yield d.problem(here, what, found=mine, expected=key.type)


def _parents(d: Described, dataset: Dataset, others: Mapping[str, Described]) -> Iterator[Problem]:
    for index, parent in enumerate(dataset.derived_from):
        at: Path_ = ("derived_from", index)
        if parent not in others:
            fix = did_you_mean(parent, list(others))
            yield d.problem(at, f"{parent!r} is not a dataset", fix=fix)
        elif others[parent].model.origin == "synthetic" and dataset.origin == "open":
            what = f"it is derived from {parent}, which is synthetic"
            yield d.problem(("origin",), what, found="open", expected="synthetic")
    if d.slug in _ancestors(d.slug, others):
        what = f"{d.slug} is derived from itself, by way of its parents"
        yield d.problem(("derived_from",), what, fix="leave one parent out")
    known = {d.slug, *_ancestors(d.slug, others)}
    for name, table in dataset.tables.items():
        for column, parent in table.foreign_keys.items():
            owner = _owner(parent, others)
            if owner and owner not in known:
                what = f"{name}.{column} references {parent} of {owner}, which is not a parent"
                fix = f"add {owner} to derived_from"
                yield d.problem(("tables", name, "columns", column, "references"), what, fix=fix)


def _ancestors(slug: str, datasets: Mapping[str, Described]) -> set[str]:
    found: set[str] = set()
    ahead = list(datasets[slug].model.derived_from)
    while ahead:
        parent = ahead.pop()
        if parent in datasets and parent not in found:
            found.add(parent)
            ahead += datasets[parent].model.derived_from
    return found


def _owner(table: str, datasets: Mapping[str, Described]) -> str | None:
    return next((s for s, d in datasets.items() if table in d.model.tables), None)


def _tables(content: Content) -> dict[str, Table]:
    return {n: t for d in content["datasets"].values() for n, t in d.model.tables.items()}


# --- challenges and starters ----------------------------------------------------------------------


def _challenge(d: Described, content: Content) -> Iterator[Problem]:
    challenge = d.model
    yield from _known(d, "datasets", challenge.datasets, content["datasets"])
    yield from _known(d, "starter", challenge.starter, content["starter_templates"])
    questions = [n for s in content["datasets"].values() for n in s.model.questions]
    yield from _known(d, "questions", challenge.questions, questions)
    for file in ("brief.md", "baseline.py", "answers.sql"):
        if not (d.folder / file).is_file():
            yield Problem(f"{file} is missing", d.shown, fix=f"add {d.shown}/{file}")
    for brief in d.folder.glob("brief.*.md"):
        if (tag := brief.name.split(".")[1]) not in LANGUAGES:
            what = f"{brief.name} is in no language of the kit"
            yield Problem(what, d.shown, found=tag, expected=", ".join(LANGUAGES))
    tables = _tables(content)
    answers = challenge.answers
    if answers.table is not None and answers.table not in tables:
        what = f"answers.table names {answers.table!r}, which is not a table"
        yield d.problem(("answers", "table"), what, fix=did_you_mean(answers.table, list(tables)))
    if answers.key in answers.columns:
        yield d.problem(("answers", "columns"), f"the key {answers.key!r} stands among the columns")


def _known(d: Described, key: str, wanted: object, known: Any) -> Iterator[Problem]:
    items = wanted if isinstance(wanted, tuple) else (wanted,)
    for index, name in enumerate(items):
        if name not in known:
            path: Path_ = (key, index) if isinstance(wanted, tuple) else (key,)
            what = f"{key} names {name!r}, which does not exist"
            yield d.problem(path, what, fix=did_you_mean(name, list(known)))


def _starter(d: Described, content: Content) -> Iterator[Problem]:
    yield from _known(d, "challenges", d.model.challenges, content["challenges"])
    file = f"{d.shown}/cookiecutter.json"
    try:
        asked = json.loads((d.folder / "cookiecutter.json").read_text(encoding="utf-8"))
    except OSError:
        yield Problem("cookiecutter.json is missing", d.shown, fix=f"add {file}")
        return
    except ValueError as error:
        line = getattr(error, "lineno", None)
        yield Problem(f"this is not JSON: {error}", file, line, fix="check commas and quotes")
        return
    questions = [key for key in asked if not key.startswith("_")]
    if "project_slug" not in questions and "project_name" not in questions:
        yield Problem("it asks for no project_name", file, fix='add "project_name"')
    visible = [key for key in questions if not str(asked[key]).startswith("{{")]
    if len(visible) > MOST_QUESTIONS:
        found = f"{len(visible)}: {', '.join(visible)}"
        yield Problem("it asks too much", file, found=found, expected=f"at most {MOST_QUESTIONS}")
    for key in visible:
        if key not in asked.get("__prompts__", {}):
            yield Problem(f"{key} has no words in __prompts__", file, fix="say what is asked for")
    if (d.folder / "hooks").exists():
        yield Problem(
            "hooks run code when a starter is made", f"{d.shown}/hooks", fix="delete them"
        )
    if not any("{{" in folder.name for folder in d.folder.iterdir() if folder.is_dir()):
        what = "there is no project to generate"
        yield Problem(what, d.shown, expected="a folder {{cookiecutter.project_slug}}")


_CHECKS: dict[str, Callable[[Described, Content], Iterator[Problem]]] = {
    "datasets": _dataset,
    "challenges": _challenge,
    "starter_templates": _starter,
}


# --- names and SQL across datasets ----------------------------------------------------------------


def _doubled_names(content: Content) -> Iterator[Problem]:
    """Tables and questions share one namespace, since both are addresses below /data/sandbox/."""
    seen: dict[str, str] = {}
    for d in content["datasets"].values():
        for part in ("tables", "questions"):
            for name in getattr(d.model, part):
                if name in seen:
                    what = f"the name {name!r} is taken by {seen[name]}"
                    yield d.problem((part, name), what, fix="choose another name")
                seen[name] = f"{d.slug}'s {part}"


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
    return db


def _sql(content: Content) -> Iterator[Problem]:
    db = empty_database(_tables(content))
    for d in content["datasets"].values():
        for name, question in d.model.questions.items():
            at: Path_ = ("questions", name)
            yield from _tried(d, (*at, "sql"), db, question.sql, question.parameters)
            for parameter, described in question.parameters.items():
                if described.options:
                    here = (*at, "parameters", parameter, "options")
                    yield from _tried(d, here, db, described.options, {})
        for index, expectation in enumerate(d.model.expectations):
            blanks = {"scale": 1.0} if ":scale" in expectation.sql else {}
            yield from _tried(d, ("expectations", index, "sql"), db, expectation.sql, blanks)


def _tried(
    d: Described, at: Path_, db: sqlite3.Connection, sql: str, parameters: Mapping[str, object]
) -> Iterator[Problem]:
    """Prepare the statement on the empty tables: unknown tables and columns show themselves."""
    blanks = set(re.findall(r"(?<![:\w]):([A-Za-z_]\w*)", sql))
    for name in sorted(blanks ^ set(parameters)):
        side = "is not among its parameters" if name in blanks else "does not stand in the SQL"
        yield d.problem(at, f"the parameter :{name} {side}")
    if not re.match(r"\s*(select|with)\b", sql, re.IGNORECASE):
        yield d.problem(at, "a question must begin with SELECT or WITH")
        return
    try:
        db.execute(f"EXPLAIN {sql}", dict.fromkeys(blanks, 1))
    except sqlite3.Error as error:
        yield d.problem(at, f"SQLite cannot run this: {error}", fix=_sql_fix(str(error), db))


def _sql_fix(said: str, db: sqlite3.Connection) -> str | None:
    names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if missing := re.match(r"no such table: (\S+)", said):
        return did_you_mean(missing[1], [n for n in names if "_fts" not in n])
    if missing := re.match(r"no such column: (?:\w+\.)?(\S+)", said):
        columns = {r[1] for n in names for r in db.execute(f'PRAGMA table_info("{n}")')}
        return did_you_mean(missing[1], sorted(columns))
    return None
