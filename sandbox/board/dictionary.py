"""What a dataset's columns mean and what was measured of them, put side by side for a reader."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox import ui
from sandbox.board.served import Generation
from sandbox.catalog import Column, Table

DIMENSIONS = ("completeness", "consistency", "accuracy", "currentness")


@dataclass(frozen=True)
class Entry:
    """A column and its figures: `filled` a share, all of them None where they mean nothing."""

    name: str
    column: Column
    is_key: bool
    parent: str | None
    filled: float | None
    distinct: int | None
    least: str | None
    most: str | None
    example: str | None


@dataclass(frozen=True)
class Described:
    """A table, its rows, its columns, and the sizes in bytes of its files."""

    name: str
    table: Table
    rows: int
    entries: tuple[Entry, ...]
    files: dict[str, int]


def tables(here: Generation, slug: str) -> tuple[Described, ...]:
    measured = here.quality[slug]["tables"]
    return tuple(
        Described(
            name,
            table,
            here.bundle.manifest.datasets[slug].tables[name].rows,
            tuple(
                _entry(c, column, table, measured.get(name, {}).get("columns", {}).get(c, {}))
                for c, column in table.columns.items()
            ),
            _files(here, slug, name),
        )
        for name, table in here.catalog.datasets[slug].tables.items()
    )


def _entry(name: str, column: Column, table: Table, figures: dict[str, Any]) -> Entry:
    return Entry(
        name,
        column,
        name == table.key,
        column.references,
        figures.get("filled"),
        figures.get("distinct"),
        _as_stored(figures.get("min")),
        _as_stored(figures.get("max")),
        _as_stored(figures.get("example")),
    )


def _as_stored(value: Any) -> str | None:
    """The form that queries must use, not the one that reads best: 717710, 2024-01-01, 1."""
    if value is None:
        return None
    return str(int(value)) if isinstance(value, bool) else str(value)


def _files(here: Generation, slug: str, table: str) -> dict[str, int]:
    names = {suffix: f"datasets/{slug}/{table}.{suffix}" for suffix in ("csv", "parquet")}
    return {s: here.bundle.entry(n).bytes for s, n in names.items() if here.bundle.has(n)}


@dataclass(frozen=True)
class Measured:
    """A quality measure in words: what was measured, where, and the share or date it came to."""

    dimension: str
    words: str
    language: str
    on: str
    share: float | None
    day: date | None


def measures(here: Generation, slug: str, page: ui.Page) -> list[Measured]:
    """The dataset's quality measures in DQV's order of dimensions."""
    found = [
        Measured(
            m["dimension"],
            *_in_words(m["measure"], page),
            m["computed_on"],
            m["value"] if m["unit"] == "share" else None,
            date.fromisoformat(m["value"]) if m["unit"] == "date" else None,
        )
        for m in here.quality[slug]["measures"]
    ]
    return sorted(found, key=lambda m: DIMENSIONS.index(m.dimension))


def _in_words(measure: str, page: ui.Page) -> tuple[str, str]:
    """quality.json speaks English; the page's language where the measure is one of the kit's."""
    _ = page.words.gettext
    known = {
        r"rate of filled required cells": _("Required cells that are filled"),
        r"rate of unique keys": _("Keys that stand only once"),
        r"rate of (?P<column>\w+) found in (?P<parent>\w+)": _(
            "%(column)s that exist in %(parent)s"
        ),
        r"rate of (?P<column>\w+) within its codes": _("%(column)s with a code that is described"),
        r"reference date": _("Reference date"),
    }
    for pattern, words in known.items():
        if match := re.fullmatch(pattern, measure):
            return words % match.groupdict(), page.lang
    return measure, "en"
