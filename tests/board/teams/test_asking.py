"""Asking to join a team and being invited: seen by those who decide, answered once, limited."""

import pytest

from sandbox.board.people import rights
from sandbox.board.teams import asking
from sandbox.state.people import Account
from tests.board.client import Client
from tests.board.teams.crew import (
    answer,
    ask,
    code,
    enter,
    members,
    of_size,
    person,
    requests,
    team,
    told,
)


@pytest.fixture
def crew(board):
    """A team of two, Kari and Ola, and Siri who is in none: (board, {name: (number, client)})."""
    numbers = {name: person(board, name, *skills) for name, skills in
               {"kari": ["developer"], "ola": [], "siri": ["user"]}.items()}  # fmt: skip
    team(board, "otters", numbers["kari"], numbers["ola"])
    return board, {name: (number, enter(board, number)) for name, number in numbers.items()}


@pytest.mark.swift
def test_somebody_asks_the_team_sees_who_and_the_leader_lets_them_in(crew):
    board, who = crew
    siri, kari, ola = who["siri"][1], who["kari"][1], who["ola"][1]
    ask(siri, "otters", "I have waited in that queue.")
    assert "You have asked to join" in siri.get("/teams/otters/").text
    for member in (kari, ola):
        page = member.get("/teams/otters/")
        assert "Siri" in page.text and "Brings: User" in page.text
        assert "I have waited in that queue." in page.text
    assert not [b for b in ola.get("/teams/otters/").all("button") if b.get("name") == "yes"]
    answer(kari, "yes", form="/teams/otters/")
    assert [number for number, _ in members(board, "otters")][-1] == who["siri"][0]
    assert requests(board) == ["yes"]
    assert "Our project" in siri.get("/teams/otters/").text


def test_strangers_and_other_teams_do_not_see_who_asks(crew):
    board, who = crew
    ask(who["siri"][1], "otters", "Hello.")
    for client in (Client(board), enter(board, person(board, "per"))):
        page = client.get("/teams/otters/")
        assert "Siri" not in page.text and "Hello." not in page.text


def test_a_no_is_told_and_cannot_be_asked_away(crew):
    board, who = crew
    siri = who["siri"][1]
    ask(siri, "otters")
    answer(who["kari"][1], "no", form="/teams/otters/")
    assert requests(board) == ["no"]
    ask(siri, "otters")
    assert "They have said no" in told(siri)
    assert requests(board) == ["no"]


def test_whoever_has_asked_may_withdraw_and_ask_again(crew):
    board, who = crew
    siri = who["siri"][1]
    ask(siri, "otters")
    answer(siri, "withdraw")
    ask(siri, "otters")
    assert requests(board) == ["withdrawn", "waits"]


def test_only_the_side_that_was_asked_answers_and_only_the_other_withdraws(crew):
    board, who = crew
    siri, kari, ola = who["siri"][1], who["kari"][1], who["ola"][1]
    ask(siri, "otters")
    answer(siri, "yes")
    answer(kari, "withdraw", form="/teams/otters/")
    token = ola.token("/teams/otters/")
    for word in ("yes", "no"):
        sent = ola.flask.post("/teams/requests/1", data={word: "1", "csrf_token": token})
        assert sent.status_code == 403
    stranger = enter(board, person(board, "per"))
    token = stranger.token("/teams/new")
    sent = stranger.flask.post("/teams/requests/1", data={"yes": "1", "csrf_token": token})
    assert sent.status_code == 404
    assert requests(board) == ["waits"]
    assert len(members(board, "otters")) == 2


def test_who_joins_elsewhere_has_their_other_requests_withdrawn(crew):
    board, who = crew
    number, siri = who["siri"]
    for name in ("badgers", "owls"):
        team(board, name, person(board, name))
        ask(siri, name)
    ask(siri, "otters")
    answer(who["kari"][1], "yes", number=3, form="/teams/otters/")
    assert requests(board) == ["withdrawn", "withdrawn", "yes"]
    assert (number, False) in members(board, "otters")


def test_joining_by_code_withdraws_a_request_too(crew):
    board, who = crew
    siri = who["siri"][1]
    ask(siri, "otters")
    siri.post("/teams/join", {"code": code(who["kari"][1], "otters")})
    assert requests(board) == ["withdrawn"]
    assert "Waiting for an answer" not in who["kari"][1].get("/teams/otters/").text


