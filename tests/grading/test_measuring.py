"""A measure gets its interval, band, groups and gap; what a metric knows exactly stands."""

import pytest

from sandbox.grading.measuring import measured
from sandbox.grading.metrics import METRICS
from sandbox.grading.pairs import Pair
from sandbox.grading.sums import mean
from sandbox.grading.verdict import Measure, Verdict, band_of

SEED = b"a seed of the tests, 32 bytes in"


def error(pairs):
    """Mean distance, whose interval is left to the bootstrap."""
    apart = [abs(float(p.truth["answer"]) - p.given["answer"]) for p in pairs]
    return Measure(rows=len(pairs), ungated=sum(apart) / max(len(apart), 1), sums=mean(apart))


def pairs(groups=("",), answers=range(40)):
    return [Pair({"answer": str(n * n % 7), "group": groups[n % len(groups)]}, {"answer": 3.0})
            for n in answers]  # fmt: skip


def test_a_metric_without_an_interval_gets_one_by_bootstrap_and_a_band_from_it():
    found = measured(error, pairs(), SEED)
    assert found.low < found.ungated < found.high
    assert found.band == pytest.approx(band_of(found.low, found.high))
    assert found.gap is None and found.groups == {}


def test_an_exact_interval_stands():
    def exact(given):
        return error(given).model_copy(update={"low": 0.25, "high": 2.25})

    found = measured(exact, pairs(), SEED)
    assert (found.low, found.high) == (0.25, 2.25)
    assert found.band == pytest.approx(2**0.5)


def test_each_group_has_its_own_score_its_rows_and_the_gap_an_interval():
    found = measured(error, pairs(("north", "south", "")), SEED)
    assert found.group_rows == {"north": 14, "south": 13}
    alone = [p for p in pairs(("north", "south", "")) if p.truth["group"] == "south"]
    assert found.groups["south"] == pytest.approx(error(alone).ungated)
    assert found.gap.value == pytest.approx(abs(found.groups["north"] - found.groups["south"]))
    assert found.gap.low < found.gap.value < found.gap.high


def test_one_group_alone_has_no_gap():
    found = measured(error, pairs(("north",)), SEED)
    assert list(found.groups) == ["north"]
    assert found.gap is None


def test_where_the_rows_are_no_sample_the_gap_has_no_interval_and_a_score_no_band():
    asked = [Pair({"answer": "a", "tolerance": "", "group": g}, {"answer": said})
             for g, said in (("x", "a"), ("x", "a"), ("y", "a"), ("y", "b"))]  # fmt: skip
    found = measured(METRICS["exact-match"], asked, SEED)
    assert (found.low, found.band) == (None, None)
    assert found.groups == {"x": 100.0, "y": 50.0}
    assert (found.gap.value, found.gap.low) == (50.0, None)


def test_no_row_at_all_is_measured_too():
    assert measured(error, [], SEED).low is None


def test_a_measure_is_the_same_once_it_has_been_json_and_holds_no_row():
    found = measured(error, pairs(("north", "south")), SEED)
    assert Measure.model_validate_json(found.model_dump_json()) == found
    assert "sums" not in error(pairs()).model_dump(mode="json")


@pytest.fixture
def verdict():
    whole = measured(error, pairs(("south", "north")), SEED)
    words = {"en": "Whether the plan was followed", "nb": "Om planen ble fulgt"}
    return Verdict(challenge="x", unit="days", higher_is_better=False, whole=whole, public=whole,
                   private=whole, judged_by_people=(words,))  # fmt: skip


def test_a_verdict_tells_the_groups_by_name_and_ranks_none(verdict):
    lines = verdict.text().splitlines()
    named = [line.split(":")[0].strip() for line in lines if line.strip().startswith("group ")]
    assert named == ["group north", "group south"]
    assert any("between the groups with the best and the worst score" in line for line in lines)
    assert "best and the worst score: 0.05 days (95 % interval: 0–" in verdict.text()
    assert [group["name"] for group in verdict.summary()["groups"]] == ["north", "south"]
    assert verdict.summary()["gap"]["value"] == verdict.whole.gap.value


def test_what_people_judge_is_told_in_words_and_never_as_a_number(verdict):
    (line,) = [line for line in verdict.text().splitlines() if "plan" in line]
    assert line == "  Whether the plan was followed: judged by people"
    assert "  Om planen ble fulgt: vurderes av mennesker" in verdict.text("nb").splitlines()
    assert not any(character.isdigit() for character in line)


def test_the_band_is_told_in_both_languages(verdict):
    assert "a tie with any answer that is no further away than" in verdict.text()
    assert "uavgjort med ethvert svar som ikke er lenger unna enn" in verdict.text("nb")
