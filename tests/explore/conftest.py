"""A small event with two real datasets, its explorer, and a client that speaks ASGI to it."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from sandbox.build import build
from sandbox.bundle import open_bundle
from sandbox.catalog import from_bundle
from sandbox.workspace import KIT, open_workspace


@pytest.fixture(scope="session")
def small_workspace(tmp_path_factory):
    """The demo with `norway` and `population` alone, small, in folders of the tests' own."""
    kit = tmp_path_factory.mktemp("kit")
    (kit / "datasets").mkdir()
    for slug in ("norway", "population"):
        (kit / "datasets" / slug).symlink_to(KIT / "datasets" / slug)
    made = replace(open_workspace(), kit=kit, state=tmp_path_factory.mktemp("state"))
    build(made, scale=0.02)
    return made


@pytest.fixture(scope="session")
def small_bundle(small_workspace):
    return open_bundle(small_workspace.current_bundle())


@pytest.fixture(scope="session")
def small_catalog(small_bundle):
    return from_bundle(small_bundle)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    all_headers: list[tuple[str, str]]

    @property
    def text(self):
        return self.body.decode()


class Client:
    """Asks an ASGI app, each time in the same event loop."""

    def __init__(self, app, loop):
        self.app, self.loop = app, loop

    def get(self, address, method="GET", **headers):
        return self.loop.run_until_complete(self.ask(address, method, **headers))

    async def ask(self, address, method="GET", **headers):
        path, _, query = address.partition("?")
        from urllib.parse import unquote

        scope = {
            "type": "http", "method": method, "path": unquote(path), "raw_path": path.encode(),
            "query_string": query.encode(), "scheme": "http", "http_version": "1.1",
            "server": ("localhost", 80), "client": ("127.0.0.1", 1), "root_path": "",
            "headers": [(b"host", b"localhost"), *(
                (k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()
            )],
        }  # fmt: skip
        start, chunks = {}, []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        await self.app(scope, receive, send)
        pairs = [(k.decode().lower(), v.decode()) for k, v in start["headers"]]
        return Answer(start["status"], dict(pairs), b"".join(chunks), pairs)


@pytest.fixture(scope="session")
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def explorer(small_bundle, small_catalog, small_workspace, loop):
    from sandbox.explore import open_explorer

    opened = loop.run_until_complete(
        open_explorer(small_bundle, small_catalog, small_workspace.event)
    )
    yield opened
    opened.retire()


@pytest.fixture(scope="session")
def client(explorer, loop):
    """Addresses are below /data: client.get("/sandbox/municipalities.json")."""
    return Client(explorer, loop)
