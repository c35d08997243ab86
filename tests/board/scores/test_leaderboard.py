"""Rankings: what holds whatever is handed in, and the few cases that people will ask about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.board.scores.leaderboard import (
    Baseline,
    Entry,
    Rule,
    Score,
    _Beside,
    _compared,
    ranking,
    results,
)

BEGAN = datetime(2027, 3, 5, 9, tzinfo=UTC)


def entry(team, value, *, number=1, band=None, passed=True, improves=True, minute=0, **more):
    return Entry(
        team, team.capitalize(), more.pop("file", hash((team, number))), number,
        BEGAN + timedelta(minutes=minute), Score(value, band=band), passed, improves, **more,
    )  # fmt: skip


def base(name, value, *, band=None, passed=True):
    return Baseline(name, Score(value, band=band), Score(value, band=band), passed)


BASES = (base("today", 40.0), base("do_nothing", 0.0))
values = st.integers(0, 60).map(float)
bands = st.none() | st.integers(0, 20).map(float)
rules = st.builds(Rule, higher_is_better=st.booleans(), ladder=st.booleans(), finals=st.just(2))


@st.composite
def entries(draw, most=12):
    """Files of up to five teams, numbered as they came."""
    teams = draw(st.lists(st.sampled_from("abcde"), max_size=most))
    counts, made = {}, []
    for file, team in enumerate(teams):
        counts[team] = counts.get(team, 0) + 1
        final = BEGAN + timedelta(hours=file) if draw(st.booleans()) else None
        made.append(
            entry(
                team,
                draw(values),
                number=counts[team],
                band=draw(bands),
                file=file,
                passed=draw(st.booleans()),
                improves=draw(st.booleans()),
                minute=draw(st.integers(0, 5)),
                final_at=final,
                private=Score(draw(values)),
            )
        )
    return made


def ranks(rows):
    return {row.entry.team: row.rank for row in rows if row.entry}


@given(entries(), rules, st.randoms(use_true_random=False))
def test_the_order_in_which_files_are_told_changes_nothing(files, rule, random):
    before = ranking(files, BASES, rule), results(files, BASES, rule)
    random.shuffle(files)
    assert (ranking(files, BASES, rule), results(files, BASES, rule)) == before


@given(entries(), rules)
def test_what_does_not_pass_the_gates_has_no_rank_and_stands_below_all_that_do(files, rule):
    rows = ranking(files, BASES, rule)
    assert [row.passed for row in rows] == sorted((row.passed for row in rows), reverse=True)
    assert all((row.rank is None) == (not row.passed) for row in rows if row.entry)
    assert all(row.rank is None for row in rows if row.baseline)


@given(entries(), rules)
def test_each_team_stands_once_and_both_baselines_always(files, rule):
    rows = ranking(files, BASES, rule)
    teams = [row.entry.team for row in rows if row.entry]
    assert len(teams) == len(set(teams))
    counting = {one.team for one in files if one.improves or not rule.ladder}
    assert set(teams) == counting
    assert sorted(row.baseline for row in rows if row.baseline) == ["do_nothing", "today"]


@given(entries(), rules)
def test_a_rank_is_one_more_than_the_number_of_teams_that_are_clearly_better(files, rule):
    rows = [row for row in ranking(files, (), rule) if row.passed]
    for row in rows:
        sign = 1 if rule.higher_is_better else -1
        better = [
            other for other in rows
            if sign * (other.score.value - row.score.value)
            > max(other.score.band or 0, row.score.band or 0)
        ]  # fmt: skip
        assert row.rank == 1 + len(better)
    said = [row.rank for row in rows]
    assert said == sorted(said)
    assert not said or said[0] == 1
    assert all(row.shared == (said.count(row.rank) > 1) for row in rows)


@given(entries(), rules, values, bands)
def test_a_worse_team_that_comes_changes_no_rank_above_it(files, rule, value, band):
    new = entry("new", value, band=band, file=10_000)
    before, after = ranks(ranking(files, BASES, rule)), ranking([*files, new], BASES, rule)
    sign = 1 if rule.higher_is_better else -1
    for row in after:
        if row.entry and row.entry is not new and sign * row.score.value >= sign * value:
            assert before[row.entry.team] == row.rank


@given(values, bands, values, bands, rules)
def test_ties_are_symmetric(first, first_band, second, second_band, rule):
    a = _Beside("a", Score(first, band=first_band), True)
    b = _Beside("b", Score(second, band=second_band), True)
    mirrored = {"tie": "tie", "better": "worse", "worse": "better"}
    assert _compared(b, a, rule) == mirrored[_compared(a, b, rule)]


def test_with_the_ladder_the_newest_file_that_improved_stands_for_its_team():
    files = [
        entry("a", 10.0, number=1),
        entry("a", 30.0, number=2),
        entry("a", 31.0, number=3, improves=False),
    ]
    assert [row.score.value for row in ranking(files, (), Rule())] == [30.0]
    assert [row.score.value for row in ranking(files, (), Rule(ladder=False))] == [31.0]


def test_a_broken_file_does_not_push_its_teams_good_one_down():
    files = [entry("a", 10.0), entry("a", 99.0, number=2, passed=False)]
    for rule in (Rule(), Rule(ladder=False)):
        (row,) = ranking(files, (), rule)
        assert (row.rank, row.score.value) == (1, 10.0)


def test_inside_a_tie_time_and_then_the_name_decide_the_order_and_the_rank_is_shared():
    files = [
        entry("late", 50.0, band=5.0, minute=9),
        entry("early", 48.0, band=5.0, minute=1),
        entry("alike", 49.0, band=5.0, minute=1),
    ]
    rows = ranking(files, (), Rule())
    assert [row.entry.team for row in rows] == ["alike", "early", "late"]
    assert [(row.rank, row.shared) for row in rows] == [(1, True)] * 3


def test_todays_practice_stands_where_its_score_does_and_teams_are_compared_with_it():
    today = base("today", 40.0, band=5.0)
    files = [entry("best", 50.0), entry("near", 42.0, minute=1), entry("worst", 20.0)]
    rows = ranking(files, (today, BASES[1]), Rule())
    assert [row.baseline or row.entry.team for row in rows] == [
        "best", "near", "today", "worst", "do_nothing"
    ]  # fmt: skip
    assert [row.beside_today for row in rows if row.entry] == ["better", "tie", "worse"]
    assert [row.rank for row in rows if row.entry] == [1, 2, 3]


def test_a_practice_that_does_not_pass_the_gates_stands_below():
    rows = ranking([entry("a", 1.0)], (base("today", 90.0, passed=False),), Rule())
    assert [row.baseline for row in rows] == ["", "today"]
    assert rows[0].beside_today == "better"


def test_fewer_may_be_better():
    files = [entry("few", 1.0), entry("many", 9.0)]
    assert ranks(ranking(files, (), Rule(higher_is_better=False))) == {"few": 1, "many": 2}


# --- results --------------------------------------------------------------------------------------


def final(team, value, private, **more):
    return entry(team, value, private=Score(private), **more)


def test_the_better_of_the_chosen_finals_by_the_private_part_counts():
    files = [
        final("a", 90.0, 10.0, number=1),  # the best in public, and not chosen
        final("a", 50.0, 60.0, number=2, final_at=BEGAN),
        final("a", 55.0, 40.0, number=3, final_at=BEGAN),
        final("b", 80.0, 50.0),
    ]
    (first, second) = results(files, (), Rule(ladder=False))
    assert (first.row.entry.number, first.row.score.value, first.chosen) == (2, 60.0, True)
    assert (second.row.entry.team, second.chosen) == ("b", False)
    assert [one.public_rank for one in (first, second)] == [1, 2]
    assert [one.moved for one in (first, second)] == [0, 0]


def test_a_team_that_chose_nothing_has_its_best_public_file():
    files = [final("a", 10.0, 99.0), final("a", 20.0, 30.0, number=2)]
    (only,) = results(files, (), Rule())
    assert only.row.entry.number == 2


def test_no_more_finals_count_than_may_be_chosen():
    files = [
        final("a", 1.0, 10.0 * number, number=number, final_at=BEGAN + timedelta(hours=number))
        for number in (1, 2, 3)
    ]
    assert [one.row.score.value for one in results(files, (), Rule(finals=2))] == [20.0]


def test_results_tell_who_moved_and_tie_by_the_private_band():
    files = [
        replace(final("a", 90.0, 50.0), private=Score(50.0, band=3.0)),
        final("b", 50.0, 70.0),
        final("c", 10.0, 51.0, minute=3),
    ]
    found = {one.row.entry.team: one for one in results(files, (), Rule())}
    assert {team: one.row.rank for team, one in found.items()} == {"a": 2, "b": 1, "c": 2}
    assert {team: one.moved for team, one in found.items()} == {"a": -1, "b": 1, "c": 1}
    assert found["a"].row.shared and found["c"].row.shared and not found["b"].row.shared


def test_a_final_that_does_not_pass_the_gates_is_no_first():
    files = [final("a", 1.0, 99.0, passed=False), final("b", 1.0, 2.0)]
    first, last = results(files, (), Rule())
    assert (first.row.entry.team, first.row.rank) == ("b", 1)
    assert (last.row.rank, last.moved) == (None, None)


@pytest.mark.parametrize("measure", [{}, {"rows": 3}])
def test_what_was_not_measured_has_no_score(measure):
    assert Score.of(measure) is None


def test_a_score_is_what_was_earned_before_the_gates():
    told = {"rows": 9, "ungated": 60.0, "earned": 50.0, "low": 1.0, "high": 99.0, "band": 7.0}
    assert Score.of(told) == Score(50.0, 1.0, 99.0, 7.0, 9)
    assert Score.of(told | {"earned": None}).value == 60.0
