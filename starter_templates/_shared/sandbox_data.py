"""Rows from the sandbox: live when it answers, else from the cache, else from the bundled sample.

    data = SandboxData("http://127.0.0.1:8001/", "data/sample/know-your-municipality")
    rows = data.rows("municipalities", {"county_code": "03", "population__gte": 20000})
    rows.source  # "live", "cached" or "sample": always say which one people are looking at

Filters mean the same on all three, because the sample is asked in the SQL that Datasette uses
(https://docs.datasette.io/en/stable/json_api.html#column-filter-arguments), and names are checked,
because Datasette answers a misspelled filter with every row there is. Only the standard library.
"""

from __future__ import annotations

import difflib
import hashlib
import ipaddress
import json
import os
import re
import sqlite3
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

ANSWER_WITHIN = 2.0  # seconds until an answer begins, all tries together
BODY_WITHIN = 10.0  # seconds until it has arrived, once begun
TRY_AGAIN_AFTER = 0.2  # seconds, unless the answer names a time
DOWN_FOR = 30.0  # seconds in which a sandbox that did not answer is not asked again
PAGE = 1000  # rows a page, the most that Datasette gives
LONGEST_BODY = 32_000_000  # bytes
CACHED_ANSWERS = 100  # files

# Operator → SQL and the form of the value, as in Datasette; ranges read digits as numbers there.
OPERATORS = {
    "exact": ("{c} = ?", "{v}"),
    "not": ("{c} != ?", "{v}"),
    "contains": ("{c} LIKE ?", "%{v}%"),
    "startswith": ("{c} LIKE ?", "{v}%"),
    "endswith": ("{c} LIKE ?", "%{v}"),
    "gt": ("{c} > ?", "{v}"),
    "gte": ("{c} >= ?", "{v}"),
    "lt": ("{c} < ?", "{v}"),
    "lte": ("{c} <= ?", "{v}"),
    "in": ("{c} IN ({marks})", "{v}"),
    "notin": ("{c} NOT IN ({marks})", "{v}"),
    "isnull": ("{c} IS NULL", ""),
    "notnull": ("{c} IS NOT NULL", ""),
}
RANGES, LISTS, FLAGS = ("gt", "gte", "lt", "lte"), ("in", "notin"), ("isnull", "notnull")
SQL_TYPES = {"integer": "INTEGER", "boolean": "INTEGER", "number": "REAL"}

Row = dict[str, Any]


class QueryError(ValueError):
    """The question is wrong, wherever it is asked: a table, a column, an operator, a value."""


class Offline(Exception):
    """The sandbox cannot be reached, or something else answers in its place."""


@dataclass(frozen=True)
class Rows:
    """An answer. `total` counts all matching rows where known; `truncated`: there are more."""

    source: str
    items: list[Row]
    columns: list[str]
    total: int | None
    truncated: bool
    fetched_at: datetime | None = None
    why: str = ""  # why these rows are not live

    def __iter__(self) -> Iterator[Row]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True)
class Condition:
    column: str
    operator: str
    values: list[str]

    @property
    def argument(self) -> tuple[str, str]:
        """As Datasette wants it; the operator always named, since `_x` alone is a setting there."""
        value = json.dumps(self.values) if self.operator in LISTS else "".join(self.values)
        return f"{self.column}__{self.operator}", value

    @property
    def sql(self) -> tuple[str, list[str | int]]:
        template, form = OPERATORS[self.operator]
        marks = ", ".join("?" * len(self.values))
        clause = template.format(c=_quoted(self.column), marks=marks)
        if self.operator in FLAGS:
            return clause, []
        values = [form.format(v=value) for value in self.values]
        digits = self.operator in RANGES and values[0].isdigit()
        return clause, [int(values[0])] if digits else [*values]


