"""What readers may not see: held-out cells and rows, and whatever depends on them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.errors import Problem, did_you_mean
from sandbox.recipes.drawing import Drawing, Place, Spoilt
from sandbox.recipes.language import Evaluator
from sandbox.recipes.operators import truth
from sandbox.recipes.recipe import HoldOut, TableRecipe
from sandbox.recipes.tables import SHAPE, OwnTable, Table
from sandbox.recipes.vectors import Array


def held_rows(table: Table) -> Array | None:
    """A mask of the rows of a table (or a piece of it) that are held out, None if none are."""
    drawing = table.drawing
    recipe = drawing.recipe.tables.get(table.name)
    rule = recipe.hold_out if recipe else None
    if rule is None:
        return None
    if rule.rows is not None:
        chosen = drawing.chosen(table.name, round(rule.rows * drawing.scale))
        return chosen[table.first : table.first + table.count]
    along = table.column(table.resolve(rule.along or "") or "")
    assert along.table is not None
    parents = held_rows(along.table)
    assert parents is not None
    held = parents[along.values]
    return held if along.missing is None else held & ~along.missing


def apart(
    table: Table, full: pa.Table, shown: pa.Table | None = None, origin: Array | None = None
) -> tuple[pa.Table, pa.Table | None]:
    """A full table as readers may see it, and the truth that was held out of it.

    Rows are still in the order in which they were drawn. The truth holds the key, and the blank
    columns, or every column of the rows that are absent. shown: the table with faults, and origin:
    the row of the full one that each of its rows is or repeats.
    """
    public = full if shown is None else shown
    held = held_rows(table)
    if held is None:
        return public, None
    rule = table.drawing.recipe.tables[table.name].hold_out
    assert rule is not None
    mask = pa.array(held if origin is None else held[origin])
    for column in rule.columns:
        index = full.column_names.index(column)
        blank = pc.if_else(mask, pa.scalar(None, full.schema.types[index]), public.column(column))
        public = public.set_column(index, column, blank)
    if not rule.drops_rows:
        kept = full.select(_kept_order(full, {table.key, *rule.columns}))
        return public, kept.filter(pa.array(held))
    gone = held if rule.where is None else held & _where(table, rule)
    truth_mask = held if rule.columns else gone
    left = ~(gone if origin is None else gone[origin])
    return public.filter(pa.array(left)), full.filter(pa.array(truth_mask))


def unseen(table: Table, column: str) -> Array | None:
    """A mask of the rows whose cell of a column readers do not see, None if they see all."""
    held = held_rows(table)
    if held is None:
        return None
    rule = table.drawing.recipe.tables[table.name].hold_out
    assert rule is not None
    if column in rule.columns:
        return held
    if not rule.drops_rows:
        return None
    return held if rule.where is None else held & _where(table, rule)


def _kept_order(table: pa.Table, columns: set[str]) -> list[str]:
    return [name for name in table.column_names if name in columns]


def _where(table: Table, rule: HoldOut) -> Array:
    assert rule.where is not None
    with table.drawing.making(table.name, "hold_out.where", line=rule.line):
        found = Evaluator(table, rule.where.place, rule.where.node).vector(rule.where.node)
        mask: Array = truth(found.spread(table.count))
    return mask


def telling_rows(drawing: Drawing) -> Iterator[Problem]:
    """Tables whose remaining rows would still give away what is held out.

    Which rows `where` drops is the author's word, so it is proved: the recipe is drawn again with
    the held-out values changed round among their rows, and what readers see must stay the same.
    """
    rules = {name: recipe.hold_out for name, recipe in drawing.recipe.tables.items()}
    partial = [name for name, rule in rules.items() if rule and rule.where is not None]
    if not partial:
        return
    disturbed = {
        (name, column): mask
        for name, rule in rules.items()
        if rule and (mask := held_rows(drawing.tables[name])) is not None
        for column in rule.columns
    }
    again = replace(drawing, disturbed=disturbed, problems=[], sources={},
                    proving=False)  # fmt: skip
    for name in partial:
        columns = list(drawing.dataset.tables[name].columns)
        seen, other = (
            apart(d.tables[name], d.arrow(d.tables[name], columns))[0] for d in (drawing, again)
        )
        rule = rules[name]
        assert rule is not None
        different = [c for c in columns if not seen.column(c).equals(other.column(c))]
        if different:
            what = f"the rows of {name} that stay would give away what is held out"
            fix = "let where say more rows, or hold these columns out as well"
            yield _problem(drawing, rule, what, f"it shows in {', '.join(different)}", fix=fix)


def circles(drawing: Drawing) -> Iterator[Problem]:
    """hold_out rules that follow foreign keys round to where they began, such as a manager's."""
    rules = {name: recipe.hold_out for name, recipe in drawing.recipe.tables.items()}
    for name, rule in rules.items():
        way, target = [name], None
        while (along := rules.get(way[-1])) and along.along is not None:
            table = drawing.tables[way[-1]]
            with suppress(Spoilt):
                target = table.references.get(table.resolve(along.along) or "")
            if target is None or target in way[1:]:
                break
            way.append(target)
            if target == name:
                assert rule is not None
                what = f"{name}: hold_out follows {rule.along} back to {name} itself"
                fix = "follow a foreign key to another table, or say rows: …"
                yield _problem(drawing, rule, what, " → ".join(way), fix=fix)
                break


