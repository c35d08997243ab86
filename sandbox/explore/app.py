"""The explorer as an ASGI app: what reaches Datasette, in which language, and what leaves it."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode

from a2wsgi import WSGIMiddleware
from werkzeug.utils import send_file
from werkzeug.wsgi import FileWrapper

from sandbox import ui
from sandbox.bundle import Bundle
from sandbox.explore.cache import AnswerCache, App, Headers, Message, Receive, Scope, Send
from sandbox.explore.engine import BASE, Explorer
from sandbox.explore.pages import NAME
from sandbox.explore.questions import with_defaults
from sandbox.ui import languages

# Neither the client's cookies nor its credentials are the data's business, and any cookie
# switches Datasette's caching off.
_DROPPED = {b"cookie", b"authorization"}
# Switches for debugging, and one that would let a visitor shorten the time limit to nothing.
_IGNORED = {"_timelimit", "_trace", "_context"}
_METHODS = {"GET", "HEAD", "OPTIONS"}
_DOWNLOAD_CHUNK = 256 * 1024
_NOWHERE = "/-/closed"
_YEAR = 365 * 24 * 60 * 60
_SECURITY = [(k.lower().encode(), v.encode()) for k, v in ui.SECURITY_HEADERS.items()]
_REPLACED = {name for name, _ in _SECURITY} | {b"vary", b"cache-control"}


class ExplorerApp:
    """Serves one bundle below BASE; the server has taken the prefix off the path already.

    `in_use` counts requests under way; after `retire` the last of them closes the explorer.
    """

    def __init__(self, explorer: Explorer):
        self.explorer = explorer
        self.in_use = 0
        self._retired = False
        self._datasette: App = explorer.app()
        self._cache = AnswerCache(self._datasette, _variant)
        self._download = _database_file(explorer.bundle)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.in_use += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self.in_use -= 1
            self._close_if_done()

    def retire(self) -> None:
        """Another bundle has taken over."""
        self._retired = True
        self._close_if_done()

    def _close_if_done(self) -> None:
        if self._retired and not self.in_use:
            self.explorer.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _METHODS:
            return await _refuse_method(send)
        if unquote(scope["path"]) == f"/{NAME}.db":
            return await self._download(scope, receive, _Sender(send, {}).send)
        asked = self._asked(scope)
        sender = _Sender(send, asked)
        if asked["method"] == "OPTIONS" or b"_stream" in asked["query_string"]:
            return await self._datasette(asked, receive, sender.send)
        return await self._cache(asked, receive, sender.send)

    def _asked(self, scope: Scope) -> Scope:
        """The request as Datasette gets it, with the reader's language and the address they see."""
        query = scope["query_string"].decode("latin-1")
        args = parse_qs(query)
        headers = dict(scope["headers"])
        remembered = _cookie(headers.get(b"cookie", b""))
        wanted = args.get("_lang", [None])[-1]
        accepted = headers.get(b"accept-language", b"").decode("latin-1")
        offered = self.explorer.event.languages
        path, raw = _open_path(scope)
        return {
            **scope,
            "path": path,
            "raw_path": raw,
            "query_string": self._query(path, query, args).encode("latin-1"),
            "headers": [(k, v) for k, v in scope["headers"] if k not in _DROPPED],
            "sandbox.language": languages.choose(wanted, remembered, accepted, offered),
            "sandbox.remember": wanted if wanted in offered and wanted != remembered else None,
            "sandbox.address": BASE + path.lstrip("/") + (f"?{query}" if query else ""),
        }

    def _query(self, path: str, query: str, args: dict[str, list[str]]) -> str:
        if _IGNORED & args.keys():
            pairs = parse_qsl(query, keep_blank_values=True)
            query = urlencode([pair for pair in pairs if pair[0] not in _IGNORED])
        database, _, name = path.strip("/").partition("/")
        question = self.explorer.questions.get(name.partition(".")[0])
        return with_defaults(question, query) if question and database == NAME else query


class _Sender:
    """Sends what Datasette answers with the kit's headers, and redirects below BASE."""

    def __init__(self, send: Send, asked: Scope):
        self._send = send
        self._remember: str | None = asked.get("sandbox.remember")

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": self._headers(message.get("headers", []))}
        await self._send(message)

    def _headers(self, given: Iterable[tuple[bytes, bytes]]) -> Headers:
        headers = [(name.lower(), value) for name, value in given]
        kept = [(k, _below_base(v) if k == b"location" else v)
                for k, v in headers if k not in _REPLACED]  # fmt: skip
        if b"text/html" in dict(headers).get(b"content-type", b""):
            vary = b"Accept-Encoding, Accept-Language, Cookie"
        else:
            vary = b"Accept-Encoding"
        # "no-cache" is to ask again each time, which costs 304 and no query.
        kept += [*_SECURITY, (b"vary", vary), (b"cache-control", b"no-cache")]
        if self._remember:
            cookie = f"{ui.LANGUAGE_COOKIE}={self._remember}; Path=/; Max-Age={_YEAR}; SameSite=Lax"
            kept.append((b"set-cookie", cookie.encode()))
        return kept


def _variant(scope: Scope) -> str:
    """Pages differ by language; data does not."""
    is_data = "." in scope["path"].rpartition("/")[2]
    return "" if is_data else str(scope["sandbox.language"])


def _open_path(scope: Scope) -> tuple[str, bytes]:
    """The path; what shows the server's inside (threads, settings, paths) leads nowhere."""
    path, raw = scope["path"], scope.get("raw_path") or scope["path"].encode()
    decoded = unquote(path)
    closed = decoded.startswith(("/-/", "/:memory:", "/favicon")) or decoded == "/-"
    if closed and decoded != "/-/metadata.json":
        return _NOWHERE, _NOWHERE.encode()
    return path, raw


def _cookie(header: bytes) -> str | None:
    cookies = SimpleCookie()
    try:
        cookies.load(header.decode("latin-1"))
    except CookieError:
        return None
    found = cookies.get(ui.LANGUAGE_COOKIE)
    return found.value if found else None


def _below_base(location: bytes) -> bytes:
    """Datasette forgets its own prefix in some redirects (to tables, with a trailing slash)."""
    base = BASE.encode()
    inside = location.startswith(b"/") and not location.startswith((b"//", base))
    return base + location[1:] if inside else location


async def _refuse_method(send: Send) -> None:
    headers = [(b"allow", b"GET, HEAD, OPTIONS"), (b"content-type", b"text/plain"), *_SECURITY]
    await send({"type": "http.response.start", "status": 405, "headers": headers})
    await send({"type": "http.response.body", "body": b"The data can only be read: use GET.\n"})


def _database_file(bundle: Bundle) -> App:
    """The whole database to download: strong ETag, ranges, conditional requests."""
    entry = bundle.entry(bundle.database.name)

    def wsgi(environ: Any, start_response: Any) -> Iterable[bytes]:
        environ["wsgi.file_wrapper"] = lambda file, _: FileWrapper(file, _DOWNLOAD_CHUNK)
        response = send_file(
            bundle.database,
            environ,
            mimetype="application/vnd.sqlite3",
            as_attachment=True,
            download_name=bundle.database.name,
            etag=entry.sha256,
        )
        return response(environ, start_response)

    return cast(App, WSGIMiddleware(wsgi, workers=4))
