"""What a dataset's columns mean and what was measured of them, put side by side for a reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox import ui
from sandbox.board.pictures import Picture, as_stored, picture
from sandbox.board.served import Generation
from sandbox.catalog import Column, Table


@dataclass(frozen=True)
class Entry:
    """A column and its figures: `filled` a share, all of them None where they mean nothing.

    `is_each`: no two rows have the same value. `truth`: the share of yes, of yes and no.
    """

    name: str
    column: Column
    is_key: bool
    parent: str | None
    filled: float | None
    distinct: int | None
    least: str | None
    most: str | None
    example: str | None
    is_each: bool
    truth: float | None
    picture: Picture | None


@dataclass(frozen=True)
class Described:
    """A table, its rows, its columns, and the sizes in bytes of its files.

    `withheld`: a challenge is about what is wrong in it, so nothing of it is measured in public.
    """

    name: str
    table: Table
    rows: int
    withheld: bool
    entries: tuple[Entry, ...]
    files: dict[str, int]


def tables(here: Generation, slug: str, page: ui.Page) -> tuple[Described, ...]:
    measured = here.quality[slug]["tables"]
    return tuple(
        Described(
            name,
            table,
            here.bundle.manifest.datasets[slug].tables[name].rows,
            "withheld" in measured.get(name, {}),
            tuple(
                _entry(c, column, table, measured.get(name, {}), page)
                for c, column in table.columns.items()
            ),
            _files(here, slug, name),
        )
        for name, table in here.catalog.datasets[slug].tables.items()
    )


def _entry(
    name: str, column: Column, table: Table, measured: dict[str, Any], page: ui.Page
) -> Entry:
    figures = measured.get("columns", {}).get(name, {})
    bars, rows = figures.get("bars"), measured.get("rows", 0)
    is_boolean = column.type == "boolean"
    return Entry(
        name,
        column,
        name == table.key,
        column.references,
        figures.get("filled"),
        figures.get("distinct"),
        _stored(figures, "min"),
        _stored(figures, "max"),
        _stored(figures, "example"),
        figures.get("distinct") == rows > 1,
        _truth(bars) if bars and is_boolean else None,
        None if is_boolean else picture(bars, page),
    )


def _stored(figures: dict[str, Any], name: str) -> str | None:
    return as_stored(figures[name]) if name in figures else None


def _truth(bars: dict[str, Any]) -> float:
    counted = dict(zip(bars["values"], bars["counts"], strict=True))
    return float(counted.get(True, 0) / sum(bars["counts"]))


def _files(here: Generation, slug: str, table: str) -> dict[str, int]:
    names = {suffix: f"datasets/{slug}/{table}.{suffix}" for suffix in ("csv", "parquet")}
    return {s: here.bundle.entry(n).bytes for s, n in names.items() if here.bundle.has(n)}
