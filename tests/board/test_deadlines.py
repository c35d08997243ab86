"""Deadlines: the challenge’s own, more time for a team, a withdrawal, a night of two hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.board import deadlines
from sandbox.board.deadlines import Deadline
from sandbox.board.standing import Stage, Standing, of
from sandbox.state.teams import Grace, Team
from sandbox.state.topics import ChallengeState

OSLO = ZoneInfo("Europe/Oslo")
CLOSES = datetime(2027, 3, 5, 11, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(moment, until=None, closes=CLOSES, withdrawn=None):
    """What holds at `moment` for a team that was given time `until`."""
    row = ChallengeState(slug="x", published_at=closes - timedelta(days=9), withdrawn_why="",
                         opens_at=closes - timedelta(days=2), closes_at=closes,
                         withdrawn_at=withdrawn)  # fmt: skip
    return Deadline(of(row, is_demo=False, now=moment), moment, until)


def test_the_closing_moment_itself_is_too_late_and_the_one_before_is_not():
    assert at(CLOSES - timedelta(microseconds=1)).open
    assert not at(CLOSES).open and not at(CLOSES + SECOND).open
    assert not at(CLOSES - timedelta(days=3)).open, "not open yet"


def test_more_time_is_for_one_team_and_ends_as_sharply():
    until = CLOSES + timedelta(minutes=20)
    assert at(CLOSES, until).open and at(until - SECOND, until).open
    assert not at(until, until).open and at(CLOSES, until).at == until
    assert at(CLOSES, until).has_grace and not at(CLOSES).has_grace


def test_more_time_that_ends_before_the_deadline_takes_none_away():
    until = CLOSES - timedelta(hours=1)
    assert at(CLOSES - SECOND, until).open and at(CLOSES, until).at == CLOSES
    assert not at(CLOSES, until).has_grace


def test_more_time_does_not_open_what_is_withdrawn_or_not_open_yet():
    until = CLOSES + timedelta(hours=1)
    assert not at(CLOSES + SECOND, until, withdrawn=CLOSES).open
    assert not at(CLOSES - SECOND, until, withdrawn=CLOSES - SECOND).open
    assert not at(CLOSES - timedelta(days=3), until).open


def test_without_an_end_it_stays_open():
    assert Deadline(Standing(Stage.OPEN), CLOSES).at is None
    assert Deadline(Standing(Stage.OPEN), CLOSES).open
    assert not Deadline(Standing(Stage.OPEN), CLOSES).has_grace


@pytest.mark.parametrize("fold", [0, 1])
def test_in_the_night_that_has_an_hour_twice_the_right_one_of_them_closes(fold):
    closes = datetime(2027, 10, 31, 2, 30, tzinfo=OSLO, fold=fold).astimezone(UTC)
    first = datetime(2027, 10, 31, 2, 29, 59, tzinfo=OSLO, fold=0).astimezone(UTC)
    second = datetime(2027, 10, 31, 2, 29, 59, tzinfo=OSLO, fold=1).astimezone(UTC)
    assert at(first, closes=closes).open
    assert at(second, closes=closes).open == (fold == 1)


def test_the_latest_time_given_holds_and_what_was_taken_back_does_not(board):
    given = datetime(2027, 3, 5, tzinfo=UTC)
    with board.app_context(), board.extensions["state"].write() as writer:
        team = Team(slug="a", name="A", code_hash="a", made_at=given)
        other = Team(slug="b", name="B", code_hash="b", made_at=given)
        writer.add_all([team, other])
        writer.add(ChallengeState(slug="shorter-queue", published_at=given, opens_at=given,
                                  closes_at=CLOSES))  # fmt: skip
        writer.flush()
        for minutes, ended in ((30, None), (90, CLOSES), (10, None)):
            until = CLOSES + timedelta(minutes=minutes)
            writer.add(Grace(team_id=team.id, challenge="shorter-queue", why="x", given_at=given,
                             until=until, ended_at=ended))  # fmt: skip
        writer.add(Grace(team_id=team.id, challenge="other", why="x", given_at=given,
                         until=CLOSES + timedelta(days=1)))  # fmt: skip
        writer.flush()
        found = deadlines.of(writer, "shorter-queue", team.id, CLOSES)
        assert (found.at, found.open) == (CLOSES + timedelta(minutes=30), True)
        assert not deadlines.of(writer, "shorter-queue", other.id, CLOSES).open
        assert not deadlines.of(writer, "shorter-queue", None, CLOSES).open
        assert not deadlines.of(writer, "no-such", team.id, CLOSES).open
