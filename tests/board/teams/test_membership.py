"""Seats, the lead, and the ways out: nobody gets a seat too many, and no team is left without
somebody who leads it."""

import threading

import pytest

from sandbox import clock
from sandbox.board.teams import membership, sizes
from sandbox.state.people import Account
from sandbox.state.teams import Team
from tests.board.client import Client
from tests.board.teams.crew import code, enter, members, of_size, person, team


def test_the_last_seat_goes_to_one_of_two_who_join_at_once(board):
    kari = person(board, "kari")
    team(board, "otters", kari)
    of_size(board, 1, 2)
    secret = code(enter(board, kari), "otters")
    joiners = [enter(board, person(board, f"p{number}")) for number in range(6)]
    tokens = [client.token("/teams/join") for client in joiners]
    start, answers = threading.Barrier(len(joiners)), []

    def join(client, token):
        start.wait()
        sent = client.flask.post("/teams/join", data={"code": secret, "csrf_token": token})
        answers.append((sent.status_code, sent.get_data(as_text=True)))

    taps = [threading.Thread(target=join, args=pair) for pair in zip(joiners, tokens, strict=True)]
    for tap in taps:
        tap.start()
    for tap in taps:
        tap.join()
    assert sorted(status for status, _ in answers) == [302, *[422] * 5]
    assert all(
        "it has 2 members, and at most 2" in said for status, said in answers if status == 422
    )
    assert len(members(board, "otters")) == 2


def test_two_yeses_and_a_code_at_once_fill_one_seat(board):
    kari = person(board, "kari")
    team(board, "otters", kari)
    of_size(board, 1, 2)
    leader = enter(board, kari)
    secret = code(leader, "otters")
    people = [enter(board, person(board, f"p{number}")) for number in range(3)]
    for client in people[:2]:
        client.post("/teams/otters/ask", {"text": ""})
    token, other = leader.token("/teams/otters/"), people[2].token("/teams/join")
    sends = [
        lambda: leader.flask.post("/teams/requests/1", data={"yes": "1", "csrf_token": token}),
        lambda: people[2].flask.post("/teams/join", data={"code": secret, "csrf_token": other}),
    ]
    second = enter(board, kari)  # on another device
    again = second.token("/teams/otters/")
    sends.append(
        lambda: second.flask.post("/teams/requests/2", data={"yes": "1", "csrf_token": again})
    )
    start = threading.Barrier(len(sends))

    def send(one):
        start.wait()
        one()

    taps = [threading.Thread(target=send, args=(one,)) for one in sends]
    for tap in taps:
        tap.start()
    for tap in taps:
        tap.join()
    assert len(members(board, "otters")) == 2


def test_a_team_above_a_lowered_limit_stays_and_nobody_more_gets_in(board):
    numbers = [person(board, f"p{number}") for number in range(3)]
    team(board, "otters", *numbers)
    of_size(board, 1, 2)
    client = enter(board, numbers[0])
    late = enter(board, person(board, "late"))
    late.post("/teams/join", {"code": code(client, "otters")}, status=422)
    assert len(members(board, "otters")) == 3
    assert "3 members · full" in client.get("/teams/otters/").text


def test_a_team_below_the_least_is_told_so(board):
    team(board, "otters", kari := person(board, "kari"))
    of_size(board, 2, 6)
    assert "Your team is too small" in enter(board, kari).get("/teams/otters/").text
    assert "too small" not in Client(board).get("/teams/otters/").text


@pytest.mark.parametrize("gone", ["blocked_at", "joined_at"])
def test_who_does_not_take_part_any_more_is_not_let_in(board, gone):
    number = team(board, "otters", person(board, "kari"))
    siri = person(board, "siri")
    with board.test_request_context(), board.extensions["state"].write() as writer:
        account = writer.get_one(Account, siri)
        setattr(account, gone, clock.now() if gone == "blocked_at" else None)
        with pytest.raises(membership.NotLetIn) as no:
            membership.let_in(writer, writer.get_one(Team, number), siri)
    assert no.value.no is membership.No.GONE


def test_without_a_choice_a_team_has_one_to_six_members(board):
    with board.extensions["state"].read() as reader:
        assert sizes.of(reader) == (1, 6)


# --- the lead -------------------------------------------------------------------------------------


def test_the_lead_is_handed_over_and_what_it_allows_with_it(board):
    kari, ola = person(board, "kari"), person(board, "ola")
    team(board, "otters", kari, ola)
    first, second = enter(board, kari), enter(board, ola)
    second.get("/teams/otters/lead", status=403)
    first.post("/teams/otters/lead", {"member": str(ola)})
    assert members(board, "otters") == [(kari, False), (ola, True)]
    first.get(f"/teams/otters/members/{ola}", status=403)
    second.get(f"/teams/otters/members/{kari}")


@pytest.mark.parametrize("who", ["", "999", "self"])
def test_the_lead_goes_to_another_member_or_to_nobody(board, who):
    kari = person(board, "kari")
    team(board, "otters", kari, person(board, "ola"))
    chosen = str(kari) if who == "self" else who
    enter(board, kari).post("/teams/otters/lead", {"member": chosen}, status=422)


def test_whoever_is_taken_out_is_out_and_their_code_is_worth_nothing(board):
    kari, ola = person(board, "kari"), person(board, "ola")
    team(board, "otters", kari, ola)
    first, second = enter(board, kari), enter(board, ola)
    known = code(second, "otters")
    page = first.get(f"/teams/otters/members/{ola}")
    assert "stays with the team" in page.text and "new code" in page.text
    assert members(board, "otters") == [(kari, True), (ola, False)]
    first.post(f"/teams/otters/members/{ola}", {"submit": "1"})
    assert members(board, "otters") == [(kari, True)]
    second.post("/teams/join", {"code": known}, status=422)


def test_nobody_but_the_leader_takes_out_and_nobody_themselves_or_others_members(board):
    kari, ola, per = person(board, "kari"), person(board, "ola"), person(board, "per")
    team(board, "otters", kari, ola)
    team(board, "owls", per)
    enter(board, ola).get(f"/teams/otters/members/{kari}", status=403)
    enter(board, per).get(f"/teams/otters/members/{ola}", status=404)
    enter(board, kari).get(f"/teams/otters/members/{kari}", status=404)
    enter(board, kari).get(f"/teams/otters/members/{per}", status=404)


def test_before_one_leaves_one_reads_who_leads_on_and_what_ends(board):
    kari, ola = person(board, "kari"), person(board, "ola")
    team(board, "otters", kari, ola)
    first, second = enter(board, kari), enter(board, ola)
    assert "Ola, who has been in it the longest, leads" in first.get("/teams/otters/leave").text
    first.post("/teams/otters/", {"leave": "1"}, form="/teams/otters/leave")
    assert "the team ends" in second.get("/teams/otters/leave").text


def test_whoever_comes_back_is_listed_once(board):
    kari, ola = person(board, "kari"), person(board, "ola")
    team(board, "otters", kari, ola)
    second = enter(board, ola)
    secret = code(second, "otters")
    second.post("/teams/otters/", {"leave": "1"})
    second.post("/teams/join", {"code": secret})
    assert "Earlier" not in second.get("/teams/otters/").text
    assert members(board, "otters") == [(kari, True), (ola, False)]
