"""Webhooks: what is told to whom, signed and sent to a real receiver, again until it arrives."""

import ipaddress
import json
import socket
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from sandbox import clock
from sandbox.board import calls, webhooks
from sandbox.board.jobs import WAITS, run_due
from sandbox.state.records import Audit, Delivery, Job, Webhook
from sandbox.state.topics import ChallengeState
from tests.board.client import queries
from tests.board.programs import program
from tests.board.visitors import visitor
from tests.docs.reading import ROOT, fences

DESK = "/organiser/webhooks/"
ASKED = {"number": 1, "about": "event", "slug": "", "url": "https://example.org/questions/1/"}


class Receiver:
    """A server on loopback that answers as `answers` says, one after the other, then 204."""

    def __init__(self):
        self.answers, self.got, self.release = [], [], threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.got.append((self.path, dict(self.headers), body))
                answer = outer.answers.pop(0) if outer.answers else 204
                if answer == "never":
                    outer.release.wait()
                    return
                self.send_response(answer)
                if answer in (301, 307):
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    with closing(Receiver()) as made:
        yield made


@pytest.fixture
def hook(board, receiver):
    """The secret of a webhook that is told of everything."""
    return added(board, receiver.url)


def added(app, url, events=tuple(webhooks.EVENTS)):
    secret = webhooks.new_secret()
    with app.extensions["state"].write() as writer:
        writer.add(Webhook(url=url, secret=secret, events=list(events), made_at=clock.now()))
    return secret


def tell(app, kind="question.asked", data=ASKED, **more):
    with app.app_context(), app.extensions["state"].write() as writer:
        webhooks.emit(writer, kind, data, **more)


def rows(app, kind=Delivery):
    with app.extensions["state"].read() as reader:
        return list(reader.query(kind).order_by(kind.id))


# --- sending --------------------------------------------------------------------------------------


def test_a_call_is_signed_so_that_the_fields_own_library_accepts_it(board, receiver, hook):
    tell(board)
    run_due(board)
    ((path, headers, body),) = receiver.got
    assert path == "/hook"
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == receiver.url.split("/")[2]
    assert Verifier(hook).verify(body, {k.lower(): v for k, v in headers.items()}) == {
        "type": "question.asked",
        "timestamp": json.loads(body)["timestamp"],
        "data": ASKED,
    }
    with pytest.raises(WebhookVerificationError):
        Verifier(hook).verify(body + " ", {k.lower(): v for k, v in headers.items()})


def test_what_fails_twice_arrives_at_the_third_time_as_the_same_message(board, receiver, hook):
    receiver.answers = [500, 503]
    now = clock.now()
    with clock.fixed(now):
        tell(board)
        run_due(board)
        run_due(board)  # not before its time
        assert len(receiver.got) == 1
    with clock.fixed(now + WAITS[0]):
        run_due(board)
    with clock.fixed(now + WAITS[0] + WAITS[1]):
        run_due(board)
    (first, second, third) = receiver.got
    assert first[2] == second[2] == third[2]
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    (delivery,) = rows(board)
    assert (delivery.attempts, delivery.said) == (3, "204")
    assert delivery.delivered_at == now + WAITS[0] + WAITS[1]
    assert len({headers["webhook-signature"] for _, headers, _ in receiver.got}) == 3


def test_a_server_that_stays_away_is_given_up_in_the_end(board):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    added(board, f"http://127.0.0.1:{port}/hook")
    now = clock.now()
    with clock.fixed(now):
        tell(board)
    for wait in [timedelta(0), *WAITS]:
        now += wait
        with clock.fixed(now):
            run_due(board)
    (delivery,) = rows(board)
    assert (delivery.attempts, delivery.said) == (len(WAITS) + 1, "no connection")
    assert delivery.given_up_at == now
    (job,) = rows(board, Job)
    assert job.failed_at == now


def test_a_server_that_is_slow_is_not_waited_for(board, receiver, hook):
    board.config["WEBHOOK_SECONDS"] = 0.05
    receiver.answers = ["never"]
    tell(board)
    run_due(board)
    (delivery,) = rows(board)
    assert (delivery.attempts, delivery.said, delivery.delivered_at) == (
        1,
        "no answer in time",
        None,
    )


def test_a_redirect_is_not_followed(board, receiver, hook):
    receiver.answers = [307]
    tell(board)
    run_due(board)
    assert [path for path, *_ in receiver.got] == ["/hook"]
    (delivery,) = rows(board)
    assert (delivery.said, delivery.delivered_at) == ("307", None)


def test_a_receiver_that_is_gone_is_not_called_again(board, receiver, hook):
    receiver.answers = [410]
    tell(board)
    tell(board)
    run_due(board)
    assert len(receiver.got) == 1
    assert rows(board, Webhook)[0].ended_at
    assert [d.said for d in rows(board)] == ["410", "ended"]


