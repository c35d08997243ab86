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
    """What is wrong with source.yml, with the files it names, and with every cell of them."""
    return _read(folder, dataset, shown)[1]


def load(folder: Path, dataset: Dataset, shown: str) -> dict[str, pa.Table]:
    """Every table of an open dataset, typed as declared and sorted by key.

    Raises SourceError with the file and line of every cell that is not what it should be.
    """
    loaded, problems = _read(folder, dataset, shown)
    if problems:
        raise SourceError(problems)
    return loaded


def _read(folder: Path, dataset: Dataset, shown: str) -> tuple[dict[str, pa.Table], list[Problem]]:
    problems: list[Problem] = []
    made = read(folder / "source.yml", SourceFile, problems, shown_as=f"{shown}/source.yml")
    if made is None:
        return {}, problems
    described, source = made
    problems += _names(described, source, dataset)
    loaded = {}
    for name, table in dataset.tables.items():
        if (named := described.tables.get(name)) is None:
            continue
        path = _file(folder, name, named, source, problems)
        if path is not None:
            loaded[name] = tables.from_csv(path, table, f"{shown}/{named.file}", problems)
    return loaded, problems


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
        Problem(
            f"nothing says where {name} comes from",
            source.file,
            source.line(("tables",)),
            fix=f"add {name}: with its file and sha256",
        )
        for name in sorted(wanted - given)
    ]


def _file(
    folder: Path, name: str, named: SourceTable, source: Source, problems: list[Problem]
) -> Path | None:
    """The file of one table if it can be read, even when it is not the one that was described."""
    line = source.line(("tables", name, "file"))
    path = (folder / named.file).resolve()
    if not path.is_relative_to(folder.resolve()):
        what = f"{named.file} lies outside the dataset's folder"
        problems.append(Problem(what, source.file, line, fix="put the file in data/"))
        return None
    if not path.is_file():
        what = f"there is no file {named.file}"
        fix = did_you_mean(named.file, _files_in(folder))
        problems.append(Problem(what, source.file, line, fix=fix))
        return None
    if (found := sha256(path)) != named.sha256:
        what = f"{named.file} is not the file that was described"
        line = source.line(("tables", name, "sha256"))
        fix = "undo the change, or describe it by the sha256 that was found"
        problems.append(Problem(what, source.file, line, found, named.sha256, fix))
    return path


def _files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.csv"))
