"""Dates and times as people type them, on the clocks of the event's zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.board import moments

OSLO = ZoneInfo("Europe/Oslo")


@pytest.fixture(autouse=True)
def reader(app):
    with app.test_request_context("/"):
        app.preprocess_request()
        yield


@pytest.mark.parametrize(
    "typed", ["2027-03-05T09:00", "2027-03-05 09:00", " 2027-03-05T09:00:00 "], ids=repr
)
def test_what_is_typed_is_a_moment_on_the_events_clocks(typed):
    assert moments.parse(typed, OSLO) == datetime(2027, 3, 5, 8, tzinfo=UTC)
    assert moments.parse(typed, ZoneInfo("Asia/Tokyo")) == datetime(2027, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    ["", "tomorrow", "2027-03-05", "09:00", "2027-02-30T09:00", "2027-03-05T24:00", "20270305T0900",
     "2027-03-05T09:00+1", "0001-01-01T00:00", "9999-12-31T23:59",
     "٢٠٢٧-03-05T09:00"],
    ids=repr,
)  # fmt: skip
def test_what_is_no_moment_is_told_with_one_that_is(typed):
    with pytest.raises(moments.NoSuchMoment, match="such as 2027-03-05 09:00"):
        moments.parse(typed, OSLO)


@pytest.mark.parametrize(
    ("zone", "typed", "told"),
    [
        ("Europe/Oslo", "2027-03-28T02:30", "go forward over that hour.* 01:59 and 03:00"),
        ("Europe/Oslo", "2027-03-28T02:00", "01:59 and 03:00"),
        ("Australia/Lord_Howe", "2027-10-03T02:15", "01:59 and 02:30"),
        ("America/Santiago", "2027-09-05T00:10", "23:59 and 01:00"),
    ],
)
def test_an_hour_that_clocks_leave_out_is_refused_with_what_lies_around_it(zone, typed, told):
    with pytest.raises(moments.NoSuchMoment, match=told):
        moments.parse(typed, ZoneInfo(zone))


def test_right_before_and_right_after_the_gap_are_moments():
    assert moments.parse("2027-03-28T01:59", OSLO) == datetime(2027, 3, 28, 0, 59, tzinfo=UTC)
    assert moments.parse("2027-03-28T03:00", OSLO) == datetime(2027, 3, 28, 1, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_its_first():
    assert moments.parse("2027-10-31T02:30", OSLO) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_moment_is_shown_as_it_was_typed():
    assert moments.as_typed(moments.parse("2027-03-05 09:00", OSLO), OSLO) == "2027-03-05T09:00"
    assert moments.as_typed(None, OSLO) == ""
