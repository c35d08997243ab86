"""People at the desk: found, given roles and ways in, kept out, and taken along as a file."""

import csv
import io
import re

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board import jobs
from sandbox.state.people import Account, RoleHeld, SignIn
from sandbox.state.records import Audit
from tests.board.client import Client
from tests.board.visitors import JOINS, account, enter, visitor

SCRIPT = "<script>alert(1)</script>\"'>"


@pytest.fixture
def boss(board):
    return visitor(board, "boss@example.org", roles=["organiser"])


def rows(app, *what):
    with app.extensions["state"].read() as reader:
        return list(reader.scalars(select(*what)))


def acts(app):
    return [entry.act for entry in rows(app, Audit)]


def act(boss, number, what, data=None, **more):
    where = f"/organiser/people/{number}"
    return boss.post(f"{where}/{what}", data, form=where, **more)


@pytest.mark.heavy
def test_people_are_found_by_name_address_and_role_page_by_page(board, boss):
    now = clock.now()
    with board.extensions["state"].write() as writer:
        writer.add_all(
            Account(
                name=f"Person {n:03}", email=f"p{n}@example.org", created_at=now, joined_at=now,
                roles=[RoleHeld(role="mentor", granted_at=now)] if n < 3 else [],
            )
            for n in range(120)
        )  # fmt: skip
    first = boss.get("/organiser/people/")
    assert "121 people" in first.text and "Page 1 of 3" in first.text
    last = boss.get("/organiser/people/?page=99")
    assert "Page 3 of 3" in last.text and "Person 119" in last.text
    assert "1 person" in boss.get("/organiser/people/?q=PERSON+077").text
    assert "1 person" in boss.get("/organiser/people/?q=p77@").text
    assert "3 people" in boss.get("/organiser/people/?role=mentor").text
    for odd in ("q=%25", "q=_", "q=%00", "role=king", "page=x", "page=-1"):
        boss.get(f"/organiser/people/?{odd}")
    assert "Nobody is found" in boss.get("/organiser/people/?q=%25").text


@pytest.mark.heavy
def test_a_name_that_is_a_script_is_only_a_name(board, boss):
    evil = account(board, "evil@example.org", name=SCRIPT)
    for address in ("/organiser/people/", f"/organiser/people/{evil}"):
        page = boss.get(address)
        assert SCRIPT in page.text
        assert not [s for s in page.all("script") if not s.get("src")]
    assert SCRIPT in boss.get(f"/organiser/people/?q={SCRIPT}").text
    act(boss, evil, "card", status=200)
    act(boss, evil, "link", status=200)


def test_a_role_is_given_for_a_challenge_and_taken_back_and_both_are_on_record(board, boss):
    kari = account(board)
    told = {"role": "owner", "scope": "challenge:shorter-queue"}
    act(boss, kari, "roles", told)
    assert "Challenge owner (" in boss.get(f"/organiser/people/{kari}").text
    act(boss, kari, "roles", told)
    held = [role for role in rows(board, RoleHeld) if role.account_id == kari]
    assert [(role.role, role.scope, role.granted_by) for role in held] == [
        ("owner", "shorter-queue", 1)
    ]
    act(boss, kari, f"roles/{held[0].id}/revoke")
    assert not [role for role in rows(board, RoleHeld) if role.account_id == kari]
    assert acts(board) == ["role.grant", "role.revoke"]
    act(boss, kari, "roles", {"role": "owner", "scope": ""}, status=422)


def test_the_last_organiser_can_be_neither_unmade_nor_blocked(board, boss):
    act(boss, 1, "roles/1/revoke")
    act(boss, 1, "block")
    assert boss.raw("/organiser/").status_code == 200
    second = account(board, "second@example.org", roles=["organiser"], blocked_at=clock.now())
    act(boss, 1, "roles/1/revoke")
    assert boss.raw("/organiser/").status_code == 200  # the other one cannot get in
    act(boss, second, "unblock")
    act(boss, 1, "roles/1/revoke")
    assert boss.raw("/organiser/").status_code == 403


@pytest.mark.heavy
def test_a_role_of_somebody_else_is_not_taken_back_through_this_page(board, boss):
    kari = account(board)
    answer = boss.flask.post(
        f"/organiser/people/{kari}/roles/1/revoke",
        data={"csrf_token": boss.token("/organiser/people/")
              or boss.token(f"/organiser/people/{kari}")},
    )  # fmt: skip
    assert answer.status_code == 404


def test_blocking_ends_sessions_links_and_cards_at_once(board, boss):
    kari = account(board)
    client = enter(board, kari)
    link = re.search(r"http://\S+?(/sign-in/link/[\w-]+)", act(boss, kari, "link", status=200).text)
    act(boss, kari, "block")
    assert client.raw("/account/").status_code == 302
    assert not [s for s in rows(board, SignIn) if s.account_id == kari and not s.ended_at]
    act(boss, kari, "unblock")
    Client(board).get(link[1], status=410)
    assert acts(board) == ["link.make", "account.block", "account.unblock"]


