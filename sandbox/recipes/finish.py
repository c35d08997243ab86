"""From drawn columns to tables: what readers may see, what they may not, and every mistake met."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from sandbox.catalog import Dataset
from sandbox.errors import Problem, RecipeError
from sandbox.recipes.drawing import Drawing, Spoilt
from sandbox.recipes.effects import effects_of, potential_outcomes
from sandbox.recipes.faults import faulted_columns, plant
from sandbox.recipes.hold_out import apart
from sandbox.recipes.recipe import Recipe
from sandbox.recipes.staged import World
from sandbox.recipes.tables import OwnTable, Table
from sandbox.recipes.vectors import to_arrow


@dataclass(frozen=True)
class Drawn:
    """The tables of one recipe, rows in the order of their keys, in memory or in files.

    `full` holds every column but the hidden ones, with nothing held out. `published` is what
    readers may see. `truth` holds, by table name, the key and what is held out of it;
    `TABLE.hidden` the key and the hidden columns; `secrets` the name and value of each secret.
    `faulted`: table → columns with planted faults. `fits`: what was drawn beside what was asked.
    """

    full: Mapping[str, ds.Dataset]
    published: Mapping[str, ds.Dataset]
    truth: Mapping[str, ds.Dataset]
    faulted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    fits: tuple[Any, ...] = ()


@dataclass
class Finished:
    """Tables by name, rows in the order in which they were drawn; see `Drawn`."""

    full: dict[str, pa.Table] = field(default_factory=dict)
    published: dict[str, pa.Table] = field(default_factory=dict)
    truth: dict[str, pa.Table] = field(default_factory=dict)


def make_everything(
    drawing: Drawing,
    tables: Mapping[str, Table],
    progress: Callable[[str], None] = lambda line: None,
) -> list[Problem]:
    """Make every column of every table, so that every problem is met; returns the problems."""
    for name in drawing.secrets:
        tried(lambda name=name: drawing.secret(name))  # type: ignore[misc]
    for table in tables.values():
        if not isinstance(table, OwnTable):
            continue
        if tried(lambda table=table: (table.columns, table.count)):  # type: ignore[misc]
            for column in table.columns:
                tried(lambda t=table, c=column: t.column(c))  # type: ignore[misc]
            if not table.recipe.is_working:
                progress(f"{table.name}: {table.count:,} rows")
    return drawing.problems


def tried(make: Callable[[], object]) -> bool:
    """Whether something could be made; if not, the problem is noted already."""
    try:
        make()
    except Spoilt:
        return False
    return True


Elsewhere = Callable[[World], Mapping[str, Table]]


def finish(drawing: Drawing, tables: Mapping[str, Table], elsewhere: Elsewhere) -> Finished:
    """The tables of the descriptor that are among `tables`, as Arrow.

    elsewhere: the same rows in another world, in which a treatment is forced.
    """
    finished = Finished()
    for name in drawing.dataset.tables:
        table = tables.get(name)
        if isinstance(table, OwnTable):
            _finish(drawing, table, finished)
            for effect in effects_of(table):
                worlds = {
                    value: elsewhere(effect.world(value)) for value in (effect.off, effect.on)
                }
                known = potential_outcomes(table, worlds, effect)
                finished.truth[f"{name}.{effect.name}"] = known
    return finished


def _finish(drawing: Drawing, table: OwnTable, finished: Finished) -> None:
    name = table.name
    whole = drawing.arrow(table, list(drawing.dataset.tables[name].columns))
    public, held = apart(table, whole)
    if table.recipe.faults:
        planted = plant(table, whole)
        public, held = apart(table, whole, planted.table, planted.origin)
        finished.truth[f"{name}.faults"] = planted.ledger
    finished.full[name], finished.published[name] = whole, public
    if held is not None:
        finished.truth[name] = held
    if hidden := table.recipe.hidden:
        finished.truth[f"{name}.hidden"] = drawing.arrow(table, [table.key, *hidden])


def in_memory(drawing: Drawing, finished: Finished) -> Drawn:
    """What was drawn in one piece, in the order of its keys; RecipeError where they are none."""
    problems = [
        problem
        for name, table in finished.full.items()
        for problem in key_problems(drawing, name, table.column(drawing.tables[name].key))
    ]
    if problems:
        raise RecipeError(problems)
    if drawing.secrets:
        finished.truth["secrets"] = secrets_table(drawing)
    ordered: dict[int, ds.Dataset] = {}  # a table that stands in two places is put in order once

    def in_order(tables: Mapping[str, pa.Table]) -> dict[str, ds.Dataset]:
        for name, table in tables.items():
            if id(table) not in ordered:
                ordered[id(table)] = ds.dataset(in_order_of(table, drawing.order_of(name)))
        return {name: ordered[id(table)] for name, table in tables.items()}

    full, published = in_order(finished.full), in_order(finished.published)
    return Drawn(full, published, in_order(finished.truth),
                 faulted(drawing.recipe, drawing.dataset))  # fmt: skip


def faulted(recipe: Recipe, dataset: Dataset) -> dict[str, frozenset[str]]:
    """The tables with planted faults, and the columns that these are in."""
    described = dataset.tables.items()
    found = {name: faulted_columns(recipe.tables[name], table.key) for name, table in described}
    return {name: columns for name, columns in found.items() if columns}


def rises(keys: pa.ChunkedArray) -> bool:
    """Whether each key is larger than the one before, so that none is missing or stands twice."""
    return keys.null_count == 0 and bool(
        pc.all(pc.less(keys.slice(0, max(len(keys) - 1, 0)), keys.slice(1))).as_py() is not False
    )


def in_order_of(table: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """The rows in the order of some columns, of which no two rows have all the same."""
    if not columns or rises(table.column(columns[0])):
        return table
    order = pc.sort_indices(table, sort_keys=[(column, "ascending") for column in columns])
    if np.array_equal(order.to_numpy(), np.arange(len(order))):
        return table
    return table.take(order).combine_chunks()


def key_problems(drawing: Drawing, name: str, keys: pa.ChunkedArray) -> Iterator[Problem]:
    """Keys that are missing or stand twice."""
    if rises(keys):
        return
    lost, doubled = keys.null_count, len(keys) - pc.count_distinct(keys, mode="all").as_py()
    if lost or doubled:
        recipe, key = drawing.recipe.tables[name], drawing.tables[name].key
        what = f"{name}.{key} is the key, and its values are not one per row"
        expression = recipe.columns.get(key)
        line = expression.line if expression else recipe.line
        found = f"{doubled} doubled, {lost} missing"
        fix = "row, or code('…', row, 6)"
        yield Problem(what, drawing.recipe.file, line, found, fix=fix)


def secrets_table(drawing: Drawing) -> pa.Table:
    """name, value: the value as text, so that numbers and choices stand in one column."""
    names = list(drawing.secrets)
    values = [str(to_arrow(drawing.secret(name).spread(1))[0].as_py()) for name in names]
    return pa.table({"name": pa.array(names, pa.string()), "value": pa.array(values, pa.string())})
