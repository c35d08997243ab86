"""District living conditions under ten seeds: what a bundle yields, and what tells nothing."""

import runpy
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
import pyarrow.compute as pc
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict
from threadpoolctl import threadpool_limits

from sandbox import recipes
from sandbox.build.generation import Drawn
from sandbox.build.proof import Scratch
from sandbox.build.tables import write_database
from sandbox.catalog import load
from sandbox.grading.metrics import METRICS
from sandbox.grading.pairs import Pair
from sandbox.workspace import open_workspace
from tests.content.living_conditions import Answer, city, middle, reference, within

pytestmark = pytest.mark.heavy
SLUG = "living-conditions"
SEEDS = [f"a seed of the tests, number {number}".encode() for number in range(10)]
DEMO = open_workspace()
CHALLENGE = DEMO.folders("challenges")[SLUG]
RATES, EFFECTS = 5040, 36
# Scores are told with one decimal: less than half of its last digit is no better score.
ROUNDING = 0.05


@dataclass
class City:
    """One draw: the published database, and the hidden answers by item."""

    database: Path
    truth: dict[str, dict[str, str]]

    @cached_property
    def reference(self) -> dict[str, Answer]:
        return reference(self.database)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small matrices: threads that wait for each other would take longer."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Seed → City, drawn once for each."""
    dataset = load(DEMO).datasets[SLUG]

    @cache
    def draw(seed):
        made = recipes.draw(DEMO.folders("datasets")[SLUG], dataset, {}, seed)
        folder = tmp_path_factory.mktemp("drawn")
        write_database(folder / "sandbox.db", made.published, dataset.tables)
        tables = Drawn(made.full, made.published, made.truth, fresh=True)
        scratch = Scratch(folder / "scratch.db", folder / "sandbox.db", {SLUG: tables})
        found = scratch.connection.execute((CHALLENGE / "answers.sql").read_text()).fetchall()
        truth = {
            row["item"]: {name: str(told) for name, told in dict(row).items()} for row in found
        }
        scratch.remove()
        return City(folder / "sandbox.db", truth)

    return draw


def judged(answers: Mapping[str, Answer], truth):
    assert set(answers) == set(truth)
    columns = ("estimate", "low", "high")
    pairs = [Pair(truth[k], dict(zip(columns, answers[k], strict=True))) for k in sorted(truth)]
    return METRICS["rates-and-effects"](pairs)


def baseline(city: City, name: str) -> dict[str, Answer]:
    with sqlite3.connect(city.database) as db:
        answers = runpy.run_path(str(CHALLENGE / "baseline.py"))["baseline"](db)[name]
    return {a["item"]: (a["estimate"], a["low"], a["high"]) for a in answers}


def rates_of(city: City) -> list[dict[str, str]]:
    return [row for _, row in sorted(city.truth.items()) if row["kind"] == "rate"]


# --- what is hidden -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_three_pairs_have_an_effect_as_the_brief_says(drawn, seed):
    truth = drawn(seed).truth
    effects = [float(row["estimate"]) for row in truth.values() if row["kind"] == "effect"]
    planted = [effect for effect in effects if effect]
    assert (len(truth), len(effects), len(planted)) == (RATES + EFFECTS, EFFECTS, 3)
    assert sum(effect < 0 for effect in planted) >= 2
    # Where a share would fall below half a per cent, an effect is cut.
    assert all(3.9 <= abs(effect) <= 7 for effect in planted)


def test_every_pair_may_have_an_effect(drawn):
    """Lots fall on every type and on every indicator, whatever their order."""
    found = [item.split("-")[1:] for seed in SEEDS for item, row in drawn(seed).truth.items()
             if row["kind"] == "effect" and float(row["estimate"])]  # fmt: skip
    assert len({kind for kind, _ in found}) == 6
    assert len({indicator for _, indicator in found}) == 6
    assert len({tuple(pair) for pair in found}) > 15


