"""What the tests of starters share: the data client as a module, and a Datasette to ask."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import uvicorn
from datasette.app import Datasette

from sandbox.workspace import KIT

CLIENT = KIT / "starter_templates" / "_shared" / "sandbox_data.py"
COLUMNS = {
    "id": "string",
    "code": "string",
    "area": "number",
    "floors": "integer",
    "heritage": "boolean",
    "received": "date",
    "note": "string",
}
SQL_TYPES = {"number": "REAL", "integer": "INTEGER", "boolean": "INTEGER"}
NOTES = ("Åse's 50 % shed", 'a "quoted", [listed] note', None, "åse", "", "plain_under")


def rows_of_permits(count: int = 2300) -> list[tuple[Any, ...]]:
    """Rows with every kind of value that a filter could get wrong, the same each time."""
    return [
        (
            f"A-{n:05}",
            ("0301", "1103", "301", "5001")[n % 4],
            None if n % 11 == 0 else (n * 7 % 1000) / 4,
            None if n % 13 == 0 else n % 5,
            n % 3 == 0,
            f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}",
            NOTES[n % len(NOTES)],
        )
        for n in range(count)
    ]


@pytest.fixture(scope="session")
def sandbox_data() -> ModuleType:
    """The data client, loaded from its one source."""
    spec = importlib.util.spec_from_file_location("sandbox_data", CLIENT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["sandbox_data"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def permits_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample folder with the one table `permits`."""
    folder = tmp_path_factory.mktemp("sample")
    about = {"title": {"en": "Permits"}, "key": "id", "origin": "synthetic"}
    columns = {name: {"type": kind} for name, kind in COLUMNS.items()}
    rows = [list(row) for row in rows_of_permits()]
    text = json.dumps({**about, "columns": columns, "rows": rows})
    (folder / "permits.json").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def permits_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a sandbox whose /data/ is a real Datasette with the table `permits`."""
    file = tmp_path_factory.mktemp("live") / "sandbox.db"
    columns = ", ".join(f'"{n}" {SQL_TYPES.get(k, "TEXT")}' for n, k in COLUMNS.items())
    with sqlite3.connect(file) as database:
        database.execute(f"CREATE TABLE permits ({columns}, PRIMARY KEY (id)) STRICT")
        database.executemany("INSERT INTO permits VALUES (?,?,?,?,?,?,?)", rows_of_permits())
    settings = {"base_url": "/data/", "suggest_facets": False}
    datasette = Datasette([], immutables=[str(file)], settings=settings)
    inner = datasette.app()

    async def below_data(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            path = scope["path"].removeprefix("/data")
            scope = {**scope, "path": path, "raw_path": scope["raw_path"].removeprefix(b"/data")}
        await inner(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(below_data, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "Datasette did not start"
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join()
