"""Units are assigned by lot: sizes met, strata shared evenly, clusters whole, and repeatable."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sandbox import trials
from sandbox.errors import SandboxError, TableError
from sandbox.trials.assignment import draw
from sandbox.trials.frozen import assigned_file, digest, read_assigned
from sandbox.trials.tables import read_table

STRATA = st.lists(st.sampled_from("abcde"), min_size=1, max_size=60)


@given(STRATA, st.lists(st.integers(0, 20), min_size=2, max_size=4), st.binary(max_size=8))
def test_sizes_are_met_and_each_stratum_gives_its_share_rounded_up_or_down(strata, sizes, seed):
    names = [f"u{i}" for i in range(len(strata))]
    wanted = {f"arm{i}": size for i, size in enumerate(sizes)}
    if sum(sizes) > len(names):
        with pytest.raises(ValueError, match="places for"):
            draw(seed, names, strata, wanted)
        return
    arms = draw(seed, names, strata, wanted)
    assert all(arms.count(arm) == size for arm, size in wanted.items())
    first = Counter(s for s, arm in zip(strata, arms, strict=True) if arm == "arm0")
    for stratum, count in Counter(strata).items():
        assert abs(first[stratum] - count * sizes[0] / len(names)) < 1


@given(STRATA)
def test_in_two_equal_arms_no_stratum_leans_by_more_than_one(strata):
    strata = strata * 2
    names = [f"u{i}" for i in range(len(strata))]
    arms = draw(b"seed", names, strata, {"a": len(names) // 2, "b": len(names) // 2})
    lean = Counter(strata)
    for stratum in set(strata):
        own = [arm for s, arm in zip(strata, arms, strict=True) if s == stratum]
        assert abs(own.count("a") - own.count("b")) <= 1
    assert sum(lean.values()) == len(arms)


@given(st.permutations(range(12)))
def test_the_order_of_the_list_decides_nothing(order):
    names, strata = [f"u{i}" for i in range(12)], ["x", "y", "z"] * 4
    plain = dict(zip(names, draw(b"s", names, strata, {"a": 5, "b": 6}), strict=True))
    mixed = [names[i] for i in order]
    arms = draw(b"s", mixed, [strata[i] for i in order], {"a": 5, "b": 6})
    assert dict(zip(mixed, arms, strict=True)) == plain


def test_an_assignment_never_changes():
    """A changed value here means that no assignment that was published can be drawn again."""
    names = [f"u{i}" for i in range(12)]
    arms = draw(b"seed", names, ["x", "y", "z"] * 4, {"a": 5, "b": 6})
    assert "".join(arm or "." for arm in arms) == ".bbabababaab"


@pytest.mark.heavy
def test_every_unit_is_as_likely_as_any_other_to_come_into_an_arm():
    names, strata = [f"u{i}" for i in range(23)], ["x"] * 5 + ["y"] * 7 + ["z"] * 11
    sizes, draws = {"a": 10, "b": 9}, 3_000
    arms = np.array([draw(str(i).encode(), names, strata, sizes) for i in range(draws)])
    for arm, size in (("a", 10), ("b", 9), ("", 4)):
        found = (arms == arm).sum(axis=0)
        share = size / len(names)
        spread = (found - draws * share) / np.sqrt(draws * share * (1 - share))
        assert np.abs(spread).max() < stats.norm.isf(0.0001)


@pytest.mark.heavy
def test_two_units_of_a_stratum_do_not_stick_together():
    arms = np.array([draw(str(i).encode(), ["a", "b", "c", "d"], ["x"] * 4, {"t": 2, "u": 2})
                     for i in range(3_000)])  # fmt: skip
    together = (arms[:, 0] == arms[:, 1]).mean()
    assert abs(together - 1 / 3) < 4 * np.sqrt(1 / 3 * 2 / 3 / 3_000)


def test_a_name_that_stands_twice_is_no_unit():
    with pytest.raises(ValueError, match="twice"):
        draw(b"s", ["a", "a"], ["", ""], {"t": 1, "u": 1})


# --- files ----------------------------------------------------------------------------------------


def test_the_file_names_unit_stratum_and_arm_and_the_record_its_hash_and_seed(trial):
    frozen = trial.freeze()
    trial.units(125)
    made = trial.assign()
    assert (made.counts, made.left_out) == ({"today": 60, "cost": 60}, 5)
    rows = trial.assigned()
    assert list(rows[0]) == ["patient_id", "stratum", "arm"]
    assert [row["patient_id"] for row in rows] == sorted(row["patient_id"] for row in rows)
    by_clinic = Counter((row["stratum"], row["arm"]) for row in rows)
    assert set(by_clinic.values()) <= {19, 20, 21}
    raw = (trial.folder / "letters.csv").read_bytes()
    record = read_assigned(trial.path)
    assert record.sha256 == hashlib.sha256(raw).hexdigest()
    assert (record.file, record.seed) == ("letters.csv", frozen.sha256)
    assert (
        json.loads(assigned_file(trial.path).read_text())["assigned_at"] == "2027-03-05T09:00:00Z"
    )


def test_the_assignment_may_lie_in_another_folder_and_is_found_from_the_plan(trial, monkeypatch):
    trial.freeze()
    trial.units()
    (trial.folder / "lists").mkdir()
    trials.assign(trial.path, trial.plan, trial.folder / "patients.csv", Path("lists/letters.csv"))
    assert read_assigned(trial.path).file == "lists/letters.csv"
    (trial.folder / "lists" / "letters.csv").rename(trial.folder / "letters.csv")
    trial.outcomes(lambda row, place: place % 2)
    with pytest.raises(TableError, match=r"lists/letters\.csv: the file is missing"):
        trial.analyse()
    (trial.folder / "letters.csv").rename(trial.folder / "lists" / "letters.csv")
    assert trial.analyse().data.by_lot


def test_the_same_plan_and_list_give_the_same_bytes_and_another_seed_others(trial):
    trial.freeze()
    trial.units()
    written = []
    for seed in (None, digest(trial.plan), "lottery 7 12 30"):
        trial.assign(seed=seed)
        written.append((trial.folder / "letters.csv").read_bytes())
        (trial.folder / "letters.csv").unlink()
        assigned_file(trial.path).unlink()
    assert written[0] == written[1] != written[2]


def test_clusters_are_assigned_whole(trial):
    cluster = {"column": "clinic", "title": "clinics", "size": 5, "likeness": 0.05}
    trial.change(size=6, strata=["region"], balance=[], cluster=cluster)
    trial.freeze()
    rows = [{"patient_id": f"p{i}", "clinic": f"c{i % 12:02}", "region": "ew"[i % 2]}
            for i in range(60)]  # fmt: skip
    trial.write("patients.csv", rows)
    assert trial.assign().counts == {"today": 6, "cost": 6}
    dealt = trial.assigned()
    assert len({(row["clinic"], row["arm"]) for row in dealt}) == 12
    regions = Counter((row["stratum"], row["arm"]) for row in dealt)
    assert set(regions.values()) == {15}
    rows[0]["region"] = "w"
    trial.write("patients.csv", rows)
    assigned_file(trial.path).unlink()
    (trial.folder / "letters.csv").unlink()
    with pytest.raises(TableError, match="the cluster 'c00' lies in two strata"):
        trial.assign()


def test_nobody_is_assigned_before_the_plan_is_frozen_or_after_it_was_changed(trial):
    trial.units()
    with pytest.raises(SandboxError, match=r"is not frozen.*\n.*trial plan letter\.yml --freeze"):
        trial.assign()
    trial.freeze()
    trial.change(smallest_effect=0.03)
    with pytest.raises(SandboxError, match="is not as it was frozen: smallest_effect"):
        trial.assign()
    assert not (trial.folder / "letters.csv").exists()


def test_nobody_draws_until_they_like_it(run):
    with pytest.raises(SandboxError, match=r"was assigned already, in letters\.csv"):
        run.assign(seed="another")


def test_a_file_that_is_there_is_never_written_over(trial):
    trial.freeze()
    trial.units()
    (trial.folder / "letters.csv").write_text("mine", "utf-8")
    with pytest.raises(SandboxError, match="is there already"):
        trial.assign()
    assert (trial.folder / "letters.csv").read_text("utf-8") == "mine"


def test_everything_that_is_wrong_with_a_list_is_told_at_once(trial):
    trial.freeze()
    (trial.folder / "patients.csv").write_text("patient_id,klinikk\np1,a\np1,b\n,c\n", "utf-8")
    with pytest.raises(TableError) as caught:
        trial.assign()
    assert [(p.line, p.what) for p in caught.value.problems] == [
        (1, "the column 'clinic' is missing: it is one of the plan's strata"),
        (3, "patient_id 'p1' stands twice"),
        (4, "patient_id is empty"),
    ]


def test_too_few_units_are_told_with_what_to_do(trial):
    trial.freeze()
    trial.units(100)
    with pytest.raises(TableError, match="the plan has 120 units; the list has fewer"):
        trial.assign()


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("id,x\na,1.5\nb,\n", [1.5, None]),
        ("\ufeffid;x\r\na;1,5\r\nb;2.5\r\n", [1.5, 2.5]),
        ("id\tx\na\t1,5\nb\t-2\n", [1.5, -2]),
        ('id,x\n"a",1e3\nb, 2 \n\n', [1000, 2]),
    ],
)
def test_files_are_read_as_spreadsheets_write_them(tmp_path, text, numbers):
    (tmp_path / "t.csv").write_text(text, "utf-8", newline="")
    table = read_table(tmp_path / "t.csv")
    found = table.numbers("x", "why")
    table.done()
    assert [None if np.isnan(v) else v for v in found] == numbers


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "the file is empty"),
        (b"id,x\n", "there are no rows"),
        (b"id,id\na,b\n", "the column 'id' stands twice"),
        (b"id,x\na\n", "this line has another number of values than the first line"),
        (b"id,x\na,\xe5\n", "the file is not UTF-8"),
        (b'id,x\na,"b\n', "this line is not CSV"),
        (b"id\0,x\n", "this is not a CSV file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path, raw, told):
    (tmp_path / "t.csv").write_bytes(raw)
    with pytest.raises(TableError, match=told):
        read_table(tmp_path / "t.csv")


def test_of_many_mistakes_of_a_kind_the_first_are_shown_and_the_rest_counted(tmp_path):
    (tmp_path / "t.csv").write_text("id,x\n" + "a,nan\nb,oops\n" * 10, "utf-8")
    table = read_table(tmp_path / "t.csv")
    table.yes_no("x", "why")
    with pytest.raises(TableError) as caught:
        table.done()
    assert len(caught.value.problems) == 6
    assert "x is not right: 15 more rows like those" in str(caught.value)
