"""The board on which people and teams look for each other: who is shown to whom, and why first."""

import pytest

from sandbox import clock
from sandbox.board.teams.looking import ON_A_PAGE
from sandbox.state.people import Account
from sandbox.state.teams import Seeker
from tests.board.client import Client
from tests.board.teams.crew import enter, of_size, person, requests, team


def look(client, **said):
    sent = {"submit": "1", "languages": "en", "challenge": ""} | said
    client.post("/teams/looking/", sent)


def order(page, *names):
    """These names in the order in which the page's cards name them."""
    titles = ["".join(h.itertext()) for h in page.all("h3")]
    return [name for name in titles if name in names]


@pytest.mark.swift
def test_teams_stand_in_the_order_of_fit_with_their_reasons_in_words(board):
    team(board, "badgers", person(board, "b", "user"))
    team(board, "otters", person(board, "o"), skills=["user"], challenge="shorter-queue")
    team(board, "shut", person(board, "s"), open_to_requests=False)
    siri = enter(board, person(board, "siri", "user", language="en"))
    look(siri, challenge="shorter-queue", text="I know queues.")
    page = siri.get("/teams/looking/")
    assert order(page, "Badgers", "Otters", "Shut") == ["Otters", "Badgers"]
    assert (
        "looks for what you bring: user; works on the challenge that you want; 5 seats left"
        in page.text
    )
    siri.post("/teams/otters/ask", {}, form="/teams/looking/")
    assert requests(board) == ["waits"]
    assert "You wait for an answer." in siri.get("/teams/looking/").text


def test_a_team_sees_those_who_look_in_the_order_of_fit(board):
    team(board, "otters", kari := person(board, "kari", "developer", language="en"))
    for name, skills in (("Ane", ["developer"]), ("Bo", ["decision_maker"]), ("Cy", [])):
        look(enter(board, person(board, name.lower(), *skills)))
    page = enter(board, kari).get("/teams/looking/")
    assert order(page, "Ane", "Bo", "Cy") == ["Bo", "Ane", "Cy"]
    assert "brings what you lack: decision maker; speaks English, as you do" in page.text
    assert len([b for b in page.all("button") if "/invite/" in b.get("formaction", "")]) == 3


def test_strangers_see_nobody_who_looks(board):
    look(enter(board, person(board, "siri")))
    answer = Client(board).raw("/teams/looking/")
    assert answer.headers["Location"].startswith("/sign-in/")


def test_the_name_of_a_young_person_is_for_organisers_alone(board):
    look(enter(board, person(board, "lise", age_band="under 15")))
    page = enter(board, person(board, "ola")).get("/teams/looking/")
    assert "Lise" not in page.text and "A young participant" in page.text
    boss = enter(board, person(board, "boss", roles=["organiser"]))
    assert "Lise" in boss.get("/teams/looking/").text


def test_whoever_stops_or_is_in_a_team_or_blocked_is_not_shown(board):
    clients = {name: enter(board, person(board, name)) for name in ("ane", "bo", "cy", "di")}
    for client in clients.values():
        look(client)
    clients["ane"].post("/teams/looking/", {"stop": "1", "challenge": ""})
    clients["bo"].post("/teams/new", {"name": "Bees", "challenge": ""})
    with board.extensions["state"].write() as writer:
        cy = writer.query(Account).filter_by(name="Cy").one()
        cy.blocked_at = clock.now()
    page = enter(board, person(board, "ola")).get("/teams/looking/")
    assert order(page, "Ane", "Bo", "Cy", "Di") == ["Di"]


def test_what_somebody_says_can_be_changed_and_begins_anew_after_a_stop(board):
    siri = enter(board, number := person(board, "siri"))
    look(siri, text="First.")
    look(siri, text="Second.")
    siri.post("/teams/looking/", {"stop": "1", "challenge": ""})
    look(siri, text="Third.", languages=["nb", "en"])
    with board.extensions["state"].read() as reader:
        (said,) = reader.query(Seeker).all()
        assert (said.account_id, said.text, said.languages) == (number, "Third.", ["nb", "en"])
        assert said.ended_at is None


@pytest.mark.parametrize(
    "wrong", [{"text": "x" * 301}, {"challenge": "../x"}, {"languages": ["tlh"]}]
)
def test_what_cannot_be_is_told(board, wrong):
    siri = enter(board, person(board, "siri"))
    sent = {"submit": "1", "languages": "en", "challenge": ""} | wrong
    siri.post("/teams/looking/", sent, status=422)


def test_a_full_team_is_shown_nobody_to_invite_and_to_nobody(board):
    team(board, "otters", kari := person(board, "kari"))
    of_size(board, 1, 1)
    siri = enter(board, person(board, "siri"))
    look(siri)
    assert "Otters" not in siri.get("/teams/looking/").text
    page = enter(board, kari).get("/teams/looking/")
    assert "Your team is full" in page.text
    assert not [b for b in page.all("button") if "/invite/" in b.get("formaction", "")]


def test_a_hall_of_people_who_look_fits_on_pages(board):
    with board.extensions["state"].write() as writer:
        for number in range(2 * ON_A_PAGE + 1):
            now = clock.now()
            someone = Account(name=f"Person {number}", created_at=now, joined_at=now)
            writer.add(someone)
            writer.flush()
            writer.add(
                Seeker(account_id=someone.id, languages=["en"], text="x" * 300, began_at=now)
            )
    team(board, "otters", kari := person(board, "kari"))
    client = enter(board, kari)
    names, seen = [f"Person {number}" for number in range(2 * ON_A_PAGE + 1)], []
    for at in (1, 2, 3):
        seen += order(client.get(f"/teams/looking/?page={at}"), *names)
    assert sorted(seen) == sorted(names)
