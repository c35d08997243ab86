"""Tables into files: one SQLite database, and CSV and Parquet per table, always the same bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import adbc_driver_sqlite.dbapi
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import sqlite_utils

from sandbox.catalog import Table

FAST = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -200000",
)
PYTHON_TYPES = {
    "integer": int,
    "number": float,
    "boolean": int,
    "string": str,
    "date": str,
    "datetime": str,
}


def write_csv(table: pa.Table, path: Path) -> None:
    """UTF-8, LF, comma, decimal point, true/false, ISO 8601 dates; missing values are empty."""
    options = pyarrow.csv.WriteOptions(quoting_style="needed", quoting_header="none")
    pyarrow.csv.write_csv(_with_iso_datetimes(table), path, options)


def write_parquet(table: pa.Table, path: Path) -> None:
    pyarrow.parquet.write_table(table, path, compression="zstd", store_schema=True)


def read_parquet(path: Path) -> pa.Table:
    """What was written; Parquet knows no whole seconds and gives milliseconds instead."""
    table = pyarrow.parquet.read_table(path)
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            seconds = table[index].cast(pa.timestamp("s", field.type.tz))
            table = table.set_column(index, field.name, seconds)
    return table


def _with_iso_datetimes(table: pa.Table) -> pa.Table:
    """Datetimes as text with T and Z; the default has a space."""
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            text = pc.strftime(table[index], "%Y-%m-%dT%H:%M:%SZ")
            table = table.set_column(index, field.name, text)
    return table


def _for_sqlite(table: pa.Table) -> pa.Table:
    """SQLite has neither booleans nor dates: 0 and 1, and ISO 8601 text."""
    table = _with_iso_datetimes(table)
    for index, field in enumerate(table.schema):
        if pa.types.is_boolean(field.type):
            table = table.set_column(index, field.name, pc.cast(table[index], pa.int8()))
        elif pa.types.is_date(field.type):
            table = table.set_column(index, field.name, pc.cast(table[index], pa.string()))
    return table


def write_database(
    path: Path, tables: Mapping[str, pa.Table], described: Mapping[str, Table]
) -> None:
    """All tables in one file: STRICT, with keys, foreign keys, indexes and full-text search.

    sqlite-utils makes everything but the rows, which ADBC brings at the speed of SQLite's own
    interface. `VACUUM INTO` ends it, since its output does not depend on how the rows came.
    """
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    order = _parents_first(described)
    _create(draft, order, described)
    ingest(draft, {name: tables[name] for name in order})
    _finish(draft, path, order, described)
    draft.unlink()


def _create(path: Path, order: Iterable[str], described: Mapping[str, Table]) -> None:
    db = sqlite_utils.Database(path)
    for name in order:
        table = described[name]
        db.table(name).create(
            {c: PYTHON_TYPES[k.type] for c, k in table.columns.items()},
            pk=table.key,
            not_null={c for c, k in table.columns.items() if k.required},
            foreign_keys=[
                (column, parent, described[parent].key)
                for column, parent in table.foreign_keys.items()
            ],
            strict=True,
        )
    db.close()


def ingest(
    path: Path, tables: Mapping[str, pa.Table], *, mode: Literal["append", "create"] = "append"
) -> None:
    """Rows into a SQLite file; `mode` "create" makes each table as well, without keys."""
    connection = adbc_driver_sqlite.dbapi.connect(str(path), autocommit=True)
    with connection, connection.cursor() as cursor:
        for pragma in FAST:
            cursor.execute(pragma)
            cursor.fetchall()
        for name, table in tables.items():
            if table.num_rows or mode == "create":
                cursor.execute("BEGIN")
                cursor.adbc_ingest(name, _for_sqlite(table), mode=mode)
                cursor.execute("COMMIT")


def _finish(draft: Path, path: Path, order: Iterable[str], described: Mapping[str, Table]) -> None:
    db = sqlite_utils.Database(draft)
    for pragma in (*FAST, "PRAGMA secure_delete = ON"):
        db.execute(pragma).fetchall()
    for name in order:
        table = described[name]
        for column in dict.fromkeys((*table.indexes, *table.foreign_keys)):
            db.table(name).create_index([column])
        if table.search:
            searched = db.table(name)
            searched.enable_fts(list(table.search), tokenize="unicode61 remove_diacritics 2")
            searched.optimize()
    db.analyze()
    db.conn.commit()
    path.unlink(missing_ok=True)
    db.execute("VACUUM INTO ?", [str(path)])
    db.close()


def _parents_first(described: Mapping[str, Table]) -> list[str]:
    """Table names, each after the tables it references."""
    order: dict[str, None] = {}

    def add(name: str) -> None:
        if name in order:
            return
        for parent in described[name].foreign_keys.values():
            if parent != name and parent in described:
                add(parent)
        order[name] = None

    for name in described:
        add(name)
    return list(order)


def broken_foreign_keys(path: Path) -> list[tuple[str, str, int]]:
    """(table, parent, count) for rows whose foreign key leads nowhere."""
    with sqlite3.connect(path) as db:
        found: dict[tuple[str, str], int] = {}
        for table, _, parent, _ in db.execute("PRAGMA foreign_key_check"):
            found[table, parent] = found.get((table, parent), 0) + 1
    return [(table, parent, count) for (table, parent), count in found.items()]