class SandboxData:
    """The tables of one sandbox. Safe to share between threads.

    `sample` is the folder that holds a <table>.json for each table known offline; `cache` is a
    folder for answers, made when needed, or None for none.
    """

    def __init__(self, url: str, sample: str | Path, cache: str | Path | None = None) -> None:
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"SANDBOX_URL is {url!r}; it must be like http://127.0.0.1:8001/")
        self.url = url.strip().rstrip("/") + "/"
        self.sample = Sample(Path(sample))
        self._cache = Path(cache) if cache else None
        self._opener = _opener(parts.hostname)
        self._down_until, self._why = 0.0, ""

    def rows(
        self,
        table: str,
        where: Mapping[str, Any] | None = None,
        *,
        sort: str | None = None,
        limit: int | None = PAGE,
    ) -> Rows:
        """Up to `limit` rows (None: all) that meet every condition.

        `where` maps "column" or "column__operator" (see OPERATORS) to a value; `sort` is a column,
        "-column" for descending. Raises QueryError for what no source can answer.
        """
        if sort and (limit is None or limit > PAGE):
            # Datasette orders equal values otherwise on its first page than on those after it.
            raise QueryError(f"With sort, limit is at most {PAGE}; sort longer answers in Python")
        conditions = [_condition(key, value) for key, value in (where or {}).items()]
        try:
            return self._live(table, conditions, sort, limit)
        except Offline as error:
            why = str(error)
        cached = self._from_cache(self._address(table, conditions, sort, limit), limit, why)
        return cached or self.sample.rows(table, conditions, sort, limit, why)

    def about(self, table: str) -> Row:
        """What the sample says about a table: title, licence, attribution, columns, provenance."""
        return self.sample.about(table)

    def download(self, path: str) -> bytes:
        """A file of the sandbox by its path below the address; raises Offline."""
        return self._get(self.url + path.lstrip("/"))

    # --- live ---------------------------------------------------------------------------------

    def _live(
        self, table: str, conditions: list[Condition], sort: str | None, limit: int | None
    ) -> Rows:
        first = address = self._address(table, conditions, sort, limit)
        items: list[Row] = []
        while True:
            page = self._page(address)
            _check_names(page["columns"], conditions, sort)
            items += page["rows"]
            following = page.get("next")
            if not following or (limit is not None and len(items) >= limit):
                break
            # The token rather than next_url: behind a proxy that one may name another host.
            address = f"{first}&{urlencode({'_next': following})}"
        truncated = bool(following) or (limit is not None and len(items) > limit)
        rows = Rows(
            source="live",
            items=items[:limit],
            columns=page["columns"],
            total=page.get("filtered_table_rows_count"),
            truncated=truncated,
            fetched_at=datetime.now(UTC),
        )
        self._to_cache(first, limit, rows)
        return rows

    def _address(
        self, table: str, conditions: list[Condition], sort: str | None, limit: int | None
    ) -> str:
        size = PAGE if limit is None else max(1, min(limit, PAGE))
        query = [condition.argument for condition in conditions]
        query += [("_shape", "objects"), ("_size", str(size))]
        if sort:
            query.append(("_sort_desc", sort[1:]) if sort.startswith("-") else ("_sort", sort))
        return f"{self.url}data/sandbox/{quote(table, safe='')}.json?{urlencode(query)}"

    def _page(self, address: str) -> dict[str, Any]:
        body = self._get(address)
        try:
            page = json.loads(body)
        except ValueError:
            raise self._down("something else answers there: a log-in page?") from None
        if not isinstance(page, dict) or not isinstance(page.get("columns"), list):
            raise self._down("what answers there is not the sandbox")
        return page

    def _get(self, address: str) -> bytes:
        """The body of a good answer, after one more try where that can help."""
        if time.monotonic() < self._down_until:
            raise Offline(self._why)
        deadline = time.monotonic() + ANSWER_WITHIN
        for last in (False, True):
            status, body, why, wait = _fetch(self._opener, address, deadline)
            if status == 200:
                return body
            if status and status < 500 and status != 429:
                raise self._refused(status, body)
            if last or time.monotonic() + wait >= deadline:
                break
            time.sleep(wait)
        raise self._down(why)

    def _refused(self, status: int, body: bytes) -> Exception:
        """Datasette says in JSON what is wrong with a question; anybody else is not the sandbox."""
        try:
            said = json.loads(body)
            message = str(said["error"])
        except (ValueError, KeyError, TypeError):
            return self._down(f"something else answers there (status {status})")
        # A table that this sandbox lacks may still be in the sample, which names those it has.
        return Offline(message) if status == 404 else QueryError(message)

    def _down(self, why: str) -> Offline:
        self._down_until, self._why = time.monotonic() + DOWN_FOR, why
        return Offline(why)

    # --- cache --------------------------------------------------------------------------------

    def _cache_file(self, address: str, limit: int | None) -> Path | None:
        name = hashlib.sha256(f"{limit} {address}".encode()).hexdigest()[:32]
        return self._cache / f"{name}.json" if self._cache else None

    def _to_cache(self, address: str, limit: int | None, rows: Rows) -> None:
        if not (file := self._cache_file(address, limit)):
            return
        kept = {**vars(rows), "fetched_at": f"{rows.fetched_at}"}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as scratch:
                json.dump(kept, scratch)
            os.replace(scratch.name, file)  # noqa: PTH105 (whole or not at all)
            answers = sorted(file.parent.iterdir(), key=lambda path: path.stat().st_mtime)
            for old in answers[:-CACHED_ANSWERS]:
                old.unlink(missing_ok=True)
        except OSError:
            return  # a full or read-only disk must not keep rows from people

    def _from_cache(self, address: str, limit: int | None, why: str) -> Rows | None:
        file = self._cache_file(address, limit)
        try:
            kept = json.loads(file.read_text(encoding="utf-8")) if file else {}
            when = datetime.fromisoformat(kept["fetched_at"])
            return Rows(**{**kept, "source": "cached", "fetched_at": when, "why": why})
        except (OSError, ValueError, TypeError, KeyError):
            return None  # none, or one that another version wrote


