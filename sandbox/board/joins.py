"""How tables join: which column holds which table's key, as a list, a picture and one example."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.catalog import Catalog
from sandbox.ui import charts


@dataclass(frozen=True)
class Key:
    """`table.column` holds the key `parent.key` of a table that may belong to another dataset."""

    table: str
    column: str
    parent: str
    key: str
    dataset: str


def keys(catalog: Catalog, slug: str) -> tuple[Key, ...]:
    known = catalog.tables
    return tuple(
        Key(name, column, parent, known[parent][1].key, known[parent][0])
        for name, table in catalog.datasets[slug].tables.items()
        for column, parent in table.foreign_keys.items()
    )


def key_map(catalog: Catalog, slug: str) -> charts.KeyMap:
    """The dataset's tables with their foreign keys, below the tables of others they lead to."""
    own = catalog.datasets[slug].tables
    outside = dict.fromkeys(k.parent for k in keys(catalog, slug) if k.dataset != slug)
    return charts.key_map(
        [(name, (), True) for name in outside]
        + [(name, tuple(table.foreign_keys.items()), False) for name, table in own.items()]
    )


def example(catalog: Catalog, slug: str) -> str | None:
    """SQL that joins the dataset's first foreign key to the words its parent has for it."""
    found = next((k for k in keys(catalog, slug) if k.parent != k.table), None)
    if found is None:
        return None
    child, parent = catalog.tables[found.table][1], catalog.tables[found.parent][1]
    shown = next(
        (c for c, k in parent.columns.items() if k.type == "string" and c != parent.key), parent.key
    )
    on = f"ON {found.parent}.{found.key} = {found.table}.{found.column}"
    if found.key == found.column:
        on = f"USING ({found.key})"
    return (
        f"SELECT {found.table}.{child.key},\n"
        f"       {found.parent}.{shown}\n"
        f"FROM {found.table}\n"
        f"JOIN {found.parent} {on}\n"
        "LIMIT 20"
    )
