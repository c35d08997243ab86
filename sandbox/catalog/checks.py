"""What no single descriptor can know: that names exist, agree, and stand only once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from sandbox.catalog.brief_rules import brief_problems
from sandbox.catalog.content import Content, Described
from sandbox.catalog.models import Challenge, Dataset, Table
from sandbox.catalog.sql import sql_problems
from sandbox.catalog.starter_checks import starter_problems
from sandbox.descriptors import LANGUAGES, Path_, read_text
from sandbox.errors import Problem, did_you_mean

# SQLite keeps the one, and its full-text search makes the others beside each searchable table.
_RESERVED = re.compile(r"sqlite_.*|.*_fts(_data|_idx|_content|_docsize|_config)?")


def check_all(content: Content, unseen: Mapping[str, str]) -> list[Problem]:
    """Every problem between descriptors; SQL is tried only where every table is known once."""
    found: list[Problem] = []
    for d in content.datasets.values():
        found += _dataset(d, content)
    for d in content.challenges.values():
        wrong = list(_challenge(d, content))
        if not wrong and content.has_every_dataset:
            wrong += brief_problems(d, content)
        found += wrong
    for d in content.starters.values():
        found += _known(d, "challenges", d.model.challenges, content.folders["challenges"])
        found += starter_problems(d)
    doubled = [*_doubled_names(content), *_reserved_names(content)]
    if content.has_every_dataset and not doubled:
        found += sql_problems(content, unseen)
    return found + doubled


# --- datasets -------------------------------------------------------------------------------------


def _dataset(d: Described, content: Content) -> Iterator[Problem]:
    dataset: Dataset = d.model
    for name, table in dataset.tables.items():
        yield from _table(d, name, table)
        yield from _foreign_keys(d, name, table, content)
    maker = "source.yml" if dataset.origin == "open" else "recipe.yml"
    if not (d.folder / maker).is_file():
        yield d.problem(("origin",), f"{maker} is missing", fix=f"add {d.shown}/{maker}")
    yield from _parents(d, dataset, content)


def _table(d: Described, name: str, table: Table) -> Iterator[Problem]:
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


def _foreign_keys(d: Described, name: str, table: Table, content: Content) -> Iterator[Problem]:
    related = {d.slug, *content.ancestors(d.slug)}
    for column, parent in table.foreign_keys.items():
        at: Path_ = ("tables", name, "columns", column, "references")
        owner = content.owner(parent)
        if owner is None:
            if content.has_every_dataset:
                what = f"{name}.{column} references {parent!r}, which is not a table"
                yield d.problem(at, what, fix=did_you_mean(parent, list(content.tables)))
            continue
        if owner not in related:
            what = f"{name}.{column} references {parent}, a table of another dataset"
            yield d.problem(at, what, expected=f"{owner} in derived_from", fix="add it there")
        key = content.tables[parent].columns.get(content.tables[parent].key)
        if key and key.type != (mine := table.columns[column].type):
            what = f"{name}.{column} and the key it references are of different types"
            yield d.problem(at, what, found=mine, expected=f"{key.type}, as in {parent}")


def _parents(d: Described, dataset: Dataset, content: Content) -> Iterator[Problem]:
    yield from _known(d, "derived_from", dataset.derived_from, content.folders["datasets"])
    for index, slug in enumerate(dataset.derived_from):
        parent = content.datasets.get(slug)
        if parent and parent.model.origin == "synthetic" and dataset.origin == "open":
            what = f"it is derived from {slug}, which is synthetic"
            fix = "origin: synthetic, or leave the parent out"
            yield d.problem(("derived_from", index), what, found="origin: open", fix=fix)
    if d.slug in content.ancestors(d.slug):
        what = f"{d.slug} is derived from itself, by way of its parents"
        yield d.problem(("derived_from",), what, fix="leave one parent out")


# --- challenges -----------------------------------------------------------------------------------


def _challenge(d: Described, content: Content) -> Iterator[Problem]:
    challenge: Challenge = d.model
    yield from _known(d, "datasets", challenge.datasets, content.folders["datasets"])
    yield from _known(d, "starter", challenge.starter, content.folders["starter_templates"])
    if content.has_every_dataset:
        questions = [n for s in content.datasets.values() for n in s.model.questions]
        yield from _known(d, "questions", challenge.questions, questions)
        if challenge.picture and challenge.picture.question not in questions:
            what = f"picture.question names {challenge.picture.question!r}, which does not exist"
            fix = did_you_mean(challenge.picture.question, questions)
            yield d.problem(("picture", "question"), what, fix=fix)
    yield from _files(d)
    yield from _answers(d, challenge, content)


def _files(d: Described) -> Iterator[Problem]:
    briefs = sorted(path.name for path in d.folder.glob("brief.*.md"))
    for file in ("brief.md", "baseline.py", "answers.sql", *briefs):
        text = read_text(d.folder / file, f"{d.shown}/{file}")
        if isinstance(text, Problem):
            yield text
        elif not text.strip():
            yield Problem("the file is empty", f"{d.shown}/{file}", 1, fix="write it")
    for brief in briefs:
        tag = brief.removeprefix("brief.").removesuffix(".md")
        if tag == "en" or tag not in LANGUAGES:
            what = "the name tells no language of the kit"
            expected = f"brief.md (English), or brief.<tag>.md: {', '.join(LANGUAGES[1:])}"
            yield Problem(what, f"{d.shown}/{brief}", None, tag, expected, "rename it")


def _answers(d: Described, challenge: Challenge, content: Content) -> Iterator[Problem]:
    answers = challenge.answers
    if answers.key in answers.columns:
        yield d.problem(("answers", "columns", answers.key), "the key stands among the columns",
                        found=answers.key, fix="delete it there")  # fmt: skip
    if answers.table is None:
        return
    if table := content.tables.get(answers.table):
        column = table.columns.get(answers.key)
        if column is None:
            what = f"the key {answers.key!r} is not a column of {answers.table}"
            fix = did_you_mean(answers.key, list(table.columns))
            yield d.problem(("answers", "key"), what, fix=fix)
        elif column.type != answers.key_type:
            what = f"the key is of another type than {answers.table}.{answers.key}"
            at = ("answers", "key_type")
            fix = f"key_type: {column.type}"
            yield d.problem(at, what, found=answers.key_type, expected=column.type, fix=fix)
    elif content.has_every_dataset:
        what = f"answers.table names {answers.table!r}, which is not a table"
        fix = did_you_mean(answers.table, list(content.tables))
        yield d.problem(("answers", "table"), what, fix=fix)


def _known(
    d: Described, key: str, wanted: tuple[str, ...] | str, known: Collection[str]
) -> Iterator[Problem]:
    items: Mapping[Path_, str] = (
        {(key,): wanted}
        if isinstance(wanted, str)
        else {(key, index): name for index, name in enumerate(wanted)}
    )
    for path, name in items.items():
        if name not in known:
            what = f"{key} names {name!r}, which does not exist"
            yield d.problem(path, what, fix=did_you_mean(name, list(known)))


# --- names across datasets ------------------------------------------------------------------------


def _doubled_names(content: Content) -> Iterator[Problem]:
    """Tables and questions share one namespace, since both are addresses below /data/sandbox/."""
    seen: dict[str, str] = {}
    for d in content.datasets.values():
        for part in ("tables", "questions"):
            for name in getattr(d.model, part):
                if name in seen:
                    what = f"the name {name!r} is taken by {seen[name]}"
                    yield d.problem((part, name), what, fix="choose another name")
                else:
                    line = d.source.line((part, name))
                    seen[name] = f"{d.source.file}:{line}"


def _reserved_names(content: Content) -> Iterator[Problem]:
    for d in content.datasets.values():
        for name in d.model.tables:
            if _RESERVED.fullmatch(name):
                what = f"the name {name!r} is kept for SQLite's own tables"
                yield d.problem(("tables", name), what, fix="choose another name")