def test_a_request_to_a_team_that_has_filled_up_keeps_waiting_and_says_why(crew):
    board, who = crew
    ask(who["siri"][1], "otters")
    of_size(board, 1, 2)
    answer(who["kari"][1], "yes", form="/teams/otters/")
    assert "it has 2 members, and at most 2 are allowed" in told(who["kari"][1], "/teams/otters/")
    assert requests(board) == ["waits"]
    assert len(members(board, "otters")) == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [({"open_to_requests": False}, "takes nobody by request"), ({}, "The team is full")],
)
def test_a_team_that_takes_nobody_is_not_asked(board, more, said):
    team(board, "otters", person(board, "kari"), **more)
    if not more:
        of_size(board, 1, 1)
    siri = enter(board, person(board, "siri"))
    ask(siri, "otters")
    assert said in told(siri)
    assert requests(board) == []


def test_one_waits_for_five_teams_at_once_and_asks_each_only_once(board):
    siri = enter(board, person(board, "siri"))
    names = [f"team-{letter}" for letter in "abcdef"]
    for name in names:
        team(board, name, person(board, name))
        ask(siri, name)
    assert "for 5 teams already" in told(siri)
    ask(siri, names[0])
    assert "wait for their answer" in told(siri)
    assert requests(board) == ["waits"] * asking.MOST_WAITING


def test_whoever_asks_and_withdraws_again_and_again_has_to_wait(crew):
    board, who = crew
    siri = who["siri"][1]
    for number in range(1, asking.ASKING[0].times + 1):
        ask(siri, "otters")
        answer(siri, "withdraw", number=number)
    ask(siri, "otters")
    assert "Too many tries" in told(siri)
    assert "waits" not in requests(board)


def test_a_line_that_is_too_long_is_told_and_kept(crew):
    _, who = crew
    page = ask(who["siri"][1], "otters", "x" * (asking.LONGEST + 1), status=422)
    assert "at most 300 characters" in page.text
    assert "x" * (asking.LONGEST + 1) in page.html


def test_somebody_in_a_team_cannot_ask_another_one(crew):
    board, who = crew
    team(board, "owls", person(board, "per"))
    ask(who["ola"][1], "owls")
    assert "You are in a team already" in told(who["ola"][1])
    assert requests(board) == []


def test_the_name_of_a_young_person_is_not_told_before_they_are_in(board):
    kari = enter(board, kari_id := person(board, "kari"))
    team(board, "otters", kari_id)
    lise = enter(board, person(board, "lise", "user", age_band="under 15"))
    ask(lise, "otters")
    page = kari.get("/teams/otters/")
    assert "Lise" not in page.text and "A young participant" in page.text
    answer(kari, "yes", form="/teams/otters/")
    assert "Lise" in kari.get("/teams/otters/").text


def test_the_team_of_somebody_who_deletes_their_account_goes_on_under_the_next(crew):
    board, who = crew
    number = who["kari"][0]
    with board.test_request_context(), board.extensions["state"].write() as writer:
        rights.erase(writer, writer.get_one(Account, number), "asked", number)
    assert members(board, "otters") == [(who["ola"][0], True)]


# --- invitations ----------------------------------------------------------------------------------


def look(client, **said):
    client.post("/teams/looking/", {"submit": "1", "languages": "en", "challenge": ""} | said)


def invite(client, slug, number):
    return client.post(f"/teams/{slug}/invite/{number}", form="/teams/looking/")


def test_the_leader_invites_and_a_yes_takes_in_at_once(crew):
    board, who = crew
    number, siri = who["siri"]
    look(siri)
    invite(who["kari"][1], "otters", number)
    assert "You have invited them" in who["kari"][1].get("/teams/otters/").text
    assert "Otters invites you" in siri.get("/teams/").text
    assert "They invite you" in siri.get("/teams/otters/").text
    answer(siri, "yes")
    assert (number, False) in members(board, "otters")
    assert "Siri" not in enter(board, person(board, "per")).get("/teams/looking/").text


def test_a_no_to_an_invitation_holds_and_its_team_may_withdraw_one(crew):
    board, who = crew
    number, siri = who["siri"]
    kari = who["kari"][1]
    look(siri)
    invite(kari, "otters", number)
    answer(kari, "withdraw", form="/teams/otters/")
    invite(kari, "otters", number)
    answer(siri, "no", number=2)
    invite(kari, "otters", number)
    assert "said no to your invitation" in told(kari)
    assert requests(board) == ["withdrawn", "no"]


def test_only_leaders_invite_and_only_those_who_look(crew):
    board, who = crew
    number, siri = who["siri"]
    kari, ola = who["kari"][1], who["ola"][1]
    invite(kari, "otters", number)
    assert "do not look for a team any more" in told(kari)
    look(siri)
    token = ola.token("/teams/otters/")
    sent = ola.flask.post(f"/teams/otters/invite/{number}", data={"csrf_token": token})
    assert sent.status_code == 403
    invite(kari, "otters", 999)
    assert requests(board) == []
