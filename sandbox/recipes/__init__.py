"""From recipe.yml to tables: what readers may see, what they may not, and every mistake at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.catalog import Dataset
from sandbox.errors import Problem, RecipeError
from sandbox.recipes.agreement import form_problems, type_problems, unaccounted_files
from sandbox.recipes.drawing import Drawing, Spoilt
from sandbox.recipes.hold_out import apart, leaks, rule_problems, telling_rows
from sandbox.recipes.recipe import read_recipe
from sandbox.recipes.tables import OwnTable
from sandbox.recipes.vectors import ARROW, to_arrow

__all__ = ["Drawn", "check", "draw"]


@dataclass(frozen=True)
class Drawn:
    """The tables of one recipe, rows in the order of their keys.

    `full` holds every column but the hidden ones, with nothing held out. `published` is what
    readers may see. `truth` holds, by table name, the key and what is held out of it;
    `TABLE.hidden` the key and the hidden columns; `secrets` the name and value of each secret.
    """

    full: Mapping[str, pa.Table]
    published: Mapping[str, pa.Table]
    truth: Mapping[str, pa.Table]


def check(folder: Path, dataset: Dataset, tables: Mapping[str, Dataset]) -> list[Problem]:
    """Everything that is wrong with the recipe in `folder`, found without drawing a row.

    The whole recipe is evaluated over empty tables, so every name, function, argument and type in
    every expression is tried. `tables`: every table of every dataset, with its dataset.
    """
    recipe, problems = read_recipe(folder)
    if recipe is None:
        return problems
    upstream = {
        name: _empty(name, owner) for name, owner in tables.items() if name not in dataset.tables
    }
    drawing = Drawing(recipe, dataset, upstream, seed=b"", scale=0, dry=True)
    found = list(form_problems(drawing)) + _make_everything(drawing)
    if not found:
        found += type_problems(drawing)
        found += unaccounted_files(drawing)
        found += rule_problems(drawing)
    return found or [*drawing.problems, *leaks(drawing)]


def draw(
    folder: Path,
    dataset: Dataset,
    upstream: Mapping[str, pa.Table],
    seed: bytes,
    *,
    scale: float = 1.0,
    progress: Callable[[str], None] = lambda line: None,
) -> Drawn:
    """Draw every table of the recipe in `folder`.

    upstream: tables of other datasets by name, as published, their key in the first column.
    seed: the event's. scale: multiplies `rows`, and whatever the recipe multiplies by `scale`.
    Raises RecipeError with everything that is wrong.
    """
    recipe, problems = read_recipe(folder)
    if recipe is None:
        raise RecipeError(problems)
    drawing = Drawing(recipe, dataset, upstream, seed, scale)
    problems = [*form_problems(drawing)] or _make_everything(drawing, progress)
    problems = problems or [*type_problems(drawing)]
    full, published, truth = {}, {}, {}
    for name in () if problems else dataset.tables:
        table = drawing.tables[name]
        assert isinstance(table, OwnTable)
        problems += _key_problems(table)
        whole = drawing.arrow(name, list(dataset.tables[name].columns))
        public, held = apart(drawing, name, whole)
        full[name] = _by_key(whole, table.key)
        published[name] = _by_key(public, table.key)
        if held is not None:
            truth[name] = _by_key(held, table.key)
        if hidden := table.recipe.hidden:
            truth[f"{name}.hidden"] = _by_key(drawing.arrow(name, [table.key, *hidden]), table.key)
    problems = problems or [*telling_rows(drawing)]
    if problems:
        raise RecipeError(problems)
    if drawing.secrets:
        truth["secrets"] = _secrets(drawing)
    return Drawn(full, published, truth)


def _make_everything(
    drawing: Drawing, progress: Callable[[str], None] = lambda line: None
) -> list[Problem]:
    """Make every column of every table, so that every problem is met; returns the problems."""
    for name in drawing.secrets:
        _tried(lambda name=name: drawing.secret(name))  # type: ignore[misc]
    for table in drawing.tables.values():
        if not isinstance(table, OwnTable):
            continue
        if _tried(lambda table=table: table.count):  # type: ignore[misc]
            for column in table.columns:
                _tried(lambda t=table, c=column: t.column(c))  # type: ignore[misc]
            if not table.recipe.is_working:
                progress(f"{table.name}: {table.count:,} rows")
    return drawing.problems


def _tried(make: Callable[[], object]) -> bool:
    try:
        make()
    except Spoilt:
        return False
    return True


def _empty(name: str, owner: Dataset) -> pa.Table:
    """A table without rows, of the columns that its descriptor names, the key first."""
    table = owner.tables[name]
    names: Iterable[str] = dict.fromkeys((table.key, *table.columns))
    fields = [(column, ARROW[table.columns[column].type]) for column in names]
    return pa.schema(fields).empty_table()


def _key_problems(table: OwnTable) -> list[Problem]:
    keys = to_arrow(table.column(table.key))
    lost, doubled = keys.null_count, len(keys) - pc.count_distinct(keys, mode="all").as_py()
    if not lost and not doubled:
        return []
    what = f"{table.name}.{table.key} is the key, and its values are not one per row"
    expression = table.recipe.columns.get(table.key)
    line = expression.line if expression else table.recipe.line
    found = f"{doubled} doubled, {lost} missing"
    return [Problem(what, table.drawing.recipe.file, line, found, fix="row, or code('…', row, 6)")]


def _by_key(table: pa.Table, key: str) -> pa.Table:
    order = pc.sort_indices(table, sort_keys=[(key, "ascending")])
    if np.array_equal(order.to_numpy(), np.arange(len(order))):
        return table
    return table.take(order).combine_chunks()


def _secrets(drawing: Drawing) -> pa.Table:
    """name, value: the value as text, so that numbers and choices stand in one column."""
    names = list(drawing.secrets)
    values = [str(to_arrow(drawing.secret(name).spread(1))[0].as_py()) for name in names]
    return pa.table({"name": pa.array(names, pa.string()), "value": pa.array(values, pa.string())})