class Sample:
    """The rows that came with the project, in a database in memory so that SQL means the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    @cached_property
    def _tables(self) -> dict[str, Row]:
        files = sorted(self.folder.glob("*.json"))
        return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}

    @cached_property
    def _database(self) -> sqlite3.Connection:
        database = sqlite3.connect(":memory:", check_same_thread=False)
        for name, table in self._tables.items():
            columns = [
                f"{_quoted(column)} {SQL_TYPES.get(about['type'], 'TEXT')}"
                for column, about in table["columns"].items()
            ]
            marks = ", ".join("?" * len(columns))
            database.execute(f"CREATE TABLE {_quoted(name)} ({', '.join(columns)})")
            database.executemany(f"INSERT INTO {_quoted(name)} VALUES ({marks})", table["rows"])  # noqa: S608 (names of our own files, quoted)
        return database

    def about(self, table: str) -> Row:
        """Everything the sample's file says about the table, but its rows; {} if it has none."""
        return {k: v for k, v in self._tables.get(table, {}).items() if k != "rows"}

    def rows(
        self,
        table: str,
        conditions: list[Condition],
        sort: str | None,
        limit: int | None,
        why: str,
    ) -> Rows:
        """The same answer as the sandbox would give if it held only these rows."""
        if table not in self._tables:
            raise QueryError(
                f"No table {table!r} in the sample. {_did_you_mean(table, self._tables)}"
            )
        about = self._tables[table]
        columns = list(about["columns"])
        _check_names(columns, conditions, sort)
        clauses, values = ["1"], []
        for condition in conditions:
            clause, more = condition.sql
            clauses.append(clause)
            values += more
        order = [f"{_quoted(sort.lstrip('-'))} {'DESC' if sort[0] == '-' else ''}"] if sort else []
        order.append(_quoted(about["key"]))
        matching = f"FROM {_quoted(table)} WHERE {' AND '.join(clauses)}"
        with self._lock:
            (total,) = self._database.execute(f"SELECT count(*) {matching}", values).fetchone()
            found = self._database.execute(
                f"SELECT * {matching} ORDER BY {', '.join(order)} LIMIT ?",
                [*values, -1 if limit is None else limit],
            ).fetchall()
        items = [dict(zip(columns, row, strict=True)) for row in found]
        return Rows("sample", items, columns, total, total > len(items), None, why)


# --- questions ------------------------------------------------------------------------------------


