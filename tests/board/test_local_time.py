"""Moments as people write them, with the two nights in Oslo on which clocks change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.board.local_time import NoMoment, NoSuchHour, TwiceThatHour, read, which, written

OSLO = ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-03-05 09:00", "2027-03-05T08:00"),
        (" 2027-07-05T09:00:00 ", "2027-07-05T07:00"),
        ("2027-03-28 01:59", "2027-03-28T00:59"),
        ("2027-03-28 03:00", "2027-03-28T01:00"),
        ("2027-10-31 01:59", "2027-10-30T23:59"),
        ("2027-10-31 03:00", "2027-10-31T02:00"),
        ("2027-10-31 02:30+02:00", "2027-10-31T00:30"),
        ("2027-10-31 02:30+01:00", "2027-10-31T01:30"),
        ("2027-03-05T09:00Z", "2027-03-05T09:00"),
    ],
)
def test_what_is_written_is_a_moment_of_the_zone(text, expected):
    assert read(text, OSLO) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["2027-03-28 02:00", "2027-03-28 02:30", "2027-03-28 02:59"])
def test_an_hour_that_does_not_come_is_refused_with_the_two_nearest(text):
    with pytest.raises(NoSuchHour) as refused:
        read(text, OSLO)
    near = refused.value.before, refused.value.after
    assert [f"{moment:%H:%M}" for moment in near] == ["01:59", "03:00"]


def test_an_hour_that_comes_twice_is_asked_about():
    with pytest.raises(TwiceThatHour) as asked:
        read("2027-10-31 02:30", OSLO)
    assert "2027-10-31 02:30+02:00" in str(asked.value)
    earlier, later = (read("2027-10-31 02:30", OSLO, one) for one in ("earlier", "later"))
    assert (later - earlier).total_seconds() == 3600
    assert [earlier, later] == [
        moment.astimezone(UTC) for moment in (asked.value.earlier, asked.value.later)
    ]


def test_a_form_can_say_again_which_of_two_it_was():
    for one in ("earlier", "later"):
        moment = read("2027-10-31 02:30", OSLO, one)
        assert which(moment, OSLO) == one
        assert read(written(moment, OSLO), OSLO, which(moment, OSLO)) == moment
    assert which(read("2027-03-05 09:00", OSLO), OSLO) == ""
    assert written(None, OSLO) == which(None, OSLO) == ""


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2027-02-30 09:00", "2027-03-05", "05.03.2027 09:00", "2027-03-05 24:00",
     "0001-01-01 00:00", "2027-03-05 09:00+99:00", "2027-03-05 09:00; drop table"],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(NoMoment):
        read(text, OSLO)
