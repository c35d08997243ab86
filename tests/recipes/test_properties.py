"""Whatever a recipe is made of, a cell is a function of event, column and row alone."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import recipes
from sandbox.recipes.drawing import Drawing
from sandbox.recipes.recipe import read_recipe
from sandbox.recipes.registry import FUNCTIONS
from sandbox.recipes.staged import Item, starts
from sandbox.recipes.vectors import to_arrow
from tests.recipes import composing, library
from tests.recipes.composing import CELL, FILES, Composed, composed
from tests.recipes.conftest import kitchen
from tests.scripts.conftest import load

pytestmark = pytest.mark.heavy

GROUPS = ("full", "published", "truth")
ASSUMED = list(FILES)
FEW, MANY = 5, 150
DRAWN = ("secret", "secret_choice")  # once for the event, so no column can be made of them
examples = load("_reference").examples


@contextmanager
def cooked(chosen):
    with TemporaryDirectory() as folder:
        yield kitchen(Path(folder), chosen.described(), chosen.recipe(), files=FILES,
                      assumptions=ASSUMED)  # fmt: skip


def for_recipes(*strategies):
    """A test of what holds for any recipe: on a few in the fast run, on many where all is tried."""

    def test_that(holds):
        @pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.heavy)])
        def test(examples):
            settings(max_examples=examples, deadline=None)(given(*strategies)(holds))()

        return test

    return test_that


@for_recipes(composed(), composed(), st.randoms(use_true_random=False))
def test_adding_columns_and_tables_moves_no_other_cell(before, more, random):
    """Columns and tables are added, and all columns stand in another order."""
    parts = [*before.completed, *(n for n in more.completed if _is_column(n))]
    random.shuffle(parts)
    after = replace(before, parts=tuple(dict.fromkeys(parts)), events=True, shares=True)
    after = replace(after, parts=_faults_in_order(before, after))
    with cooked(before) as kitchen:
        seen = kitchen.draw()
    with cooked(after) as kitchen:
        then = kitchen.draw()
    for group in GROUPS:
        for name, table in getattr(seen, group).items():
            other = getattr(then, group)[name].select(table.column_names)
            assert other.equals(table), (group, name)


def _is_column(name):
    return composing.ALL[name] in composing.COLUMNS


def _faults_in_order(before, after):
    """The order of faults is part of what they say: the first that strikes a cell stays."""
    return (*(n for n in after.parts if _is_column(n)),
            *(n for n in before.completed if not _is_column(n)))  # fmt: skip


@for_recipes(composed((CELL,)))
def test_twice_the_rows_leave_the_first_half_as_it_was(chosen):
    chosen = _unbroken(chosen)
    with cooked(chosen) as kitchen:
        single, double = kitchen.draw(), kitchen.draw(scale=2)
    for group in ("full", "published"):
        for name, table in getattr(single, group).items():
            key = table.column_names[0]
            every = {row[key]: row for row in getattr(double, group)[name].to_pylist()}
            if name != "places" and table.num_rows:
                assert len(every) >= table.num_rows
            assert [every[row[key]] for row in table.to_pylist()] == table.to_pylist()


def _unbroken(chosen):
    """Without keys that lead nowhere, since which ones do depends on how many rows there are."""
    return replace(chosen, parts=tuple(p for p in chosen.parts if p != "homes.broken"))


@for_recipes(composed((CELL,)), st.data())
def test_any_range_of_rows_can_be_drawn_alone(chosen, data):
    """Any rows of the topmost table, with those below, are drawn without looking at others."""
    first = data.draw(st.integers(0, chosen.rows))
    last = data.draw(st.integers(first, chosen.rows))
    with cooked(chosen) as kitchen, TemporaryDirectory() as staged:
        recipe, _ = read_recipe(kitchen.folder)
        whole = Drawing(recipe, kitchen.dataset, {}, b"seed")
        cuts = {"homes": np.array([0, first, last, chosen.rows])}
        alone = replace(whole, cuts=cuts, staged_in=Path(staged), problems=[], sources={})
        spans = {"homes": (first, last)}
        for name in recipe.members("homes")[1:]:
            spans[name] = _below(whole.tables[name], *spans[recipe.parent(name)])
            counts = (spans[name][0], spans[name][1] - spans[name][0], 0)
            alone.staged.keep(Item("rows", name), values=starts(counts))
        pieces = alone.piece("homes", 1)
        for name, span in spans.items():
            for column in whole.tables[name].columns:
                every, some = (to_arrow(t[name].column(column)) for t in (whole.tables, pieces))
                assert some.equals(every.slice(span[0], span[1] - span[0])), (name, column)


def _below(table, first, last):
    """The rows of a table that belong to rows `first` to `last` of the one above."""
    return tuple(int(n) for n in np.searchsorted(table.shape.owners, (first, last)))


@for_recipes(composed(), st.data())
def test_partitioning_never_matters(chosen, data):
    rows = data.draw(st.integers(1, chosen.rows + 1))
    with cooked(chosen) as kitchen:
        whole, pieces = kitchen.draw(), kitchen.draw(rows_per_piece=rows)
    for group in GROUPS:
        assert getattr(whole, group).keys() == getattr(pieces, group).keys()
        for name, table in getattr(whole, group).items():
            assert getattr(pieces, group)[name].equals(table), (group, name)


@pytest.mark.parametrize("name", composing.ALL)
def test_each_part_can_be_drawn_alone(name):
    with cooked(Composed((name,), events=True, shares=True, rows=60)) as kitchen:
        assert kitchen.check() == []
        assert kitchen.draw().published["persons"].num_rows


def test_every_word_is_the_same_in_pieces(tmp_path):
    """The examples of all docstrings at once, each as a column of a table in which it works."""
    names = {name: f for name, f in FUNCTIONS.items() if f.returns != "many" and name not in DRAWN}
    added = {}
    for name, function in names.items():
        for number, text in enumerate(examples(function.doc)):
            table = library.works_in(name, function, text)
            added.setdefault(table, {})[f"{name}_{number}"] = text
    told = {table: columns | {"hidden": list(columns)} for table, columns in added.items()}
    folder = tmp_path / "datasets" / "library"
    dataset = library.copied(folder, yaml.safe_dump(told))
    alone = recipes.draw(folder, dataset, {}, b"seed", scale=0.05)
    for rows in (60, 9):
        pieces = recipes.draw(folder, dataset, {}, b"seed", scale=0.05, rows_per_piece=rows)
        for table in told:
            one, other = (d.truth[f"{table}.hidden"].to_table() for d in (alone, pieces))
            assert one.num_columns == len(added[table]) + 1
            assert [c for c in one.column_names if not one[c].equals(other[c])] == []