def rule_problems(drawing: Drawing) -> Iterator[Problem]:
    """hold_out rules that lead nowhere or hold out what cannot be."""
    for name, recipe in drawing.recipe.tables.items():
        rule = recipe.hold_out
        if rule is None:
            continue
        described = drawing.dataset.tables.get(name)
        for column in rule.columns:
            if described is None or column not in described.columns:
                what = f"{name}: hold_out names {column!r}, which is not published anyway"
                yield _problem(drawing, rule, what, fix="leave it out")
            elif column == described.key:
                yield _problem(drawing, rule, f"{name}: the key cannot be held out")
            elif described.columns[column].required:
                what = f"{name}.{column} is held out, so it will be blank in places"
                yield _problem(drawing, rule, what, "required: true", "no required",
                               "take required out of dataset.yml")  # fmt: skip
        if rule.along is not None:
            yield from _along_problems(drawing, recipe, rule)
        if rule.where is not None and not drawing.problems:
            with suppress(Spoilt):  # and noted among the drawing's problems
                _where(drawing.tables[name], rule)
        yield from _numbers_with_gaps(drawing, recipe, rule)


def _numbers_with_gaps(drawing: Drawing, recipe: TableRecipe, rule: HoldOut) -> Iterator[Problem]:
    """Running numbers over rows of which some are absent: a gap tells how many there were."""
    if not rule.drops_rows or recipe.per is None or _is_even(recipe.per.node):
        return
    described = drawing.dataset.tables.get(recipe.name)
    for column in described.columns if described else ():
        expression = recipe.columns.get(column)
        if expression and any(isinstance(n, ast.Name) and n.id == "row"
                              for n in ast.walk(expression.node)):  # fmt: skip
            what = f"{recipe.name}.{column} numbers rows of which some will be absent"
            fix = "number them within their parent: KEY OF THE PARENT + '-' + text(position)"
            file = drawing.recipe.file
            found = "gaps that tell how many rows are held out"
            yield Problem(what, file, expression.line, found, fix=fix)


def _is_even(per: ast.expr) -> bool:
    """Whether every parent has the same number of rows: `per: applications * 2`."""
    return isinstance(per, ast.Name) or (
        isinstance(per, ast.BinOp) and isinstance(per.right, ast.Constant)
    )


def _along_problems(drawing: Drawing, recipe: TableRecipe, rule: HoldOut) -> Iterator[Problem]:
    table = drawing.tables[recipe.name]
    assert isinstance(table, OwnTable)
    column = table.resolve(rule.along or "")
    target = table.column(column).table if column else None
    if target is None:
        what = f"{recipe.name}: hold_out follows {rule.along!r}, which is no foreign key"
        yield _problem(drawing, rule, what, fix=did_you_mean(rule.along or "", table.names()))
        return
    theirs = drawing.recipe.tables.get(target.name)
    if theirs is None or theirs.hold_out is None:
        what = f"{recipe.name}: hold_out follows {column} to {target.name}, which holds nothing out"
        yield _problem(drawing, rule, what, fix=f"add hold_out to {target.name}")


def _problem(drawing: Drawing, rule: HoldOut, what: str, found: str | None = None,
             expected: str | None = None, fix: str | None = None) -> Problem:  # fmt: skip
    return Problem(what, drawing.recipe.file, rule.line, found, expected, fix)


def leaks(drawing: Drawing) -> Iterator[Problem]:
    """Published columns that depend on a held-out one and are not held out themselves.

    Needs a drawing in which every column has been made, since that is what tells the dependencies.
    """
    held = {place for name in drawing.recipe.tables for place in held_places(drawing, name)}
    for table, recipe in drawing.recipe.tables.items():
        described = drawing.dataset.tables.get(table)
        published = list(described.columns) if described else []
        for column in (*([SHAPE] if recipe.per and described else []), *published):
            if (table, column) in held:
                continue
            way = chain(drawing, (table, column), held)
            if way:
                yield _leak(drawing, way)


def held_places(drawing: Drawing, name: str) -> set[Place]:
    """Every column (and the shape) of which readers see nothing in held-out rows."""
    rule = drawing.recipe.tables[name].hold_out
    if rule is None:
        return set()
    if rule.drops_rows:  # where rows stay, telling_rows has a look at them
        return {(name, column) for column in (SHAPE, *drawing.tables[name].columns)}
    return {(name, column) for column in rule.columns}


def chain(drawing: Drawing, start: Place, held: set[Place]) -> list[Place] | None:
    """The shortest way from a column to a held-out one it is made from."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        for source in sorted(_sources(drawing, way[-1])):
            if source in held:
                return [*way, source]
            if source not in seen:
                seen.add(source)
                ways.append([*way, source])
    return None


def _sources(drawing: Drawing, place: Place) -> set[Place]:
    table, column = place
    recipe = drawing.recipe.tables.get(table)
    shape = {(table, SHAPE)} if recipe and recipe.per and column != SHAPE else set()
    return drawing.sources.get(place, set()) | shape


def _leak(drawing: Drawing, chain: list[Place]) -> Problem:
    table, column = chain[0]
    steps = " ← ".join(".".join(place) for place in chain)
    recipe = drawing.recipe.tables[table]
    if column == SHAPE:
        what = f"which rows {table} has would give away {'.'.join(chain[-1])}"
        fix = "hold the rows out too: hold_out: {with: FOREIGN KEY}"
        return Problem(what, drawing.recipe.file, recipe.line, steps, fix=fix)
    what = f"{table}.{column} would give away {'.'.join(chain[-1])}, which is held out"
    expression = recipe.columns.get(column)
    fix = f"hold {column} out in the same rows, or draw it without what is held out"
    line = expression.line if expression else recipe.line
    return Problem(what, drawing.recipe.file, line, found=steps, fix=fix)
