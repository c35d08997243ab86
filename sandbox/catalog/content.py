"""All that is described, before it is known to agree: each folder with its descriptor's lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sandbox.catalog.models import Table
from sandbox.descriptors import Path_, Source
from sandbox.errors import Problem


@dataclass(frozen=True)
class Described:
    """One content folder: its descriptor as an object, and where each of its keys stands.

    `shown` is the folder as its author knows it.
    """

    slug: str
    folder: Path
    shown: str
    model: Any
    source: Source

    def problem(self, path: Path_, what: str, **more: str | None) -> Problem:
        return Problem(what, self.source.file, self.source.line(path), **more)


@dataclass(frozen=True)
class Content:
    """Slug → Described of each kind; `folders` names those too whose descriptor cannot be read.

    One unreadable dataset must not make each mention of it, or of its tables, look like a mistake.
    `aside`: datasets that the event does not use and whose names others of it have.
    """

    datasets: Mapping[str, Described]
    challenges: Mapping[str, Described]
    starters: Mapping[str, Described]
    folders: Mapping[str, tuple[str, ...]]
    aside: frozenset[str] = frozenset()

    @property
    def has_every_dataset(self) -> bool:
        return set(self.folders["datasets"]) == set(self.datasets) | self.aside

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Table name → table; of two with one name, the first."""
        described = [t for d in self.datasets.values() for t in d.model.tables.items()]
        return dict(reversed(described))

    def owner(self, table: str) -> str | None:
        return next((s for s, d in self.datasets.items() if table in d.model.tables), None)

    def ancestors(self, slug: str) -> set[str]:
        """The datasets that `slug` is derived from, at any distance; itself too in a circle."""
        found: set[str] = set()
        ahead = list(self.datasets[slug].model.derived_from)
        while ahead:
            parent = ahead.pop()
            if parent in self.datasets and parent not in found:
                found.add(parent)
                ahead += self.datasets[parent].model.derived_from
        return found
