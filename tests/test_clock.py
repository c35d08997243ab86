"""Time is asked for in one place, so that a test or a parent process can say what it is."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sandbox import clock

NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)


def test_without_being_told_it_is_now_in_utc(monkeypatch):
    monkeypatch.delenv("SANDBOX_NOW", raising=False)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().tzinfo is UTC


def test_a_stopped_clock_stands_until_the_end_and_may_be_stopped_again():
    with clock.fixed(NOON.astimezone(timezone(timedelta(hours=2)))):
        assert clock.now() == NOON
        with clock.fixed(NOON + timedelta(days=1)):
            assert clock.now() == NOON + timedelta(days=1)
        assert clock.now() == NOON


def test_a_moment_without_a_zone_cannot_stop_the_clock():
    with pytest.raises(ValueError, match="zone"), clock.fixed(NOON.replace(tzinfo=None)):
        pass


@pytest.mark.parametrize(
    "told", ["2027-03-05T12:00:00Z", "2027-03-05T13:00+01:00", "2027-03-05 12:00"]
)
def test_a_child_process_is_told_by_its_environment_whatever_the_machines_zone(told, monkeypatch):
    monkeypatch.setenv("SANDBOX_NOW", told)
    assert clock.now() == NOON
