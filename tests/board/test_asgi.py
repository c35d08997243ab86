"""The board's threads and everybody's connections: a slow one keeps nobody else waiting."""

import asyncio
import hashlib
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, request

from sandbox import clock
from sandbox.board import arrival
from sandbox.board.asgi import LOT_BYTES, REFUSED, Limits, Threads
from sandbox.board.site import most_bytes_of

MOST = 100_000
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Client:
    """One connection: gives its `parts` when asked, then what it is told; keeps what is answered.

    A part that is a function is awaited before the next one is given.
    """

    def __init__(self, parts=(), *, path="/echo", method="POST", headers=(), ends=True):
        self.parts, self.ends, self.sent = list(parts), ends, []
        self.asked = 0
        headers = [(name.encode(), value.encode()) for name, value in headers]
        self.scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http",
            "server": ("board.test", 80), "client": ("192.0.2.7", 4711),
        }  # fmt: skip

    async def receive(self):
        self.asked += 1
        while self.parts and callable(self.parts[0]):
            await self.parts.pop(0)()
        if self.parts:
            part = self.parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self.parts)}
        if self.ends:
            return {"type": "http.disconnect"}
        return await asyncio.Future()

    async def send(self, message):
        self.sent.append(message)

    @property
    def status(self):
        return self.sent[0]["status"] if self.sent else None

    @property
    def headers(self):
        return dict(self.sent[0]["headers"])

    @property
    def body(self):
        return b"".join(message["body"] for message in self.sent[1:])


def sends(*parts, **more):
    """A client whose body has no length that is known before."""
    return Client(parts, headers=[("transfer-encoding", "chunked")], **more)


@pytest.fixture
def app():
    """Answers the length and hash of what was sent; /arrived says when the request began."""
    made = Flask(__name__)
    made.config["MAX_CONTENT_LENGTH"] = MOST

    @made.before_request
    def refuse():
        if status := request.environ.get(REFUSED):
            return f"refused {status}", status
        return None

    @made.post("/echo")
    def echo():
        content = request.get_data()
        return f"{len(content)} {hashlib.sha256(content).hexdigest()}"

    @made.post("/large")
    def large():
        request.max_content_length = 10 * MOST
        return echo()

    made.view_functions["large"].most_bytes = 10 * MOST

    @made.post("/arrived")
    def arrived():
        return arrival.arrived().isoformat()

    @made.get("/")
    def home():
        return "home"

    @made.get("/much")
    def much():
        return b"x" * (3 * LOT_BYTES + 7)

    return made


@pytest.fixture
def behind(app):
    """One thread: whoever kept it would stop everybody."""
    return lambda **limits: Threads(app, 1, most_bytes_of(app), Limits(**limits))


def ask(threads, client):
    asyncio.run(threads(client.scope, client.receive, client.send))
    return client


def said_of(content):
    return f"{len(content)} {hashlib.sha256(content).hexdigest()}".encode()


def test_a_body_arrives_as_it_was_sent_however_it_is_cut(behind):
    content = bytes(range(256)) * 300
    for size in (1000, 70_000, len(content)):
        parts = [content[i : i + size] for i in range(0, len(content), size)]
        assert ask(behind(), sends(*parts)).body == said_of(content)


def test_a_request_without_a_body_is_answered_without_asking_for_one(behind):
    client = ask(behind(), Client(path="/", method="GET"))
    assert (client.body, client.asked) == (b"home", 0)


def test_thirty_who_stall_keep_nobody_waiting_and_are_answered_when_they_are_whole(behind):
    async def rush():
        threads, go_on = behind(), asyncio.Event()
        slow = [sends(b"a", go_on.wait, b"b" * n) for n in range(30)]
        tasks = [asyncio.create_task(threads(c.scope, c.receive, c.send)) for c in slow]
        for n in range(60):
            quick = Client(path="/", method="GET") if n % 2 else sends(b"quick")
            await threads(quick.scope, quick.receive, quick.send)
            assert quick.status == 200
        assert all(client.asked for client in slow), "all of them have begun"
        assert not any(client.sent for client in slow)
        go_on.set()
        await asyncio.gather(*tasks)
        return slow

    for n, client in enumerate(asyncio.run(rush())):
        assert client.body == said_of(b"a" + b"b" * n)


def test_who_does_not_take_an_answer_keeps_no_thread(behind):
    async def rush():
        threads, taken = behind(), asyncio.Event()
        slow = Client(path="/much", method="GET")
        sending = asyncio.Event()

        async def send_slowly(message):
            slow.sent.append(message)
            if "body" in message:
                sending.set()
                await taken.wait()

        task = asyncio.create_task(threads(slow.scope, slow.receive, send_slowly))
        await sending.wait()
        quick = Client(path="/", method="GET")
        await threads(quick.scope, quick.receive, quick.send)
        assert quick.body == b"home"
        assert not task.done()
        taken.set()
        await task
        return slow

    assert asyncio.run(rush()).body == b"x" * (3 * LOT_BYTES + 7)


