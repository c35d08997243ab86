"""The bundle's database as Datasette sees it: immutable, guarded, its schema asked only once."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from datasette.app import Datasette
from datasette.database import Database, QueryInterrupted, Results

from sandbox.bundle import Bundle
from sandbox.explore import guard


def _once(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The first answer for good, since the file never changes; only of tables that exist."""

    @functools.wraps(method)
    async def remembered(self: BundleDatabase, *about: str) -> Any:
        key = (method.__name__, *about)
        if key not in self.known:
            answer = await method(self, *about)
            if not set(about) <= self.tables:
                return answer  # any name may be asked for: those of no table are not kept
            self.known[key] = answer
        return self.known[key]

    return remembered


class BundleDatabase(Database):  # type: ignore[misc]
    """Datasette asks for the schema many times a page; a file that never changes answers once.

    `execute` is the one door for every query: its limits are the guard's.
    """

    def __init__(self, datasette: Datasette, bundle: Bundle):
        super().__init__(datasette, str(bundle.database), is_mutable=False)
        self.known: dict[tuple[str, ...], Any] = {}
        self.tables = {t for d in bundle.manifest.datasets.values() for t in d.tables}

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """A connection for one of the threads; Datasette adds its functions after the guard."""
        connection = super().connect(write=write)
        guard.protect(connection)
        return connection  # type: ignore[no-any-return]

    async def execute(
        self,
        sql: str,
        params: Any = None,
        truncate: bool = False,
        custom_time_limit: int | None = None,
        page_size: int | None = None,
        log_sql_errors: bool = True,
    ) -> Results:
        """As Datasette's, with the guard's limits; a visitor's mistake is not logged."""
        milliseconds = min(custom_time_limit or guard.TIME_LIMIT_MS, guard.TIME_LIMIT_MS)
        most = self.ds.max_returned_rows if truncate else None
        if most and most == (page_size or self.ds.page_size):
            most += 1  # a full page asks for one more row to know whether there is a next

        def run(connection: sqlite3.Connection) -> Results:
            with guard.time_limit(connection, milliseconds):
                try:
                    cursor = connection.execute(sql, params if params is not None else {})
                    rows, truncated = guard.fetch(cursor, most)
                except sqlite3.DatabaseError as error:
                    if error.args == ("interrupted",):
                        raise QueryInterrupted(error, sql, params) from None
                    raise
                except MemoryError:  # the guard's bound on SQLite, not the machine's
                    raise sqlite3.OperationalError("out of memory") from None
                return Results(rows, truncated, cursor.description)

        return await self.execute_fn(run)

    async def attached_databases(self) -> list[Any]:
        """None: attaching is refused, and asking SQLite would show the file's path."""
        return []

    async def table_exists(self, table: str) -> bool:
        return table in await self.table_names()

    table_names = _once(Database.table_names)
    view_names = _once(Database.view_names)
    hidden_table_names = _once(Database.hidden_table_names)
    table_columns = _once(Database.table_columns)
    table_column_details = _once(Database.table_column_details)
    primary_keys = _once(Database.primary_keys)
    fts_table = _once(Database.fts_table)
    label_column_for_table = _once(Database.label_column_for_table)
    foreign_keys_for_table = _once(Database.foreign_keys_for_table)
    get_all_foreign_keys = _once(Database.get_all_foreign_keys)
    get_table_definition = _once(Database.get_table_definition)

    async def get_view_definition(self, view: str) -> None:
        """None: a bundle has no views."""