def test_what_was_delivered_is_not_sent_again_when_a_worker_died_before_it_said_so(
    board, receiver, hook
):
    tell(board)
    run_due(board)
    (delivery,) = rows(board)
    with board.app_context():
        webhooks._send({"delivery": delivery.id})
    assert len(receiver.got) == 1


# --- telling --------------------------------------------------------------------------------------


def test_an_event_is_told_only_to_those_that_asked_for_it_and_hold(board):
    added(board, "http://one.example.org/", ["question.asked"])
    added(board, "http://two.example.org/", ["build.done"])
    added(board, "http://three.example.org/")
    with board.extensions["state"].write() as writer:
        writer.get_one(Webhook, 3).ended_at = clock.now()
    tell(board)
    assert [d.webhook_id for d in rows(board)] == [1]


def test_nothing_is_told_of_what_was_not_committed(board, receiver, hook):
    with board.app_context():
        writer = board.extensions["state"].writer()
        webhooks.emit(writer, "question.asked", ASKED)
        writer.close()
    assert rows(board) == []
    assert rows(board, Job) == []


def test_without_a_webhook_telling_costs_one_query(board):
    with queries(board) as asked:
        tell(board)
    assert len([said for said in asked if "FROM" in said]) == 1


def test_an_occurrence_with_a_name_is_told_once_to_each(board, receiver, hook):
    tell(board, "build.done", {"data_digest": "abc"}, once="abc")
    tell(board, "build.done", {"data_digest": "abc"}, once="abc")
    tell(board, "build.done", {"data_digest": "abd"}, once="abd")
    assert len(rows(board)) == 2


def test_data_that_is_not_as_described_is_our_mistake_and_never_leaves(board, hook):
    for data in ({}, ASKED | {"email": "kari@example.org"}, ASKED | {"number": "1"}):
        with pytest.raises(ValueError, match="validation error"):
            tell(board, data=data)
    assert rows(board) == []


def test_asking_answering_and_announcing_are_told(board, receiver, hook):
    robot = program(board, roles=["organiser"])
    robot.post("/questions", {"about": {"kind": "event"}, "text": "Who is Kari Nordmann?"})
    robot.post("/questions/1/answers", {"text": "She."})
    robot.post("/announcements", {"words": {"en": {"title": "Lunch", "text": "Soup."}}})
    run_due(board)
    told = [json.loads(body) for *_, body in receiver.got]
    assert [t["type"] for t in told] == [
        "question.asked", "question.answered", "announcement.published",
    ]  # fmt: skip
    assert "Kari" not in json.dumps(told)


def test_a_challenge_that_opens_and_closes_by_the_clock_is_told_when_it_does(board, receiver, hook):
    now = clock.now().replace(microsecond=0)
    opens, closes = now + timedelta(hours=1), now + timedelta(hours=2)
    plan(board, now, opens_at=opens + timedelta(minutes=5), closes_at=closes)
    plan(board, now, opens_at=opens, closes_at=closes)  # and changed, twice
    plan(board, now, opens_at=opens, closes_at=closes)
    for moment in (now, opens, opens + timedelta(minutes=10), closes):
        with clock.fixed(moment):
            run_due(board)
    told = [json.loads(body) for *_, body in receiver.got]
    assert [(t["type"], t["data"]["at"]) for t in told] == [
        ("challenge.opened", opens.isoformat().replace("+00:00", "Z")),
        ("challenge.closed", closes.isoformat().replace("+00:00", "Z")),
    ]


def test_a_challenge_that_was_withdrawn_meanwhile_is_not_told_to_open(board, receiver, hook):
    now = clock.now()
    plan(board, now, opens_at=now + timedelta(hours=1))
    plan(board, now, opens_at=now + timedelta(hours=1), withdrawn_at=now)
    with clock.fixed(now + timedelta(hours=1)):
        run_due(board)
    assert receiver.got == []


def plan(app, now, **times):
    with clock.fixed(now), app.extensions["state"].write() as writer:
        row = writer.merge(ChallengeState(slug="shorter-queue", published_at=now, **times))
        webhooks.plan_challenge(writer, row)


# --- where calls may go ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.215.14", True),
        ("192.168.1.20", True),
        ("10.0.0.7", True),
        ("fd12:3456::1", True),
        ("127.0.0.1", False),
        ("127.9.9.9", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("100.100.100.200", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
    ],
)
def test_a_call_goes_to_the_world_and_the_room_but_not_to_the_machine_itself(address, allowed):
    told = calls.objection(ipaddress.ip_address(address), this_machine=False)
    assert (told is None) == allowed


def test_the_demo_may_call_the_machine_that_it_runs_on_and_nothing_else_more():
    def objects(address):
        return calls.objection(ipaddress.ip_address(address), this_machine=True)

    assert objects("127.0.0.1") is None
    assert objects("::1") is None
    assert objects("169.254.169.254")
    assert objects("0.0.0.0")


