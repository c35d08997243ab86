"""Opening and closing challenges from the command line, which the browser and the log see."""

import pytest
from click.testing import CliRunner

from sandbox import cli
from sandbox.state.records import Audit
from tests.board.client import Client
from tests.board.desk.test_challenges import NOON, PAGE, SLUG, clock


@pytest.fixture
def run(real, monkeypatch):
    """The command line on the event and the database of `real`."""
    made = real.extensions["workspace"]
    monkeypatch.setattr(cli, "open_workspace", lambda _event: made)
    address = real.extensions["state"].engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", address)

    def invoke(*words):
        with clock.fixed(NOON):
            done = CliRunner().invoke(cli.main, ["event", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return invoke


def test_a_challenge_is_opened_closed_and_told_about(real, run):
    assert f"{SLUG}  is a draft" in run("status").output
    said = run("open", SLUG).output
    assert f"{SLUG} is open" in said
    assert "without the owner's yes, a second reader, a preview, as is on record" in said
    with clock.fixed(NOON):
        assert "Open" in Client(real).get(PAGE).text
    assert run("close", "--all").output == f"{SLUG} is closed\n"
    assert f"{SLUG}  is closed; missing" in run("status").output
    assert run("close", "--all").output == "No challenge is open.\n"
    with real.extensions["state"].read() as reader:
        entries = reader.query(Audit).order_by(Audit.id).all()
    assert [one.act for one in entries] == [
        "challenge.opened", "challenge.times_changed", "challenge.closed",
    ]  # fmt: skip
    assert {one.actor_id for one in entries} == {None}
    assert entries[0].detail["without"] == ["owner", "review", "preview"]


def test_at_a_time_it_is_announced_now_and_opens_then(real, run):
    said = run("open", "--all", "--at", "2027-03-29 09:00").output
    assert "is announced and opens Monday 29 March 2027, 09:00 (Europe/Oslo)" in said
    with clock.fixed(NOON):
        assert "Opens Monday 29 March 2027, 09:00" in Client(real).get(PAGE).text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("open", "shorter-queu"), "did you mean shorter-queue?"),
        (("open",), "Name the challenges, or say --all."),
        (("open", SLUG, "--all"), "Name the challenges, or say --all."),
        (("open", SLUG, "--at", "friday"), "2027-03-05 09:00 is expected"),
        (("open", SLUG, "--at", "2027-03-28 02:30"), "the nearest are 01:59 and 03:00"),
        (("open", SLUG, "--at", "2027-10-31 02:30"), "2027-10-31 02:30+01:00"),
        (("close", SLUG), "is draft, so it cannot be closed"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(real, run, words, said):
    done = run(*words)
    assert done.exit_code != 0
    assert said in done.output
    with real.extensions["state"].read() as reader:
        assert reader.query(Audit).count() == 0
