"""When a request began to arrive: what deadlines ask."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from sandbox import clock
from sandbox.board.arrival import ARRIVED, MOST_ON_THE_WAY, arrived

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def asked(began=None):
    """What holds for a request that the server says began to arrive then."""
    environ = {} if began is None else {"asgi.scope": {ARRIVED: began}}
    with clock.fixed(NOW), Flask(__name__).test_request_context(environ_overrides=environ):
        return arrived()


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=59), MOST_ON_THE_WAY])
def test_what_was_on_its_way_for_a_while_counts_from_when_it_began(late):
    assert asked(NOW - late) == NOW - late


def test_a_connection_that_is_only_held_open_cannot_stop_the_clock():
    assert asked(NOW - MOST_ON_THE_WAY - timedelta(microseconds=1)) == NOW


def test_without_a_server_that_says_so_it_is_when_the_board_first_sees_it():
    assert asked() == NOW


def test_it_is_the_same_moment_for_the_whole_of_a_request():
    with clock.fixed(NOW), Flask(__name__).test_request_context():
        first = arrived()
        with clock.fixed(NOW + timedelta(minutes=1)):
            assert arrived() == first


def test_a_header_of_the_sender_says_nothing():
    with (
        clock.fixed(NOW),
        Flask(__name__).test_request_context(headers={ARRIVED: "2026-01-01T00:00:00Z"}),
    ):
        assert arrived() == NOW
