"""Planted defects: F1 for each, a price on false alarms, and nothing for constant answers."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from sandbox.grading.measuring import measured
from sandbox.grading.metrics.planted_defects import planted_defects
from sandbox.grading.pairs import Pair

pytestmark = pytest.mark.heavy

NONE = ("", "none")
COLUMNS = {"reports": ("seen_on", "size_cm"), "visits": ("cost_nok", "left_at")}
FAULTS = ("missing", "swapped_date", "wrong_unit")
PLANTED = {
    "reports": (NONE, ("seen_on", "swapped_date"), ("size_cm", "missing")),
    "visits": (NONE, ("cost_nok", "wrong_unit")),
}
NAMED = {
    table: (NONE, (None, None), *product(columns, FAULTS)) for table, columns in COLUMNS.items()
}

# What is planted in a record, and what is named there; both with the record's table.
RECORD = st.sampled_from(sorted(COLUMNS)).flatmap(
    lambda table: st.tuples(
        st.just(table), st.sampled_from(PLANTED[table]), st.sampled_from(NAMED[table])
    )
)
RECORDS = st.lists(RECORD, min_size=1, max_size=60)


def measure(records):
    return planted_defects([
        Pair({"table_name": table, "column_name": true[0], "fault": true[1]},
             {"column_name": named[0], "fault": named[1]})
        for table, true, named in records
    ])  # fmt: skip


def register(**named):
    """1,000 reports, of which 20 have a swapped date and 10 no size, and 500 visits.

    named: what is said of `swapped`, `sizeless`, `sound` reports and of `visits`; none unless said.
    """
    size = {"swapped": 20, "sizeless": 10, "sound": 970, "visits": 500}
    true = {"swapped": ("seen_on", "swapped_date"), "sizeless": ("size_cm", "missing")}
    return [
        ("visits" if part == "visits" else "reports", true.get(part, NONE), named.get(part, NONE))
        for part, rows in size.items()
        for _ in range(rows)
    ]


SWAPPED, MISSING = ("seen_on", "swapped_date"), ("size_cm", "missing")


def test_every_row_and_nothing_else_scores_100():
    found = measure(register(swapped=SWAPPED, sizeless=MISSING))
    assert found.score == 100
    told = {name: detail.value for name, detail in found.details.items()}
    assert told == {
        "defects": 2, "named": 30, "right": 30, "missed": 0, "false_alarms": 0, "stray": 0
    }  # fmt: skip


def test_one_of_two_defects_scores_half():
    assert measure(register(swapped=SWAPPED)).score == 50


def test_a_false_alarm_costs_as_much_as_a_missed_row():
    records = register(swapped=SWAPPED, sizeless=MISSING)
    missed = [*records[:29], (*records[29][:2], NONE), *records[30:]]
    alarm = [*records[:30], (*records[30][:2], MISSING), *records[31:]]
    assert measure(missed).score == pytest.approx(100 * (1 + 18 / 19) / 2)
    assert measure(alarm).score == pytest.approx(100 * (1 + 20 / 21) / 2)


def test_the_right_kind_in_the_wrong_column_is_a_false_alarm():
    found = measure(register(swapped=("size_cm", "swapped_date"), sizeless=MISSING))
    assert found.score == pytest.approx(100 * (0 + 1) / 2 * 10 / 30)
    assert measure(register(swapped=(None, "swapped_date"))).score == 0


@pytest.mark.parametrize("nothing", [NONE, (None, None), ("seen_on", "none")])
def test_naming_nothing_scores_nothing(nothing):
    silent = register(**dict.fromkeys(("swapped", "sizeless", "sound", "visits"), nothing))
    assert measure(silent).score == 0


def test_the_same_defect_everywhere_scores_what_is_documented():
    records = register(**dict.fromkeys(("swapped", "sizeless", "sound", "visits"), SWAPPED))
    expected = 100 * 2 * 20 / (20 + 1000) / 2 * 20 / (20 + 500)
    assert measure(records).score == pytest.approx(expected)
    assert measure(records).score < 0.1
    nowhere = ("cost_nok", "wrong_unit")
    records = register(**dict.fromkeys(("swapped", "sizeless", "sound", "visits"), nowhere))
    assert measure(records).score == 0


def test_without_planted_defects_and_without_records_there_is_no_score():
    assert measure([("visits", NONE, ("cost_nok", "missing"))]).score == 0
    assert measure([]).score == 0


def test_the_interval_holds_the_score_and_rows_without_anything_change_nothing():
    records = register(swapped=SWAPPED)[:5] + register(sizeless=MISSING)[5:]
    pairs = [
        Pair({"table_name": t, "column_name": true[0], "fault": true[1]},
             {"column_name": named[0], "fault": named[1]})
        for t, true, named in records
    ]  # fmt: skip
    found = measured(planted_defects, pairs, b"the seed of a test")
    assert found.low < found.score < found.high
    fewer = measured(planted_defects, pairs[:-400], b"the seed of a test")
    assert (found.score, found.low, found.high) == (fewer.score, fewer.low, fewer.high)


@settings(max_examples=200, deadline=None)
@given(RECORDS)
def test_the_mean_of_f1_is_scikit_learns(records):
    labels = sorted({(table, *true) for table, true, _ in records if true != NONE})
    if not labels:
        return
    number = {label: place for place, label in enumerate(labels)}

    def code(table, said):
        return -1 if said[1] in (None, "none") else number.get((table, *said), -2)

    true = [code(table, true) for table, true, _ in records]
    given_ = [code(table, named) for table, _, named in records]
    mean = f1_score(true, given_, labels=range(len(labels)), average="macro", zero_division=0)
    right = sum(t == g >= 0 for t, g in zip(true, given_, strict=True))
    stray = given_.count(-2)
    expected = 100 * mean * right / (right + stray) if right else 0
    assert measure(records).score == pytest.approx(expected)


@settings(max_examples=200, deadline=None)
@given(RECORDS, st.data())
def test_a_better_answer_never_scores_lower(records, data):
    """A record in which something wrong was said, or nothing, gets what is planted in it."""
    before = measure(records).score
    for place in data.draw(st.permutations(range(len(records)))):
        table, true, _ = records[place]
        records = [*records[:place], (table, true, true), *records[place + 1 :]]
        after = measure(records).score
        assert after >= before - 1e-9
        before = after
    assert before == (100 if any(true != NONE for _, true, _ in records) else 0)


@settings(max_examples=100, deadline=None)
@given(RECORDS, st.randoms())
def test_the_order_of_rows_never_matters(records, random):
    shuffled = list(records)
    random.shuffle(shuffled)
    assert measure(shuffled) == measure(records)


def test_a_gap_between_groups_is_that_of_their_own_scores():
    """Rows without anything planted or named add nothing, and shift no other into their group."""
    records = register(swapped=SWAPPED) + register(swapped=SWAPPED, sizeless=MISSING)
    half = len(records) // 2
    pairs = [
        Pair({"table_name": table, "column_name": true[0], "fault": true[1],
              "group": "south" if place < half else "north"},
             {"column_name": named[0], "fault": named[1]})
        for place, (table, true, named) in enumerate(records)
    ]  # fmt: skip
    found = measured(planted_defects, pairs, b"a seed")
    assert found.groups == {"south": 50, "north": 100}
    assert found.gap.value == 50
    assert found.gap.low > 40
