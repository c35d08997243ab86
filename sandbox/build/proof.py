"""Expectations are tried on the full tables, in a scratch database that nobody else sees."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from sandbox.build.tables import ingest
from sandbox.catalog import Catalog
from sandbox.catalog.models import Expectation
from sandbox.errors import ExpectationsMissed, Problem
from sandbox.quality import Counts, Figures, Rows, broken_promises
from sandbox.workspace import Workspace

OF_A_DATASET = ("effects", "secrets")  # hidden tables that any dataset may have


class Drawn(Protocol):
    full: Mapping[str, Rows]
    published: Mapping[str, Rows]
    truth: Mapping[str, Rows]
    fresh: bool
    faulted: Mapping[str, frozenset[str]]
    fits: Sequence[Figures]


class Scratch:
    """The full tables under their names, and the hidden ones as `truth_<name>`.

    What is of a whole dataset has its slug in the name: `truth_<dataset>_effects`.

    Only tables with something held out are loaded again; for the others a name falls through to the
    attached published database.
    """

    def __init__(self, path: Path, published: Path, drawn: Mapping[str, Drawn]):
        overriding = {
            name: table
            for dataset in drawn.values()
            for name, table in dataset.full.items()
            if table is not dataset.published[name]
        }
        hidden = {
            _hidden(slug, name): table
            for slug, dataset in drawn.items()
            for name, table in dataset.truth.items()
        }
        self._path = path
        ingest(path, {**overriding, **hidden}, mode="create")
        self.connection = sqlite3.connect(path)
        self.connection.row_factory = sqlite3.Row
        address = f"file:{quote(str(published))}?mode=ro"
        self.connection.execute("ATTACH ? AS published", [address])

    def remove(self) -> None:
        self.connection.close()
        self._path.unlink()


def _hidden(slug: str, name: str) -> str:
    """persons.hidden as truth_persons_hidden, effects as truth_housing_support_effects."""
    whose = f"{slug}_{name}" if name in OF_A_DATASET else name
    return f"truth_{whose}".replace(".", "_").replace("-", "_")


def keep_promises(
    workspace: Workspace, catalog: Catalog, drawn: Mapping[str, Drawn], counts: Counts
) -> None:
    """Raise ExpectationsMissed where the full tables of a newly made dataset break their keys,
    foreign keys, required columns or codes, with every miss."""
    full = {name: table for d in drawn.values() for name, table in d.full.items()}
    folders = workspace.folders("datasets")
    broken = [
        problem
        for slug, dataset in catalog.datasets.items()
        if drawn[slug].fresh
        for problem in broken_promises(
            dataset, f"{workspace.shown(folders[slug])}/dataset.yml", full, counts
        )
    ]
    if broken:
        raise ExpectationsMissed(broken)


def expect(
    workspace: Workspace,
    catalog: Catalog,
    scratch: Scratch,
    drawn: Mapping[str, Drawn],
    scale: float,
) -> None:
    """Raise ExpectationsMissed with every miss of every newly made dataset.

    A share or a mean is promised for the whole dataset: below scale 1 chance alone may carry it out
    of its range, so `between` is not tried there.
    """
    folders = workspace.folders("datasets")
    missed = [
        problem
        for slug, dataset in catalog.datasets.items()
        if drawn[slug].fresh
        for problem in _misses(
            dataset.expectations, scratch, f"{workspace.shown(folders[slug])}/dataset.yml", scale
        )
    ]
    if missed:
        raise ExpectationsMissed(missed)


def _misses(
    expected: tuple[Expectation, ...], scratch: Scratch, file: str, scale: float
) -> Iterator[Problem]:
    for expectation in expected:
        if expectation.between and scale < 1:
            continue
        value = _value(scratch.connection, expectation.sql, scale)
        if not _met(value, expectation):
            wanted = _wanted(expectation)
            yield Problem(str(expectation.what), file, None, found=str(value), expected=wanted)


def _value(db: sqlite3.Connection, sql: str, scale: float) -> object:
    row = db.execute(sql, {"scale": scale}).fetchone()
    return None if row is None else row[0]


def _met(value: object, expectation: Expectation) -> bool:
    if expectation.between:
        low, high = expectation.between
        return isinstance(value, int | float) and low <= value <= high
    if isinstance(expectation.equals, str) or not isinstance(value, int | float):
        return value == expectation.equals
    assert expectation.equals is not None
    return abs(value - expectation.equals) <= expectation.within


def _wanted(expectation: Expectation) -> str:
    if expectation.between:
        return "from {} to {}".format(*expectation.between)
    return f"{expectation.equals}" + (f" ± {expectation.within}" if expectation.within else "")
