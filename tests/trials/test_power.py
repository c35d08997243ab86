"""Sizes and effects agree with each other, with the literature, and with what trials then find."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.trials.power import (
    Design,
    between_strata,
    designs,
    effect_for,
    power,
    sights,
    size_against_harm,
    size_for,
)
from sandbox.trials.wording import Teller

LETTER = Design("share", 0.111)


def test_from_11_1_to_8_4_per_cent_takes_1894_letters_in_each_group():
    assert size_for(LETTER, 0.111 - 0.084) == 1894


def test_with_500_letters_in_each_group_less_than_5_points_is_not_seen():
    assert effect_for(LETTER, 500) == pytest.approx(0.0497, abs=5e-5)


def test_means_are_as_in_cohens_tables_and_as_statsmodels_has_them():
    """Cohen 1988, table 2.4.1: d = 0.5 takes 64; power from statsmodels 0.15 TTestIndPower, which
    counts effects found in the wrong direction as well."""
    design = Design("mean", 0.0, spread=1.0)
    assert size_for(design, 0.5) == 64
    assert power(design, 0.5, 64) == pytest.approx(0.8014595579, abs=2e-5)
    uneven = Design("mean", 0.0, spread=1.0, ratio=2.0)
    assert power(uneven, 0.5, 30) == pytest.approx(0.5993610910, abs=2e-5)


def test_clusters_inflate_by_the_design_effect():
    assert Design("mean", 0, cluster_size=20, likeness=0.05).inflation == pytest.approx(1.95)
    assert Design("mean", 0, cluster_size=20, likeness=0.05, uneven=0.5).inflation == pytest.approx(
        1 + (1.25 * 20 - 1) * 0.05
    )
    clusters = size_for(Design("share", 0.111, cluster_size=20, likeness=0.05), 0.027)
    assert clusters == math.ceil(1893.6 * 1.95 / 20) + 1  # one more, since t is wider than z


def test_what_is_explained_makes_the_trial_smaller_by_as_much():
    half = size_for(Design("share", 0.111, explained=0.5), 0.027)
    assert half == 947


@pytest.mark.parametrize("better", ["lower", "higher"])
@given(today=st.floats(0.05, 0.9), size=st.integers(20, 5000))
def test_size_and_effect_are_each_others_inverse(better, today, size):
    design = Design("share", today, better)
    effect = effect_for(design, size)
    if effect is None:
        assert power(design, design.room, size) < design.power
        return
    assert power(design, effect, size) == pytest.approx(design.power, abs=1e-6)
    assert abs(size_for(design, effect * 1.0001) - size) <= 1


@given(st.floats(0.01, 3), st.floats(0, 0.9), st.integers(2, 400))
def test_more_units_and_larger_effects_are_never_seen_worse(effect, likeness, size):
    design = Design("mean", 0, spread=1.0, cluster_size=5.0, likeness=likeness)
    assert power(design, effect, size + 1) >= power(design, effect, size) - 1e-9
    assert power(design, effect * 1.1, size) >= power(design, effect, size) - 1e-9


def test_an_effect_that_there_is_no_room_for_has_no_size():
    assert size_for(LETTER, 0.2) is None
    assert size_for(LETTER, 0.0) is None
    assert effect_for(LETTER, 20) is None


def test_strata_explain_what_lies_between_them():
    assert between_strata([100, 100], [0.1, 0.3]) == pytest.approx(0.01 / 0.16)
    assert between_strata([10, 30], [0.2, 0.2]) == 0
    assert between_strata([10], [0.0]) == 0


def test_a_plan_hands_on_all_that_decides_its_power(trial):
    (design,) = designs(trial.change(strata_explain=0.1).plan)
    assert (design.today, design.better, design.explained) == (0.111, "lower", pytest.approx(0.1))
    trial.change(size=20, strata=["region"], balance=[], covariate={"column": "before",
                 "correlation": 0.5}, cluster={"column": "clinic", "title": "clinics", "size": 30,
                 "likeness": 0.02, "uneven": 0.4})  # fmt: skip
    (design,) = designs(trial.plan)
    assert (design.cluster_size, design.likeness, design.uneven) == (30, 0.02, 0.4)
    assert design.explained == pytest.approx(1 - 0.9 * 0.75)


def test_power_in_plain_words(trial):
    trial.said["guardrails"][0]["harm"] = 0.02
    said = Teller(trial.change(size=500).plan, "en").power()
    assert said == [
        "With 500 patients per group you will not see less than 5.0 percentage points. Worth "
        "acting on is 2.7 percentage points: that takes 1,894 patients per group.",
        "Complaints: to rule out harm of 2.0 percentage points takes 769 patients per group.",
        "To see an effect means: 80 of 100 such trials would find it.",
    ]
    enough, harm, _ = Teller(trial.change(size=1894).plan, "en").power()
    assert enough.endswith("That is enough: worth acting on is 2.7 percentage points.")
    assert harm == "Complaints: that is enough to rule out harm of 2.0 percentage points."


def test_power_in_norwegian(trial):
    said = Teller(trial.change(size=500).plan, "nb").power()[0]
    assert said.replace("\xa0", " ") == (
        "Med 500 pasienter per gruppe ser du ikke noe som er mindre enn 5,0 prosentpoeng. Verdt å "
        "handle på er 2,7 prosentpoeng: det krever 1 894 pasienter per gruppe."
    )


def test_a_trial_that_can_see_nothing_says_so(trial):
    said = Teller(trial.change(size=20).plan, "en").power()[0]
    assert said.startswith("With 20 patients per group you cannot see even the largest effect")


def test_uneven_arms_are_told_by_their_names(trial):
    trial.said["arms"][1]["size"] = 250
    said = Teller(trial.change().plan, "en").power()[0]
    assert said.startswith("With 60 patients in “Today's letter” and 250 in “Letter with the cost”")
    assert said.endswith("patients in the first group, and more in the other in proportion.")


def test_harm_takes_its_own_size(trial):
    trial.said["guardrails"][0]["harm"] = 0.02
    (guardrail,) = trial.change().plan.guardrails
    needed = size_against_harm(trial.plan, guardrail)
    assert needed == size_for(Design("share", 0.01, "higher"), 0.02)
    assert sights(trial.plan)[0].enough is False
