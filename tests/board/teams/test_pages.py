"""What a team says of itself, and what another challenge means once something is submitted."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.projects.submitting import submit
from sandbox.board.teams import graces, membership
from sandbox.state.projects import Project
from sandbox.state.teams import Team
from sandbox.state.topics import ChallengeState
from tests.board.client import Client
from tests.board.teams.crew import enter, person, team

SAID = {"name": "Sea otters", "challenge": "", "pitch": "Shorter *queues*\nfor all.",
        "skills": ["user", "developer"], "open_to_requests": "y"}  # fmt: skip


@pytest.fixture
def otters(board):
    """(board, client of its leader, number of the team)."""
    number = team(board, "otters", kari := person(board, "kari"), challenge="shorter-queue")
    return board, enter(board, kari), number


def of(board, number):
    with board.extensions["state"].read() as reader:
        return reader.get_one(Team, number)


def submitted(board, number):
    with board.extensions["state"].write() as writer:
        project = writer.scalar(select(Project).where(Project.team_id == number))
        content = {"challenge": "shorter-queue", "fields": {}, "language": "en", "images": []}
        made = submit(writer, project, content, nonce="n" * 22, at=clock.now(), by=None)
        return made.receipt


def test_any_member_changes_what_everybody_reads_and_the_address_stays(otters):
    board, _, number = otters
    second = enter(board, ola := person(board, "ola"))
    with board.extensions["state"].write() as writer:
        membership.enter(writer, writer.get_one(Team, number), ola, leads=False)
    second.post("/teams/otters/edit", SAID)
    page = Client(board).get("/teams/otters/")
    assert page.one("h1").text == "Sea otters"
    assert "Shorter *queues*" in page.text and "Looks for: Developer, User" in page.text
    assert of(board, number).open_to_requests
    second.post("/teams/otters/edit", {k: v for k, v in SAID.items() if k != "open_to_requests"})
    assert not of(board, number).open_to_requests


def test_others_cannot_change_it(otters):
    board, _, _ = otters
    enter(board, person(board, "per")).get("/teams/otters/edit", status=404)


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "owls"}, {"name": "ÓWLS"}, {"name": "join"}, {"name": "x" * 61},
     {"pitch": "x" * 601}, {"skills": ["wizard"]}, {"challenge": "../x"}],
)  # fmt: skip
def test_what_cannot_be_is_told_and_the_rest_is_kept(otters, wrong):
    board, kari, number = otters
    team(board, "owls", person(board, "per"))
    page = kari.post("/teams/otters/edit", SAID | wrong, status=422)
    assert "Something has to be put right first" in page.text
    assert of(board, number).name == "Otters"
    if "pitch" not in wrong:
        assert "Shorter *queues*" in page.text


def test_a_team_may_keep_its_name_and_take_back_its_first_one(otters):
    _, kari, _ = otters
    for name in ("OTTERS", "Sea otters", "Otters"):
        kari.post("/teams/otters/edit", SAID | {"name": name})


def test_a_name_that_another_team_had_first_stays_its_address(otters):
    board, kari, _ = otters
    kari.post("/teams/otters/edit", SAID)
    other = enter(board, person(board, "per"))
    for name in ("Otters", "sea-otters"):
        other.post("/teams/new", {"name": name, "challenge": ""}, status=422)


def test_another_challenge_after_a_submission_asks_first_and_says_what_it_means(otters):
    board, kari, number = otters
    receipt = submitted(board, number)
    page = kari.post("/teams/otters/edit", SAID, status=200)
    assert receipt in page.text and "stays as it is, and counts for “A shorter queue”" in page.text
    assert of(board, number).challenge == "shorter-queue" and of(board, number).name == "Otters"
    hidden = [
        (field.get("name"), field.get("value"))
        for field in page.all("input")
        if field.get("name") != "csrf_token"
    ]
    kept = {name: [v for n, v in hidden if n == name] for name, _ in hidden}
    kari.post("/teams/otters/edit", kept | {"sure": "1"})
    now = of(board, number)
    assert (now.challenge, now.name, now.skills) == ("", "Sea otters", ["developer", "user"])
    assert now.pitch == "Shorter *queues*\nfor all." and now.open_to_requests


def test_whatever_else_changes_asks_nothing(otters):
    board, kari, number = otters
    submitted(board, number)
    kari.post("/teams/otters/edit", SAID | {"challenge": "shorter-queue"})
    assert of(board, number).name == "Sea otters"


# --- when a challenge is hidden, or closes --------------------------------------------------------


@pytest.fixture
def closing(real):
    """A real event whose challenge closes in an hour: (app, leader's client, team's number)."""
    now = clock.now()
    with real.extensions["state"].write() as writer:
        writer.add(
            ChallengeState(
                slug="shorter-queue",
                published_at=now - timedelta(days=1),
                opens_at=now - timedelta(days=1),
                closes_at=now + timedelta(hours=1),
            )
        )
    number = team(real, "otters", kari := person(real, "kari"), challenge="shorter-queue")
    return real, enter(real, kari), number


def test_a_draft_s_title_is_not_told_and_it_cannot_be_chosen(real):
    team(real, "otters", kari := person(real, "kari"), challenge="shorter-queue")
    client = enter(real, kari)
    page = client.get("/teams/otters/")
    assert "A shorter queue" not in page.text
    assert "a challenge that is not shown at present" in page.text
    assert "A shorter queue" not in client.get("/teams/otters/edit").html


def test_the_team_reads_until_when_it_may_submit_and_of_more_time_why(closing):
    board, kari, number = closing
    assert "Submit until" in kari.get("/teams/otters/").text
    until = clock.now() + timedelta(hours=2)
    with board.extensions["state"].write() as writer:
        graces.give(writer, number, "shorter-queue", until, "The power was out.", None)
    with clock.fixed(clock.now() + timedelta(minutes=90)):
        page = kari.raw("/teams/otters/").text
        assert "Submit until" in page and "The power was out." in page
    with clock.fixed(clock.now() + timedelta(hours=3)):
        assert "Nothing can be submitted any more" in kari.raw("/teams/otters/").text
    assert "The power was out." in Client(board).get("/teams/otters/").text
    enter(board, person(board, "per")).get("/teams/otters/")  # at no further query


def test_before_a_challenge_opens_its_team_reads_when_and_not_that_it_is_over(closing):
    board, kari, _ = closing
    with board.extensions["state"].write() as writer:
        row = writer.get_one(ChallengeState, "shorter-queue")
        row.opens_at = clock.now() + timedelta(minutes=30)
    page = kari.get("/teams/otters/")
    assert "Nothing can be submitted yet" in page.text and "The challenge opens" in page.text
    assert "The time ended" not in page.text
