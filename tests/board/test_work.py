"""What a member finds at home: where the team's work stands, and the way on."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.projects import submitting
from sandbox.projects import fields
from sandbox.state.projects import Project
from sandbox.state.teams import Grace, Team
from sandbox.state.topics import ChallengeState
from tests.board.visitors import visitor

CHALLENGE = "shorter-queue"
WHOLE = {field.name: "x" for field in fields.FIELDS if field.needed and not field.ai} | {
    "ai": "none"
}


@pytest.fixture
def kari(board):
    made = visitor(board)
    made.post("/teams/new", {"name": "Night Owls", "challenge": CHALLENGE})
    return made


def change(board, edit):
    with board.extensions["state"].write() as writer:
        return edit(writer, writer.scalar(select(Team)), writer.scalar(select(Project)))


def test_a_team_has_a_draft_from_its_first_minute(board, kari):
    assert "Your draft is empty" in kari.get("/").text
    assert "/project/" in kari.get("/").links


@pytest.mark.swift
def test_home_says_what_is_still_needed_and_when_it_is_submitted(board, kari):
    def write(_writer, _team, project):
        project.fields, project.revision = {**WHOLE, "outcome": ""}, 1

    change(board, write)
    assert "One answer is still needed." in kari.get("/").text

    def submit(writer, _team, project):
        project.fields = WHOLE
        content = submitting.content_of(project, "en")
        submitting.submit(writer, project, content, nonce="n", at=clock.now(), by=None)

    change(board, submit)
    text = kari.get("/").text
    assert "Submitted" in text
    assert "Not submitted" not in text


def test_home_names_the_deadline_and_the_teams_own(board, kari):
    now = clock.now()

    def close(writer, _team, _project):
        writer.add(
            ChallengeState(slug=CHALLENGE, published_at=now, opens_at=now,
                           closes_at=now + timedelta(minutes=2))
        )  # fmt: skip

    change(board, close)
    assert "The deadline is" in kari.get("/").text
    later = now + timedelta(minutes=5)

    def give(writer, team, _project):
        writer.add(
            Grace(team_id=team.id, challenge=CHALLENGE, until=later, why="Wi-Fi", given_at=now)
        )

    change(board, give)
    assert "Your team has more time, until" in kari.get("/").text
    with clock.fixed(later + timedelta(minutes=1)):
        assert "The deadline was" in kari.get("/").text


def test_whoever_has_no_team_finds_the_three_doors_alone(board):
    assert "draft" not in visitor(board).get("/").text
