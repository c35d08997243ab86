"""What the functions of the language yield, compared with independent libraries where there are."""

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sandbox.recipes import calendars
from sandbox.recipes.registry import FUNCTIONS
from sandbox.recipes.vocabularies import frozen

DAYS = st.dates(date(1995, 1, 1), date(2055, 12, 31))


# --- dates ----------------------------------------------------------------------------------------


@pytest.mark.heavy
def test_the_frozen_holidays_are_those_of_the_library():
    known = frozen("holidays_NO.json")
    years = range(known["first_year"], known["last_year"] + 1)
    assert known["days"] == sorted(
        d.isoformat() for d in holidays.country_holidays("NO", years=years)
    )


@given(DAYS, st.integers(0, 400))
def test_business_days_are_those_of_the_library(day, number):
    norway = holidays.country_holidays("NO")
    calendar = calendars.calendar()
    start = np.array([calendars.day_number(day)])
    assert calendar.is_business_day(start)[0] == norway.is_working_day(day)
    added = FUNCTIONS["add_business_days"].call(start, np.array([number]))
    if number:
        assert added[0] == calendars.day_number(norway.get_nth_working_day(day, number))
        assert FUNCTIONS["business_days_between"].call(start, added)[0] == number
    else:
        assert calendar.is_business_day(added)[0] and added[0] >= start[0]


@given(DAYS, st.integers(4 * 60, 24 * 60 - 1))
def test_norwegian_hours_become_utc_as_the_zone_database_says(day, minute):
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60,
                     tzinfo=ZoneInfo("Europe/Oslo"))  # fmt: skip
    if day.year < 1996:
        return
    found = calendars.utc(np.array([calendars.day_number(day)]), np.array([minute * 60]))
    assert found[0] == local.astimezone(UTC).timestamp()
    assert calendars.norwegian_day(found)[0] == calendars.day_number(day)


@given(st.dates(date(1900, 1, 1), date(2025, 12, 31)), st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_ages_are_full_years(birth, on):
    before = (on.month, on.day) < (birth.month, birth.day)
    found = calendars.full_years(*(np.array([calendars.day_number(day)]) for day in (birth, on)))
    assert found[0] == on.year - birth.year - before


@pytest.mark.parametrize("asof", ["2026-01-01", "2024-02-29", "2025-06-30"])
def test_who_is_born_for_an_age_has_that_age(column, asof):
    ages = column("boolean", "age(born(_age)) == _age", also={"_age": "integer(0, 104)"}, asof=asof)
    assert all(ages)


def test_days_of_a_year_follow_season_and_weekday(column):
    days = column("date", "day(2025, season=[2,1,1,1,1,1,1,1,1,1,1,0], weekdays=[1,1,1,1,1,0,0])",
                  rows=20_000)  # fmt: skip
    norway = holidays.country_holidays("NO", years=2025)
    assert {d.year for d in days} == {2025}
    assert not any(d.month == 12 or d.weekday() > 4 or d in norway for d in days)
    assert 1.7 < sum(d.month == 1 for d in days) / sum(d.month == 3 for d in days) < 2.5


def test_moments_lie_in_office_hours_of_norwegian_time(column):
    moments = column("datetime", "moment(day(2025))", rows=2_000)
    local = [m.astimezone(ZoneInfo("Europe/Oslo")) for m in moments]
    assert {m.hour for m in local} == set(range(8, 16))


# --- draws ----------------------------------------------------------------------------------------


def test_choices_follow_their_shares(column):
    values = column("string", "choice(F=.7, M=.2, X=.1)", rows=20_000)
    counts = [values.count(v) for v in "FMX"]
    assert stats.chisquare(counts, [14_000, 4_000, 2_000]).pvalue > 0.001


@pytest.mark.parametrize("mean", [0.3, 4, 80])
def test_poisson_counts_have_the_mean_and_spread_of_their_distribution(column, mean):
    values = np.array(column("integer", f"poisson({mean})", rows=20_000))
    assert abs(values.mean() - mean) < 5 * np.sqrt(mean / 20_000)
    assert 0.93 < values.var() / mean < 1.07


@pytest.mark.parametrize(
    ("trials", "chance"), [(1, 0.3), (12, 0.85), (59, 0.5), (500, 0.02), (400, 0.35), (90, 1.0)]
)
def test_successes_are_those_of_the_binomial_distribution(column, trials, chance):
    values = np.array(column("integer", f"binomial({trials}, {chance})", rows=20_000))
    known = stats.binom(trials, chance)
    assert 0 <= values.min() <= values.max() <= trials
    for quantile in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99):
        at = known.ppf(quantile)
        expected = known.cdf(at)
        error = np.sqrt(expected * (1 - expected) / 20_000)
        assert abs((values <= at).mean() - expected) <= 5 * error + 5e-4


