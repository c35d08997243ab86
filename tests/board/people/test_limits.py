"""What is counted, for whom, for how long, and that nothing of it is kept."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.people import limits
from sandbox.state.people import Attempt


def tried(board, limit, account="", address="192.0.2.1"):
    with (
        board.test_request_context(environ_overrides={"REMOTE_ADDR": address}),
        board.extensions["state"].write() as writer,
    ):
        return limits.spend(writer, limit, account)


def test_the_wait_is_until_the_oldest_try_that_counts_is_forgotten(board):
    limit = (limits.Limit("x", "account", 2, timedelta(minutes=10)),)
    begin = clock.now()
    for minutes, wait in ((0, None), (4, None), (5, 5), (10, None), (11, 3)):
        with clock.fixed(begin + timedelta(minutes=minutes)):
            assert tried(board, limit, "kari") == (wait and timedelta(minutes=wait))


@pytest.mark.heavy
def test_the_longest_of_several_waits_is_told_and_one_try_is_counted_once(board):
    short = limits.Limit("x", "address", 1, timedelta(minutes=10))
    long = limits.Limit("x", "address", 1, timedelta(hours=5))
    with clock.fixed(clock.now()):
        assert tried(board, (short, long)) is None
        assert tried(board, (short, long)) == timedelta(hours=5)
    with board.extensions["state"].read() as reader:
        assert len(reader.scalars(select(Attempt)).all()) == 1


@pytest.mark.heavy
def test_one_who_has_a_whole_ipv6_network_is_one(board):
    limit = (limits.Limit("x", "address", 1, timedelta(minutes=10)),)
    assert tried(board, limit, address="2001:db8:1:2::1") is None
    assert tried(board, limit, address="2001:db8:1:2:ffff::9")
    assert tried(board, limit, address="2001:db8:1:3::1") is None


def test_old_tries_are_deleted_and_none_says_whose_it_was(board):
    tried(board, limits.PASSWORD, "kari@example.org")
    with board.extensions["state"].read() as reader:
        kept = reader.scalars(select(Attempt)).all()
    assert kept and not any("kari" in entry.key or "192.0.2" in entry.key for entry in kept)
    with clock.fixed(clock.now() + timedelta(days=1, seconds=1)):
        tried(board, limits.MAIL, "ola@example.org")
    with board.extensions["state"].read() as reader:
        left = set(reader.scalars(select(Attempt.key)).all())
    assert left.isdisjoint(entry.key for entry in kept)


def test_nothing_is_counted_for_longer_than_tries_are_kept():
    every = (*limits.PASSWORD, *limits.MAIL, *limits.CODE, *limits.JOINING)
    assert max(limit.within for limit in every) <= limits.KEPT
