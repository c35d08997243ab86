"""The board at / and the explorer at /data/, from one process on one port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from sandbox.bundle import Bundle, open_bundle
from sandbox.errors import BundleError, SandboxError, ServeError
from sandbox.workspace import Workspace

if TYPE_CHECKING:
    from sandbox.explore import ExplorerApp
    from sandbox.explore.cache import App, Receive, Scope, Send

BASE = "/data"
GRACE_SECONDS = 10
BOARD_THREADS = 10
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104, only with --lan, which is there for that
log = logging.getLogger(__name__)


class Site:
    """One ASGI app for both. A bundle that has become current is taken up by the next request.

    The board is WSGI and goes through a2wsgi; below BASE the prefix is taken off, since Datasette
    would otherwise find it twice in its links.
    """

    def __init__(self, workspace: Workspace, board: App):
        self._workspace, self._board = workspace, board
        self._explorer: ExplorerApp | None = None
        self._seen: object = None
        self._opening = asyncio.Lock()
        self._first: asyncio.Task[Any] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        path = scope["path"]
        if path == BASE:
            return await _redirect(scope, send)
        if not path.startswith(f"{BASE}/"):
            return await self._board(scope, receive, send)
        raw = scope.get("raw_path") or path.encode()
        below = {**scope, "path": path[len(BASE) :], "raw_path": raw[len(BASE) :]}
        return await (await self._current())(below, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        # The explorer takes longer to load than the board: it loads while the first page is read.
        self._first = asyncio.create_task(self._current())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        with contextlib.suppress(SandboxError):
            await self._first
        if self._explorer:
            self._explorer.retire()
        await send({"type": "lifespan.shutdown.complete"})

    async def _current(self) -> ExplorerApp:
        """The explorer of the current bundle; one that cannot be opened leaves the old one."""
        if self._explorer and self._seen == _stamp(self._workspace):
            return self._explorer
        async with self._opening:
            stamp = _stamp(self._workspace)
            if self._explorer is None or self._seen != stamp:
                await self._take_up()
                self._seen = stamp
        assert self._explorer
        return self._explorer

    async def _take_up(self) -> None:
        old = self._explorer
        try:
            bundle = await asyncio.to_thread(open_readable, self._workspace)
            if old and old.explorer.bundle.digest == bundle.digest:
                return
            self._explorer = await _open_explorer(bundle, self._workspace)
        except BundleError as error:
            log.error("%s", error)
            if old is None:
                raise
        else:
            if old:
                old.retire()


def _stamp(workspace: Workspace) -> object:
    """Changes whenever another bundle becomes current."""
    try:
        status = workspace.current_file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


async def _open_explorer(bundle: Bundle, workspace: Workspace) -> ExplorerApp:
    explore = await asyncio.to_thread(_import_explorer)
    from sandbox.catalog import from_bundle

    return cast("ExplorerApp", await explore.open_explorer(
        bundle, from_bundle(bundle), workspace.event
    ))  # fmt: skip


def _import_explorer() -> Any:
    from sandbox import explore

    return explore


def open_readable(workspace: Workspace) -> Bundle:
    """The current bundle, with every table in it that its manifest names. Raises BundleError."""
    bundle = open_bundle(workspace.current_bundle())
    wanted = {t for dataset in bundle.manifest.datasets.values() for t in dataset.tables}
    try:
        connection = bundle.connect()
        with contextlib.closing(connection):
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            missing = wanted - {name for (name,) in rows}
            for table in sorted(wanted - missing):
                connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchall()  # noqa: S608
    except sqlite3.DatabaseError as error:
        raise _damaged(workspace, bundle, str(error)) from None
    if missing:
        raise _damaged(workspace, bundle, f"no table {', '.join(sorted(missing))}")
    return bundle


def _damaged(workspace: Workspace, bundle: Bundle, why: str) -> BundleError:
    again = workspace.command("build")
    return BundleError(
        f"The bundle is damaged: {bundle.database} cannot be read ({why}). "
        f"Delete {bundle.path.parent} and build again: {again}"
    )


async def _redirect(scope: Scope, send: Send) -> None:
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    headers = [(b"location", BASE.encode() + b"/" + query), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 308, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def site(workspace: Workspace) -> App:
    """The whole event as one ASGI application."""
    from a2wsgi import WSGIMiddleware

    from sandbox.board import create_app

    board = WSGIMiddleware(cast(Any, create_app(workspace)), workers=BOARD_THREADS)
    return Site(workspace, cast("App", board))


def serve(
    workspace: Workspace, host: str = "127.0.0.1", port: int = 8001, lan: bool = False
) -> None:
    """Serve until SIGTERM or Ctrl-C, which end it cleanly.

    Raises BundleError when there is no bundle that can be read, ServeError when the port is taken.
    """
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: sys.exit(0))
    open_readable(workspace)
    listener = _listen(EVERY_ADDRESS if lan else host, port)
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                _announce(host, listener.getsockname()[1], lan)

    config = uvicorn.Config(
        site(workspace),
        lifespan="on",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = error.strerror or str(error)
        raise ServeError(
            f"Port {port} on {host} cannot be used ({why}). Choose another: "
            f"sandbox serve --port {port + 1 if port < 65535 else 8001}"
        ) from None


def _announce(host: str, port: int, lan: bool, say: Callable[[str], None] = print) -> None:
    here = "127.0.0.1" if lan or host == EVERY_ADDRESS else host
    shown = f"[{here}]" if ":" in here else here
    say(f"The sandbox is at http://{shown}:{port}/ (Ctrl-C ends it)")
    if lan and (address := lan_address()):
        url = f"http://{address}:{port}/"
        say(f"On the local network: {url}")
        say(_qr_code(url))
    elif lan:
        say("This machine has no address on a local network; connect it and start again.")
    sys.stdout.flush()


def _qr_code(url: str) -> str:
    import io

    import segno

    drawn = io.StringIO()
    segno.make(url).terminal(out=drawn, compact=True)
    return drawn.getvalue()


def lan_address() -> str | None:
    """This machine's address on its network, found without sending anything; None without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting UDP only looks up the route. The address is reserved for documentation.
            probe.connect(("192.0.2.1", 9))
            found = str(probe.getsockname()[0])
        except OSError:
            found = _named_address()
    return None if found.startswith(("127.", "0.")) else found


def _named_address() -> str:
    """Without a default route: what the machine's own name stands for."""
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return "127.0.0.1"
