"""The board behind an ASGI server: its few threads never wait for somebody's slow connection.

A request gets a thread only once its whole body is here, and an answer is sent while the thread
already serves somebody else. So a hundred phones on bad Wi-Fi cost a hundred open connections, and
nobody else a second. (a2wsgi's own middleware reads and sends from within the thread; ten slow
phones would stop the board.)
"""

from __future__ import annotations

import asyncio
import functools
import io
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar, cast

from a2wsgi.wsgi import build_environ

from sandbox import clock
from sandbox.board.arrival import ARRIVED

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
MostBytes = Callable[[str, str], int]
Made = TypeVar("Made")

REFUSED = "sandbox.refused"  # in the WSGI environment: the status to answer with, and nothing else
LOT_BYTES = 256 * 1024  # of an answer: as much as a thread makes at a time
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What bodies that are on their way may take, all of them together and each of them."""

    at_once: int = 500
    bytes_at_once: int = 1_000_000_000
    in_memory: int = 64 * 1024  # bytes of one; the rest goes to a temporary file
    quiet_seconds: float = 30  # without a single byte
    seconds: float = 600  # from the first byte to the last
    seconds_to_discard: float = 60  # what is still sent after it was refused


class Gone(Exception):
    """The client went away before its request was whole, or does not take its answer."""


class Refused(Exception):
    """A body that is not taken: 413 too large, 408 too slow, 503 too many of them at a time."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status


class Threads:
    """An ASGI application that runs a WSGI one in `threads` threads.

    `most_bytes(path, method)` says how large a body may be; one that says it is larger is refused
    before any of it is read. The moment at which a request's head was here is put into its scope,
    since that is what deadlines ask (sandbox.board.arrival).
    """

    def __init__(
        self, app: Wsgi, threads: int, most_bytes: MostBytes, limits: Limits | None = None
    ):
        self._app, self._most_bytes, self._limits = app, most_bytes, limits or Limits()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="board")
        self._bodies = self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ARRIVED] = clock.now()
        if not _has_body(scope):
            return await self._answer(scope, None, send)
        if self._bodies >= self._limits.at_once:
            return await self._refuse(scope, 503, receive, send)
        kept = _Kept(self._limits.in_memory)
        self._bodies += 1
        try:
            await self._read(scope, receive, kept)
            await self._answer(scope, kept, send)
        except Gone:
            pass
        except Refused as refused:
            self._let_go(kept)
            await self._refuse(scope, refused.status, receive, send)
        finally:
            self._bodies -= 1
            self._let_go(kept)

    async def _read(self, scope: Scope, receive: Receive, kept: _Kept) -> None:
        """Keep the body as it comes, however slowly, within the limits."""
        most = self._most_bytes(scope["path"], scope["method"])
        if _said_length(scope) > most:
            raise Refused(413)
        loop = asyncio.get_running_loop()
        end, more = loop.time() + self._limits.seconds, True
        while more:
            try:
                async with asyncio.timeout_at(min(end, loop.time() + self._limits.quiet_seconds)):
                    message = await receive()
            except TimeoutError:
                raise Refused(408) from None
            if message["type"] == "http.disconnect":
                raise Gone
            more = message.get("more_body", False)
            self._keep(message.get("body", b""), kept, most)

    def _keep(self, chunk: bytes, kept: _Kept, most: int) -> None:
        kept.size += len(chunk)
        self._bytes += len(chunk)
        if kept.size > most:
            raise Refused(413)
        if self._bytes > self._limits.bytes_at_once:
            raise Refused(503)
        try:
            kept.file.write(chunk)
        except OSError as error:
            log.error("What somebody sends cannot be kept: %s", error)
            raise Refused(503) from None

    def _let_go(self, kept: _Kept) -> None:
        self._bytes -= kept.size
        kept.size = 0
        kept.file.close()

    async def _refuse(self, scope: Scope, status: int, receive: Receive, send: Send) -> None:
        """Let the board say why not, and close the connection.

        Browsers show an answer only once they have sent everything, and lose it when the connection
        is closed on them meanwhile: so what they still send is read and thrown away for a while.
        """

        async def but_its_end(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"connection", b"close"))
            await send({**message, "more_body": True})

        await self._answer(scope, None, but_its_end, refused=status)
        if status != 408:
            await self._discard(receive)
        await send({"type": "http.response.body", "body": b""})

    async def _discard(self, receive: Receive) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.seconds_to_discard):
                while (message := await receive())["type"] == "http.request":
                    if not message.get("more_body"):
                        break

    async def _answer(
        self, scope: Scope, body: _Kept | None, send: Send, refused: int | None = None
    ) -> None:
        """Run the board in a thread, and send what it answers from here, lot by lot."""
        context, answer = copy_context(), _Answer()
        in_thread = functools.partial(self._in_thread, context)
        begin = functools.partial(answer.begin, self._app, _environ(scope, body, refused))
        try:
            lot, more = await in_thread(begin)
            await send(answer.head)
            while more:
                await self._send(send, lot, more=True)
                lot, more = await in_thread(answer.lot)
            await self._send(send, lot, more=False)
        except Gone:
            pass
        finally:
            if not answer.closed:
                await in_thread(answer.close)

    async def _in_thread(self, context: Context, work: Callable[[], Made]) -> Made:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, functools.partial(context.run, work))

    async def _send(self, send: Send, lot: bytes, *, more: bool) -> None:
        try:
            async with asyncio.timeout(self._limits.seconds):
                await send({"type": "http.response.body", "body": lot, "more_body": more})
        except TimeoutError:
            raise Gone from None  # has not taken the lot before: a phone that was switched off


