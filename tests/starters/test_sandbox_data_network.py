"""What the data client does when the network is bad: falls back soon, and says why."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.starters.conftest import COLUMNS

pytestmark = pytest.mark.heavy  # hosts that hang, refuse and trickle take their time

PAGE = {"columns": list(COLUMNS), "rows": [{"id": "LIVE"}], "next": None}
Reply = tuple[int, bytes, dict[str, str]]


def good(**more: Any) -> Reply:
    return 200, json.dumps(PAGE | more).encode(), {}


class Host:
    """A host that answers by a script, and keeps what it was asked."""

    def __init__(self) -> None:
        self.replies: list[Reply | Callable[[Any], None]] = []
        self.asked: list[str] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append(self.path)
                reply = host.replies.pop(0) if len(host.replies) > 1 else host.replies[0]
                if callable(reply):
                    return reply(self)
                status, body, headers = reply
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return None

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    thread = threading.Thread(target=host.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield host
    host.server.shutdown()
    host.server.server_close()
    thread.join()


@pytest.fixture
def impatient(sandbox_data: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the client's time limits."""
    for name in ("ANSWER_WITHIN", "BODY_WITHIN", "TRY_AGAIN_AFTER"):
        monkeypatch.setattr(sandbox_data, name, getattr(sandbox_data, name) / 10)


@pytest.fixture
def data(sandbox_data: ModuleType, host: Host, permits_sample: Path, impatient: None) -> Any:
    return sandbox_data.SandboxData(host.url, permits_sample)


def hang(handler: Any) -> None:
    """Accept, and say nothing until the other side has gone."""
    handler.connection.settimeout(5)
    handler.connection.recv(1)


def trickle(handler: Any) -> None:
    """Send a header's bytes so slowly that no time-out of a socket ever strikes."""
    gone = threading.Event()
    try:
        for _ in range(500):
            handler.wfile.write(b"H")
            gone.wait(0.01)
    except OSError:
        return


CAPTIVE: dict[str, Reply] = {
    "a log-in page": (200, b"<html>Welcome to the venue's Wi-Fi</html>", {}),
    "an empty 404 of a proxy": (404, b"", {}),
    "a page that is not there": (404, b"<html>Not found</html>", {}),
    "JSON of another service": (200, b'{"detail": "hello"}', {}),
    "a list": (200, b"[]", {}),
    "an error of another service": (403, b'{"detail": "no"}', {}),
    "nothing": (200, b"", {}),
    "not UTF-8": (200, b"\xff\xfe{", {}),
    "a portal elsewhere": (302, b"", {"Location": "http://portal.example.org/login"}),
}


@pytest.mark.parametrize("reply", CAPTIVE.values(), ids=CAPTIVE)
def test_whatever_is_not_the_sandbox_counts_as_offline(reply: Reply, host: Host, data: Any) -> None:
    host.replies = [reply]
    rows = data.rows("permits", {"code": "0301"})
    assert rows.source == "sample"
    assert rows.total == 575
    assert rows.why


@pytest.mark.parametrize("behaviour", [hang, trickle])
def test_a_host_that_hangs_is_left_in_time(
    behaviour: Callable[[Any], None], host: Host, data: Any, sandbox_data: ModuleType
) -> None:
    host.replies = [behaviour]
    assert data.rows("permits").source == "sample", "it came back while the host still hangs"
    assert len(host.asked) == 1, "one more try would only double the wait"


def test_the_time_limit_is_two_seconds(sandbox_data: ModuleType) -> None:
    assert sandbox_data.ANSWER_WITHIN == 2.0