def test_a_real_event_does_not_call_its_own_machine_by_any_name(board, receiver, monkeypatch):
    monkeypatch.setattr(webhooks, "this_machine", lambda: False)
    port = receiver.server.server_port
    names = ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0")
    for name in names:
        added(board, f"http://{name}:{port}/hook")
    tell(board)
    run_due(board)
    assert receiver.got == []
    assert all(d.attempts == 1 for d in rows(board))
    assert all(d.given_up_at for d in rows(board) if "called" in d.said)


def test_the_address_that_was_looked_at_is_the_one_that_is_called(receiver, monkeypatch):
    """A name that answers differently the second time leads nowhere else."""
    asked, real = [], socket.getaddrinfo

    def once(host, *more, **options):
        if host == "hook.example.org":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "203.0.113.1"
        return real(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    url = f"http://hook.example.org:{receiver.server.server_port}/hook"
    answered = calls.post(url, "{}", {}, seconds=5, this_machine=True)
    assert answered.well
    assert receiver.got[0][1]["Host"].startswith("hook.example.org:")


def test_no_proxy_of_the_environment_comes_between(receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert calls.post(receiver.url, "{}", {}, seconds=5, this_machine=True).well


# --- the desk -------------------------------------------------------------------------------------


@pytest.fixture
def organiser(board):
    return visitor(board, roles=["organiser"])


def test_an_organiser_adds_an_address_sees_its_secret_once_and_tries_it(board, organiser, receiver):
    answer = organiser.post(DESK, {"url": receiver.url, "events": ["build.done"]})
    address = answer.headers["Location"]
    (secret,) = [c.text for c in organiser.get(address).all("code") if c.get("class") == "once"]
    assert secret not in organiser.get(address).html
    organiser.post(address + "test", form=address)
    run_due(board)
    ((_, headers, body),) = receiver.got
    told = Verifier(secret).verify(body, {k.lower(): v for k, v in headers.items()})
    assert told["type"] == "webhook.test"
    assert "arrived" in organiser.get(address).text
    assert "204" in organiser.get(DESK).text


def test_an_ended_webhook_is_told_nothing_and_cannot_be_tried(board, organiser, receiver):
    address = organiser.post(DESK, {"url": receiver.url, "events": ["question.asked"]}).headers[
        "Location"
    ]
    tell(board)
    organiser.post(address + "end", form=address)
    tell(board)
    run_due(board)
    assert receiver.got == []
    organiser.post(address + "test", form=DESK, status=404)
    acts = [(a.act, a.about) for a in rows(board, Audit)]
    assert acts == [("webhook.add", "webhook 1"), ("webhook.end", "webhook 1")]


def test_what_is_no_address_to_call_is_refused_and_stays_in_the_form(board, organiser):
    for wrong in (
        "", "example.org", "ftp://example.org/", "javascript:alert(1)", "http://", "http:///x",
        "https://kari:secret@example.org/", "https://example.org/#x", "http://[::1/",
        "https://x y/", "https://example.org/" + "x" * 500, '"><script>alert(1)</script>',
    ):  # fmt: skip
        page = organiser.post(DESK, {"url": wrong, "events": ["build.done"]}, status=422)
        (field,) = [f for f in page.all("input") if f.get("name") == "url"]
        assert field.get("value", "") == wrong
    organiser.post(DESK, {"url": "https://example.org/", "events": ["everything"]}, status=422)
    organiser.post(DESK, {"url": "https://example.org/"}, status=422)
    assert rows(board, Webhook) == []


# --- the documentation ----------------------------------------------------------------------------


def test_the_receiver_in_the_documentation_takes_what_is_ours_and_refuses_the_rest(
    board, monkeypatch, capfd
):
    (code,) = [f for f in fences((ROOT / "docs" / "api.md").read_text("utf-8")) if "do_POST" in f]
    secret = webhooks.new_secret()
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    names = {"__name__": "receiver"}
    exec(compile(code, "docs/api.md", "exec"), names)
    monkeypatch.setattr(names["Receiver"], "log_message", lambda *_args: None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), names["Receiver"])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"

    def sent(key, body='{"type": "webhook.test"}', at=None):
        headers = calls.signed(key, "msg_1", at or datetime.now(UTC), body)
        return calls.post(url, body, headers, seconds=5, this_machine=True).status

    with closing_server(server):
        assert sent(secret) == 204
        assert sent(secret) == 204  # again, and printed once
        assert sent(webhooks.new_secret()) == 400
        assert sent(secret, at=datetime.now(UTC) - timedelta(minutes=6)) == 400
    assert capfd.readouterr().out.count("webhook.test") == 1


@contextmanager
def closing_server(server):
    yield
    server.shutdown()
    server.server_close()


def test_the_documentation_names_every_event_and_its_keys():
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    for name, form in webhooks.FORMS.items():
        (line,) = [row for row in text.splitlines() if row.startswith("|") and f"`{name}`" in row]
        if form is not webhooks.QuestionAnswered:
            assert all(f"`{key}`" in line for key in form.model_fields), name
