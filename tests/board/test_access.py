"""Where somebody may be led after signing in: to this board, and nowhere else."""

import pytest

from sandbox.board.access import local
from tests.board.client import Client
from tests.board.visitors import visitor

AWAY = [
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example",
    "\\\\evil.example", "https:evil.example", "javascript:alert(1)", "data:text/html,x",
    "/\t/evil.example", "\n//evil.example", "http://localhost@evil.example/", "https://localhost/",
    "http://[::1", "evil.example", "", " /", "/%0d%0aSet-Cookie:x=1\r\nX: y",
]  # fmt: skip


@pytest.mark.parametrize("away", AWAY)
def test_nobody_is_led_to_another_host(board, away):
    with board.test_request_context("/", base_url="http://localhost"):
        assert local(away) == "/"


@pytest.mark.parametrize("here", ["/", "/challenges/x/", "/questions/?about=event&q=a%20b"])
def test_a_page_of_the_board_is_gone_back_to(board, here):
    with board.test_request_context("/", base_url="http://localhost"):
        assert local(here) == local(f"http://localhost{here}") == here


def test_signing_in_with_a_foreign_way_back_stays_here(board):
    client = Client(board)
    for away in AWAY:
        answer = client.raw("/sign-in/", query_string={"next": away})
        assert "evil.example" not in answer.headers.get("Location", "")
    client = visitor(board)
    for away in AWAY:
        answer = client.raw("/sign-in/", query_string={"next": away})
        assert answer.headers["Location"] == "/"
