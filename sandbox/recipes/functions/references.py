"""Foreign keys: choosing, finding and counting rows of other tables, or of the same one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.recipes import declared, keyed
from sandbox.recipes.here import Here
from sandbox.recipes.numbering import order_of
from sandbox.recipes.operators import Unfit, an, truth
from sandbox.recipes.registry import (
    Anything,
    Booleans,
    FromParents,
    Integers,
    Numbers,
    OtherTable,
    References,
    Theirs,
    as_array,
    function,
)
from sandbox.recipes.vectors import Array, Vector, either, same_codes

DENSE = 4  # a table of groups may be so many times as long as the rows it serves
BITS = 20  # rows of large tables are chosen to a millionth


@dataclass(frozen=True)
class Matches:
    """For each of our rows its matches: `order[start:stop]` are rows of the other table."""

    order: Array
    start: Array
    stop: Array


def _matches(here: Here, matching: dict[str, Vector]) -> Matches:
    """The rows of the other table whose columns equal our values."""
    other = here.the_other()
    theirs, ours = np.zeros(other.count, np.int64), np.zeros(here.count, np.int64)
    lost = absent = None  # our and their rows of which a value is missing: it equals no other
    for name, vector in matching.items():
        column = other.resolve(name)
        if column is None:
            what = f"{other.name} has no column {name!r}"
            raise Unfit(what, expected=", ".join(other.names(own=True)))
        their, our = other.column(column), here.every(vector)
        if their.keys().kind != our.keys().kind:
            raise Unfit(f"{other.name}.{name} is {an(their.keys().kind)}", our.keys().kind)
        left, right = same_codes(their, our)
        if theirs.any() or ours.any():
            width = max(left.max(initial=0), right.max(initial=0)) + 1
            left, right = theirs * width + left, ours * width + right
        theirs, ours = left, right
        lost, absent = either(lost, our.missing), either(absent, their.missing)
    if not matching:
        return Matches(np.arange(other.count), ours, np.full(here.count, other.count))
    known = max(theirs.max(initial=-1), ours.max(initial=-1)) + 1
    if known > DENSE * (other.count + here.count):
        theirs, ours = _dense(theirs, ours)
        known = max(theirs.max(initial=-1), ours.max(initial=-1)) + 1
    if absent is not None:
        theirs, known = np.where(absent, known, theirs), known + 1
    until = np.concatenate([[0], np.cumsum(np.bincount(theirs, minlength=known))])
    start, stop = until[ours], until[ours + 1]
    if lost is not None:
        stop = np.where(lost, start, stop)
    return Matches(order_of(theirs), start, stop)


def _dense(theirs: Array, ours: Array) -> tuple[Array, Array]:
    """The same groups numbered without gaps."""
    ids = np.unique(np.concatenate([theirs, ours]), return_inverse=True)[1]
    return ids[: len(theirs)], ids[len(theirs) :]


def _chosen(here: Here, matches: Matches, place: Array) -> Vector:
    """References to the matches at `place` in their order, missing where it lies beyond them."""
    none = (place < matches.start) | (place >= matches.stop)
    if not none.any():
        return Vector("reference", matches.order[place], table=here.other)
    rows = np.where(none, 0, place)
    found = matches.order[rows] if len(matches.order) else rows
    return Vector("reference", found, none, table=here.other)


@function(declared=declared.pick)
def pick(here: Here, table: OtherTable, by: Theirs | None = None,
         **matching: Anything) -> References:  # fmt: skip
    """A row of another table at random: pick(municipalities, by=population).

    table: the other table, or this one, whose columns named here must then be known without it:
    manager_id: pick(employees, level=level - 1, office=office) leads to nobody's own row, and round
    in no circle. by: a weight, from its columns; without it all rows are equally likely.
    column: only rows whose column of that name equals our value; missing if there are none.

    Example: pick(branches, by=inhabitants)
    Example: pick(readers, branch_code='02')
    """
    other = here.the_other()
    weights = np.ones(other.count) if by is None else as_array(by.spread(other.count), "number")
    if (len(weights) and not 0 < weights.sum() < np.inf) or not (weights >= 0).all():
        raise Unfit("weights are 0 or more, and not all 0")
    words = here.words()
    here.kept["weights"] = weights
    if not matching:
        if by is None:
            return Vector("reference", keyed.below(words, np.array(other.count)), table=other)
        chosen = keyed.guided(words, keyed.guide(weights, BITS)) if other.count else words
        return Vector("reference", chosen.astype(np.int64), table=other)
    matches = _matches(here, matching)
    here.kept.update(order=matches.order, start=matches.start, stop=matches.stop)
    if by is None:
        offset = keyed.below(words, matches.stop - matches.start)
        return _chosen(here, matches, matches.start + offset)
    until = here.kept["until"] = np.concatenate([[0.0], np.cumsum(weights[matches.order])])
    low, high = until[matches.start], until[matches.stop]
    target = low + keyed.uniform(words) * (high - low)
    place = np.searchsorted(until, target, "right") - 1
    place = np.where(high > low, np.minimum(place, matches.stop - 1), -1)
    return _chosen(here, matches, place)


@function()
def lookup(here: Here, table: OtherTable, **matching: Anything) -> References:
    """The one row of another table whose columns equal our values; missing if there is none.

    table: the other table. column: our value for its column of that name.

    Example: lookup(branches, branch_code='02').name
    """
    matches = _matches(here, matching)
    if (matches.stop - matches.start > 1).any():
        fix = "name another column as well, or take nth(…)"
        raise Unfit(f"several rows of {here.the_other().name} match", fix=fix)
    return _chosen(here, matches, matches.start)


@function()
def nth(here: Here, table: OtherTable, number: Integers, **matching: Anything) -> References:
    """The first, second, third … row of another table whose columns equal our values.

    table: the other table. number: from 1; missing where there are fewer. column: our value for its
    column of that name.

    Example: nth(readers, 1, branch_code=branch_code)
    """
    matches = _matches(here, matching)
    return _chosen(here, matches, matches.start + here.spread(number) - 1)


def _owners(here: Here) -> Array:
    """The row of this table that each row of the other one was made for."""
    child, table = here.the_child(), here.table
    if getattr(child, "parent", None) is not table:
        fix = f"only tables with `per: {table.name} * …` can be summed up here"
        raise Unfit(f"{child.name} has no rows per row of {table.name}", fix=fix)
    table.drawing.note(child.name, "per")
    owners: Array = child.shape.owners  # type: ignore[attr-defined]
    return owners


def _summed(here: Here, values: Array | None) -> Array:
    return np.bincount(_owners(here), values, minlength=here.count)


def _holding(here: Here, condition: Vector) -> Array:
    return truth(condition.spread(here.the_child().count))


@function(of_children=True)
def count(here: Here, table: OtherTable, condition: Theirs | None = None,
          **matching: Anything) -> Integers:  # fmt: skip
    """How many rows of another table belong to this row, or match it.

    table: a table with rows per row of this one, or, with column=value, any other.
    condition: only rows of which it holds; it names the other table's columns.

    Example: count(loans)
    Example: count(loans, ~on_time)
    Example: count(readers, branch_code=branch_code)
    """
    if matching:
        matches = _matches(here, matching)
        if condition is not None:
            raise Unfit("count takes a condition or columns to match, not both")
        return matches.stop - matches.start
    holds = None if condition is None else _holding(here, condition).astype(float)
    return _summed(here, holds).astype(np.int64)


@function(name="sum", of_children=True)
def sum_(here: Here, table: OtherTable, values: Theirs) -> Numbers:
    """The sum of a column over the rows of another table that belong to this row.

    table: a table with rows per row of this one. values: a number from its columns.

    Example: sum(loans, max(returned_on - due_on, 0))
    """
    spread = values.spread(here.the_child().count)
    known = as_array(spread, "number")
    return _summed(here, known if spread.missing is None else np.where(spread.missing, 0, known))


@function(name="any", of_children=True)
def any_(here: Here, table: OtherTable, condition: Theirs) -> Booleans:
    """Whether a condition holds for at least one row of another table that belongs to this row.

    table: a table with rows per row of this one. condition: about its columns.

    Example: any(loans, kind == 'game')
    """
    return _summed(here, _holding(here, condition).astype(float)) > 0


@function(name="all", of_children=True)
def all_(here: Here, table: OtherTable, condition: Theirs) -> Booleans:
    """Whether a condition holds for every row of another table that belongs to this row.

    table: a table with rows per row of this one. condition: about its columns.

    Example: all(loans, on_time)
    """
    return np.asarray(_summed(here, (~_holding(here, condition)).astype(float)) == 0)


@function()
def sibling(here: Here, condition: Booleans) -> References:
    """Another row of the same parent for which a condition holds, the first one; missing if none.

    condition: about this table's own columns. In a household, a child's mother is
    sibling((role != 'child') & (sex == 'F')). No row is its own sibling, so of two partners
    sibling(role != 'child') leads each to the other.

    Example: sibling(kind == 'book')
    """
    table = here.table
    if getattr(table, "parent", None) is None:
        fix = f"pick({table.name}, …) or lookup({table.name}, …) finds rows of the whole table"
        raise Unfit(f"{table.name} has no rows per row of another table", fix=fix)
    table.drawing.note(table.name, "per")
    owners: Array = table.shape.owners  # type: ignore[attr-defined]
    holding = np.flatnonzero(here.spread(condition))
    starts, stops = (np.searchsorted(owners[holding], owners, side) for side in ("left", "right"))
    candidates = np.append(holding, -1)
    itself = candidates[starts] == np.arange(here.count)
    place = starts + itself
    none = place >= stops
    return Vector("reference", np.where(none, 0, candidates[place]), none, table=table)


@function()
def per_parent(values: FromParents) -> Anything:
    """One value for all rows of the same parent: per_parent(family_name()).

    values: an expression over the parent's columns; what it draws is drawn once per parent.

    Example: per_parent(family_name())
    """
    return values