def test_an_answer_that_nobody_takes_is_given_up_and_closed(app):
    closed = threading.Event()

    def endless(_environ, start):
        class Answer:
            def __iter__(self):
                return iter(lambda: b"x" * LOT_BYTES, b"")

            def close(self):
                closed.set()

        start("200 OK", [])
        return Answer()

    client = Client(path="/", method="GET")

    async def never(message):
        client.sent.append(message)
        if "body" in message:
            await asyncio.Future()

    limits = Limits(seconds=0.01)
    asyncio.run(Threads(endless, 1, lambda *_: MOST, limits)(client.scope, client.receive, never))
    assert closed.is_set()


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(behind):
    client = Client([b"x"], headers=[("content-length", str(MOST + 1))])
    seen = []
    receive, client.receive = client.receive, None

    async def noted():
        seen.append(client.status)
        return await receive()

    client.receive = noted
    assert ask(behind(), client).status == 413
    assert set(seen) == {413}, "what is still sent is read only after the answer, to be discarded"
    assert client.headers[b"connection"] == b"close"
    assert client.sent[-1] == {"type": "http.response.body", "body": b""}


def test_a_body_that_grows_too_large_is_refused_where_the_limit_is(behind):
    assert ask(behind(), sends(b"x" * MOST)).status == 200
    assert ask(behind(), sends(b"x" * MOST, b"x")).status == 413
    assert ask(behind(), sends(b"x" * MOST, b"x", path="/large")).status == 200
    length = [("content-length", str(10 * MOST + 1))]
    assert ask(behind(), Client([b"x"], path="/large", headers=length)).status == 413
    assert ask(behind(), Client([b"x"], path="/nothing", headers=length)).status == 413


def test_a_body_that_stops_is_told_so(behind):
    async def never():
        await asyncio.Future()

    client = ask(behind(quiet_seconds=0.01), sends(b"x", never, b"y"))
    assert (client.status, client.body) == (408, b"refused 408")


def test_a_body_that_never_ends_is_told_so_however_lively_it_is(behind):
    async def trickle():
        client.parts[:0] = [b"x", trickle]
        await asyncio.sleep(0)

    client = sends(trickle, b"end")
    assert ask(behind(seconds=0.01), client).status == 408


def test_there_are_so_many_bodies_and_bytes_on_their_way_and_no_more(behind):
    async def rush(**limits):
        threads, go_on = behind(**limits), asyncio.Event()
        first = [sends(b"x" * 10, go_on.wait, b"y") for _ in range(2)]
        tasks = [asyncio.create_task(threads(c.scope, c.receive, c.send)) for c in first]
        while not all(client.asked == 2 for client in first):
            await asyncio.sleep(0)
        third = sends(b"z")
        await threads(third.scope, third.receive, third.send)
        go_on.set()
        await asyncio.gather(*tasks)
        again = sends(b"z")
        await threads(again.scope, again.receive, again.send)
        return third.status, [client.status for client in first], again.status

    assert asyncio.run(rush(at_once=2)) == (503, [200, 200], 200)
    assert asyncio.run(rush(bytes_at_once=20)) == (503, [503, 200], 200)


def test_who_goes_away_leaves_nothing(behind):
    threads = behind(at_once=1)
    for _ in range(3):
        gone = sends(b"x" * 90_000, b"", ends=True)
        gone.parts.pop()  # the connection ends after the first part
        gone.parts.append(lambda: asyncio.sleep(0))
        assert ask(threads, gone).sent == []
    assert ask(threads, sends(b"there")).body == said_of(b"there")
    assert threads._bytes == threads._bodies == 0


def test_what_began_in_time_counts_from_when_it_began(behind):
    async def rush():
        with ExitStack() as clocks:

            async def time_passes():
                clocks.enter_context(clock.fixed(BEGAN + timedelta(seconds=40)))

            clocks.enter_context(clock.fixed(BEGAN))
            client = sends(b"x", time_passes, b"y", path="/arrived")
            await behind()(client.scope, client.receive, client.send)
            return client

    assert asyncio.run(rush()).body.decode() == BEGAN.isoformat()


def test_a_mistake_of_the_application_frees_its_thread(app):
    def broken(_environ, start):
        start("200 OK", [])
        raise RuntimeError("no")

    client = Client(path="/", method="GET")
    threads = Threads(broken, 1, lambda *_: MOST)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            ask(threads, client)
