"""Answers over data that never changes, kept in memory: asked once however many ask at a time."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

MOST_BYTES = 64 * 1024 * 1024
LARGEST_KEPT = 1024 * 1024
SMALLEST_COMPRESSED = 1024
_BOOKKEEPING = 1024  # what an entry costs beside its bodies
_COMPRESSIBLE = (b"text/", b"application/json", b"application/javascript")


@dataclass(frozen=True)
class Answer:
    """A whole answer: `headers` without those of length, coding and validation."""

    status: int
    headers: Headers
    body: bytes
    compressed: bytes | None
    etag: bytes

    @property
    def size(self) -> int:
        return len(self.body) + len(self.compressed or b"") + _BOOKKEEPING

    async def send(self, scope: Scope, send: Send) -> None:
        """Answer this request: 304 if its reader has it, compressed if they can read that."""
        asked = dict(scope["headers"])
        body, etag, headers = self.body, self.etag, list(self.headers)
        if self.compressed is not None:
            headers.append((b"vary", b"Accept-Encoding"))
            if _accepts_gzip(asked.get(b"accept-encoding", b"")):
                body, etag = self.compressed, self.etag[:-1] + b'-gz"'
                headers.append((b"content-encoding", b"gzip"))
        if self.status == 200:
            headers.append((b"etag", etag))
            if _has(asked.get(b"if-none-match", b""), etag):
                await send({"type": "http.response.start", "status": 304, "headers": headers})
                return await send({"type": "http.response.body", "body": b""})
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        if scope["method"] == "HEAD":
            body = b""
        return await send({"type": "http.response.body", "body": body})


class AnswerCache:
    """Keeps the last answers of `app`, `most` bytes in all, for GET and HEAD.

    The key is the path, the query string and `variant` of the request; the data's version is not in
    it, since each bundle has a cache of its own. Requests for one key that arrive together wait for
    one answer. What is not a 200, sets a cookie or is too large is given to those who wait for it
    and not kept.
    """

    def __init__(self, app: App, variant: Callable[[Scope], str], most: int = MOST_BYTES):
        self._app, self._variant, self._most = app, variant, most
        self._kept: OrderedDict[tuple[Any, ...], Answer] = OrderedDict()
        self._asked: dict[tuple[Any, ...], asyncio.Task[Answer]] = {}
        self.size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = (scope["path"], scope["query_string"], self._variant(scope))
        answer = self._kept.get(key)
        if answer is None:
            answer = await asyncio.shield(self._ask(key, scope))
        else:
            self._kept.move_to_end(key)
        await answer.send(scope, send)

    def _ask(self, key: tuple[Any, ...], scope: Scope) -> asyncio.Task[Answer]:
        task = self._asked.get(key)
        if task is None:
            # A task of its own: whoever asked first may hang up while others wait.
            task = self._asked[key] = asyncio.create_task(self._fill(key, scope))
            task.add_done_callback(lambda _: self._asked.pop(key, None))
        return task

    async def _fill(self, key: tuple[Any, ...], scope: Scope) -> Answer:
        answer = await _whole(self._app, {**scope, "method": "GET"})
        if answer.status == 200 and answer.size <= LARGEST_KEPT and not _sets_cookie(answer):
            self._kept[key] = answer
            self.size += answer.size
            while self.size > self._most:
                self.size -= self._kept.popitem(last=False)[1].size
        return answer


async def _whole(app: App, scope: Scope) -> Answer:
    """Run `app` for a request without a body and gather what it sends."""
    start: Message = {}
    chunks: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def gather(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            chunks.append(message.get("body", b""))

    await app(scope, receive, gather)
    body = b"".join(chunks)
    headers = [(k.lower(), v) for k, v in start["headers"] if k.lower() != b"content-length"]
    compressed = None
    if len(body) >= SMALLEST_COMPRESSED and dict(headers)[b"content-type"].startswith(
        _COMPRESSIBLE
    ):
        compressed = await asyncio.to_thread(gzip.compress, body, 5, mtime=0)
    etag = b'"' + hashlib.blake2b(body, digest_size=16).hexdigest().encode() + b'"'
    return Answer(start["status"], headers, body, compressed, etag)


def _sets_cookie(answer: Answer) -> bool:
    return any(name == b"set-cookie" for name, _ in answer.headers)


def _accepts_gzip(header: bytes) -> bool:
    for item in header.lower().split(b","):
        coding, _, quality = item.partition(b";")
        if coding.strip() in (b"gzip", b"*"):
            return quality.strip() not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def _has(header: bytes, etag: bytes) -> bool:
    """Whether If-None-Match names `etag`; the comparison is the weak one (RFC 9110, 13.1.2)."""
    tags = [tag.strip().removeprefix(b"W/") for tag in header.split(b",")]
    return etag in tags or tags == [b"*"]