def test_a_judge_is_added_and_comes_in_by_a_link_that_is_shown_once(board, boss):
    told = {"name": "Judge Judith", "email": "", "role": "judge", "scope": ""}
    where = boss.post("/organiser/people/new", told).location
    page = boss.post(f"{where}/link", form=where, status=200)
    (link,) = re.findall(r"/sign-in/link/[\w-]+", page.text)
    assert "<svg" in page.html
    assert link not in boss.get(where).html
    judge = Client(board)
    assert "Judge Judith" in judge.get(link).text
    assert judge.post(link).location == "/join/?next=/"
    judge.post("/join/", JOINS | {"name": "Judge Judith"})
    judge.get(link, status=410)


@pytest.mark.heavy
def test_an_address_that_is_taken_is_told_and_nobody_is_added_twice(board, boss):
    account(board)
    told = {"name": "K", "email": "Kari@example.org", "role": "judge", "scope": ""}
    said = boss.post("/organiser/people/new", told, status=422)
    assert "There is an account with this address already." in said.text
    assert len(rows(board, Account)) == 2


@pytest.mark.heavy
def test_a_link_is_made_for_nobody_who_is_blocked_gone_or_never_was(board, boss):
    blocked = account(board, "b@example.org", blocked_at=clock.now())
    gone = account(board, "g@example.org", deleted_at=clock.now())
    token = boss.token(f"/organiser/people/{blocked}")
    for number in (blocked, gone, 99):
        for what in ("link", "card", "mail"):
            answer = boss.flask.post(
                f"/organiser/people/{number}/{what}", data={"csrf_token": token}
            )
            assert answer.status_code == 404


def test_the_list_is_taken_along_without_formulas(board, boss):
    account(board, "evil@example.org", name='=HYPERLINK("https://evil.example.org")')
    answer = boss.raw("/organiser/people/people.csv")
    assert answer.headers["Cache-Control"] == "no-store"
    lines = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert lines[1]["name"].startswith("'=")
    assert (lines[0]["email"], lines[0]["roles"]) == ("boss@example.org", "organiser")


@pytest.mark.heavy
def test_no_act_on_record_names_anybody(board, boss):
    kari = account(board)
    act(boss, kari, "roles", {"role": "judge", "scope": ""})
    act(boss, kari, "link", status=200)
    act(boss, kari, "card", status=200)
    act(boss, kari, "block")
    boss.post("/organiser/invites/new", {"role": "judge", "scope": "", "lasts": "day"})
    told = " ".join(f"{e.about} {e.detail}" for e in rows(board, Audit)).lower()
    assert "kari" not in told and "example.org" not in told


@pytest.mark.heavy
def test_an_organiser_sends_a_link_by_mail(board_of, monkeypatch):
    from sandbox.board import mail
    from sandbox.workspace import Mail

    sent = []
    monkeypatch.setattr(mail, "deliver", lambda _settings, *what: sent.append(what))
    app = board_of(mail=Mail(host="m", sender="b@example.org"), public_url="http://localhost")
    boss = visitor(app, "boss@example.org", roles=["organiser"])
    kari = account(app)
    act(boss, kari, "mail")
    jobs.run_due(app)
    ((to, _, text),) = sent
    link = re.search(r"/sign-in/link/\S+", text)[0]
    assert to == "kari@example.org"
    Client(app).post(link)


@pytest.mark.heavy
def test_an_invite_can_be_shown_again_until_the_event_s_key_changes(board, boss):
    told = {"role": "participant", "scope": "", "lasts": "week", "label": "Door"}
    where = boss.post("/organiser/invites/new", told).location
    assert boss.get(where).text == boss.get(where).text
    assert "<svg" in boss.get(where).html
    assert "Door" in boss.get("/organiser/invites/").text
    board.config["SECRET_KEY_FALLBACKS"] = [board.config["SECRET_KEY"]]
    board.config["SECRET_KEY"] = b"another"
    assert "lets nobody in any more" in boss.get(where).text


@pytest.mark.heavy
def test_whoever_prints_for_phones_is_told_when_phones_cannot_open_the_address(board, boss):
    told = {"role": "participant", "scope": "", "lasts": "week"}
    where = boss.post("/organiser/invites/new", told).location
    assert "Phones cannot open this address" in boss.get(where).text
    lan_address = "192.0.2.10"
    kept = boss.flask.get_cookie("sandbox").value
    boss.flask.set_cookie("sandbox", kept, domain=lan_address)
    lan = boss.get(where, base_url=f"http://{lan_address}:8001")
    assert "Phones cannot" not in lan.text and "http://192.0.2.10:8001/in/" in lan.text
