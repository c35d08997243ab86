"""The Ladder: a place is taken by being better than the best by more than chance."""

from sandbox.grading.ladder import Standing, improves
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
