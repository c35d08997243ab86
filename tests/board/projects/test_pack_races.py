"""Packs in the last second: several at once, while the challenge closes, while somebody decides."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.projects import carried
from sandbox.projects import packs as files
from sandbox.state.people import Account, Role
from sandbox.state.projects import Noted, Pack
from sandbox.state.records import Audit
from sandbox.state.teams import Grace
from tests.board.projects import packing
from tests.board.projects.packing import HOUR, close, packed, rows, sent, states, submissions
from tests.board.visitors import enter, visitor

pytestmark = pytest.mark.heavy
MEMBERS = 5


@pytest.fixture
def kari(board):
    return packing.team(board)


@pytest.fixture
def key(kari):
    return packing.key_of(kari)


def at_once(*acts):
    """Let all of them go at the same moment, each in a thread of its own; what they return."""
    ready = Barrier(len(acts))

    def go(act):
        ready.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [one.result() for one in [pool.submit(go, act) for act in acts]]


def posts(client, address, data, page):
    """An act that posts: the form's token is fetched now, the form is sent later."""
    token = client.token(page)
    return lambda: client.flask.post(address, data={"csrf_token": token} | data()).status_code


def brings(client, content):
    return posts(client, "/project/pack", lambda: sent(content), "/project/pack")


def phone(board):
    """Kari on another device."""
    with board.extensions["state"].read() as reader:
        number = reader.scalar(select(Account.id).where(Account.email == "kari@example.org"))
    return enter(board, number)


def test_the_same_pack_from_several_phones_is_one_submission(board, kari, key, monkeypatch):
    handed_in = []
    monkeypatch.setattr(carried, "hand_in", lambda *told: handed_in.append(told[3]))
    content = packed(key, answers={"shorter-queue": {"name": "a.csv", "content": "MSwy"}})
    phones = [phone(board) for _ in range(MEMBERS)]
    assert set(at_once(*(brings(one, content) for one in phones))) == {302}
    assert (len(submissions(board)), states(board)) == (1, ["accepted"])
    assert len(set(handed_in)) == 1


def test_several_packs_at_once_are_each_a_submission_with_a_number(board, kari, key):
    contents = [packed(key, made_at=f"2027-03-06T13:00:0{n}Z") for n in range(MEMBERS)]
    phones = [phone(board) for _ in contents]
    acts = [brings(*both) for both in zip(phones, contents, strict=True)]
    assert set(at_once(*acts)) == {302}
    assert [one.number for one in submissions(board)] == list(range(1, MEMBERS + 1))
    assert len({one.receipt for one in submissions(board)}) == MEMBERS


@pytest.mark.parametrize("_time", range(3))
def test_a_pack_that_races_the_close_counts_or_waits_and_says_which(board, kari, key, _time):
    act = brings(kari, packed(key))

    def shut():
        close(board, clock.now())
        return 302

    assert at_once(act, shut) == [302, 302]
    (state,) = states(board)
    assert len(submissions(board)) == (1 if state == "accepted" else 0)
    assert state in ("accepted", "waiting")


def test_a_note_and_its_pack_that_race_leave_one_submission_in_time(board, kari, key):
    content = packed(key)
    other = phone(board)
    code = files.read(content).code
    tells = posts(other, "/project/pack/note", lambda: {"code": code}, "/project/pack")
    assert at_once(brings(kari, content), tells) == [302, 302]
    assert (len(submissions(board)), len(rows(board, Noted))) == (1, 1)


def test_a_code_that_all_tell_at_once_is_noted_once(board, kari, key):
    code = files.read(packed(key)).code
    phones = [phone(board) for _ in range(MEMBERS)]
    acts = [posts(one, "/project/pack/note", lambda: {"code": code}, "/project/pack")
            for one in phones]  # fmt: skip
    assert set(at_once(*acts)) == {302}
    assert len(rows(board, Noted)) == 1


def test_two_organisers_who_decide_at_once_decide_once(board, kari, key):
    close(board, clock.now() - HOUR)
    packing.bring(kari, packed(key))
    (row,) = rows(board, Pack)
    acts = []
    for email, act in (("a@example.org", "accept"), ("b@example.org", "refuse")):
        desk = visitor(board, email, roles=[Role.ORGANISER])
        data = {f"pack{row.id}-why": act, f"pack{row.id}-{act}": "1"}
        acts.append(
            posts(desk, f"/organiser/packs/{row.id}", lambda d=data: d, "/organiser/packs/")
        )
    assert set(at_once(*acts)) == {302}
    (state,) = states(board)
    (row,) = rows(board, Pack)
    assert (state, row.why, len(submissions(board)), len(rows(board, Grace))) in (
        ("accepted", "accept", 1, 1), ("refused", "refuse", 0, 0),
    )  # fmt: skip
    decided = [one.act for one in rows(board, Audit) if one.act.startswith("pack.")]
    assert len(decided) == 1


def test_a_new_key_that_races_a_pack_takes_it_or_refuses_it(board, kari, key):
    other = phone(board)
    makes = posts(other, "/project/key", dict, "/project/pack")
    brought, made = at_once(brings(kari, packed(key)), makes)
    assert made == 200
    assert (brought, len(submissions(board))) in ((302, 1), (422, 0))
