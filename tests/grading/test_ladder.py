"""The Ladder: a place is taken by more than chance, and many tries teach next to nothing."""

import numpy as np
import pytest

from sandbox.grading import chance
from sandbox.grading.ladder import Standing, improves
from sandbox.grading.sums import Sums, mean
from sandbox.grading.verdict import Difference, Gate, Measure

ROWS = 500


def measure(score, *, band=None, passed=True):
    gate = Gate(name="g", title={"en": "g"}, value=0 if passed else 2, limit=1, unit={"en": "x"})
    return Measure(rows=ROWS, ungated=score, band=band, gates=(gate,))


def standing(score, *, band=None, passed=True):
    return Standing(measure(score, band=band), measure(score, passed=passed))


def up(new, best, better=None, *, higher=True):
    return improves(new, best, better, higher_is_better=higher)


def test_the_first_file_takes_a_place_whatever_it_scores():
    assert up(standing(0, passed=False), None)


def test_a_paired_difference_must_be_more_than_one_standard_error():
    for value, error, takes in ((1.0, 0.99, True), (1.0, 1.0, False), (-1.0, 0.1, False)):
        better = Difference(value=value, low=-9, high=9, error=error)
        assert up(standing(51), standing(50), better) is takes


def test_without_a_paired_difference_the_band_says_what_chance_would_give():
    """A band of 1.96 is a standard error of one."""
    assert not up(standing(51, band=1.96), standing(50, band=1.0))
    assert up(standing(51.1, band=1.96), standing(50, band=1.0))
    assert up(standing(50.1), standing(50))
    assert not up(standing(50), standing(50))
    assert up(standing(49.9), standing(50), higher=False)
    assert not up(standing(50.1), standing(50), higher=False)


def test_what_passes_the_gates_takes_the_place_of_what_does_not_and_never_the_other_way():
    better = Difference(value=30, low=20, high=40, error=1)
    assert up(standing(20), standing(50, passed=False))
    assert not up(standing(80, passed=False), standing(50), better)
    assert up(standing(80, passed=False), standing(50, passed=False), better)


@pytest.mark.heavy
def test_the_standard_error_of_a_mean_is_the_papers():
    rng = np.random.default_rng(1)
    values = rng.exponential(2.0, 300)
    by_hand = values.std(ddof=1) / np.sqrt(300)
    assert chance.standard_error(mean(values)) == pytest.approx(by_hand)
    first, second = rng.random(300) < 0.7, rng.random(300) < 0.6
    found = chance.compare(mean(first), mean(second), b"0123456789abcdef")
    paired = first.astype(float) - second
    assert found.error == pytest.approx(paired.std(ddof=1) / np.sqrt(300))
    assert found.value == pytest.approx(paired.mean())


@pytest.mark.heavy
def test_files_that_name_other_rows_are_compared_row_by_row():
    """Where rows that add nothing are left out, the same row of both stands at the same place."""
    rng = np.random.default_rng(2)
    every = [(rng.random(80) < share).astype(float) for share in (0.5, 0.3)]
    places = [np.flatnonzero(one) for one in every]
    whole = [Sums(one[:, None], lambda s: s[..., 0]) for one in every]
    short = [Sums(one[p][:, None], lambda s: s[..., 0], places=list(p))
             for one, p in zip(every, places, strict=True)]  # fmt: skip
    found = chance.compare(*short, b"0123456789abcdef")
    asked = chance.compare(*whole, b"0123456789abcdef")
    assert found.value == asked.value
    assert found.error == pytest.approx(asked.error, rel=0.1)


def attack(rng, tries, *, ladder):
    """Random files; the majority of those that were told to be good is handed in last.

    Without the Ladder each public score is told; with it only whether the file took the place.
    Returns the public score of the last file minus its score on fresh rows, which is 0.5.
    """
    truth = rng.random(ROWS) < 0.5
    kept, best = [], None
    for _ in range(tries):
        guess = rng.random(ROWS) < 0.5
        right = guess == truth
        if ladder:
            new = Standing(*[Measure(rows=ROWS, ungated=100 * right.mean())] * 2)
            found = best and chance_of(right, best)
            if up(new, None if best is None else best[1], found):
                best = right, new
                kept.append(guess)
        elif right.mean() > 0.5:
            kept.append(guess)
    votes = np.mean(kept, axis=0) if kept else np.full(ROWS, 0.5)
    last = np.where(votes == 0.5, rng.random(ROWS) < 0.5, votes > 0.5)
    return (last == truth).mean() - 0.5


def chance_of(right, best):
    paired = 100 * (right.astype(float) - best[0])
    error = chance.standard_error(mean(paired))
    return Difference(value=float(paired.mean()), low=0, high=0, error=error)


@pytest.mark.heavy
def test_a_hundred_random_files_gain_less_with_the_ladder_than_without():
    """500 public rows: voting gains about ten points without it, and a third of that with it."""
    gains = {
        ladder: np.mean([attack(np.random.default_rng(s), 100, ladder=ladder) for s in range(20)])
        for ladder in (False, True)
    }
    assert gains[False] > 0.07
    assert gains[True] < gains[False] / 2
