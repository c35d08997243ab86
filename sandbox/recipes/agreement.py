"""Whether a recipe makes what its dataset.yml describes: tables, columns and types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from sandbox.errors import Problem, did_you_mean
from sandbox.recipes.drawing import Drawing, Spoilt
from sandbox.recipes.operators import an
from sandbox.recipes.recipe import TableRecipe
from sandbox.recipes.tables import OwnTable, Table
from sandbox.recipes.vectors import ARROW

FITS = {("number", "integer")}  # a column of the first type may hold values of the second kind


def form_problems(drawing: Drawing) -> Iterator[Problem]:
    """Tables and columns that stand in one of the two files and not in the other."""
    recipes, described = drawing.recipe.tables, drawing.dataset.tables
    file = drawing.recipe.file
    for name in described:
        if name not in recipes:
            what = f"dataset.yml describes the table {name}, and the recipe does not make it"
            yield Problem(what, file, 1, fix=did_you_mean(name, list(recipes)))
    for name, recipe in recipes.items():
        if name in drawing.upstream:
            what = f"{name} is a table of another dataset"
            yield Problem(what, file, recipe.line, fix="choose another name")
        elif name in described:
            with suppress(Spoilt):  # its file cannot be read, and that is noted
                yield from _columns(drawing, recipe)
        elif not recipe.is_working:
            what = f"the table {name} is not in dataset.yml"
            fix = f"describe it there, or call it _{name} if it only serves the other tables"
            yield Problem(what, file, recipe.line, fix=fix)


def _columns(drawing: Drawing, recipe: TableRecipe) -> Iterator[Problem]:
    described = drawing.dataset.tables[recipe.name].columns
    file = drawing.recipe.file
    made = drawing.tables[recipe.name].columns
    for name in described:
        if name not in made:
            what = f"dataset.yml describes {recipe.name}.{name}, and the recipe does not make it"
            yield Problem(what, file, recipe.line, fix=f"add {name}: to {recipe.name}")
        elif name in recipe.hidden:
            what = f"{recipe.name}.{name} is hidden and described as published"
            yield Problem(what, file, recipe.line, fix="take it out of one of the two")
    for name, expression in recipe.columns.items():
        if name not in described and name not in recipe.hidden and not name.startswith("_"):
            what = f"{recipe.name}.{name} is not in dataset.yml"
            fix = f"describe it there, put it under hidden, or call it _{name} if it only serves"
            yield Problem(what, file, expression.line, fix=fix)


def type_problems(drawing: Drawing, tables: Mapping[str, Table]) -> Iterator[Problem]:
    """Columns whose values are not of the type that dataset.yml says."""
    for name, described in drawing.dataset.tables.items():
        table = tables.get(name)
        if not isinstance(table, OwnTable):
            continue
        for column, wanted in described.columns.items():
            if column not in table.columns:
                continue
            try:
                kind = table.column(column).keys().kind
            except Spoilt:
                continue
            if kind != wanted.type and (wanted.type, kind) not in FITS:
                expression = table.recipe.columns.get(column)
                line = expression.line if expression else table.recipe.line
                what = f"{name}.{column} is not of its type in dataset.yml"
                fix = "round(…), floor(…) or ceil(…)" if wanted.type == "integer" else None
                yield Problem(what, drawing.recipe.file, line, kind, wanted.type, fix)
    for table in tables.values():
        if isinstance(table, OwnTable):
            yield from _hidden_problems(drawing, table)


def _hidden_problems(drawing: Drawing, table: OwnTable) -> Iterator[Problem]:
    """Hidden columns of a kind that no file of truth can hold."""
    for column in table.recipe.hidden:
        with suppress(Spoilt):
            if (kind := table.column(column).keys().kind) not in ARROW:
                what = f"{table.name}.{column} is hidden truth, and {an(kind)} has no form there"
                line = table.recipe.columns[column].line
                yield Problem(what, drawing.recipe.file, line, kind, ", ".join(ARROW))


def unaccounted_files(drawing: Drawing) -> Iterator[Problem]:
    """Tables of shares that no assumption of dataset.yml names: readers must know their source."""
    told = " ".join(str(assumption.figure) for assumption in drawing.dataset.assumptions)
    for file in drawing.files:
        if file not in told:
            what = f"nothing in dataset.yml says where the figures of {file} come from"
            fix = f"add to assumptions: {{figure: … ({file}), assumed: true}}, or with its source:"
            yield Problem(what, drawing.recipe.file, 1, fix=fix)