def test_a_sandbox_that_is_down_is_not_asked_again_at_once(
    host: Host, data: Any, sandbox_data: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.replies = [hang]
    why = data.rows("permits").why
    again = data.rows("permits", {"code": "0301"})
    assert (again.source, again.why, len(host.asked)) == ("sample", why, 1)
    host.replies = [good()]
    later = time.monotonic() + sandbox_data.DOWN_FOR + 1
    monkeypatch.setattr(sandbox_data.time, "monotonic", lambda: later)
    assert data.rows("permits").source == "live"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_sandbox_is_tried_once_more(status: int, host: Host, data: Any) -> None:
    host.replies = [(status, b"", {}), good()]
    assert data.rows("permits").source == "live"
    assert len(host.asked) == 2


def test_a_connection_that_breaks_is_tried_once_more(host: Host, data: Any) -> None:
    host.replies = [lambda handler: handler.connection.close(), good()]
    assert data.rows("permits").source == "live"


def test_a_body_that_is_cut_short_falls_back(host: Host, data: Any) -> None:
    host.replies = [(200, b'{"columns": ["id"], "ro', {})]
    assert data.rows("permits").source == "sample"


def test_a_wait_that_is_too_long_is_not_waited_for(host: Host, data: Any) -> None:
    host.replies = [(429, b"", {"Retry-After": "60"}), good()]
    assert data.rows("permits").source == "sample"
    assert len(host.asked) == 1


def test_a_mistake_that_the_sandbox_finds_is_neither_retried_nor_hidden(
    host: Host, data: Any, sandbox_data: ModuleType
) -> None:
    host.replies = [(400, b'{"ok": false, "error": "_size must be <= 100"}', {})]
    with pytest.raises(sandbox_data.QueryError, match="_size must be"):
        data.rows("permits")
    assert len(host.asked) == 1


def test_a_table_that_the_sandbox_lacks_comes_from_the_sample_with_the_reason(
    host: Host, data: Any
) -> None:
    host.replies = [(404, b'{"ok": false, "error": "Table not found: permits"}', {})]
    rows = data.rows("permits")
    assert (rows.source, rows.why) == ("sample", "Table not found: permits")
    host.replies = [good()]
    assert data.rows("permits").source == "live", "one missing table does not make it down"


def test_the_next_page_is_asked_of_the_same_host(host: Host, data: Any) -> None:
    elsewhere = "http://another.example.org/sandbox/permits.json?_next=x"
    host.replies = [good(next="a b&c", next_url=elsewhere), good()]
    assert [row["id"] for row in data.rows("permits", limit=None)] == ["LIVE", "LIVE"]
    assert host.asked[1] == f"{host.asked[0]}&_next=a+b%26c"


def test_an_answer_is_kept_for_when_the_sandbox_is_gone(
    host: Host, sandbox_data: ModuleType, permits_sample: Path, tmp_path: Path, impatient: None
) -> None:
    def ask(where: dict[str, Any]) -> Any:
        data = sandbox_data.SandboxData(host.url, permits_sample, tmp_path / "cache")
        return data.rows("permits", where)

    host.replies = [good()]
    fetched = ask({"code": "0301"})
    host.replies = [(503, b"", {})]
    kept = ask({"code": "0301"})
    assert (kept.source, kept.items, kept.fetched_at) == (
        "cached",
        fetched.items,
        fetched.fetched_at,
    )
    assert "503" in kept.why
    assert ask({"code": "1103"}).source == "sample", "another question has another answer"


def test_a_damaged_cache_is_ignored_and_a_full_one_is_trimmed(
    host: Host,
    sandbox_data: ModuleType,
    permits_sample: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    impatient: None,
) -> None:
    monkeypatch.setattr(sandbox_data, "CACHED_ANSWERS", 3)
    data = sandbox_data.SandboxData(host.url, permits_sample, tmp_path)
    host.replies = [good()]
    for code in range(6):
        data.rows("permits", {"code": code})
    assert len(list(tmp_path.iterdir())) == 3
    for file in tmp_path.iterdir():
        file.write_text("[damaged", encoding="utf-8")
    host.replies = [(503, b"", {})]
    assert data.rows("permits", {"code": 5}).source == "sample"


def test_a_cache_that_cannot_be_written_keeps_no_rows_from_people(
    host: Host, sandbox_data: ModuleType, permits_sample: Path, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where a folder belongs")
    host.replies = [good()]
    data = sandbox_data.SandboxData(host.url, permits_sample, tmp_path / "cache")
    assert data.rows("permits").source == "live"


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "file:///etc/passwd", "ftp://x/", "http://"])
def test_an_address_that_is_none_is_refused(
    url: str, sandbox_data: ModuleType, permits_sample: Path
) -> None:
    with pytest.raises(ValueError, match="must be like http://127"):
        sandbox_data.SandboxData(url, permits_sample)


def test_a_machine_in_the_room_is_asked_past_the_proxy(
    host: Host, sandbox_data: ModuleType, permits_sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    host.replies = [good()]
    assert sandbox_data.SandboxData(host.url, permits_sample).rows("permits").source == "live"
