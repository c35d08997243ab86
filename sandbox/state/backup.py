"""A backup of the board's state in one file, and its restore on SQLite or PostgreSQL alike.

The file is a zip: `backup.json` says which kit and migration wrote it, which tables there are, of
which columns, and the SHA-256 of each table's rows; `tables/<name>.jsonl` has a row a line;
`uploads/` the files. Neither seed nor keys are in it: secret.toml is kept apart.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from sandbox import __version__, clock
from sandbox.errors import BackupError
from sandbox.state.audit import unlocked
from sandbox.state.base import Moment
from sandbox.state.database import State, configuration, for_writing
from sandbox.state.tables import Base

FORMAT = 1
HEAD = "backup.json"
ROWS_AT_ONCE = 500
MOST_HEAD_BYTES = 10_000_000
# How a column's values are written, and what reads them again on either database.
KINDS: dict[str, TypeEngine[Any]] = {
    "moment": Moment(),
    "json": JSON(),
    "boolean": Boolean(),
    "integer": Integer(),
    "text": Text(),
}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say; the moment stands in backup.json


@dataclass(frozen=True)
class Told:
    """What a backup or a restore was of: rows per table, files, and when it was made."""

    made_at: datetime
    rows: Mapping[str, int]
    files: int

    def __str__(self) -> str:
        return (
            f"{sum(self.rows.values()):,} rows of {len(self.rows)} tables and {self.files} files, "
            f"as of {self.made_at:%Y-%m-%d %H:%M} UTC"
        )


# --- backup ---------------------------------------------------------------------------------------


def backup(state: State, uploads: Path, file: Path) -> Told:
    """Write everything to `file`, readable by its owner alone, while the board goes on.

    All tables are read in one transaction, so they show one moment. Raises BackupError if the file
    exists already, OSError if it cannot be written; then none is left behind.
    """
    if file.exists():
        raise BackupError(f"{file} exists already; nothing was written. Name another file.")
    aside = file.with_name(f".{file.name}.part")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            told = write(state, uploads, out)
            out.flush()
            os.fsync(out.fileno())
        aside.rename(file)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    return told


def write(state: State, uploads: Path, out: Any) -> Told:
    """The same into a binary stream, for whoever sends it on."""
    made_at, revision = clock.now(), state.revision
    tables: dict[str, Any] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with state.engine.connect() as connection, connection.begin():
            for table in Base.metadata.sorted_tables:
                tables[table.name] = _write_table(connection, table, archive)
        files = _write_files(uploads, archive)
        head = {
            "format": FORMAT,
            "kit": __version__,
            "migration": revision,
            "made_at": made_at.isoformat(),
            "tables": tables,
            "files": files,
        }
        archive.writestr(_entry(HEAD), json.dumps(head, indent=1) + "\n")
    return Told(made_at, {name: said["rows"] for name, said in tables.items()}, len(files))


def _write_table(connection: Connection, table: Table, archive: zipfile.ZipFile) -> dict[str, Any]:
    kinds = {column.name: _kind(column) for column in table.columns}
    digest, count = hashlib.sha256(), 0
    found = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    with archive.open(_entry(f"tables/{table.name}.jsonl"), "w", force_zip64=True) as out:
        for row in found:
            values = [_said(value) for value in row]
            line = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            out.write(line)
            count += 1
    return {"columns": kinds, "rows": count, "sha256": digest.hexdigest()}


def _kind(column: Column[Any]) -> str:
    return next(kind for kind, known in KINDS.items() if isinstance(column.type, type(known)))


def _said(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _write_files(uploads: Path, archive: zipfile.ZipFile) -> dict[str, str]:
    """Name below uploads/ → SHA-256 of each file."""
    files = {}
    for file in sorted(uploads.rglob("*")) if uploads.is_dir() else ():
        if file.name.startswith(".") or not file.is_file():
            continue  # what is being written at this moment, no row names yet
        name, content = file.relative_to(uploads).as_posix(), file.read_bytes()
        archive.writestr(_entry(f"uploads/{name}"), content)
        files[name] = hashlib.sha256(content).hexdigest()
    return files


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


# --- restore --------------------------------------------------------------------------------------


def restore(state: State, uploads: Path, file: Path) -> Told:
    """Put back all that `file` holds, and nothing else is left: in one transaction, or not at all.

    The board may run meanwhile: it shows what was there until the transaction ends. A backup of an
    older kit is brought up to date. Raises BackupError when the file is no backup, is damaged, or
    was written by a newer kit.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            head = _head(archive, file)
            _verify(archive, head, file)
            with for_writing(state.engine).begin() as connection:
                _empty(connection)
                _at(connection, head["migration"])
                _fill(connection, archive, head["tables"])
                _at(connection, "head")
                _put_files(archive, head["files"], uploads)
    except zipfile.BadZipFile:
        raise BackupError(f"{file} is no backup of a board, or it is cut short.") from None
    rows = {name: said["rows"] for name, said in head["tables"].items()}
    return Told(datetime.fromisoformat(head["made_at"]), rows, len(head["files"]))


