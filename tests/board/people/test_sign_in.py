"""Signing in by mail and by password, and what somebody at the door would try."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board import jobs
from sandbox.board.people import limits, passes, passwords
from sandbox.state.people import Account, Attempt, Pass, SignIn
from tests.board.client import Client, queries
from tests.board.visitors import account, enter, visitor

LONG = "four words of mine"


def rows(app, *what):
    with app.extensions["state"].read() as reader:
        return list(reader.scalars(select(*what)))


def the(app, account_id):
    with app.extensions["state"].read() as reader:
        return reader.get(Account, account_id)


def signed_in(client):
    return client.raw("/account/").status_code == 200


# --- by mail --------------------------------------------------------------------------------------


@pytest.mark.swift
def test_a_link_by_mail_signs_in_once_and_proves_the_address(with_mail):
    app, link = with_mail()
    kari = account(app)
    client = Client(app)
    answer = client.post("/sign-in/", {"email": " Kari@Example.org "})
    assert answer.location == "/sign-in/sent"
    assert "on its way" in client.get("/sign-in/sent").text
    address = link("kari@example.org")
    assert "kari" in client.get(address).text.lower()
    assert not signed_in(client)  # looking uses nothing up
    assert client.post(address).location == "/"
    assert signed_in(client)
    assert the(app, kari).email_confirmed_at
    assert "has ended" in Client(app).get(address, status=410).text


@pytest.mark.heavy
def test_the_mail_is_in_the_language_of_whoever_asked_and_leads_on(with_mail):
    app, link = with_mail()
    account(app)
    client = Client(app)
    client.post("/sign-in/?lang=nb&next=/challenges/", {"email": "kari@example.org"})
    address = link("kari@example.org")
    assert client.post(address).location == "/challenges/"


def test_a_stranger_gets_the_same_answer_by_the_same_work_and_no_mail(with_mail):
    app, link = with_mail()
    account(app)
    told, asked = [], []
    for email in ("kari@example.org", "nobody@example.org"):
        client = Client(app)
        token = client.token("/sign-in/")
        with queries(app) as statements:
            answer = client.flask.post("/sign-in/", data={"email": email, "csrf_token": token})
        told.append((answer.status, answer.location, answer.data))
        asked.append([re.sub(r"\\d+", "?", statement) for statement in statements])
    assert told[0] == told[1]
    assert asked[0] == asked[1]
    assert link("kari@example.org")
    assert link("nobody@example.org") is None


@pytest.mark.heavy
def test_where_registration_is_open_a_stranger_gets_a_link_and_joins(with_mail):
    app, link = with_mail(registration="open")
    client = Client(app)
    client.post("/sign-in/", {"email": "new@example.org"})
    assert not rows(app, Account)
    assert client.post(link("new@example.org")).location == "/join/?next=/"
    (made,) = rows(app, Account)
    assert made.email_confirmed_at and not made.joined_at


@pytest.mark.heavy
def test_where_registration_has_closed_meanwhile_the_link_lets_no_newcomer_in(with_mail):
    app, link = with_mail(registration="open")
    client = Client(app)
    client.post("/sign-in/", {"email": "new@example.org"})
    address = link("new@example.org")
    event = app.extensions["served"].workspace.event
    live = app.extensions["served"]._live
    live._workspace = _with(live._workspace, event.model_copy(update={"registration": "invited"}))
    client.post(address, status=410)
    assert not rows(app, Account)


def _with(workspace, event):
    from dataclasses import replace

    return replace(workspace, event=event)


@pytest.mark.heavy
def test_a_link_ends_after_thirty_minutes_and_one_asked_for_too_long_ago_is_not_sent(with_mail):
    app, link = with_mail()
    account(app)
    client = Client(app)
    client.post("/sign-in/", {"email": "kari@example.org"})
    address = link("kari@example.org")
    with clock.fixed(clock.now() + timedelta(minutes=31)):
        client.get(address, status=410)
    client.post("/sign-in/", {"email": "kari@example.org"})
    with clock.fixed(clock.now() + timedelta(minutes=31)):
        jobs.run_due(app)
    assert len(app.outbox) == 1


def test_nothing_in_the_database_gives_a_link_or_a_code_away(with_mail):
    app, link = with_mail()
    client = visitor(app, "boss@example.org", roles=["organiser"])
    account(app)
    Client(app).post("/sign-in/", {"email": "kari@example.org"})
    token = link("kari@example.org").rpartition("/")[2]
    card = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}",
                     client.post("/organiser/cards/", {"whom": "new", "count": "1"},
                                 status=200).text)[0]  # fmt: skip
    with app.extensions["state"].engine.connect() as connection:
        dump = "\n".join(connection.connection.dbapi_connection.iterdump())
    assert token not in dump
    assert card not in dump and passes.bare(card) not in dump


def test_the_first_proof_of_an_address_ends_what_somebody_else_had_set_up_on_it(with_mail):
    app, link = with_mail()
    squatted = account(app, password_hash=passwords.hashed(LONG))
    squatter = enter(app, squatted)
    owner = Client(app)
    owner.post("/sign-in/", {"email": "kari@example.org"})
    owner.post(link("kari@example.org"))
    assert signed_in(owner) and not signed_in(squatter)
    assert the(app, squatted).password_hash is None


@pytest.mark.heavy
def test_whoever_proves_their_own_address_keeps_their_password(with_mail):
    app, link = with_mail()
    mine = account(app, password_hash=passwords.hashed(LONG))
    client = enter(app, mine)
    Client(app).post("/sign-in/", {"email": "kari@example.org"})
    client.post(link("kari@example.org"))
    assert the(app, mine).password_hash


@pytest.mark.heavy
def test_a_blocked_person_gets_neither_mail_nor_in(with_mail):
    app, link = with_mail()
    blocked = account(app, blocked_at=clock.now(), password_hash=passwords.hashed(LONG))
    Client(app).post("/sign-in/", {"email": "kari@example.org"})
    assert link("kari@example.org") is None
    with app.extensions["state"].write() as writer:
        token = passes.link_for(writer, writer.get_one(Account, blocked))
    Client(app).get(f"/sign-in/link/{token}", status=410)
    said = Client(app).post(
        "/sign-in/password", {"email": "kari@example.org", "password": LONG}, status=422
    )
    assert "Address or password is wrong." in said.text


@pytest.mark.heavy
def test_asking_for_mail_to_one_address_is_limited(with_mail):
    app, _ = with_mail()
    client = Client(app)
    for _ in range(limits.MAIL[0].times):
        client.post("/sign-in/", {"email": "kari@example.org"})
    said = client.post("/sign-in/", {"email": "kari@example.org"}, status=422)
    assert "Too many tries. Wait 30 minutes." in said.text
    client.post("/sign-in/", {"email": "ola@example.org"})


# --- by password ----------------------------------------------------------------------------------


def test_a_password_signs_in_and_leads_on_but_never_elsewhere(board):
    account(board, password_hash=passwords.hashed(LONG))
    told = {"email": "KARI@example.org", "password": LONG}
    for onward, where in (
        ("/challenges/?a=1", "/challenges/?a=1"),
        ("//evil.example.org/", "/"),
        ("https://evil.example.org/", "/"),
        ("/\\evil.example.org", "/"),
        ("javascript:alert(1)", "/"),
    ):
        client = Client(board)
        answer = client.flask.post(
            "/sign-in/password",
            query_string={"next": onward},
            data=told | {"csrf_token": client.token("/sign-in/password")},
        )
        assert answer.location == where


def test_a_wrong_password_and_an_unknown_address_are_told_and_worked_on_alike(board, monkeypatch):
    account(board, password_hash=passwords.hashed(LONG))
    account(board, "none@example.org")
    compared, verify = [], passwords.right
    monkeypatch.setattr(passwords, "right", lambda *a: compared.append(a) or verify(*a))
    told = set()
    for email in ("kari@example.org", "none@example.org", "nobody@example.org"):
        said = Client(board).post(
            "/sign-in/password", {"email": email, "password": "wrong wrong wrong"}, status=422
        )
        assert "Address or password is wrong." in said.text
        told.add(re.sub(r'value="[^"]*"', "", said.html))
    assert len(compared) == 3  # a hash was compared each time, somebody's or nobody's
    assert len(told) == 1


@pytest.mark.heavy
def test_no_account_without_a_password_is_entered_by_what_nobody_s_hash_is_made_of(board):
    account(board)
    said = {"email": "kari@example.org", "password": "nobody's password"}
    Client(board).post("/sign-in/password", said, status=422)


@pytest.mark.heavy
def test_guessing_one_password_is_limited_and_others_at_the_venue_still_come_in(board):
    account(board, password_hash=passwords.hashed(LONG))
    account(board, "ola@example.org", password_hash=passwords.hashed(LONG))
    client = Client(board)
    for _ in range(limits.PASSWORD[0].times):
        client.post("/sign-in/password", {"email": "kari@example.org", "password": "x"}, status=422)
    told = {"email": "kari@example.org", "password": LONG}
    assert "Too many tries" in client.post("/sign-in/password", told, status=422).text
    client.post("/sign-in/password", told | {"email": "ola@example.org"})
    with clock.fixed(clock.now() + timedelta(minutes=16)):
        Client(board).post("/sign-in/password", told)


@pytest.mark.heavy
def test_a_hash_of_weaker_days_is_renewed_when_its_password_is_used(board, monkeypatch):
    kari = account(board, password_hash=passwords.hashed(LONG))
    before = the(board, kari).password_hash
    monkeypatch.setattr(passwords, "outdated", lambda kept: True)
    Client(board).post("/sign-in/password", {"email": "kari@example.org", "password": LONG})
    after = the(board, kari).password_hash
    assert after != before and passwords.right(LONG, after)


def test_nobody_waits_for_the_database_while_a_password_is_compared(board, monkeypatch):
    account(board, password_hash=passwords.hashed(LONG))
    verify = passwords.right

    def slow(*given):
        with board.extensions["state"].write() as writer:  # would wait for ever, and fail
            writer.add(Attempt(key="another", at=clock.now()))
        return verify(*given)

    monkeypatch.setattr(passwords, "right", slow)
    Client(board).post("/sign-in/password", {"email": "kari@example.org", "password": LONG})


# --- sessions -------------------------------------------------------------------------------------


def test_a_session_known_before_the_sign_in_is_worth_nothing_after_it(board):
    client = visitor(board)
    fixed = client.flask.get_cookie("sandbox").value
    other = account(board, "ola@example.org")
    with board.extensions["state"].write() as writer:
        token = passes.link_for(writer, writer.get_one(Account, other))
    client.post(f"/sign-in/link/{token}")
    assert client.flask.get_cookie("sandbox").value != fixed
    thief = Client(board)
    thief.flask.set_cookie("sandbox", fixed)
    assert not signed_in(thief)
    open_ones = [s for s in rows(board, SignIn) if not s.ended_at]
    assert [s.account_id for s in open_ones] == [other]


def test_signing_out_ends_the_session_for_whoever_kept_its_cookie(board):
    client = visitor(board)
    kept = client.flask.get_cookie("sandbox").value
    client.post("/sign-in/out", form="/account/")
    client.flask.set_cookie("sandbox", kept)
    assert not signed_in(client)


@pytest.mark.parametrize("public_url", ["https://sandbox.example.org", "http://localhost"])
@pytest.mark.heavy
def test_the_cookie_is_for_this_board_alone_and_for_https_where_that_is_spoken(
    board_of, public_url
):
    app = board_of(public_url=public_url)
    client = Client(app)
    answer = client.raw("/sign-in/", base_url=public_url)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Domain" not in cookie
    assert ("Secure" in cookie) == public_url.startswith("https:")


@pytest.mark.heavy
def test_no_address_with_a_secret_is_told_to_other_sites(board):
    answer = Client(board).raw(f"/sign-in/link/{'t' * 43}")
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.heavy
def test_a_link_of_an_organiser_ends_the_one_made_before(board):
    kari = account(board)
    with board.extensions["state"].write() as writer:
        first = passes.link_for(writer, writer.get_one(Account, kari))
        second = passes.link_for(writer, writer.get_one(Account, kari))
    Client(board).get(f"/sign-in/link/{first}", status=410)
    client = Client(board)
    client.post(f"/sign-in/link/{second}")
    assert signed_in(client)
    assert [p.used for p in rows(board, Pass)] == [0, 1]
