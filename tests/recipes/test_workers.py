"""Pieces drawn in other processes, or on a Dask cluster, are the same tables."""

import pytest

from sandbox.errors import SandboxError

TABLES = {"homes": {"home_id": "integer", "size": "integer"},
          "people": {"person_id": "string", "home_id": "integer > homes", "number": "string",
                     "born": "date", "place": "integer", "income": "number"}}  # fmt: skip
RECIPE = {
    "secrets": {"gain": "secret(1, 2)"},
    "tables": {
        "homes": {"rows": 300, "home_id": "row", "size": "choice([1, 2, 3], [.5, .3, .2])"},
        "people": {
            "per": "homes * size",
            "person_id": "code('P-', row, 6)",
            "home_id": "parent",
            "born": "born(integer(0, 90))",
            "number": "national_id_no(born, choice(F=.5, M=.5))",
            "place": "rank(income)",
            "_treated": "bernoulli(.5)",
            "income": "lognormal(10, .5) + twice(gain) * _treated",
            "hidden": ["_treated"],
            "hold_out": {"rows": 50, "columns": ["income", "place"]},
            "truth": {"gain": "effect(income, _treated)"},
        },
    },
}
FUNCTIONS = '''
from sandbox.recipes.own_functions import Numbers, function

@function()
def twice(values: Numbers) -> Numbers:
    """Twice as much."""
    return 2 * values
'''


@pytest.fixture
def kitchen(cook):
    return cook(TABLES, RECIPE, files={"functions.py": FUNCTIONS})


def _same(one, other):
    for group in ("full", "published", "truth"):
        tables, others = getattr(one, group), getattr(other, group)
        assert tables.keys() == others.keys()
        for name, table in tables.items():
            assert table.equals(others[name]), (group, name)


@pytest.mark.heavy
@pytest.mark.parametrize("workers", [2, 3])
def test_processes_draw_the_same(kitchen, workers):
    _same(kitchen.draw(), kitchen.draw(rows_per_piece=60, workers=workers))


@pytest.mark.heavy
def test_a_dask_cluster_of_two_workers_draws_the_same(kitchen):
    from distributed import LocalCluster

    alone = kitchen.draw()
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        _same(alone, kitchen.draw(rows_per_piece=60, dask=address))
        _same(kitchen.draw(b"other"), kitchen.draw(b"other", rows_per_piece=30, dask=address))


@pytest.mark.heavy
def test_an_address_where_no_scheduler_answers_is_told(kitchen):
    with pytest.raises(SandboxError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        kitchen.draw(rows_per_piece=60, dask="tcp://127.0.0.1:1")


def test_a_mistake_in_functions_py_is_told_with_its_line(cook):
    text = FUNCTIONS.replace('    """Twice as much."""\n', "")
    (problem,) = cook(TABLES, RECIPE, files={"functions.py": text}).check()
    assert (problem.file, problem.line) == ("datasets/trial/functions.py", 4)
    assert "twice has no docstring" in problem.what


def test_a_word_of_the_language_cannot_be_taken(cook):
    text = FUNCTIONS.replace("twice", "clip")
    assert any("clip is a function of the language already" in p.what
               for p in cook(TABLES, RECIPE, files={"functions.py": text}).check())  # fmt: skip