def _condition(key: str, value: Any) -> Condition:
    """One entry of `where`, checked as far as it can be without knowing the table."""
    column, _, operator = key.rpartition("__") if "__" in key else (key, "", "exact")
    if operator not in OPERATORS:
        raise QueryError(
            f"No operator {operator!r} in {key!r}. {_did_you_mean(operator, OPERATORS)}"
        )
    if operator in FLAGS:
        wanted = (operator == "isnull") == bool(value)
        return Condition(column, "isnull" if wanted else "notnull", ["1"])
    if operator in LISTS:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise QueryError(f"{key!r} needs a list of values, not {value!r}")
        return Condition(column, operator, [_as_text(key, item) for item in value])
    text = _as_text(key, value)
    if operator in RANGES and text.isdigit() and not re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
        # Datasette would compare with the number 301, and a code such as "0301" is none.
        raise QueryError(f"{key!r}: {text!r} is no number, and codes have no order to compare in")
    return Condition(column, operator, [text])


def _as_text(key: str, value: Any) -> str:
    """A value as it stands in an address; instants in UTC with Z, as the sandbox writes them."""
    if value is None:
        raise QueryError(f"{key!r} has no value. For missing values: {key.split('__')[0]}__isnull")
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, str | int | float | date):
        return value.isoformat() if isinstance(value, date) else str(value)
    raise QueryError(f"{key!r} cannot be compared with {value!r}")


def _check_names(columns: list[str], conditions: list[Condition], sort: str | None) -> None:
    wanted = [condition.column for condition in conditions]
    wanted += [sort.removeprefix("-")] if sort else []
    for name in wanted:
        if name not in columns:
            raise QueryError(f"No column {name!r}. {_did_you_mean(name, columns)}")


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return (f"Did you mean {close[0]!r}? " if close else "") + f"There are: {', '.join(names)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# --- the network ----------------------------------------------------------------------------------


class _OwnHostOnly(urllib.request.HTTPRedirectHandler):
    """Follow a redirect on the sandbox itself; any other is a portal that wants a log-in first."""

    def redirect_request(
        self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        host = urlsplit(newurl).hostname
        if host != urlsplit(req.full_url).hostname:
            raise urllib.error.URLError(f"it sends us on to {host}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _EveryStatus(urllib.request.HTTPErrorProcessor):
    """An answer is an answer: only redirects are for the handlers."""

    def http_response(self, request: Any, response: Any) -> Any:
        redirect = 300 <= response.status < 400
        return super().http_response(request, response) if redirect else response

    https_response = http_response


def _opener(host: str) -> urllib.request.OpenerDirector:
    """Ask a machine in the room directly, even where a proxy is set for the world outside."""
    try:
        near = ipaddress.ip_address(host).is_private
    except ValueError:
        near = host == "localhost" or host.endswith(".local")
    proxies = [urllib.request.ProxyHandler({})] if near else []
    return urllib.request.build_opener(_OwnHostOnly, _EveryStatus, *proxies)


def _fetch(
    opener: urllib.request.OpenerDirector, address: str, deadline: float
) -> tuple[int, bytes, str, float]:
    """Status (0: none), body, why it failed, and seconds to wait before another try.

    In a thread that is left behind when it hangs: a socket's time-out covers neither the look-up of
    a name nor a host that sends a byte now and then.
    """
    began, ended = threading.Event(), threading.Event()
    outcome: list[tuple[int, bytes, str, float]] = []
    patience = max(deadline - time.monotonic(), 0.1)
    request = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310 (http or https, checked)

    def ask() -> None:
        try:
            with opener.open(request, timeout=patience) as answer:
                began.set()
                body = answer.read(LONGEST_BODY)
            wait = answer.headers.get("Retry-After", "")
            seconds = float(wait) if wait.isdigit() else TRY_AGAIN_AFTER
            outcome.append((answer.status, body, f"it answers {answer.status}", seconds))
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            said = getattr(reason, "strerror", None) or str(reason)
            outcome.append((0, b"", said, TRY_AGAIN_AFTER))
        finally:
            began.set()
            ended.set()

    threading.Thread(target=ask, daemon=True).start()
    if began.wait(patience) and ended.wait(BODY_WITHIN) and outcome:
        return outcome[0]
    return 0, b"", "it did not answer in time", DOWN_FOR
