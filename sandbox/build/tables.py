"""Tables into files: one SQLite database, and CSV and Parquet per table, always the same bytes.

Rows come as an Arrow table or, where there may be more than fit into memory, as an Arrow dataset;
they are written as they come, a batch at a time.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import adbc_driver_sqlite.dbapi
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.parquet
import sqlite_utils

from sandbox.catalog import Table
from sandbox.quality import Rows

FAST = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -200000",
)
BATCH = 65_536
ROW_GROUP = 262_144  # rows of a Parquet row group, however the rows are cut on their way to it
PYTHON_TYPES = {
    "integer": int,
    "number": float,
    "boolean": int,
    "string": str,
    "date": str,
    "datetime": str,
}


def batches(rows: Rows) -> Iterator[pa.RecordBatch]:
    """The rows in their order, few of them in memory at a time."""
    if isinstance(rows, pa.Table):
        return iter(rows.to_batches(max_chunksize=BATCH))
    scanned: Iterator[pa.RecordBatch] = rows.to_batches(
        batch_size=BATCH, batch_readahead=2, fragment_readahead=1
    )
    return scanned


def count(rows: Rows) -> int:
    return int(rows.num_rows if isinstance(rows, pa.Table) else rows.count_rows())


def write_csv(rows: Rows, path: Path) -> int:
    """UTF-8, LF, comma, decimal point, true/false, ISO 8601 dates; missing values are empty.

    Returns how many rows there are.
    """
    options = pyarrow.csv.WriteOptions(quoting_style="needed", quoting_header="none")
    written = 0
    schema = _with_iso_datetimes(rows.schema.empty_table()).schema
    with pyarrow.csv.CSVWriter(path, schema, write_options=options) as writer:
        for batch in batches(rows):
            writer.write_batch(_with_iso_datetimes(batch))
            written += batch.num_rows
    return written


def write_parquet(rows: Rows, path: Path) -> None:
    with pyarrow.parquet.ParquetWriter(
        path, rows.schema, compression="zstd", store_schema=True
    ) as writer:
        for group in _groups(rows):
            writer.write_table(group, row_group_size=ROW_GROUP)


def _groups(rows: Rows) -> Iterator[pa.Table]:
    """Tables of ROW_GROUP rows in one piece each, and one of those that are left."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches(rows):
        waiting.append(batch)
        if sum(map(len, waiting)) >= ROW_GROUP:
            table = pa.Table.from_batches(waiting, rows.schema)
            yield table.slice(0, ROW_GROUP).combine_chunks()
            waiting = table.slice(ROW_GROUP).to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting, rows.schema).combine_chunks()


def read_parquet(path: Path) -> ds.Dataset:
    """What was written; Parquet knows no whole seconds, which are read as such all the same."""
    schema = pyarrow.parquet.read_schema(path)
    for index, field in enumerate(schema):
        if pa.types.is_timestamp(field.type):
            schema = schema.set(index, field.with_type(pa.timestamp("s", field.type.tz)))
    return ds.dataset(path, schema=schema.remove_metadata())


def _with_iso_datetimes(rows: Any) -> Any:
    """Datetimes of a table or batch as text with T and Z; the default has a space."""
    for index, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            text = pc.strftime(rows.column(index), "%Y-%m-%dT%H:%M:%SZ")
            rows = rows.set_column(index, field.name, text)
    return rows


def _for_sqlite(rows: Any) -> Any:
    """Booleans of a table or batch as 0 and 1, dates and datetimes as ISO 8601 text."""
    rows = _with_iso_datetimes(rows)
    for index, field in enumerate(rows.schema):
        if pa.types.is_boolean(field.type):
            rows = rows.set_column(index, field.name, pc.cast(rows.column(index), pa.int8()))
        elif pa.types.is_date(field.type):
            rows = rows.set_column(index, field.name, pc.cast(rows.column(index), pa.string()))
    return rows


def write_database(path: Path, tables: Mapping[str, Rows], described: Mapping[str, Table]) -> None:
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
    path: Path, tables: Mapping[str, Rows], *, mode: Literal["append", "create"] = "append"
) -> None:
    """Rows into a SQLite file; `mode` "create" makes each table as well, without keys."""
    connection = adbc_driver_sqlite.dbapi.connect(str(path), autocommit=True)
    with connection, connection.cursor() as cursor:
        for pragma in FAST:
            cursor.execute(pragma)
            cursor.fetchall()
        for name, rows in tables.items():
            if count(rows) or mode == "create":
                schema = _for_sqlite(rows.schema.empty_table()).schema
                reader = pa.RecordBatchReader.from_batches(schema, map(_for_sqlite, batches(rows)))
                cursor.execute("BEGIN")
                cursor.adbc_ingest(name, reader, mode=mode)
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


def broken_foreign_keys(path: Path) -> list[tuple[str, str, str, int]]:
    """(table, column, parent, count) for rows whose foreign key leads nowhere."""
    with sqlite3.connect(path) as db:
        found = Counter(
            (table, number, parent)
            for table, _, parent, number in db.execute("PRAGMA foreign_key_check")
        )
        return [
            (table, _foreign_key(db, table, number), parent, count)
            for (table, number, parent), count in found.items()
        ]


def _foreign_key(db: sqlite3.Connection, table: str, number: int) -> str:
    """The column of a foreign key by its number in SQLite's list of those of a table."""
    listed = db.execute(
        'SELECT "from" FROM pragma_foreign_key_list(?) WHERE id = ?', [table, number]
    )
    return str(listed.fetchone()[0])