@dataclass
class _Kept:
    """A body: in memory while it is small, else in a file that no folder lists."""

    in_memory: int
    size: int = 0
    file: IO[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.file = SpooledTemporaryFile(max_size=self.in_memory)  # noqa: SIM115 (closed by Threads)


class _Answer:
    """What the WSGI application answers; its methods are called in threads, one at a time."""

    def __init__(self) -> None:
        self.head: Message = {}
        self.closed = True
        self._all: Iterable[bytes] = ()
        self._chunks: Iterator[bytes] = iter(())

    def begin(self, app: Wsgi, environ: dict[str, Any]) -> tuple[bytes, bool]:
        self._all = app(environ, self._start)
        self.closed = False
        self._chunks = iter(self._all)
        return self.lot()

    def lot(self) -> tuple[bytes, bool]:
        """The next bytes, and whether there may be more; the end closes the answer."""
        lot = bytearray()
        try:
            for chunk in self._chunks:
                lot += chunk
                if len(lot) >= LOT_BYTES:
                    return bytes(lot), True
        except BaseException:
            self.close()
            raise
        self.close()
        return bytes(lot), False

    def close(self) -> None:
        self.closed = True
        getattr(self._all, "close", lambda: None)()

    def _start(self, status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        named = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        self.head = {
            "type": "http.response.start",
            "status": int(status.partition(" ")[0]),
            "headers": named,
        }


def _has_body(scope: Scope) -> bool:
    """RFC 9112, section 6.3: a request without either header has none."""
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _said_length(scope: Scope) -> int:
    said = dict(scope["headers"]).get(b"content-length", b"0")
    return int(said) if said.isdigit() else 0


def _environ(scope: Scope, body: _Kept | None, refused: int | None) -> dict[str, Any]:
    environ = cast(dict[str, Any], build_environ(cast(Any, scope), cast(Any, None)))
    environ.pop("HTTP_TRANSFER_ENCODING", None)  # what is here is whole
    environ |= {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}
    if body:
        body.file.seek(0)
        environ |= {"wsgi.input": body.file, "CONTENT_LENGTH": str(body.size)}
    if refused:
        # Nothing is done but to say so: as for a page, for which nobody else has to wait.
        said = {"CONTENT_LENGTH": str(_said_length(scope)), "REQUEST_METHOD": "GET"}
        environ |= said | {REFUSED: refused}
    return environ
