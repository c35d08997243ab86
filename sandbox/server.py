"""One address: the board at /, Datasette at /data/, in one process for a laptop or a small room."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import cast

import segno
import uvicorn

from sandbox import catalog
from sandbox.board import create_app
from sandbox.board.asgi import Threads, Wsgi
from sandbox.board.jobs import Worker
from sandbox.board.site import most_bytes_of
from sandbox.bundle import open_bundle
from sandbox.errors import SandboxError, ServeError
from sandbox.explore import BASE, ExplorerApp, open_explorer
from sandbox.explore.cache import App, Message, Receive, Scope, Send
from sandbox.workspace import Live, Workspace

try:
    import resource
except ImportError:  # Windows counts otherwise
    resource = None  # type: ignore[assignment]

log = logging.getLogger(__name__)
MOST_FILES = 8192
BOARD_THREADS = 10
SECONDS_TO_FINISH = 5
PREFIX = BASE.rstrip("/")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}


class Site:
    """The board and the explorer behind one door; a new generation is taken up without a restart.

    Whatever begins with /data/ goes to the explorer without that prefix, since Datasette adds it to
    its links itself. Requests under way finish on the generation that they began with.
    """

    def __init__(self, workspace: Workspace):
        self._live = Live(workspace)
        board = create_app(workspace)
        self._worker = Worker(board)
        self._board: App = Threads(cast(Wsgi, board), BOARD_THREADS, most_bytes_of(board))
        self._explorer: ExplorerApp | None = None
        self._seen: tuple[object, ...] = ()
        self._opening = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1000})
        if scope["path"] == PREFIX:
            return await _redirect(scope, send)
        if scope["path"].startswith(BASE):
            explorer = await self.explorer()
            return await explorer(_without_prefix(scope), receive, send)
        return await self._board(scope, receive, send)

    @property
    def workspace(self) -> Workspace:
        """The event's, its settings as they are now."""
        return self._live.now()

    async def explorer(self) -> ExplorerApp:
        """The explorer of the current generation; if a new one cannot be opened, the old one.

        It shows the event's name, languages and accent, so other settings need another explorer.
        """
        workspace = self.workspace
        seen = (workspace.current_stamp(), workspace.event)
        if self._explorer is None or seen != self._seen:
            async with self._opening:
                if self._explorer is None or seen != self._seen:
                    await self._take_up()
                    self._seen = seen
        assert self._explorer is not None
        return self._explorer

    async def _take_up(self) -> None:
        before = self._explorer
        try:
            bundle = open_bundle(self.workspace.current_bundle())
            event, known = self.workspace.event, before and before.explorer
            if known and known.bundle.digest == bundle.digest and known.event == event:
                return
            described = catalog.from_bundle(bundle)
            self._explorer = await open_explorer(bundle, described, event)
        except SandboxError as error:
            if before is None:
                raise
            log.error("The new bundle is not served: %s", error)
            return
        if before:
            before.retire()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._worker.start()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                self._worker.stop()
                if self._explorer:
                    self._explorer.retire()
                return


def _without_prefix(scope: Scope) -> Scope:
    raw = scope.get("raw_path") or scope["path"].encode()
    return {**scope, "path": scope["path"][len(PREFIX) :], "raw_path": raw[len(PREFIX) :]}


async def _redirect(scope: Scope, send: Send) -> None:
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    headers = [(b"location", BASE.encode() + query), (b"content-length", b"0")]
    start: Message = {"type": "http.response.start", "status": 308, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": b""})


class _Server(uvicorn.Server):
    """A uvicorn that says when it answers, and ends with exit code 0 when it is asked to end."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]):
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """uvicorn would raise the signal again after its shutdown; ending was what was asked."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def serve(workspace: Workspace, *, host: str, port: int, lan: bool) -> None:
    """Serve the event until SIGTERM or Ctrl-C; the address is printed once it answers.

    Raises BundleError when there is nothing whole to serve, ServeError when the port is taken.
    """
    open_bundle(workspace.current_bundle())
    _let_many_in()
    site = Site(workspace)
    # What has been loaded stays. Looking through it for garbage would stop every thread for a tenth
    # of a second, once in two hundred pages.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        site,
        log_config=LOGGING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    listening = _listen("0.0.0.0" if lan else host, port)  # noqa: S104 (--lan asks for just that)
    server = _Server(config, lambda: _announce(workspace, listening, lan=lan))
    with (
        contextlib.closing(listening),
        # uvloop where it is installed, which a plain asyncio.run would leave unused.
        asyncio.Runner(loop_factory=config.get_loop_factory()) as runner,
    ):
        runner.run(_run(site, server, listening))


async def _run(site: Site, server: _Server, listening: socket.socket) -> None:
    await site.explorer()  # a damaged database is told before anything is announced
    await server.serve(sockets=[listening])


def _let_many_in() -> None:
    """Each open connection is an open file, and many systems allow a program 1024 unless it asks;
    two hundred people's browsers hold more."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, asyncio sends small answers at once; else each may wait 40 ms for the client.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # on Windows this would let two programs share the port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(socket.SOMAXCONN)
    except OSError as error:
        listening.close()
        raise ServeError(_why_not(host, port, error)) from None
    listening.set_inheritable(False)
    return listening


def _why_not(host: str, port: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"Port {port} may not be used without more rights. Choose one from 1024: --port 8001"
    if "in use" in (error.strerror or "").lower() or getattr(error, "winerror", 0) == 10048:
        return f"Port {port} is taken by another program. Choose another: --port {port + 1}"
    return f"{host} port {port} cannot be listened on: {error.strerror or error}"


def _announce(workspace: Workspace, listening: socket.socket, *, lan: bool) -> None:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    local = f"http://{'127.0.0.1' if lan else shown}:{port}/"
    print(f"{workspace.event.name} is served at {local}", flush=True)
    if workspace.is_demo:
        print("This is the demo: its seed is public, and so are its answers.", flush=True)
    if lan:
        address = workspace.event.public_url or f"http://{lan_address()}:{port}/"
        print(f"On the local network: {address}\n", flush=True)
        segno.make(address, micro=False).terminal(out=sys.stdout, compact=True)
    print("Ctrl-C ends it.", flush=True)


def lan_address() -> str:
    """This machine's address on its network, found without sending anything anywhere."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket only asks for the route; RFC 5737 keeps the address free.
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            pass
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return socket.gethostname()