# --- what answers score ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bundle_alone_is_enough_to_do_well(drawn, seed):
    """Shrinkage and difference-in-differences, against the figures as published."""
    here = drawn(seed)
    found = judged(here.reference, here.truth)
    today = judged(baseline(here, "today"), here.truth)
    assert found.passed_gates
    assert found.details["effects_found"].value >= 2
    assert found.details["rates"].value > today.details["rates"].value + 12
    assert 90 < found.details["coverage"].value < 98
    assert found.score > today.score + 30 > 30


@pytest.mark.parametrize("seed", SEEDS)
def test_the_citys_mean_scores_nothing(drawn, seed):
    here = drawn(seed)
    assert judged(baseline(here, "do_nothing"), here.truth).score == pytest.approx(0)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("insider", [middle, within], ids=["middle", "within"])
def test_knowing_the_recipe_scores_no_better(drawn, seed, insider):
    """Who reads the recipe without the seed gains nothing; what is rounded away may be gained."""
    here = drawn(seed)
    known = judged(insider(here.database), here.truth).score
    assert known <= judged(here.reference, here.truth).score + ROUNDING


@pytest.mark.parametrize("seed", SEEDS)
def test_before_and_after_alone_raises_false_alarms(drawn, seed):
    """Measures are put where last year was a bad one, so nearly everything seems to help."""
    here = drawn(seed)
    given = {**here.reference, **before_and_after(here.database)}
    measure = judged(given, here.truth)
    assert measure.gates[0].value > 5
    assert measure.score == 0


def before_and_after(database: Path) -> dict[str, Answer]:
    """The mean change from the year before the start to the first year, with its usual interval."""
    c = city(database)
    given = {}
    for t, kind in enumerate(c.types):
        place, before = np.nonzero(c.year_before[:, :, t])
        for m, indicator in enumerate(c.indicators):
            change = c.share[place, before + 1, m] - c.share[place, before, m]
            change = change[~np.isnan(change)]
            mean, half = change.mean(), 1.96 * change.std(ddof=1) / np.sqrt(len(change))
            given[f"effect-{kind}-{indicator}"] = (mean, mean - half, mean + half)
    return given


# --- what gives nothing away ----------------------------------------------------------------------


def test_drawing_the_recipe_again_with_a_public_seed_scores_like_chance(drawn):
    """Nothing for rates; that one of its pairs has an effect here, too, is chance, 1 in 12 each."""
    public = drawn(DEMO.seed).truth
    copied = {item: (float(row["estimate"]),) * 3 for item, row in public.items()}
    measures = [judged(copied, drawn(seed).truth) for seed in SEEDS]
    assert max(measure.details["rates"].value for measure in measures) < 2
    assert fmean(measure.score for measure in measures) < 4


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "source", ["subdistrict number", "place in the file", "name", "size of a row"]
)
def test_answers_copied_from_keys_and_order_score_like_a_constant(drawn, seed, source):
    here = drawn(seed)
    with sqlite3.connect(here.database) as db:
        figures = db.execute(
            "SELECT i.rowid, i.figure_id, i.subdistrict_id, s.name,"
            " length(i.figure_id || s.name || s.district) FROM indicators i"
            " JOIN subdistricts s USING (subdistrict_id)"
        ).fetchall()
    order = sorted({name for *_, name, _ in figures})
    copied = {
        figure: {"subdistrict number": int(place[1:]) / 120, "place in the file": row / RATES,
                 "name": order.index(name) / 120, "size of a row": size / 60}[source]
        for row, figure, place, name, size in figures
    }  # fmt: skip
    constant = {row["item"]: row for row in rates_of(here)}
    given: dict[str, Answer] = dict.fromkeys(here.truth, (0.0, -50.0, 50.0))
    for item, share in copied.items():  # the best constant, but for the estimate
        low, high = (float(constant[item][end]) for end in ("constant_low", "constant_high"))
        given[item] = (low + share * (high - low), low, high)
    assert judged(given, here.truth).score < 1


