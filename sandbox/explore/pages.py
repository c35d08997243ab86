"""What the pages show beyond what Datasette tells: the catalog's words, addresses, and mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from datasette.utils import path_with_removed_args, path_with_replaced_args, tilde_encode

from sandbox import ui
from sandbox.catalog import Catalog, Column
from sandbox.catalog.models import Parameter
from sandbox.explore.questions import ASKED, Choice
from sandbox.explore.sql_help import explain

NAME = "sandbox"
NUMERIC = {"integer", "number"}
INPUTS = {"integer": "number", "number": "number", "date": "date"}


@dataclass(frozen=True)
class Here:
    """The page that was asked for, and addresses of others as seen from it.

    `language` is the one chosen in this page's address, which goes along; None if none was.
    """

    request: Any
    base: str
    language: str | None

    def to(self, *names: str, **args: str) -> str:
        """A page of the database."""
        query = urlencode({**args, **({"_lang": self.language} if self.language else {})})
        path = "/".join([self.base + NAME, *map(tilde_encode, names)])
        return f"{path}?{query}" if query else path

    def home(self) -> str:
        return f"{self.base}?_lang={self.language}" if self.language else self.base

    def again(self, **args: str | None) -> str:
        """This page from its first row, with arguments replaced, or taken away where None."""
        return self._absolute(path_with_replaced_args(self.request, {**args, "_next": None}))

    def without(self, key: str, value: str) -> str:
        """This page without one argument, from its first row."""
        removed = path_with_removed_args(self.request, {key: value})
        return self._absolute(path_with_removed_args(self.request, {"_next"}, path=removed))

    def _absolute(self, path: str) -> str:
        return self.base + path.lstrip("/")

    @staticmethod
    def local(url: str) -> str:
        """`url` without scheme and host, which a proxy may have changed."""
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


@dataclass(frozen=True)
class Heading:
    """The head of a column: what it means, and where a tap on it leads."""

    name: str
    described: Column | None
    numeric: bool
    sorted: str | None
    sort: str | None


@dataclass(frozen=True)
class Filter:
    """A condition on the table that is shown, and the address without it."""

    column: str
    lookup: str
    value: str
    remove: str


@dataclass(frozen=True)
class Blank:
    """A parameter of a question as something to fill in."""

    name: str
    value: str
    input: str
    described: Parameter | None
    choices: tuple[Choice, ...]


def context(request: Any, explorer: Any) -> dict[str, Any]:
    """What every page of the explorer knows."""
    language = request.scope.get("sandbox.language", explorer.event.languages[0])
    address = request.scope.get("sandbox.address", explorer.setting("base_url"))
    page = ui.page_context(explorer.event, language, address)
    return {
        **page,
        "catalog": explorer.catalog,
        "manifest": explorer.bundle.manifest,
        "here": _here(request, explorer),
        "remembered": explorer.remembered,
        "explain": partial(
            explain, catalog=explorer.catalog, gettext=page["page"].words.gettext
        ),
    }  # fmt: skip


def view(template: str, given: Mapping[str, Any], request: Any, explorer: Any) -> dict[str, Any]:
    """What one kind of page knows, from what Datasette gathered for it."""
    here = _here(request, explorer)
    if template == "table.html":
        return _table(given, here, explorer.catalog)
    if template == "row.html":
        return _described(given["table"], explorer.catalog)
    if template == "query.html":
        return _query(given, request, explorer)
    return {}


def _here(request: Any, explorer: Any) -> Here:
    wanted = request.args.get("_lang")
    chosen = wanted if wanted in explorer.event.languages else None
    return Here(request, explorer.setting("base_url"), chosen)


def problem(request: Any, explorer: Any, status: int, message: str) -> dict[str, Any]:
    """What an error page knows; SQL that was refused can be mended there."""
    sql = request.args.get("sql") or ""
    return {**context(request, explorer), "status": status, "message": message, "sql": sql}


def _described(name: str, catalog: Catalog) -> dict[str, Any]:
    slug, described = catalog.tables[name]
    return {"slug": slug, "dataset": catalog.datasets[slug], "described": described}


def _table(given: Mapping[str, Any], here: Here, catalog: Catalog) -> dict[str, Any]:
    about = _described(given["table"], catalog)
    args = here.request.args
    headings = [_heading(c, given, here, about["described"].columns)
                for c in given["display_columns"]]  # fmt: skip
    filters = [
        Filter(column, lookup, value, here.without(_key(args, column, lookup), value))
        for column, lookup, value in given["filters"].selections()
    ]
    return {
        **about,
        "headings": headings,
        "conditions": filters,
        "numeric": [heading.numeric for heading in headings],
        # As the table is, without the names that Datasette would add beside the codes.
        "csv": given["url_csv"].replace("_labels=on&", ""),
        "json": given["renderers"]["json"].replace("_labels=on", "").rstrip("?&"),
    }


def _heading(
    column: Mapping[str, Any],
    given: Mapping[str, Any],
    here: Here,
    described: Mapping[str, Column],
) -> Heading:
    name = column["name"]
    up, down = given["sort"] == name, given["sort_desc"] == name
    way = {"_sort_desc": name, "_sort": None} if up else {"_sort": name, "_sort_desc": None}
    return Heading(
        name,
        described.get(name),
        numeric=name in described and described[name].type in NUMERIC,
        sorted="ascending" if up else "descending" if down else None,
        sort=here.again(**way) if column["sortable"] else None,
    )


def _key(args: Any, column: str, lookup: str) -> str:
    """How the address names this condition: "column" is short for "column__exact"."""
    long = f"{column}__{lookup}"
    return long if long in args else column


def _query(given: Mapping[str, Any], request: Any, explorer: Any) -> dict[str, Any]:
    name = given.get("query_name") or request.args.get(ASKED)
    slug, question = explorer.catalog.questions.get(name, (None, None))
    parameters = question.parameters if question else {}
    edit = given["edit_sql_url"]
    if question and edit:
        edit += "&" + urlencode({ASKED: name})
    return {
        "asked": name if question else None,
        "slug": slug,
        "dataset": explorer.catalog.datasets.get(slug),
        "question": question,
        "blanks": [_blank(n, v, parameters.get(n), explorer)
                   for n, v in given["named_parameter_values"].items()],
        "edit": edit,
        "numeric": _numeric(given["rows"], len(given["columns"])),
    }  # fmt: skip


def _blank(name: str, value: str, described: Parameter | None, explorer: Any) -> Blank:
    kind = INPUTS.get(described.type, "text") if described else "text"
    options = explorer.choices[described.options] if described and described.options else ()
    return Blank(name, value, kind, described, options)


def _numeric(rows: Sequence[Sequence[Any]], width: int) -> list[bool]:
    """Which columns of an answer hold numbers alone."""
    sample = rows[:50]
    return [
        any(row[i] is not None for row in sample)
        and all(row[i] is None or isinstance(row[i], int | float) for row in sample)
        for i in range(width)
    ]
