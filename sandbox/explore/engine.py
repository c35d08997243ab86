"""Datasette on a bundle: its settings, what visitors may do, and the shared look."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from datasette.app import Datasette
from datasette.database import QueryInterrupted
from datasette.plugins import pm
from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup

from sandbox import ui
from sandbox.bundle import Bundle
from sandbox.catalog import Catalog, Question
from sandbox.errors import BundleError
from sandbox.explore import guard, hooks, pages
from sandbox.explore.database import BundleDatabase
from sandbox.explore.pages import NAME
from sandbox.explore.questions import ASKED, Choice, bind, choices
from sandbox.workspace import Event

BASE = "/data/"
TEMPLATES = Path(__file__).parent / "templates"

SETTINGS = {
    "base_url": BASE,
    "suggest_facets": False,  # costs up to 200 times the page on a large table
    "sql_time_limit_ms": guard.TIME_LIMIT_MS,
    "facet_time_limit_ms": 1_000,
    "default_page_size": 100,
    "max_returned_rows": 1_000,
    "max_csv_mb": 100,
    "truncate_cells_html": 500,
    "allow_download": True,
    "default_cache_ttl": 0,
}
_ALLOWED = {"view-instance", "view-database", "view-database-download", "view-table",
            "view-query", "execute-sql"}  # fmt: skip


class Explorer(Datasette):  # type: ignore[misc]
    """A Datasette that opens one bundle's database and nothing else, and never writes."""

    def __init__(self, bundle: Bundle, catalog: Catalog, event: Event):
        super().__init__(
            settings=SETTINGS,
            inspect_data=_inspected(bundle),
            metadata=_metadata(catalog, event),
            cors=True,
        )
        self.bundle, self.catalog, self.event = bundle, catalog, event
        self.questions = {name: question for name, (_, question) in catalog.questions.items()}
        self._by_sql = {question.sql: question for question in self.questions.values()}
        for name in tuple(self.databases):
            self.remove_database(name)
        self.add_database(BundleDatabase(self, bundle), name=NAME)
        self.choices = _read_at_once(bundle, self.questions)
        self._remembered: dict[tuple[str, ...], Markup] = {}
        # Not Datasette's environment: awaiting every cell of a table takes longer than its query,
        # and none of its own pages, with their inline scripts, is to be found in ours.
        self.jinja_env = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
        ui.equip(self.jinja_env)

    async def render_template(
        self, templates: Template, context: Any = None, request: Any = None, view_name: Any = None
    ) -> str:
        """A page in the shared look."""
        given = context or {}
        view = pages.view(templates.name or "", given, request, self)
        return templates.render({**given, **view, **pages.context(request, self)})

    async def refresh_schemas(self) -> None:
        """Nothing to refresh: the file never changes."""

    async def permission_allowed(
        self, actor: object, action: str, resource: object = None, default: bool = False
    ) -> bool:
        """Everybody may read and ask; nobody may do more."""
        return action in _ALLOWED

    async def execute(self, db_name: str, sql: str, params: Any = None, **more: Any) -> Any:
        """Run a question's or a visitor's SQL; running out of time is an error of that SQL."""
        named = params if isinstance(params, dict) else {}  # Datasette's own queries pass lists too
        asked = self._by_sql.get(sql) or self.questions.get(named.get(ASKED, ""))
        bound = bind(asked, params) if asked else params
        try:
            return await super().execute(db_name, sql, bound, **more)
        except QueryInterrupted:
            raise sqlite3.OperationalError("interrupted: the query took too long") from None

    def remembered(self, part: Callable[[], Markup], *key: str) -> Markup:
        """A part of a page that depends on `key` alone: rendered once."""
        if key not in self._remembered:
            self._remembered[key] = part()
        return self._remembered[key]

    async def expand_foreign_keys(self, *about: Any) -> dict[tuple[str, Any], Any]:
        """Names for keys; where a table has no names, the key itself and not its text beside it."""
        labels = await super().expand_foreign_keys(*about)
        return {key: key[1] if name == str(key[1]) else name for key, name in labels.items()}

    def close(self) -> None:
        """Let the threads and the file go, once the last request is answered."""
        self.executor.shutdown(wait=False)
        for database in self.databases.values():
            database.close()


def _read_at_once(
    bundle: Bundle, questions: Mapping[str, Question]
) -> dict[str, tuple[Choice, ...]]:
    """What can be chosen in questions; a file that cannot be read is found now and not by readers.

    Raises BundleError if it is no database, or a table of the manifest is missing in it.
    """
    try:
        with contextlib.closing(bundle.connect()) as connection:
            for dataset in bundle.manifest.datasets.values():
                for table in dataset.tables:
                    connection.execute(f'SELECT * FROM "{table}" LIMIT 1').fetchall()  # noqa: S608
        return choices(bundle, questions)
    except sqlite3.DatabaseError as error:
        raise BundleError(
            f"{bundle.database} cannot be read ({error}). "
            f"Delete {bundle.path.parent} and build again: sandbox build"
        ) from None


def _inspected(bundle: Bundle) -> dict[str, Any]:
    """What Datasette would count and hash at start, known from the build."""
    file = bundle.entry(bundle.database.name)
    datasets = bundle.manifest.datasets.values()
    tables = {t: {"count": entry.rows} for d in datasets for t, entry in d.tables.items()}
    return {NAME: {"file": file.path, "hash": file.sha256, "size": file.bytes, "tables": tables}}


def _metadata(catalog: Catalog, event: Event) -> dict[str, Any]:
    """For machines, in English; pages take their words from the catalog, in every language."""
    tables = {
        name: {
            "title": str(table.title),
            "description": str(table.row),
            "license": catalog.datasets[slug].licence,
            "source": str(catalog.datasets[slug].attribution or catalog.datasets[slug].publisher),
            "columns": {
                column: str(described.description or described.title)
                for column, described in table.columns.items()
            },
        }
        for name, (slug, table) in catalog.tables.items()
    }
    questions = {
        name: {
            "sql": question.sql,
            "title": str(question.title),
            "description": str(question.description or ""),
            "params": list(question.parameters),
        }
        for name, (_, question) in catalog.questions.items()
    }
    database = {"tables": tables, "queries": questions}
    return {"title": str(event.name), "databases": {NAME: database}}


hooks.install(pm)
