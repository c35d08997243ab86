"""Prototypes are asked for: only where they may be, only whether somebody answers."""

import asyncio
import ipaddress
import socket
import threading
from contextlib import closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sandbox import clock
from sandbox.board.jobs import plan, run_due
from sandbox.board.projects import reaching
from sandbox.board.projects.reaching import ANSWERED, NOBODY, NOT_ASKED, PERIOD, may_ask
from tests.board.client import Client
from tests.board.gallery.conftest import WHOLE, open_gallery, team


class Prototype:
    """A server on loopback that answers as `status` says, or drips, or says nothing."""

    def __init__(self, status=200):
        self.asked, self.release, outer = [], threading.Event(), self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append((self.path, dict(self.headers)))
                if status == "nothing":
                    outer.release.wait()
                    return
                if status == "drips":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    while not outer.release.wait(0.05):
                        self.wfile.write(b"x-a: b\r\n")
                    return
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/secret")
                self.end_headers()

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


def ask(app, at=None):
    with clock.fixed(at or clock.now()):
        plan(app.extensions["state"])
        run_due(app)


def came_of(*addresses, seconds=5.0, this_machine=True):
    said = asyncio.run(reaching._all(addresses, seconds=seconds, this_machine=this_machine))
    return [said[address] for address in addresses]


@pytest.fixture
def here(board):
    board.config["PROTOTYPES_HERE"] = True


def test_whoever_answers_is_told_of_and_whoever_stops_too(board, owls, here):
    with closing(Prototype()) as server:
        owls.write(**WHOLE | {"prototype": server.url})
        owls.submit()
        open_gallery(board)
        began = clock.now()
        stranger = Client(board)
        assert "not asked for yet" in stranger.get("/projects/night-owls/").text
        ask(board, began)
        assert "answered" in stranger.get("/projects/night-owls/").text
        assert server.asked[0][1]["Host"] == server.url.split("/")[2]
    ask(board, began + PERIOD)
    assert "no answer since" in stranger.get("/projects/night-owls/").text
    assert "listening on 0.0.0.0" in owls.member.get("/projects/night-owls/").text
    assert "listening on 0.0.0.0" not in stranger.get("/projects/night-owls/").text
    project = owls.act(lambda _writer, project: project)
    assert (project.reached_at, project.asked_for_at) == (began, began + PERIOD)


def test_an_address_is_asked_for_once_in_a_period_for_all_teams(board, owls, here):
    birds = team(board, "ola@example.org", "Early Birds")
    with closing(Prototype()) as server:
        for one in (owls, birds):
            one.write(prototype=server.url)
        began = clock.now()
        ask(board, began)
        ask(board, began + timedelta(minutes=4))
        assert len(server.asked) == 1
        ask(board, began + timedelta(minutes=6))
        assert len(server.asked) == 2


def test_another_address_begins_with_a_clean_sheet(board, owls, here):
    with closing(Prototype()) as server:
        owls.write(prototype=server.url)
        ask(board)
    owls.write(prototype=server.url + "other")
    assert "not asked for yet" in owls.member.get("/projects/night-owls/").text
    ask(board, clock.now() + PERIOD)
    assert "no answer yet" in owls.member.get("/projects/night-owls/").text


def test_the_draft_is_asked_for_until_the_gallery_shows_what_was_submitted(board, owls):
    owls.write(**WHOLE | {"prototype": "http://10.0.0.1:5000/"})
    owls.submit()
    owls.write(prototype="http://10.0.0.2:5000/")
    with board.app_context(), board.extensions["state"].read() as reader:
        assert set(reaching.addresses(reader).values()) == {"http://10.0.0.2:5000/"}
        open_gallery(board)
    with board.app_context(), board.extensions["state"].read() as reader:
        assert set(reaching.addresses(reader).values()) == {"http://10.0.0.1:5000/"}


def test_long_after_the_event_nobody_is_asked(board_of):
    app = board_of(starts=clock.now() - timedelta(days=9), ends=clock.now() - timedelta(days=8))
    app.config["PROTOTYPES_HERE"] = True
    owls = team(app, "kari@example.org", "Night Owls")
    with closing(Prototype()) as server:
        owls.write(prototype=server.url)
        ask(app)
        assert server.asked == []


def test_any_answer_is_an_answer_and_no_redirect_is_followed():
    with closing(Prototype(302)) as moved, closing(Prototype(500)) as broken:
        assert came_of(moved.url, broken.url) == [ANSWERED, ANSWERED]
        assert [path for path, _ in moved.asked] == ["/"]


@pytest.mark.heavy
def test_silence_slowness_and_no_machine_at_all_are_told_alike():
    with (
        closing(Prototype("nothing")) as silent,
        closing(Prototype("drips")) as slow,
        socket.socket() as closed,
    ):
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        urls = (silent.url, slow.url, nobody, "http://no-such-name.invalid/")
        assert came_of(*urls, seconds=0.4) == [NOBODY] * 4


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/",
        "http://localhost:8000/",
        "http://[::1]:8000/",
        "http://0.0.0.0:8000/",
        "http://2130706433:8000/",  # 127.0.0.1 as one number
        "http://[::ffff:127.0.0.1]:8000/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]:8000/",
        "http://192.168.1.20:22/",
        "http://192.168.1.20:5432/",
        "http://192.168.1.20:6379/",
        "ftp://192.168.1.20/",
        "http://",
    ],
)
def test_what_must_not_be_called_is_not(address):
    assert came_of(address, this_machine=False) == [NOT_ASKED]


def test_a_prototype_on_the_boards_own_machine_hears_nothing():
    with closing(Prototype()) as server:
        assert came_of(server.url, this_machine=False) == [NOT_ASKED]
        assert server.asked == []


def test_ports_of_prototypes_may_be_asked_and_those_of_services_not():
    assert all(map(may_ask, (80, 443, 3000, 5000, 7860, 8000, 8080, 8501, 8888)))
    assert not any(map(may_ask, (0, 21, 22, 25, 53, 445, 3306, 5432, 6379, 9200, 11211, 27017)))


def test_the_machines_own_addresses_are_known():
    assert reaching.is_own(ipaddress.ip_address("127.0.0.1"))
    assert not reaching.is_own(ipaddress.ip_address("192.0.2.1"))
