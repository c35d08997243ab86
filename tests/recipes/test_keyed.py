"""Random words are a function of seed, name, site and row; shares come out as they are written."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sandbox.recipes import keyed

ROWS = st.integers(0, 500)
FIRST, SECOND = 12_687_586_112_360_201_740, 11_995_405_045_665_358_598


@given(ROWS, ROWS, ROWS)
def test_a_range_of_rows_has_the_words_it_has_in_the_whole(start, length, more):
    whole = keyed.words(b"seed", "d.t.c", "normal0", 0, start + length + more)
    part = keyed.words(b"seed", "d.t.c", "normal0", start, start + length)
    assert (whole[start : start + length] == part).all()


@pytest.mark.parametrize(
    "other", [(b"other", "d.t.c", "s"), (b"seed", "d.t.d", "s"), (b"seed", "d.t.c", "s1")]
)
def test_another_seed_column_or_call_has_other_words(other):
    assert not set(keyed.words(b"seed", "d.t.c", "s", 0, 100)) & set(keyed.words(*other, 0, 100))


def test_words_never_change():
    """A changed value here means that every dataset changes: give all of them a new version."""
    assert keyed.words(b"seed", "d.t.c", "s", 0, 2).tolist() == [FIRST, SECOND]


@pytest.mark.heavy
def test_words_are_the_same_in_another_process_with_other_hashing(tmp_path):
    code = "from sandbox.recipes import keyed; print(*keyed.words(b'seed', 'd.t.c', 's', 0, 2))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONHASHSEED": "7"}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.stdout.split() == [str(FIRST), str(SECOND)]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(0, 100_000))
def test_largest_remainders_add_up_and_stay_within_one_of_the_exact_share(weights, total):
    shares = keyed.largest_remainder(np.array(weights), total)
    if sum(weights) == 0:
        assert not shares.any()
        return
    exact = np.array(weights) / np.sum(weights) * total
    assert shares.sum() == total
    assert (np.abs(shares - exact) < 1 + 1e-6).all()


def test_a_guide_table_gives_each_share_to_a_slot():
    table = keyed.guide(np.array([0.5, 0.3, 0.0, 0.2]), 16)
    assert len(table) == 1 << 16
    assert np.abs(np.bincount(table, minlength=4) / (1 << 16) - [0.5, 0.3, 0, 0.2]).max() < 2**-16


def test_normal_draws_follow_the_normal_distribution():
    draws = keyed.normal(keyed.words(b"seed", "d.t.c", "s", 0, 100_000))
    assert stats.kstest(draws, "norm").pvalue > 0.001
    assert np.abs(draws).max() < 4.5


def test_numbers_below_a_limit_are_even():
    draws = keyed.below(keyed.words(b"seed", "d.t.c", "s", 0, 60_000), np.array(6))
    assert stats.chisquare(np.bincount(draws, minlength=6)).pvalue > 0.001
