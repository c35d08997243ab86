"""One's own password and sessions, on pages that only their owner can use."""

import pytest
from sqlalchemy import select

from sandbox.board.people import limits, passwords
from sandbox.state.people import Account, SignIn
from tests.board.client import Client
from tests.board.visitors import account, enter, visitor

LONG, OTHER = "four words of mine", "other words of mine"


def the(app, account_id=1):
    with app.extensions["state"].read() as reader:
        return reader.get(Account, account_id)


def signed_in(client):
    return client.raw("/account/").status_code == 200


def with_password(app):
    """An account with a password, and a browser in which it is signed in."""
    kari = account(app, password_hash=passwords.hashed(LONG))
    return kari, enter(app, kari)


def test_a_password_is_set_and_signs_in(board):
    client = visitor(board)
    assert "Set a password" in client.get("/account/").text
    client.post("/account/password", {"new": LONG})
    assert "Your password is set." in client.get("/account/").text
    Client(board).post("/sign-in/password", {"email": "kari@example.org", "password": LONG})


def test_it_is_changed_by_who_knows_the_present_one_and_ends_all_other_sessions(board):
    kari, client = with_password(board)
    elsewhere = enter(board, kari)
    wrong = {"present": "wrong", "new": OTHER}
    said = client.post("/account/password", wrong, status=422)
    assert "This is not your present password." in said.text
    assert signed_in(elsewhere)
    client.post("/account/password", {"present": LONG, "new": OTHER})
    assert signed_in(client) and not signed_in(elsewhere)
    assert passwords.right(OTHER, the(board, kari).password_hash)


def test_the_present_one_is_asked_for_whatever_the_request_leaves_out(board):
    kari, client = with_password(board)
    client.post("/account/password", {"new": OTHER}, status=422)
    client.post("/account/password/remove", {}, status=422)
    assert passwords.right(LONG, the(board, kari).password_hash)


@pytest.mark.heavy
def test_guessing_the_present_one_is_limited(board):
    _, client = with_password(board)
    for _ in range(limits.PASSWORD[0].times):
        client.post("/account/password", {"present": "x", "new": OTHER}, status=422)
    said = client.post("/account/password", {"present": LONG, "new": OTHER}, status=422)
    assert "Too many tries" in said.text


@pytest.mark.heavy
def test_a_weak_one_is_refused_and_not_shown_again(board):
    client = visitor(board)
    said = client.post("/account/password", {"new": "kari@example.org"}, status=422)
    assert "easy to guess" in said.text
    assert not [field for field in said.all("input") if field.get("value") == "kari@example.org"
                and field.get("name") == "new"]  # fmt: skip


@pytest.mark.heavy
def test_the_only_way_back_in_is_not_removed_and_one_of_several_is(board):
    kari, client = with_password(board)
    said = client.post("/account/password/remove", {"present": LONG}, status=422)
    assert "This is your only way back in." in said.text
    boss = visitor(board, "boss@example.org", roles=["organiser"])
    boss.post(f"/organiser/people/{kari}/card", form=f"/organiser/people/{kari}", status=200)
    client.post("/account/password/remove", {"present": LONG})
    assert the(board, kari).password_hash is None
    assert client.raw("/account/password/remove").location == "/account/password"


@pytest.mark.heavy
def test_who_came_without_an_address_gives_one_that_is_nobody_else_s(board):
    account(board)
    nameless = account(board, None, name="Ola")
    client = enter(board, nameless)
    taken = {"email": "kari@example.org", "new": LONG}
    assert "another account" in client.post("/account/password", taken, status=422).text
    client.post("/account/password", {"email": "ola@example.org", "new": LONG})
    Client(board).post("/sign-in/password", {"email": "ola@example.org", "password": LONG})
    assert the(board, nameless).email_confirmed_at is None


@pytest.mark.heavy
def test_nobody_sets_more_than_the_form_asks_for(board):
    client = visitor(board)
    client.post("/account/password", {
        "new": LONG, "email": "boss@example.org", "name": "Boss", "roles": "organiser",
        "password_hash": "x", "email_confirmed_at": "2027-01-01", "id": "7",
    })  # fmt: skip
    kept = the(board)
    assert (kept.email, kept.name, kept.roles) == ("kari@example.org", "Kari", [])
    assert kept.email_confirmed_at is None


def test_sessions_are_listed_and_ended_one_by_one_or_together(board):
    kari = account(board)
    first, second, third = (enter(board, kari) for _ in range(3))
    page = first.get("/account/sessions")
    assert page.text.count("Signed in on") == 3
    assert page.text.count("THIS ONE") == 1
    second.post("/account/sessions/3/end", form="/account/sessions")
    assert signed_in(first) and signed_in(second) and not signed_in(third)
    first.post("/account/sessions/end-others", form="/account/sessions")
    assert signed_in(first) and not signed_in(second)


@pytest.mark.heavy
def test_nobody_ends_somebody_else_s_session(board):
    kari = visitor(board)
    ola = visitor(board, "ola@example.org")
    token = ola.token("/account/")
    answer = ola.flask.post("/account/sessions/1/end", data={"csrf_token": token})
    assert answer.status_code == 404
    assert signed_in(kari)


@pytest.mark.heavy
def test_a_session_says_what_kind_of_browser_it_is_and_no_more(board):
    kari = account(board)
    client = enter(board, kari)
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) <script>alert(1)</script> Safari/604.1"
    token = client.token("/account/")
    client.flask.post("/sign-in/out", data={"csrf_token": token})
    again = enter_as(board, kari, agent)
    assert "Safari · iPhone" in again.get("/account/sessions").text
    with board.extensions["state"].read() as reader:
        assert {s.device for s in reader.scalars(select(SignIn))} <= {"", "Safari · iPhone"}


def enter_as(app, account_id, agent):
    from sandbox.board.people import passes

    with app.extensions["state"].write() as writer:
        token = passes.link_for(writer, writer.get_one(Account, account_id))
    client = Client(app)
    client.post(f"/sign-in/link/{token}", headers={"User-Agent": agent})
    return client
