"""Teams at the desk: seen with their work, sized, moved between, ended, given more time."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board import deadlines, moments
from sandbox.board.projects.submitting import submit
from sandbox.board.served import event
from sandbox.state.projects import Project
from sandbox.state.records import Audit
from sandbox.state.teams import Grace, Team
from sandbox.state.topics import ChallengeState
from tests.board.teams.crew import ask, enter, members, of_size, person, requests, team, told


@pytest.fixture
def boss(board):
    return enter(board, person(board, "boss", roles=["organiser"]))


def acts(app):
    with app.extensions["state"].read() as reader:
        rows = reader.scalars(select(Audit).order_by(Audit.id))
        return [(row.act, row.about, row.detail) for row in rows if row.act.startswith("team")]


def place(client, number, chosen, status=302):
    return client.post(f"/organiser/teams/people/{number}", {"team": str(chosen)}, status=status)


@pytest.mark.swift
def test_the_desk_shows_every_team_with_its_work_and_who_is_in_none(board, boss):
    number = team(board, "otters", person(board, "kari"), challenge="shorter-queue")
    person(board, "siri")
    with board.extensions["state"].write() as writer:
        project = writer.scalar(select(Project).where(Project.team_id == number))
        content = {"challenge": "shorter-queue", "fields": {}, "language": "en", "images": []}
        receipt = submit(writer, project, content, nonce="n", at=clock.now(), by=None).receipt
    page = boss.get("/organiser/teams/")
    for said in ("Otters", "1: Kari", "A shorter queue", "not begun", receipt, "In no team (1)",
                 "Siri"):  # fmt: skip
        assert said in page.text, said
    assert "Boss into" not in page.text  # organisers are in no team, and need none
    assert receipt in boss.get(f"/organiser/teams/{number}/").text


def test_people_are_put_into_teams_moved_and_taken_out_and_the_log_says_so(board, boss):
    siri = person(board, "siri")
    otters = team(board, "otters", person(board, "kari"))
    owls = team(board, "owls", person(board, "per"))
    ask(enter(board, siri), "owls")
    place(boss, siri, otters)
    assert (siri, False) in members(board, "otters")
    assert requests(board) == ["withdrawn"]
    place(boss, siri, owls)
    assert (siri, False) in members(board, "owls") and len(members(board, "otters")) == 1
    place(boss, siri, "")
    assert len(members(board, "owls")) == 1
    about = f"account {siri}"
    assert acts(board) == [
        ("team.moved", about, {"team": otters, "before": None}),
        ("team.moved", about, {"team": owls, "before": otters}),
        ("team.moved", about, {"team": None, "before": owls}),
    ]


def test_a_move_into_a_full_team_is_refused_and_nothing_of_it_is_kept(board, boss):
    siri, kari = person(board, "siri"), person(board, "kari")
    otters = team(board, "otters", kari)
    team(board, "owls", siri)
    of_size(board, 1, 1)
    page = place(boss, siri, otters, status=422)
    assert "at most 1 are allowed" in page.text
    assert members(board, "owls") == [(siri, True)] and members(board, "otters") == [(kari, True)]
    assert acts(board) == []


def test_moving_the_only_member_says_that_the_team_ends(board, boss):
    siri = person(board, "siri")
    team(board, "owls", siri)
    assert "so it ends when they leave" in boss.get(f"/organiser/teams/people/{siri}").text
    place(boss, siri, "")
    with board.extensions["state"].read() as reader:
        assert reader.scalar(select(Team.ended_at)) is not None


def test_moving_the_leader_leaves_somebody_who_leads(board, boss):
    kari, ola = person(board, "kari"), person(board, "ola")
    team(board, "otters", kari, ola)
    place(boss, kari, "")
    assert members(board, "otters") == [(ola, True)]


def test_sizes_are_chosen_at_the_desk_and_hold_at_once(board, boss):
    boss.post("/organiser/teams/", {"least": "2", "most": "3"})
    kari = person(board, "kari")
    team(board, "otters", kari)
    assert "Teams have at least 2 members" in told(enter(board, kari), "/teams/otters/")
    assert "(too few)" in boss.get("/organiser/teams/").text
    assert acts(board) == [("teams.sizes", "", {"least": 2, "most": 3})]


@pytest.mark.parametrize(
    "wrong", [{"least": "0"}, {"most": "51"}, {"least": "7"}, {"most": ""}, {"most": "many"}]
)
def test_sizes_that_cannot_be_are_told(boss, wrong):
    boss.post("/organiser/teams/", {"least": "1", "most": "6"} | wrong, status=422)


def test_an_empty_team_is_ended_and_one_with_members_is_not(board, boss):
    with board.extensions["state"].write() as writer:
        writer.add(Team(slug="ghosts", name="Ghosts", code_hash="x", made_at=clock.now()))
    boss.post("/organiser/teams/1/end", form="/organiser/teams/1/")
    full = team(board, "otters", person(board, "kari"))
    boss.post(f"/organiser/teams/{full}/end", form="/organiser/teams/")
    with board.extensions["state"].read() as reader:
        ended = dict(reader.execute(select(Team.slug, Team.ended_at.is_not(None))).all())
    assert {slug: bool(over) for slug, over in ended.items()} == {"ghosts": True, "otters": False}
    assert [act for act, _, _ in acts(board)] == ["team.end"]


def test_the_csv_holds_every_team_and_no_formula(board, boss):
    kari = person(board, "kari", "user", name="=HYPERLINK(1)")
    team(board, "otters", kari, skills=["developer"])
    answer = boss.raw("/organiser/teams/teams.csv")
    assert answer.headers["Cache-Control"] == "no-store"
    (row,) = csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")))
    assert row["slug"] == "otters" and row["members"] == "1" and row["most"] == "6"
    assert row["names"] == "'=HYPERLINK(1)"
    assert (row["skills"], row["looks_for"]) == ("user", "developer")


# --- more time ------------------------------------------------------------------------------------


@pytest.fixture
def closing(real):
    """(app, organiser's client, number of a team) in an event whose challenge closes in an hour."""
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
    number = team(real, "otters", person(real, "kari"), challenge="shorter-queue")
    return real, enter(real, person(real, "boss", roles=["organiser"])), number


def give(client, app, number, status=302, **said):
    with app.test_request_context():
        until = moments.as_typed(clock.now() + timedelta(hours=3), event().zone)
    sent = {"challenge": "shorter-queue", "until": until, "why": "The power was out."} | said
    address = f"/organiser/teams/{number}/"
    return client.post(f"{address}grace", sent, form=address, status=status)


def is_open(app, number):
    with app.test_request_context(), app.extensions["state"].read() as reader:
        later = clock.now() + timedelta(hours=2)
        return deadlines.of(reader, "shorter-queue", number, later).open


def test_a_team_is_given_more_time_and_it_can_be_taken_back(closing):
    app, boss, number = closing
    other = team(app, "owls", person(app, "per"), challenge="shorter-queue")
    assert not is_open(app, number)
    give(boss, app, number)
    assert is_open(app, number) and not is_open(app, other)
    page = boss.get(f"/organiser/teams/{number}/")
    assert "The power was out." in page.text
    assert "More time until" in boss.get("/organiser/teams/").text
    boss.post(f"/organiser/teams/{number}/grace/1/end", form=f"/organiser/teams/{number}/")
    assert not is_open(app, number)
    assert "taken back" in boss.get(f"/organiser/teams/{number}/").text
    assert [(act, about) for act, about, _ in acts(app)] == [
        ("team.grace", f"team {number}"),
        ("team.grace_ended", f"team {number}"),
    ]
    assert "power" not in str(acts(app))


@pytest.mark.parametrize(
    "wrong",
    [{"until": ""}, {"until": "tomorrow"}, {"until": "2020-01-01 10:00"}, {"why": " "},
     {"why": "x" * 201}, {"challenge": "../x"}],
)  # fmt: skip
def test_more_time_that_cannot_be_is_told_and_nothing_is_given(closing, wrong):
    app, boss, number = closing
    give(boss, app, number, status=422, **wrong)
    with app.extensions["state"].read() as reader:
        assert reader.scalar(select(Grace.id)) is None


def test_more_time_is_later_than_everybody_s(closing):
    app, boss, number = closing
    with app.test_request_context():
        early = moments.as_typed(clock.now() + timedelta(minutes=30), event().zone)
    page = give(boss, app, number, status=422, until=early)
    assert "Everybody has until then" in page.text


def test_more_time_of_another_team_is_not_taken_back_by_a_wrong_address(closing):
    app, boss, number = closing
    other = team(app, "owls", person(app, "per"))
    give(boss, app, number)
    token = boss.token(f"/organiser/teams/{number}/")
    sent = boss.flask.post(f"/organiser/teams/{other}/grace/1/end", data={"csrf_token": token})
    assert sent.status_code == 404
    assert is_open(app, number)


def test_without_an_end_nobody_needs_more_time(board, boss):
    number = team(board, "otters", person(board, "kari"))
    page = boss.get(f"/organiser/teams/{number}/")
    assert "No challenge has an end yet" in page.text
