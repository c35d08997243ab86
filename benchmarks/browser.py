"""Browsers for hundreds of people in one process: cookies, forms with all that is hidden in them,
one connection each, and how long each answer took."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from secrets import token_hex
from urllib.parse import urlencode, urlsplit

PATIENCE_SECONDS = 30
IDLE_SECONDS = 3  # servers close a connection that is unused for 5; ours is not used after 3
PIECES = 20  # in which a slow line sends


class Lost(Exception):
    """No answer came: the connection could not be made, or ended."""


@dataclass(frozen=True)
class Answer:
    """What came back, header names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def leads_to(self) -> str:
        """The path that a redirect names, else nothing."""
        return urlsplit(self.headers.get("location", "")).path


@dataclass
class Book:
    """What happened: seconds by kind of request, and what should not have been answered so."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, seconds: float) -> None:
        self.seconds[kind].append(seconds)

    def complain(self, kind: str, what: str) -> None:
        self.wrong[f"{kind}: {what}"] += 1


class Forms(HTMLParser):
    """A page's forms: action → name → value, as a browser would send them untouched."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._select = self._text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        if not self.found:
            return
        name, fields = given.get("name", ""), self.found[-1][1]
        if tag == "input" and name and given.get("type") not in ("submit", "file"):
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                fields[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in fields:
                fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._text, fields[name] = name, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = ""
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.found[-1][1][self._text] += data

    def to(self, action: str) -> dict[str, str]:
        """The fields of the form that is sent to `action`, or to the page itself; the last one is
        meant where there are several, and none at all is an empty form."""
        meant = [fields for where, fields in self.found if urlsplit(where).path in ("", action)]
        with_token = [fields for fields in meant if "csrf_token" in fields]
        return dict((with_token or meant or [{}])[-1])


class Browser:
    """One person's; it asks for one thing at a time."""

    def __init__(self, port: int, book: Book):
        self.port, self.book = port, book
        self.cookies: dict[str, str] = {}
        self._known: dict[str, str] = {}  # path → ETag
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_at = 0.0

    async def get(self, path: str, kind: str, *, expect: tuple[int, ...] = (200, 304)) -> Answer:
        known = {"If-None-Match": self._known[path]} if path in self._known else {}
        answer = await self._ask("GET", path, kind, known, b"", expect)
        if answer.status == 200 and "etag" in answer.headers:
            self._known[path] = answer.headers["etag"]
        return answer

    async def page(self, path: str, kind: str) -> Answer:
        """The page with what is in it, although it may be known."""
        self._known.pop(path, None)
        return await self.get(path, kind, expect=(200,))

    async def post(
        self,
        path: str,
        fields: Mapping[str, str],
        kind: str,
        *,
        files: Mapping[str, tuple[str, str, bytes]] | None = None,
        expect: tuple[int, ...] = (302,),
        slowly: float = 0.0,
        **headers: str,
    ) -> Answer:
        """Send a form; `files` maps names to (name of the file, type, content).

        `slowly`: over so many seconds, in pieces, as a bad line does.
        """
        if files is None:
            body, kind_of_body = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        else:
            body, kind_of_body = _multipart(fields, files)
        sent = {"Content-Type": kind_of_body, "Content-Length": str(len(body)), **headers}
        return await self._ask("POST", path, kind, sent, body, expect, slowly)

    async def _ask(
        self, method: str, path: str, kind: str, headers: Mapping[str, str], body: bytes,
        expect: tuple[int, ...], slowly: float = 0.0,
    ) -> Answer:  # fmt: skip
        named = {"Host": f"127.0.0.1:{self.port}", **headers}
        if self.cookies:
            named["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [f"{method} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in named.items()), "", ""]
        began = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS + slowly):
                reader, writer = await self._connected()
                writer.write("\r\n".join(lines).encode() + (b"" if slowly else body))
                if slowly:
                    await _trickle(writer, body, slowly)
                answer = await _read(reader)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            self.close()
            raise Lost(f"{method} {path}: {type(error).__name__}") from None
        self._used_at = time.perf_counter()
        self.book.note(kind, self._used_at - began - slowly)
        self._keep_cookies(answer)
        if answer.status not in expect:
            self.book.complain(kind, f"{method} {path} answered {answer.status}")
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._line and time.perf_counter() - self._used_at > IDLE_SECONDS:
            self.close()
        if self._line is None:
            self._line = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        return self._line

    def _keep_cookies(self, answer: Answer) -> None:
        for cookie in answer.headers.get("set-cookie", "").split("\n"):
            name, there, value = cookie.partition(";")[0].partition("=")
            if there:
                self.cookies[name] = value

    def close(self) -> None:
        if self._line:
            self._line[1].close()
        self._line = None


async def _trickle(writer: asyncio.StreamWriter, body: bytes, seconds: float) -> None:
    size = max(1, -(-len(body) // PIECES))
    for start in range(0, len(body), size):
        await asyncio.sleep(seconds / PIECES)
        writer.write(body[start : start + size])
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status, headers = int(head[0].split(" ")[1]), dict[str, str]()
    for line in filter(None, head[1:]):
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}\n{value}" if name in headers else value
    if status in (204, 304):
        return Answer(status, headers, b"")
    if headers.get("transfer-encoding") == "chunked":
        return Answer(status, headers, await _chunks(reader))
    return Answer(status, headers, await reader.readexactly(int(headers["content-length"])))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    whole = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        whole += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return bytes(whole)


def _multipart(
    fields: Mapping[str, str], files: Mapping[str, tuple[str, str, bytes]]
) -> tuple[bytes, str]:
    """RFC 7578."""
    boundary, parts = token_hex(16), []
    for name, value in fields.items():
        parts.append(f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode())
    for name, (file, kind, content) in files.items():
        said = f'Content-Disposition: form-data; name="{name}"; filename="{file}"'
        parts.append(f"{said}\r\nContent-Type: {kind}\r\n\r\n".encode() + content)
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
