"""What the Ladder rests on: standard errors of pairs; and that many tries teach next to nothing."""

import numpy as np
import pytest

from sandbox.grading import chance
from sandbox.grading.ladder import Standing, improves
from sandbox.grading.sums import Sums, mean
from sandbox.grading.verdict import Difference, Measure

pytestmark = pytest.mark.heavy

ROWS = 500


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
            if improves(new, best and best[1], found, higher_is_better=True):
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


def test_a_hundred_random_files_gain_less_with_the_ladder_than_without():
    """500 public rows: voting gains about ten points without it, and a third of that with it."""
    gains = {
        ladder: np.mean([attack(np.random.default_rng(s), 100, ladder=ladder) for s in range(20)])
        for ladder in (False, True)
    }
    assert gains[False] > 0.07
    assert gains[True] < gains[False] / 2
