"""The board's database: opened, migrated after a backup, read and written in short transactions."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from sandbox import clock
from sandbox.errors import StateError
from sandbox.workspace import Workspace

MIGRATIONS = Path(__file__).parent / "migrations"
SECONDS_TO_WAIT = 15  # for another writer
CONNECTIONS = 12  # as many as the board has threads, and a few for jobs
# The lock that PostgreSQL's writers take in turn: "Sbox" in ASCII, so that no other program has it.
WRITERS_LOCK = 0x53626F78


class State:
    """An opened database. A session reads one state of it; a writing one is alone until it ends."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._reading = sessionmaker(engine, autoflush=False, expire_on_commit=False)
        self._writing = sessionmaker(for_writing(engine), expire_on_commit=False)

    def reader(self) -> Session:
        """A session that only reads; close it."""
        return self._reading()

    def writer(self) -> Session:
        """A session that may write: `commit()` keeps what was done, closing without it does not.

        There is one writer at a time, on PostgreSQL too. It asks for its turn before its first
        read, so what it read cannot change before it writes: neither a cap nor a deadline is raced.
        """
        return self._writing()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A writing session that is committed when the block ends well."""
        with self._writing() as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._reading() as session:
            yield session

    def scrub(self) -> None:
        """Let what was deleted leave the files, too: SQLite's journal still holds old pages.

        Deleted cells are overwritten in the database itself (`secure_delete`). On PostgreSQL dead
        rows go when it next vacuums, which is its own to plan.
        """
        if self.engine.dialect.name != "sqlite":
            return
        connection = self.engine.raw_connection()  # outside of any transaction
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()

    def close(self) -> None:
        self.engine.dispose()

    @property
    def revision(self) -> str | None:
        """Which migration the database stands at; None when it is empty."""
        with self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()


def open_state(workspace: Workspace) -> State:
    """The event's state, made or brought up to date; an old SQLite file is copied aside first.

    Raises StateError when there is no reaching it, or when a newer kit has written it.
    """
    url = address(workspace)
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)  # SQLite gives its journals the same mode
    state = State(connect(url))
    try:
        _migrate(state, url)
    except (SQLAlchemyError, sqlite3.Error) as error:
        state.close()
        raise StateError(_unreachable(url, error)) from None
    except StateError:
        state.close()
        raise
    return state


def address(workspace: Workspace) -> URL:
    """Where the state lies: DATABASE_URL, else board.sqlite in the event's folder."""
    named = os.environ.get("DATABASE_URL", "").strip()
    if not named:
        return URL.create("sqlite", database=str(workspace.state / "board.sqlite"))
    try:
        url = make_url(named)
    except ArgumentError:
        raise StateError(
            "DATABASE_URL is no address of a database. Expected: "
            "postgresql://user:password@host/name, or nothing for SQLite"
        ) from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StateError(
            f"DATABASE_URL names {url.get_backend_name()}; the board keeps its state in "
            "PostgreSQL (postgresql://…) or SQLite."
        )
    return url.set(drivername="postgresql+psycopg") if "postgresql" in url.drivername else url


def connect(url: URL) -> Engine:
    """An engine whose transactions mean the same on SQLite and on PostgreSQL."""
    if url.get_backend_name() == "postgresql":
        engine = create_engine(
            url,
            pool_size=CONNECTIONS,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
            connect_args={"connect_timeout": SECONDS_TO_WAIT},
        )
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=CONNECTIONS, max_overflow=CONNECTIONS,
        connect_args={"timeout": SECONDS_TO_WAIT},
    )  # fmt: skip
    turns = _Turns()
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", turns.begin)
    event.listen(engine, "checkin", turns.give_back)
    event.listen(engine, "invalidate", turns.give_back)
    return engine


def for_writing(engine: Engine) -> Engine:
    """The same engine, whose transactions are writers': one at a time."""
    if engine.dialect.name == "postgresql":
        # Once it has its turn it must see what the writer before it has just committed.
        return engine.execution_options(writes=True, isolation_level="READ COMMITTED")
    return engine.execution_options(writes=True)


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is said by us, at the right moment and of the kind
    for pragma in (
        "foreign_keys = on",
        "journal_mode = wal",
        "synchronous = full",  # what was acknowledged is there after the power fails, too
        "secure_delete = on",  # what was deleted is overwritten
    ):
        connection.execute(f"PRAGMA {pragma}")


class _Turns:
    """Lets the writers of this process wait for each other in a line.

    SQLite itself lets them sleep and look again, at last every tenth of a second, while others who
    come later go first. Writers of other processes are still waited for in that way.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._has_it: Any = None  # the connection, until its session gives it back to the pool

    def begin(self, connection: Connection) -> None:
        if not connection.get_execution_options().get("writes"):
            connection.exec_driver_sql("BEGIN")
            return
        own = connection.connection.dbapi_connection
        if self._has_it is not own and self._turn.acquire(timeout=SECONDS_TO_WAIT):
            self._has_it = own
        # Without a turn after so long, SQLite says in its own words that it is locked.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def give_back(self, own: Any, _record: Any, _error: Any = None) -> None:
        if own is not None and self._has_it is own:
            self._has_it = None
            self._turn.release()


def configuration() -> Config:
    """Alembic's, without a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def migrate(address: str) -> None:
    """Bring the database at `address` up to date, for whoever prepares one elsewhere."""
    state = State(connect(make_url(address)))
    try:
        _migrate(state, state.engine.url)
    finally:
        state.close()


def _migrate(state: State, url: URL) -> None:
    config = configuration()
    newest = ScriptDirectory.from_config(config)
    before, after = state.revision, newest.get_current_head()
    if before == after:
        return
    if before and before not in {script.revision for script in newest.walk_revisions()}:
        raise StateError(
            f"{_shown(url)} was written by a newer kit (migration {before}). Upgrade the kit, or "
            "restore a backup that this one made."
        )
    if before and url.get_backend_name() == "sqlite":
        _copy_aside(Path(url.database or ""), before)
    with for_writing(state.engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _copy_aside(file: Path, revision: str) -> Path:
    """Copy a database that is about to be migrated; SQLite's own backup needs nobody to stop."""
    aside = file.with_name(f"{file.stem}-{revision}-{clock.now():%Y%m%dT%H%M%SZ}.sqlite")
    aside.touch(mode=0o600)
    source, copy = sqlite3.connect(file), sqlite3.connect(aside)
    try:
        source.backup(copy)
    finally:
        source.close()
        copy.close()
    return aside


def _unreachable(url: URL, error: Exception) -> str:
    told = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return f"The board's database {_shown(url)} cannot be used: {told}"


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True).removeprefix("sqlite:///")
