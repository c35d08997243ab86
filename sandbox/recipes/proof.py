"""Whether a recipe draws what it declares: every miss is told, and what readers may know of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sandbox.errors import Problem
from sandbox.recipes.drawing import Drawing, Place
from sandbox.recipes.finish import faulted, make_everything
from sandbox.recipes.fits import Verdict
from sandbox.recipes.hold_out import chain, held_places
from sandbox.recipes.proving import Observed
from sandbox.recipes.tables import SHAPE


@dataclass(frozen=True)
class Fit:
    """A published column, a call in its expression, and how its draws lie beside what it says."""

    table: str
    column: str
    call: str
    verdict: Verdict


def misses(drawing: Drawing, observed: Observed) -> Iterator[Problem]:
    """Calls whose draws are not as declared, in the order of the recipe."""
    for place, call, line, verdict in _in_order(drawing, observed):
        if verdict.is_met:
            continue
        what = f"{place} is not drawn as {call} declares"
        found = f"{verdict.test} distance {verdict.distance:.4f} over {verdict.rows:,} rows"
        if verdict.impossible:
            found += f", {verdict.impossible:,} values that cannot be"
        fix = "the function is at fault, not the recipe: tell those who keep this kit"
        expected = f"at most {verdict.allowed:.4f}"
        yield Problem(what, drawing.recipe.file, line, found, expected, fix)


def fits(drawing: Drawing, observed: Observed) -> tuple[Fit, ...]:
    """What may be said of the columns that readers see whole, in the order of the recipe.

    A distance tells what was declared by what was drawn, so nothing is said of a column that is
    made from a secret, or from what is hidden or held out, nor of a table with planted faults.
    """
    told = _may_be_told(drawing) if observed else set()
    found = []
    for place, call, _, verdict in _in_order(drawing, observed):
        table, _, column = place.partition(".")
        if (table, column) in told and verdict.allowed < 1:
            found.append(Fit(table, column, call, verdict))
    return tuple(found)


def _in_order(
    drawing: Drawing, observed: Observed
) -> Iterator[tuple[str, str, int | None, Verdict]]:
    """(place, call as it is written, line, verdict) of everything that was observed."""
    recipe = drawing.recipe
    lines = {}
    for place, _, _ in observed:
        table, _, column = place.rstrip("^").partition(".")
        expression = drawing.expression((table, column))
        lines[place] = expression.line if expression else recipe.tables[table].line
    for place, site, call in sorted(observed, key=lambda at: (lines[at[0]] or 0, at)):
        told = observed[place, site, call]
        yield place.rstrip("^"), call, lines[place], told.verdict()


def _may_be_told(drawing: Drawing) -> set[Place]:
    """Published columns whose distributions are made from nothing that readers must not know."""
    known = _with_every_source(drawing)
    untold = {("secrets", name) for name in known.secrets}
    for name, recipe in known.recipe.tables.items():
        untold |= held_places(known, name) | {(name, column) for column in recipe.hidden}
    damaged = faulted(known.recipe, known.dataset)
    return {
        place
        for name, table in known.dataset.tables.items()
        if name not in damaged
        for place in ((name, column) for column in (SHAPE, *table.columns))
        if place not in untold and chain(known, place, untold) is None
    }


def _with_every_source(drawing: Drawing) -> Drawing:
    """A drawing that knows what each column was made from: this one, or without rows if it is cut,
    since its columns were made elsewhere."""
    if not drawing.cuts:
        return drawing
    empty = {name: table.schema.empty_table() for name, table in drawing.upstream.items()}
    dry = replace(
        drawing, upstream=empty, seed=b"", scale=0, dry=True, cuts={}, problems=[], sources={},
        proving=False,
    )  # fmt: skip
    make_everything(dry, dry.tables)
    return dry
