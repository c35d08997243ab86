"""Mails about teams: to those who are asked and to those who asked, at confirmed addresses only."""

import pytest

from sandbox import clock
from tests.board.teams.crew import answer, ask, enter, person, team


@pytest.fixture
def sure():
    return {"email_confirmed_at": clock.now(), "language": "en"}


def test_the_leader_is_told_of_a_request_and_the_asker_of_the_answer(mailing, mails, sure):
    kari, ola = person(mailing, "kari", **sure), person(mailing, "ola", **sure)
    team(mailing, "otters", kari, ola)
    siri = enter(mailing, person(mailing, "siri", **sure))
    ask(siri, "otters", "I draw <well>.")
    (mail,) = mails()
    assert mail["to"] == "kari@example.org"
    assert mail["subject"] == "Somebody wants to join Otters"
    assert "Siri asks to join your team." in mail["text"] and "I draw <well>." in mail["text"]
    assert "http://localhost/teams/otters/" in mail["text"]
    answer(enter(mailing, kari), "yes", form="/teams/otters/")
    assert [(m["to"], m["subject"]) for m in mails()][1:] == [
        ("siri@example.org", "You are in: Otters")
    ]


def test_whoever_is_invited_is_told_and_the_leader_of_the_answer(mailing, mails, sure):
    kari, siri = person(mailing, "kari", **sure), person(mailing, "siri", **sure)
    team(mailing, "otters", kari)
    seeker = enter(mailing, siri)
    seeker.post("/teams/looking/", {"submit": "1", "challenge": "", "languages": "en"})
    leader = enter(mailing, kari)
    leader.post(f"/teams/otters/invite/{siri}", form="/teams/looking/")
    answer(seeker, "no")
    assert [(m["to"], m["subject"]) for m in mails()] == [
        ("siri@example.org", "Otters invites you"),
        ("kari@example.org", "An answer to the invitation of Otters"),
    ]


def test_a_mail_does_not_name_the_young(mailing, mails, sure):
    team(mailing, "otters", person(mailing, "kari", **sure))
    ask(enter(mailing, person(mailing, "lise", age_band="under 15")), "otters")
    (mail,) = mails()
    assert "Lise" not in mail["text"] and "A young participant asks" in mail["text"]


def test_nobody_is_mailed_at_an_address_that_may_be_anybody_s_or_against_their_wish(
    mailing, mails, sure
):
    team(mailing, "otters", person(mailing, "kari"))
    team(mailing, "owls", per := person(mailing, "per", **sure))
    enter(mailing, per).post("/account/mail/", {"questions": "y"})
    siri = enter(mailing, person(mailing, "siri"))
    ask(siri, "otters")
    ask(siri, "owls")
    assert mails() == []


def test_whoever_is_taken_out_is_told(mailing, mails, sure):
    kari, ola = person(mailing, "kari"), person(mailing, "ola", **sure)
    team(mailing, "otters", kari, ola)
    leader = enter(mailing, kari)
    leader.post(f"/teams/otters/members/{ola}", {"submit": "1"})
    (mail,) = mails()
    assert (mail["to"], mail["subject"]) == ("ola@example.org", "You are no longer in Otters")
