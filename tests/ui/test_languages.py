"""Which language a reader gets, and numbers, dates and durations in it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.descriptors import LANGUAGES
from sandbox.ui import languages

OSLO = ZoneInfo("Europe/Oslo")


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("query", "cookie", "header", "offered", "chosen"),
    [
        (None, None, None, ("en", "nb"), "en"),
        (None, None, None, ("nb", "en"), "nb"),
        ("nb", "en", "en", ("en", "nb"), "nb"),
        ("xx", "nb", "en", ("en", "nb"), "nb"),
        (None, None, "no", ("en", "nb"), "nb"),
        (None, None, "nn-NO, en;q=0.9", ("en", "nb"), "nb"),
        (None, None, "nn, nb;q=0.9", ("nb", "nn"), "nn"),
        (None, None, "en;q=0.2, nb-NO;q=0.9", ("en", "nb"), "nb"),
        (None, None, "nb;q=0, en;q=0.1", ("nb", "en"), "en"),
        (None, None, "fr, *;q=0.5", ("en", "nb"), "en"),
        (None, None, "nb;q=high", ("en", "nb"), "en"),
    ],
)
def test_the_language_is_the_first_that_is_wanted_and_offered(
    query, cookie, header, offered, chosen
):
    assert languages.choose(query, cookie, header, offered) == chosen


@given(st.text(), st.text(), st.text())
def test_no_header_breaks_the_choice(query, cookie, header):
    assert languages.choose(query, cookie, header, ("en", "nb")) in ("en", "nb")


@pytest.mark.parametrize(
    ("header", "chosen"),
    [("nn-NO, nb", "nn"), ("sv-SE", "sv"), ("da, en;q=0.5", "da"), ("is, fi;q=0.9", "en")],
)
def test_each_reader_of_a_language_of_the_kit_gets_it_and_others_the_first(header, chosen):
    assert languages.choose(None, None, header, LANGUAGES) == chosen


def test_without_their_own_file_nynorsk_readers_get_bokmal_and_swedes_english(monkeypatch):
    monkeypatch.setattr(languages, "translated", lambda: ("en", "nb"))
    assert languages.interface("nn") == "nb"
    assert languages.interface("sv") == "en"


def test_words_without_a_translation_stay_english():
    assert languages.translator("nb").gettext("Not a message of the kit") == (
        "Not a message of the kit"
    )


def test_the_plural_form_follows_the_number():
    words = languages.translator("nb")
    assert words.ngettext("%(num)s table", "%(num)s tables", 1) == "%(num)s tabell"
    assert words.ngettext("%(num)s table", "%(num)s tables", 0) == "%(num)s tabeller"


def test_numbers_have_the_separators_of_the_language():
    assert plain(languages.number(5550203, "nb")) == "5 550 203"
    assert languages.number(323804.56, "en") == "323,804.56"
    assert plain(languages.number(323804.56, "nb", 1)) == "323 804,6"
    assert plain(languages.number(323804.56, "sv", 1)) == "323 804,6"
    assert languages.number(323804.56, "da", 1) == "323.804,6"


@pytest.mark.parametrize(
    ("share", "digits", "shown"),
    [(1, 0, "100%"), (0.9999, 0, "99%"), (0.9999999, 2, "99.99%"), (0.345, 1, "34.5%")],
)
def test_not_quite_all_never_reads_as_all(share, digits, shown):
    assert languages.percent(share, "en", digits) == shown


@pytest.mark.parametrize("tag", ["nb", "nn", "sv", "da"])
def test_nordic_shares_have_a_comma_and_a_space_that_does_not_break(tag):
    assert languages.percent(0.345, tag, 1) == "34,5\u00a0%"
    assert languages.percent(0.345, tag) == "34\u00a0%"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (10_300_000, "10 MB"), (2 * 10**9, "2.0 GB")],
)
def test_sizes_are_in_the_unit_of_a_data_plan(count, shown):
    assert languages.size(count, "en") == shown


def test_dates_are_in_the_words_of_the_language():
    assert languages.day(date(2024, 1, 1), "en") == "1 January 2024"
    assert languages.day(date(2024, 1, 1), "nb") == "1. januar 2024"
    assert languages.day(date(2024, 1, 1), "sv") == "1 januari 2024"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("en", "Monday 23 November 2026, 09:00"),
        ("nb", "mandag 23. november 2026 kl. 09:00"),
        ("nn", "måndag 23. november 2026 kl. 09:00"),
        ("sv", "måndag 23 november 2026 kl. 09:00"),
        ("da", "mandag den 23. november 2026 kl. 09.00"),
    ],
)
def test_a_time_is_written_as_the_language_writes_it(tag, said):
    assert languages.moment(datetime(2026, 11, 23, 8, 0, tzinfo=UTC), tag, OSLO) == said


def test_times_are_shown_in_the_zone_of_the_event_and_its_season():
    summer = datetime(2027, 7, 1, 7, 0, tzinfo=UTC)
    assert languages.moment(summer, "en", OSLO) == "Thursday 1 July 2027, 09:00"
    assert languages.zone_name(summer, "en", OSLO).endswith("(GMT+02:00)")


@given(st.integers(min_value=60, max_value=400 * 86_400))
def test_no_more_time_is_promised_than_there_is(seconds):
    said = languages.away(timedelta(seconds=seconds), "en")
    number, unit = said.removeprefix("in ").split()
    day = 86_400
    lengths = {"minute": 60, "hour": 3600, "day": day, "week": 7 * day, "month": 30 * day}
    lengths |= {"year": 365 * day}
    length = lengths[unit.rstrip("s")]
    assert int(number) * length <= seconds < (int(number) + 1) * length


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("en", "Mon 23 Nov, 09:00"),
        ("nb", "man. 23. nov. 09:00"),
        ("nn", "må. 23. nov. 09:00"),
        ("sv", "mån 23 nov. 09:00"),
        ("da", "man. 23. nov. 09.00"),
    ],
)
def test_a_moment_among_many_is_brief(tag, said):
    assert languages.brief(datetime(2026, 11, 23, 8, 0, tzinfo=UTC), tag, OSLO) == said