def _head(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    try:
        entry = archive.getinfo(HEAD)
        if entry.file_size > MOST_HEAD_BYTES:
            raise BackupError(f"{file} is no backup of a board: its {HEAD} is too large.")
        head: dict[str, Any] = json.loads(archive.read(entry))
        version, migration = head["format"], head["migration"]
    except (KeyError, ValueError, TypeError):
        raise BackupError(f"{file} is no backup of a board: it has no readable {HEAD}.") from None
    known = {s.revision for s in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if version != FORMAT or migration not in known:
        raise BackupError(
            f"{file} was written by a newer kit ({head.get('kit')}). Upgrade the kit, then restore."
        )
    return head


def _verify(archive: zipfile.ZipFile, head: dict[str, Any], file: Path) -> None:
    """Before anything is touched: every table and file is there, and is what was written."""
    said = {f"tables/{name}.jsonl": table["sha256"] for name, table in head["tables"].items()}
    said |= {f"uploads/{name}": digest for name, digest in head["files"].items()}
    there = set(archive.namelist())
    wrong = sorted(
        name for name, digest in said.items()
        if name not in there or _digest(archive, name) != digest
    )  # fmt: skip
    outside = [name for name in head["files"] if not _stays_inside(name)]
    if wrong or outside:
        raise BackupError(
            f"{file} is damaged, and nothing was restored: {', '.join(wrong + outside)}"
        )


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]


def _stays_inside(name: str) -> bool:
    parts = name.split("/")
    return not name.startswith("/") and "\\" not in name and not {"", ".", ".."} & set(parts)


def _empty(connection: Connection) -> None:
    there = MetaData()
    there.reflect(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = on")
    there.drop_all(connection)


def _at(connection: Connection, revision: str) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _fill(connection: Connection, archive: zipfile.ZipFile, tables: Mapping[str, Any]) -> None:
    with unlocked(connection):
        for name, said in tables.items():
            kinds = {column: KINDS[kind] for column, kind in said["columns"].items()}
            # Not the kit's own table of that name, which may have changed since.
            table = Table(name, MetaData(), *(Column(c, kind) for c, kind in kinds.items()))
            for rows in _batches(archive, name, said["columns"]):
                connection.execute(table.insert(), rows)
            if "id" in kinds and connection.dialect.name == "postgresql":
                _count_on(connection, table)


def _batches(
    archive: zipfile.ZipFile, name: str, columns: Mapping[str, str]
) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    with archive.open(f"tables/{name}.jsonl") as content:
        for line in io.TextIOWrapper(content, encoding="utf-8", newline="\n"):
            values = zip(columns.items(), json.loads(line), strict=True)
            rows.append({column: _read(value, kind) for (column, kind), value in values})
            if len(rows) == ROWS_AT_ONCE:
                yield rows
                rows = []
    if rows:
        yield rows


def _read(value: Any, kind: str) -> Any:
    return datetime.fromisoformat(value) if kind == "moment" and value is not None else value


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL hands out numbers by itself, and must be told which are taken."""
    last = connection.scalar(select(func.max(table.c.id)))
    if last is not None:
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)"),
            {"table": table.name, "last": last},
        )


def _put_files(archive: zipfile.ZipFile, files: Mapping[str, str], uploads: Path) -> None:
    """Files lie under the hash of their content, so one that is there already is the same."""
    for name in files:
        target = uploads / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.touch(mode=0o600)
            target.write_bytes(archive.read(f"uploads/{name}"))
