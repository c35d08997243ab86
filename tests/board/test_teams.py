"""Teams: made, joined by code, left; what they can do, and what is missing, in words."""

import re

import pytest
from sqlalchemy import select

from sandbox.board.teams.naming import slug_of
from sandbox.board.teams.pages import TRIES
from sandbox.projects.codes import ALPHABET
from sandbox.state.people import SkillHeld
from sandbox.state.teams import Membership, Team
from tests.board.client import Client
from tests.board.visitors import account, enter, visitor


def make(client, name="Otters", challenge=""):
    client.post("/teams/new", {"name": name, "challenge": challenge})
    return code(client.get(f"/teams/{slug_of(name)}/"))


def code(page):
    return re.search(rf"code: ([{ALPHABET}]{{4}} [{ALPHABET}]{{4}})", page.text)[1]


def skilled(app, email, *skills):
    number = account(app, email)
    with app.extensions["state"].write() as writer:
        writer.add_all(SkillHeld(account_id=number, skill=skill) for skill in skills)
    return enter(app, number)


@pytest.mark.swift
def test_a_team_is_made_joined_by_its_code_and_left(board):
    kari, ola = visitor(board), visitor(board, "ola@example.org")
    secret = make(kari, challenge="shorter-queue")
    assert secret not in kari.get("/teams/otters/").text  # told once
    ola.post("/teams/join", {"code": f" {secret.lower()} "})
    page = ola.get("/teams/otters/")
    assert "Kari" in page.text and "Ola" in page.text
    kari.post("/teams/otters/", {"leave": "1"})
    with board.extensions["state"].read() as reader:
        rows = reader.scalars(select(Membership).order_by(Membership.id)).all()
        assert [(bool(m.left_at), m.leads) for m in rows] == [(True, False), (False, True)]
    ola.post("/teams/otters/", {"leave": "1"})
    assert "no members any more" in ola.get("/teams/otters/").text
    assert "Otters" not in ola.get("/teams/").text
    kari.post("/teams/join", {"code": secret}, status=422)


def test_the_skills_that_are_missing_are_said_in_words(board):
    kari = skilled(board, "kari@example.org", "developer", "user")
    ola = skilled(board, "ola@example.org", "developer")
    ola.post("/teams/join", {"code": make(kari)})
    for page in (kari.get("/teams/otters/"), Client(board).get("/teams/")):
        for told in ("Developer: 2 members", "User: 1 member", "Domain expert: missing",
                     "Decision maker: missing"):  # fmt: skip
            assert told in page.text, told


def test_strangers_see_the_team_and_no_names(board):
    make(visitor(board))
    page = Client(board).get("/teams/otters/")
    assert "1 member" in page.text and "Kari" not in page.text
    newcomer = visitor(board, "new@example.org", joined=False)
    assert "Kari" not in newcomer.get("/teams/otters/").text


def test_the_name_of_a_young_person_is_for_the_own_team_and_organisers(board):
    lise = visitor(board, "lise@example.org", age_band="under 15")
    secret = make(lise)
    other = visitor(board, "ola@example.org")
    page = other.get("/teams/otters/")
    assert "Lise" not in page.text and "a young member" in page.text
    assert (
        "Lise" in visitor(board, "boss@example.org", roles=["organiser"]).get("/teams/otters/").text
    )
    other.post("/teams/join", {"code": secret})
    assert "Lise" in other.get("/teams/otters/").text


def test_one_is_in_one_team_at_a_time(board):
    kari = visitor(board)
    other = make(visitor(board, "ola@example.org"), "Badgers")
    make(kari)
    token = kari.token("/account/")
    for address, data in (("new", {"name": "Third"}), ("join", {"code": other})):
        answer = kari.flask.post(f"/teams/{address}", data=data | {"csrf_token": token})
        assert answer.headers["Location"] == "/teams/otters/"
    assert "1 member" in Client(board).get("/teams/badgers/").text


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "New", "join!", "OTTERS"])
def test_a_name_that_cannot_be_is_told(board, name):
    make(visitor(board))
    visitor(board, "ola@example.org").post("/teams/new", {"name": name}, status=422)


def test_a_challenge_that_there_is_not_is_refused(board):
    visitor(board).post("/teams/new", {"name": "Otters", "challenge": "../x"}, status=422)


def test_a_new_code_ends_the_old_one(board):
    kari, ola = visitor(board), visitor(board, "ola@example.org")
    old = make(kari)
    kari.post("/teams/otters/", {"new_code": "1"})
    new = code(kari.get("/teams/otters/"))
    ola.post("/teams/join", {"code": old}, status=422)
    ola.post("/teams/join", {"code": new})


def test_codes_cannot_be_guessed_for_long(board):
    secret, ola = make(visitor(board)), visitor(board, "ola@example.org")
    token = ola.token("/teams/join")
    for _ in range(TRIES[0].times):
        ola.flask.post("/teams/join", data={"code": "AAAABBBB", "csrf_token": token})
    page = ola.post("/teams/join", {"code": secret}, status=422)
    assert "Too many tries" in page.text


def test_only_the_code_s_keyed_hash_is_kept(board):
    secret = make(visitor(board)).replace(" ", "")
    with board.extensions["state"].read() as reader:
        kept = reader.scalar(select(Team.code_hash))
    assert secret not in kept and len(kept) == 32


def test_others_cannot_act_for_a_team(board):
    make(visitor(board))
    ola = visitor(board, "ola@example.org")
    token = ola.token("/account/")
    for button in ("leave", "new_code"):
        data = {button: "1", "csrf_token": token}
        assert ola.flask.post("/teams/otters/", data=data).status_code == 404


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Ærlige Øl-venner!", "aerlige-ol-venner"), ("Ångström", "angstrom"), ("A/../b", "a-b")],
)
def test_names_become_plain_addresses(name, slug):
    assert slug_of(name) == slug


def test_a_name_without_any_letter_we_can_write_still_gets_an_address():
    assert re.fullmatch(r"team-[0-9a-f]{6}", slug_of("水獺"))


def test_there_is_no_page_of_a_team_that_there_is_not(client):
    client.get("/teams/nobody/", status=404)
