"""Whoever reads the recipe and the bundle, without the seed, gains nothing by the recipe."""

import sqlite3
from itertools import pairwise

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from threadpoolctl import threadpool_limits

from sandbox import recipes, sources
from sandbox.build.tables import write_database
from sandbox.catalog import load
from sandbox.grading.metrics.same_day import same_day
from sandbox.grading.pairs import Pair
from sandbox.workspace import open_workspace
from tests.content.same_day import MARKS, insider, reference

pytestmark = pytest.mark.heavy
SEEDS = [f"a seed of the tests, number {number}".encode() for number in range(10)]


@pytest.fixture(scope="module")
def demo():
    return open_workspace()


@pytest.fixture(scope="module")
def drawn(demo, tmp_path_factory):
    """Seed → the published database, the hidden answers, and the tables, drawn once for each."""
    catalog = load(demo)
    folders = demo.folders("datasets")
    norway = sources.load(folders["norway"], catalog.datasets["norway"], "norway")
    permits = catalog.datasets["building-permits"]
    made = {}

    def draw(seed):
        if seed not in made:
            tables = recipes.draw(folders["building-permits"], permits, norway, seed)
            path = tmp_path_factory.mktemp("drawn") / "sandbox.db"
            described = {**catalog.datasets["norway"].tables, **permits.tables}
            write_database(path, {**norway, **tables.published}, described)
            truth = tables.truth["decisions"].to_table()
            answers = zip(*(truth[c].to_pylist() for c in ("application_id", "first_answer")),
                          strict=True)  # fmt: skip
            made[seed] = path, dict(answers)
        return made[seed]

    return draw


def judged(answers, truth):
    assert set(answers) == set(truth)
    return same_day([Pair({"answer": truth[k]}, {"answer": answers[k]}) for k in sorted(truth)])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bundle_alone_is_enough_to_do_well(drawn, seed):
    path, truth = drawn(seed)
    measure = judged(reference(path), truth)
    assert len(truth) == 5_000
    assert measure.passed_gates
    assert measure.score > 50


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(("tolerance", "slack"), [(0.45, 5.0), (0.15, 1.0)], ids=["mid", "low"])
def test_knowing_the_recipe_scores_no_better(drawn, seed, mark, tolerance, slack):
    """With the middle of each secret's range, and with its careful end."""
    path, truth = drawn(seed)
    guessed = judged(insider(path, mark, tolerance, slack), truth)
    assert guessed.score <= judged(reference(path), truth).score


@pytest.mark.parametrize("seed", SEEDS)
def test_drawing_the_recipe_again_with_a_public_seed_scores_like_chance(drawn, demo, seed):
    _, truth = drawn(seed)
    _, public = drawn(demo.seed)
    everything = drawn_answers(drawn, demo.seed)
    copied = {key: public.get(key) or everything.get(key, "to_case_officer") for key in truth}
    assert judged(copied, truth).score == 0, "chance approves wrongly, and a gate closes"


def drawn_answers(drawn, seed):
    """The decided cases of another draw, by application."""
    path, _ = drawn(seed)
    with sqlite3.connect(path) as db:
        return dict(db.execute("SELECT application_id, first_answer FROM decisions"))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "order", ["application_id", "received_at", "municipality_code, row_number"]
)
def test_answers_copied_from_a_neighbour_score_like_a_constant_one(drawn, seed, order):
    """Each application gets the answer of the decided one before it, in some order."""
    path, truth = drawn(seed)
    with sqlite3.connect(path) as db:
        rows = db.execute(
            f"""SELECT a.application_id, d.first_answer FROM
                (SELECT *, row_number() OVER (ORDER BY application_id) AS row_number
                 FROM applications) a
                LEFT JOIN decisions d USING (application_id) ORDER BY {order}"""
        ).fetchall()
    copied, last = {}, "to_case_officer"
    for key, decided in rows:
        last = decided or last
        if key in truth:
            copied[key] = last
    assert judged(copied, truth).score == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_strong_model_finds_no_signal_where_none_is_meant_to_be(drawn, seed):
    """In keys and their order, in the time of day, in where documents stand, in the county."""
    path, truth = drawn(seed)
    with sqlite3.connect(path) as db:
        rows = db.execute(
            """SELECT a.application_id, CAST(substr(a.application_id, 4) AS INTEGER),
                      substr(received_at, 12, 2) * 60 + substr(received_at, 15, 2),
                      CAST(substr(municipality_code, 1, 2) AS INTEGER), municipality_code % 100,
                      min(document_id), max(document_id) % 10
               FROM applications a JOIN documents d USING (application_id)
               GROUP BY a.application_id ORDER BY 2"""
        ).fetchall()
    asked = [row for row in rows if row[0] in truth]
    columns = np.array([row[1:] for row in asked], float)
    columns = np.column_stack([columns, np.diff(columns[:, 0], prepend=0)])
    for answer in ("approve", "ask_for_documents"):
        given = np.array([truth[row[0]] == answer for row in asked])
        model = HistGradientBoostingClassifier(max_iter=30, random_state=0)
        with threadpool_limits(1):
            guessed = cross_val_predict(model, columns, given, cv=3, method="predict_proba")[:, 1]
        spread = (1 / (12 * given.sum()) + 1 / (12 * (~given).sum())) ** 0.5
        assert abs(roc_auc_score(given, guessed) - 0.5) < 4 * spread, answer


@pytest.mark.parametrize("column", ["application_id", "received_at"])
def test_order_gives_no_answer_away(drawn, column):
    """Sorted by key or time, the right answers have no runs: neighbours agree as chance has it."""
    path, truth = drawn(SEEDS[0])
    with sqlite3.connect(path) as db:
        order = [
            row[0]
            for row in db.execute(f"SELECT application_id FROM applications ORDER BY {column}")
        ]
    answers = [truth[key] for key in order if key in truth]
    agree = sum(a == b for a, b in pairwise(answers)) / (len(answers) - 1)
    shares = [answers.count(a) / len(answers) for a in set(answers)]
    expected = sum(share**2 for share in shares)
    spread = (expected * (1 - expected) / len(answers)) ** 0.5
    assert abs(agree - expected) < 4 * spread
