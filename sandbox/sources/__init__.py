"""Open data: where a dataset's rows come from, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pyarrow as pa

from sandbox.bundle import sha256
from sandbox.catalog import Dataset
from sandbox.descriptors import Descriptor, Source, read
from sandbox.errors import Problem, SourceError, did_you_mean
from sandbox.sources import tables


class SourceTable(Descriptor):
    """One table's file and its SHA-256, so that a changed file is noticed."""

    file: str
    sha256: str


class SourceFile(Descriptor):
    """source.yml. `compiled`: facts that people carried over by hand; nothing is ever fetched."""

    protocol: Literal["compiled"]
    tables: dict[str, SourceTable]


def check(folder: Path, dataset: Dataset, shown: str) -> list[Problem]:
    """What is wrong with source.yml, and with the files it names."""
    problems: list[Problem] = []
    if made := read(folder / "source.yml", SourceFile, problems, shown_as=f"{shown}/source.yml"):
        problems += _names(*made, dataset)
        problems += _files(folder, *made)
    return problems


def _names(described: SourceFile, source: Source, dataset: Dataset) -> list[Problem]:
    wanted, given = set(dataset.tables), set(described.tables)
    return [
        Problem(
            f"{name} is not a table of the dataset",
            source.file,
            source.line(("tables", name)),
            fix=did_you_mean(name, sorted(wanted)),
        )
        for name in sorted(given - wanted)
    ] + [
        Problem(f"nothing says where {name} comes from", source.file, source.line(("tables",)))
        for name in sorted(wanted - given)
    ]


def _files(folder: Path, described: SourceFile, source: Source) -> list[Problem]:
    problems = []
    for name, table in described.tables.items():
        line = source.line(("tables", name, "file"))
        path = (folder / table.file).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            problems.append(Problem(f"there is no file {table.file}", source.file, line))
        elif (found := sha256(path)) != table.sha256:
            what = f"{table.file} is not the file that was described"
            line = source.line(("tables", name, "sha256"))
            fix = f"undo the change, or describe it: sha256: {found}"
            problems.append(Problem(what, source.file, line, found, table.sha256, fix))
    return problems


def load(folder: Path, dataset: Dataset, shown: str) -> dict[str, pa.Table]:
    """Every table of an open dataset, typed as declared and sorted by key.

    Raises SourceError with the file and line of every cell that is not what it should be.
    """
    problems = check(folder, dataset, shown)
    made = read(folder / "source.yml", SourceFile, [], shown_as=f"{shown}/source.yml")
    if problems or made is None:
        raise SourceError(problems)
    loaded = {
        name: tables.from_csv(folder / made[0].tables[name].file, table, shown, problems)
        for name, table in dataset.tables.items()
    }
    if problems:
        raise SourceError(problems)
    return loaded