# That there are measures at all tells of need; what the first one costs, for its type, does not.
ABOUT = """
    SELECT s.subdistrict_id, CAST(substr(s.subdistrict_id, 2) AS INTEGER), s.rowid, length(s.name),
           unicode(s.name), unicode(s.district), s.km_to_centre,
           m.cost_kroner / (SELECT avg(t.cost_kroner) FROM measures_taken t
                            WHERE t.measure_type = m.measure_type)
    FROM subdistricts s
    JOIN (SELECT min(measure_id) AS measure_id FROM measures_taken GROUP BY subdistrict_id) first
    JOIN measures_taken m ON m.measure_id = first.measure_id
                         AND m.subdistrict_id = s.subdistrict_id
    ORDER BY s.subdistrict_id
"""
TELLING = """
    SELECT subdistrict_id, median_income_kroner, homes_in_blocks_percent
    FROM subdistricts ORDER BY subdistrict_id
"""


def explained(drawn, sql: str) -> float:
    """How much of the differences between subdistricts a strong learner tells from columns (R²)."""
    columns, lasting = [], []
    for seed in SEEDS:
        here = drawn(seed)
        of_place: dict[str, list[float]] = {}
        for row in rates_of(here):
            of_place.setdefault(row["cluster"], []).append(float(row["estimate"]))
        with sqlite3.connect(here.database) as db:
            places = db.execute(sql).fetchall()
        means = np.array([fmean(of_place[place]) for place, *_ in places])
        lasting += list(means - means.mean())
        columns += [told for _, *told in places]
    x, y = np.array(columns, float), np.array(lasting)
    learner = HistGradientBoostingRegressor(max_iter=60, random_state=0)
    return r2_score(y, cross_val_predict(learner, x, y, cv=KFold(5, shuffle=True, random_state=0)))


def test_no_column_that_should_tell_nothing_does(drawn):
    """A strong learner finds nothing in numbers, names, order, costs and distances."""
    assert explained(drawn, ABOUT) < 0.03


def test_the_same_learner_finds_what_should_tell_something(drawn):
    """So that finding nothing means something: income and blocks do tell."""
    assert explained(drawn, TELLING) > 0.3


def test_residents_are_not_placed_in_a_subdistrict(drawn):
    """Single answers name a district of twelve subdistricts, and stand in an order of chance."""
    with sqlite3.connect(drawn(SEEDS[0]).database) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(survey_answers)")]
        assert "subdistrict_id" not in columns
        order = [row[0] for row in db.execute("SELECT district FROM survey_answers ORDER BY 1")]
        listed = [
            r[0] for r in db.execute("SELECT district FROM survey_answers ORDER BY answer_id")
        ]
    shares = [order.count(d) / len(order) for d in set(order)]
    agree = fmean(a == b for a, b in pairwise(listed))
    expected = sum(share**2 for share in shares)
    assert abs(agree - expected) < 4 * (expected * (1 - expected) / len(listed)) ** 0.5


def test_the_true_effect_is_that_of_the_ledger(drawn):
    """Every row's outcome without and with the measure differs by the planted change alone."""
    dataset = load(DEMO).datasets[SLUG]
    made = recipes.draw(DEMO.folders("datasets")[SLUG], dataset, {}, SEEDS[0])
    truth = drawn(SEEDS[0]).truth
    for item, row in truth.items():
        if row["kind"] == "effect":
            _, kind, indicator = item.split("-")
            ledger = made.truth[f"indicators.{kind}"].to_table()
            mine = ledger.filter(pc.equal(ledger.column("group"), indicator))
            change = np.subtract(mine.column("outcome_treated"), mine.column("outcome_untreated"))
            assert float(row["estimate"]) == pytest.approx(change.mean())
            assert np.ptp(change) < 3
