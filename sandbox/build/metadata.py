"""Metadata of a built dataset as a Data Package (version 2 of the specification)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.bundle import FileEntry
from sandbox.catalog import Column, Dataset, Table

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
LICENCES = {
    "CC-BY-4.0": (
        "Creative Commons Attribution 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "CC0-1.0": ("CC0 1.0 Universal", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "NLOD-2.0": (
        "Norwegian Licence for Open Government Data 2.0",
        "https://data.norge.no/nlod/en/2.0",
    ),
}


def datapackage(
    slug: str,
    dataset: Dataset,
    files: Mapping[str, FileEntry],
    owners: Mapping[str, tuple[str, str]],
) -> dict[str, Any]:
    """The descriptor of a dataset's folder.

    `files` maps table names to the CSV's entry; `owners` maps every table of the bundle to its
    dataset and its key column, for foreign keys that lead to another package.
    """
    title, url = LICENCES.get(dataset.licence, (dataset.licence, None))
    licence = {"name": dataset.licence, "title": title} | ({"path": url} if url else {})
    return {
        "$schema": PROFILE,
        "name": slug,
        "title": str(dataset.title),
        "description": str(dataset.summary),
        "version": dataset.version,
        "licenses": [licence],
        "keywords": [str(word) for word in dataset.keywords],
        "contributors": [
            {"title": dataset.publisher, "roles": ["publisher"]},
            {"title": "Data steward", "email": dataset.contact, "roles": ["contact"]},
        ],
        "sources": [
            {"title": f"{source.owner}: {source.title} ({source.reference_date})"}
            | ({"path": source.url} if source.url else {})
            for source in dataset.compiled_from
        ]
        + [{"title": f"Derived from {parent}"} for parent in dataset.derived_from],
        "sandbox:origin": dataset.origin,
        "sandbox:attribution": str(dataset.attribution) if dataset.attribution else None,
        "sandbox:referenceDate": dataset.reference_date.isoformat(),
        "sandbox:quality": {"path": "quality.jsonld", "mediatype": "application/ld+json"},
        "resources": [
            _resource(name, table, files[name], slug, owners)
            for name, table in dataset.tables.items()
        ],
    }


def _resource(
    name: str, table: Table, file: FileEntry, slug: str, owners: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    return {
        "name": name,
        "type": "table",
        "title": str(table.title),
        "description": str(table.row),
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "schema": {
            "fields": [_field(c, column) for c, column in table.columns.items()],
            "missingValues": [""],
            "primaryKey": [table.key],
            "foreignKeys": [
                # A table that leads to itself is not named (Table Schema 2.0, foreignKeys).
                {"fields": [column], "reference": named | {"fields": [key]}}
                for column, parent, owner, key in _references(table, owners)
                if owner == slug
                for named in ({} if parent == name else {"resource": parent},)
            ],
            # The specification knows no foreign key into another package.
            "sandbox:foreignKeys": [
                {
                    "fields": [column],
                    "reference": {
                        "package": f"../{owner}/datapackage.json",
                        "resource": parent,
                        "fields": [key],
                    },
                }
                for column, parent, owner, key in _references(table, owners)
                if owner != slug
            ],
        },
    }


def _references(
    table: Table, owners: Mapping[str, tuple[str, str]]
) -> list[tuple[str, str, str, str]]:
    """(column, parent table, the parent's dataset, the parent's key) of every foreign key."""
    return [(column, parent, *owners[parent]) for column, parent in table.foreign_keys.items()]


def _field(name: str, column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "type": column.type, "title": str(column.title)}
    if column.description:
        field["description"] = str(column.description)
    if column.unit:
        field["unit"] = str(column.unit)
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if column.codes:
        constraints["enum"] = [_typed(code, column) for code in column.codes]
    if constraints:
        field["constraints"] = constraints
    return field


def _typed(code: str, column: Column) -> str | int:
    return int(code) if column.type == "integer" else code