def test_a_draw_follows_the_column_of_its_condition_and_bands_are_filled(column):
    files = {"sizes.csv": "size,a,b\n1,100,0\n2-3,0,40\n9,0,60\n"}
    told = column("integer", "draw('sizes.csv', given=_kind)", rows=3_000, files=files,
                  also={"_kind": "when(row <= 1000, 'a', 'b')"},
                  assumptions=["sizes.csv"])  # fmt: skip
    assert set(told[:1000]) == {1}
    assert set(told[1000:]) == {2, 3, 9}
    assert 0.55 < told[1000:].count(9) / 2_000 < 0.65


def test_a_missing_operand_makes_the_result_missing_and_a_comparison_false(column):
    also = {"_x": "when(row > 1, 5)"}
    assert column("integer", "_x + 1", rows=2, also=also) == [None, 6]
    assert column("boolean", "_x > 1", rows=2, also=also) == [False, True]
    assert column("boolean", "is_missing(_x)", rows=2, also=also) == [True, False]
    assert column("number", "1 / (row - 1)", rows=2) == [None, 1.0]


# --- other tables ---------------------------------------------------------------------------------

OFFICES = {
    "offices": {"office_code": "string", "size": "integer", "load": "integer",
                "all_short": "boolean", "longest": "boolean", "minutes": "number"},
    "cases": {"case_id": "integer", "office_code": "string > offices", "step": "string",
              "minutes": "integer", "arrived": "date", "done": "date"},
}  # fmt: skip
STEPS = {"offices.csv": "office_code,size\n0301,2\n1103,3\n",
         "steps.csv": "size,step\n2,a\n3,a\n3,b\n"}  # fmt: skip
OFFICE_RECIPE = """
tables:
  _steps: {file: steps.csv}
  offices:
    file: offices.csv
    load: count(cases)
    all_short: all(cases, minutes < 30)
    longest: any(cases, minutes >= 30)
    minutes: sum(cases, minutes)
  cases:
    per: offices * count(_steps, size=size) * 50
    case_id: row
    office_code: parent
    step: nth(_steps, 1 + (position - 1) % count(_steps, size=office.size), size=office.size).step
    minutes: when(office_code == '0301', 10, 40)
    arrived: day(2025)
    done: queue(arrived, minutes / 60, 1, by=office_code)
"""


def test_children_are_made_from_a_list_and_summed_up_for_their_parent(cook):
    drawn = cook(OFFICES, OFFICE_RECIPE, files=STEPS).draw().full
    small, large = drawn["offices"].to_pylist()
    assert (small["load"], small["all_short"], small["longest"]) == (50, True, False)
    assert (large["load"], large["all_short"], large["longest"]) == (100, False, True)
    assert (small["minutes"], large["minutes"]) == (500, 4000)
    steps = [(r["office_code"], r["step"]) for r in drawn["cases"].to_pylist()]
    assert steps.count(("0301", "a")) == steps.count(("1103", "a")) == 50
    assert steps.count(("1103", "b")) == 50


@pytest.mark.heavy
def test_a_queue_serves_in_turn_on_business_days_and_never_works_beyond_its_capacity(cook):
    cases = cook(OFFICES, OFFICE_RECIPE, files=STEPS).draw().full["cases"].to_pylist()
    norway = holidays.country_holidays("NO", years=[2025, 2026])
    for office in ("0301", "1103"):
        mine = sorted((r for r in cases if r["office_code"] == office), key=lambda r: r["arrived"])
        assert all(r["done"] >= r["arrived"] and norway.is_working_day(r["done"]) for r in mine)
        assert all(a["done"] <= b["done"] for a, b in pairwise(mine))


def test_a_backlog_grows_where_more_arrives_than_is_done(column):
    done = column("date", "queue(date('2025-03-03'), .5, 1)", rows=10)
    assert [str(d) for d in done[:5]] == [
        "2025-03-04", "2025-03-04", "2025-03-05", "2025-03-05", "2025-03-06"
    ]  # fmt: skip


def test_a_quota_adds_up(column):
    assert column("integer", "quota(10, by=row)", rows=4) == [1, 2, 3, 4]


def test_ranks_count_anew_in_each_group(column):
    assert column("integer", "rank(-row, by=row % 2)", rows=4) == [2, 2, 1, 1]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_says_what_it_does_in_its_first_line(name):
    first = FUNCTIONS[name].doc.splitlines()[0]
    assert first and len(first) <= 100
