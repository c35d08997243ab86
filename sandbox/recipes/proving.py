"""What a call drew is laid beside what it declares, with the rows that it was made for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sandbox.recipes.declared import Sample
from sandbox.recipes.fits import Summary
from sandbox.recipes.here import Here
from sandbox.recipes.registry import Function, Many
from sandbox.recipes.vectors import Vector

if TYPE_CHECKING:
    from sandbox.recipes.language import Call
    from sandbox.recipes.tables import Table

Site = tuple[str, str, str]  # an expression's place, persons.age, a call's site and its text
Observed = dict[Site, Summary]


def observe(called: Function, here: Here, call: Call, text: str, result: object) -> None:
    """Keep a summary of a call's draws with the table whose rows it was made for."""
    table = here.table
    if called.declared is None or not table.proving or not _in_its_own_rows(here):
        return
    if isinstance(result, Vector) and result.missing is not None and result.missing.all():
        return
    if isinstance(result, Many) or (isinstance(result, Vector) and result.values.ndim):
        sample = Sample.of(here, None if isinstance(result, Many) else result.missing)
        told = called.declared(sample, result, *call.positional, **call.named)
        if told is not None:
            table.observed[here.place, here.site, text] = told


def _in_its_own_rows(here: Here) -> bool:
    """Whether each row is drawn in one piece alone, so that pieces add up to the whole.

    An expression over the rows of another table (`>`), or of parents (`^`) that are not cut with
    the table itself, may be evaluated for each piece anew.
    """
    place, recipe = here.place, here.table.drawing.recipe
    if ">" in place:
        return False
    if not place.endswith("^"):
        return True
    own, above = place.partition(".")[0], here.table.name
    return above in recipe.tables and recipe.family(above) == recipe.family(own)


def observed_in(tables: Iterable[Table]) -> Observed:
    """Everything that was observed in the rows of some tables."""
    return {site: told for table in tables for site, told in table.observed.items()}


def added(one: Observed, other: Mapping[Site, Summary]) -> Observed:
    """Both in one: what was observed of the same call in other rows adds up."""
    both = dict(one)
    for site, told in other.items():
        both[site] = both[site] + told if site in both else told  # type: ignore[operator]
    return both
