"""The served board and its real connections: slow ones, cut ones, and those that send too much."""

import http.client
import socket
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest

from tests.serving import environment, served

pytestmark = pytest.mark.heavy
SLOW = 30
PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def at(workspace, bundle, tmp_path_factory):
    """The address, as host and port, of the small demo."""
    log = tmp_path_factory.mktemp("served") / "log"
    with served(["-m", "sandbox", "serve"], environment(workspace.state), log) as url:
        parts = urlsplit(url)
        yield parts.hostname, parts.port


def connection(at):
    return closing(http.client.HTTPConnection(*at, timeout=PATIENCE_SECONDS))


def answer_of(open_socket):
    answer = http.client.HTTPResponse(open_socket)
    answer.begin()
    return answer.status, answer.read()


def head(path="/sign-in/", **headers):
    lines = [f"POST {path} HTTP/1.1", "Host: board.test"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def test_thirty_who_send_byte_by_byte_keep_nobody_waiting(at):
    """Each sends a byte between two pages of somebody else; none is whole before the last page."""
    content = b"email=kari%40example.org&wanted=nothing"
    with ExitStack() as all_of_them:
        slow = [
            all_of_them.enter_context(socket.create_connection(at, timeout=PATIENCE_SECONDS))
            for _ in range(SLOW)
        ]
        for one in slow:
            one.sendall(head(Content_Length=len(content)))
        with connection(at) as quick:
            for byte in content[:-1]:
                for one in slow:
                    one.sendall(bytes([byte]))
                quick.request("GET", "/")
                answer = quick.getresponse()
                assert (answer.status, b"</html>" in answer.read()) == (200, True)
        for one in slow:
            one.sendall(content[-1:])
        # None of them carried the form's token, which the board says to each once it is whole.
        assert {answer_of(one)[0] for one in slow} == {400}


def test_who_sends_too_much_is_told_so_and_can_read_it_while_still_sending(at):
    megabyte = b"x" * 1_000_000
    with closing(socket.create_connection(at, timeout=PATIENCE_SECONDS)) as sender:
        sender.sendall(head(Content_Length=20 * len(megabyte)))
        for _ in range(20):
            sender.sendall(megabyte)
        status, page = answer_of(sender)
    assert (status, b"</html>" in page) == (413, True)


def test_chunks_without_a_length_are_read_to_their_end(at):
    with connection(at) as client:
        client.request("POST", "/api/v1/questions", body=iter([b'{"ti', b'tle": 1}']),
                       headers={"Content-Type": "application/json"})  # fmt: skip
        assert client.getresponse().status == 401
    with connection(at) as client:
        client.request("POST", "/sign-in/", body=iter([b"x" * 500_000] * 5))
        assert client.getresponse().status == 413


def test_those_who_leave_in_the_middle_leave_nothing_behind(at):
    for _ in range(50):
        with closing(socket.create_connection(at, timeout=PATIENCE_SECONDS)) as one:
            one.sendall(head(Content_Length=1_000_000) + b"x" * 100_000)
    with connection(at) as client:
        client.request("GET", "/healthz")
        assert client.getresponse().status == 200
