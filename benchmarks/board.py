"""What the board's pages cost: processor time, queries and pages a second, beside dribdat's."""

import math
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from flask.testing import FlaskClient
from sqlalchemy import event

from benchmarks.filling import CHALLENGE, Filled, demo_at, fill
from benchmarks.report import Goal, Row
from benchmarks.serving import Server, processor_seconds, rate, served
from sandbox.board import create_app

PEOPLE, TEAMS, FILES = 60, 30, 200
MOST_MILLISECONDS, MOST_QUERIES = 12.0, 10
REQUESTS, ROUNDS = 120, 3  # processor time is told by the hundredth second
SECONDS = 2.0
READERS = (1, 8)


@dataclass(frozen=True)
class Peer:
    """What a page of dribdat's took on a comparable machine with 30 projects and 61 users: the
    least processor time seen (ms), its queries, and the most pages a second that were seen at 1 and
    at 8 connections, from two worker processes."""

    milliseconds: float
    queries: int
    rates: tuple[float, float]


@dataclass(frozen=True)
class Page:
    """A page of ours, and the one of dribdat's that shows the same, where there is one."""

    name: str
    path: str
    peer: Peer | None = None


ITS_HOME, ITS_BOARD = Peer(7, 7, (121, 256)), Peer(92, 187, (11, 9))
ITS_PROJECT = Peer(19, 33, (56, 57))
PAGES = (
    Page("home", "/", ITS_HOME),
    Page("teams", "/teams/", ITS_BOARD),
    Page("gallery", "/projects/", ITS_BOARD),
    Page("project", "/projects/team-7/", ITS_PROJECT),
    Page("leaderboard", f"/challenges/{CHALLENGE}/leaderboard/"),
    Page("challenge", f"/challenges/{CHALLENGE}/"),
    Page("questions", "/questions/"),
)


def measure() -> Iterator[Row | Goal]:
    """Each page as a stranger and as a member of a team gets it; the dearer one counts."""
    with tempfile.TemporaryDirectory() as folder, demo_at(Path(folder)) as (workspace, state):
        filled = fill(workspace, state, people=PEOPLE, teams=TEAMS, submitted=True, files=FILES)
        queries = _queries(filled)
        serve = ["sandbox", "serve"]
        with served(serve, "/healthz", filled.environment) as server:
            cookie = _signed_in(server, filled.links(filled.people[:1])[0])
            for page in PAGES:
                yield from _page(server, page, cookie, queries[page.path])


def _page(server: Server, page: Page, cookie: str, queries: float) -> Iterator[Row | Goal]:
    if math.isnan(queries):
        yield Row(f"{page.name}: there is no {page.path}", queries, "")
        milliseconds = queries
    else:
        milliseconds = 0.0
        for reader, headers in (("stranger", {}), ("member", {"Cookie": cookie})):
            taken = _milliseconds(server, page.path, headers)
            milliseconds = max(milliseconds, taken)
            ratio = taken / page.peer.milliseconds if page.peer else None
            yield Row(f"{page.name}, {reader}: processor time", taken, "ms", ratio)
        for number, readers in enumerate(READERS):
            pages = rate(server.port, page.path, readers=readers, seconds=SECONDS)
            ratio = pages / page.peer.rates[number] if page.peer else None
            yield Row(f"{page.name}: {readers} at a time", pages, "pages/s", ratio)
        yield Row(f"{page.name}: queries", queries, "",
                  queries / page.peer.queries if page.peer else None)  # fmt: skip
    yield Goal(f"{page.name}: processor time", milliseconds, "at most", MOST_MILLISECONDS, "ms")
    yield Goal(f"{page.name}: queries", queries, "at most", MOST_QUERIES)


def _milliseconds(server: Server, path: str, headers: dict[str, str]) -> float:
    """Of the server's processor time for one page: the least of some rounds of many pages."""
    connection = HTTPConnection("127.0.0.1", server.port)
    rounds = []
    for _ in range(ROUNDS):
        before = processor_seconds(server.process)
        for _ in range(REQUESTS):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}")
        rounds.append((processor_seconds(server.process) - before) / REQUESTS * 1000)
    connection.close()
    return min(rounds)


def _signed_in(server: Server, link: str) -> str:
    """The cookie of somebody who came by their link."""
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", link)
    answer = connection.getresponse()
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', answer.read())
    if token is None:
        raise RuntimeError("the page of the link has no form")
    form = urlencode({"csrf_token": token[1].decode()})
    cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
    kind = "application/x-www-form-urlencoded"
    connection.request("POST", link, form, {"Cookie": cookie, "Content-Type": kind})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 302:
        raise RuntimeError(f"signing in was answered by {answer.status}")
    return (answer.headers["Set-Cookie"] or "").partition(";")[0]


def _queries(filled: Filled) -> dict[str, float]:
    """Path → the most queries that a stranger or a member costs; NaN for what is no page."""
    app = create_app(filled.workspace, state=filled.state)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    stranger, member = app.test_client(), _member(app.test_client(), filled)
    event.listen(filled.state.engine, "before_cursor_execute", note)
    found: dict[str, float] = {}
    for page in PAGES:
        counts = []
        for client in (stranger, member):
            client.get(page.path)  # what is remembered from then on is
            asked.clear()
            answer = client.get(page.path)
            counts.append(float(len(asked)) if answer.status_code == 200 else math.nan)
        found[page.path] = math.nan if math.nan in counts else max(counts)
    event.remove(filled.state.engine, "before_cursor_execute", note)
    return found


def _member(client: FlaskClient, filled: Filled) -> FlaskClient:
    link = filled.links(filled.people[:1])[0]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(link).text)
    client.post(link, data={"csrf_token": token[1] if token else ""})
    return client
