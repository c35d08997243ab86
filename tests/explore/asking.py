"""A client that speaks ASGI, so that a page needs neither a port nor a thread."""

from dataclasses import dataclass
from urllib.parse import unquote


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
