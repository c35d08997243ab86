"""From recipe.yml to tables: what readers may see, what they may not, and every mistake at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from sandbox.catalog import Dataset
from sandbox.errors import Problem, RecipeError
from sandbox.recipes import pieces
from sandbox.recipes.agreement import form_problems, type_problems, unaccounted_files
from sandbox.recipes.drawing import Drawing, Spoilt
from sandbox.recipes.effects import effect_problems, summary
from sandbox.recipes.faults import fault_problems
from sandbox.recipes.finish import Drawn, finish, in_memory, make_everything
from sandbox.recipes.finish import faulted as faulted_tables
from sandbox.recipes.hold_out import circles, leaks, rule_problems, telling_rows
from sandbox.recipes.proof import Fit, fits, misses
from sandbox.recipes.proving import observed_in
from sandbox.recipes.recipe import read_recipe
from sandbox.recipes.vectors import ARROW

__all__ = ["Drawn", "Fit", "check", "draw", "faulted", "size", "unseen"]


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
    found = [*form_problems(drawing), *circles(drawing)]
    found += make_everything(drawing, drawing.tables)
    if not found:
        found += type_problems(drawing, drawing.tables)
        found += unaccounted_files(drawing)
        found += rule_problems(drawing)
    if not found:
        found += effect_problems(drawing)
        found += fault_problems(drawing)
    found += [problem for problem in drawing.problems if problem not in found]
    return found or [*leaks(drawing)]


def size(folder: Path, table: str) -> int | None:
    """How many rows the recipe in `folder` says a table has at scale 1; None if it says nothing."""
    if not (folder / "recipe.yml").is_file():
        return None
    recipe, _ = read_recipe(folder)
    return recipe.size.get(table) if recipe else None


def unseen(folder: Path) -> dict[str, str]:
    """The columns that the recipe in `folder` makes and readers do not see, and which line says so.

    Those under `hidden`, and those that only serve others. Nothing for a recipe of no usable form.
    """
    recipe, _ = read_recipe(folder) if (folder / "recipe.yml").is_file() else (None, ())
    if recipe is None:
        return {}
    return {
        column: f"{recipe.file}:{table.columns[column].line}"
        for table in recipe.tables.values()
        for column in table.columns
        if column in table.hidden or column.startswith("_")
    }


def faulted(folder: Path, dataset: Dataset) -> Mapping[str, frozenset[str]]:
    """The tables in which the recipe in `folder` plants faults, and the columns these are in."""
    recipe, problems = read_recipe(folder)
    if recipe is None:
        raise RecipeError(problems)
    return faulted_tables(recipe, dataset)


def draw(
    folder: Path,
    dataset: Dataset,
    upstream: Mapping[str, pa.Table],
    seed: bytes,
    *,
    scale: float = 1.0,
    progress: Callable[[str], None] = lambda line: None,
    spool: Path | None = None,
    workers: int = 1,
    dask: str | None = None,
    rows_per_piece: int | None = None,
    proving: bool = True,
) -> Drawn:
    """Draw every table of the recipe in `folder`.

    upstream: tables of other datasets by name, as published, their key in the first column.
    seed: the event's. scale: multiplies `rows`, and whatever the recipe multiplies by `scale`.
    spool: a folder for what is drawn in pieces, kept as long as the result is read; without one the
    result is kept in memory. A table whose topmost table has more than `rows_per_piece` rows is cut
    along it (unless said, where that saves memory or time); `workers` processes draw the pieces, or
    the Dask cluster at `dask`. Nothing of that changes a byte. proving: look at whether what is
    drawn is as declared.
    Raises RecipeError with everything that is wrong.
    """
    recipe, problems = read_recipe(folder)
    if recipe is None:
        raise RecipeError(problems)
    drawing = Drawing(recipe, dataset, upstream, seed, scale, proving=proving)
    if problems := [*form_problems(drawing), *circles(drawing)]:
        raise RecipeError(problems)
    if rows_per_piece is None and (spool or dask or workers > 1):
        rows_per_piece = pieces.ROWS
    cuts = pieces.cuts(drawing, rows_per_piece) if rows_per_piece else {}
    if drawing.problems:
        raise RecipeError(drawing.problems)
    if cuts:
        return pieces.draw(drawing, cuts, spool, pieces.runner(workers, dask), progress)
    tables = drawing.tables
    problems = make_everything(drawing, tables, progress) or [*type_problems(drawing, tables)]
    if problems:
        raise RecipeError(problems)
    try:
        finished = finish(drawing, tables, lambda world: drawing.in_world(world).tables)
    except Spoilt:
        raise RecipeError(drawing.problems) from None
    observed = observed_in(tables.values())
    problems = [*drawing.problems, *telling_rows(drawing), *misses(drawing, observed)]
    if problems:
        raise RecipeError(problems)
    drawn = in_memory(drawing, finished)
    return replace(drawn, truth={**drawn.truth, **summary(drawing, drawn.truth)},
                   fits=fits(drawing, observed))  # fmt: skip


def _empty(name: str, owner: Dataset) -> pa.Table:
    """A table without rows, of the columns that its descriptor names, the key first."""
    table = owner.tables[name]
    names: Iterable[str] = dict.fromkeys((table.key, *table.columns))
    fields = [(column, ARROW[table.columns[column].type]) for column in names]
    return pa.schema(fields).empty_table()
