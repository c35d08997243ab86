"""One drawing of a recipe: its tables by name, its secrets, and every problem met on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from sandbox.catalog import Dataset
from sandbox.errors import Problem
from sandbox.recipes import keyed
from sandbox.recipes.files import Figures, read_figures
from sandbox.recipes.language import Evaluator
from sandbox.recipes.operators import Passing, Unfit
from sandbox.recipes.recipe import Expression, Recipe
from sandbox.recipes.registry import FUNCTIONS, Function
from sandbox.recipes.staged import Item, Need, Staged, Told, TravellingCall, World
from sandbox.recipes.tables import (
    SHAPE,
    CutTable,
    GivenTable,
    OwnTable,
    PieceTable,
    Table,
)
from sandbox.recipes.vectors import ARROW, DAY, EPOCH, Array, Vector, constant, to_arrow

Place = tuple[str, str]
TRIAL, TRIED = -1, 64  # the number of a piece of few rows that only finds out what is needed


class Spoilt(Passing):
    """A column that cannot be had because of a problem that is already noted."""


def storable(vector: Vector, type_: str | None = None) -> pa.Array:
    """A column as readers and truth will hold it; Unfit where a value has no such form.

    type_: what dataset.yml says it is.
    """
    vector = vector.keys()
    known = vector.values if vector.missing is None else vector.values[~vector.missing]
    if vector.kind == "number" and not np.isfinite(known).all():
        found = str(known[~np.isfinite(known)][0])
        fix = "keep it within limits, such as clip(…, low, high), or make it missing with when(…)"
        raise Unfit("a number without limits cannot be published", found, "a finite number", fix)
    if vector.kind in _TIMES and known.size:
        low, high, unit = _TIMES[vector.kind]
        if known.min() < low or known.max() > high:
            fix = "keep what is added to a date within limits: days(clip(…, 0, 3650))"
            raise Unfit(f"a {unit} lies outside the years 1 to 9999", fix=fix)
    if (vector.kind, type_) == ("integer", "number") and (np.abs(known) > 2**53).any():
        fix = "type: integer in dataset.yml"
        raise Unfit("a whole number is too large to be a number", "beyond 53 bits", fix=fix)
    made = to_arrow(vector)
    return made if type_ is None else made.cast(ARROW[type_])


_FIRST, _LAST = ((day - EPOCH).days for day in (date.min, date.max))
_TIMES: dict[str, tuple[int, int, str]] = {
    "date": (_FIRST, _LAST, "date"),
    "datetime": (_FIRST * DAY, (_LAST + 1) * DAY - 1, "moment"),
}


class SecretsTable(Table):
    """The one row in which an event's secrets are drawn."""

    key, count, columns = "", 1, ()

    def names(self, *, own: bool = False) -> list[str]:
        return [*self.drawing.secrets, "asof", "scale"]


@dataclass
class Drawing:
    """One drawing of a recipe: its tables by name, what each column was made from, its problems.

    `cuts` says between which rows the topmost table of a family is cut into pieces, where it is;
    `staged` then keeps what pieces must know of the whole. `world` forces columns to be true or
    false for every row; everything else is drawn as it would be.
    """

    recipe: Recipe
    dataset: Dataset
    upstream: Mapping[str, pa.Table]
    seed: bytes
    scale: float = 1.0
    dry: bool = False  # only check: every table is empty
    problems: list[Problem] = field(default_factory=list)
    sources: dict[Place, set[Place]] = field(default_factory=dict)
    files: dict[str, Figures | None] = field(default_factory=dict)
    disturbed: Mapping[Place, Array] = field(default_factory=dict)
    cuts: Mapping[str, Array] = field(default_factory=dict)
    staged_in: Path | None = None
    world: World = ()
    proving: bool = False

    def __post_init__(self) -> None:
        self._open: list[Place] = []
        self._spoilt: set[Place] = set()
        self._secrets: dict[str, Vector] = {}
        self._worlds: dict[World, Drawing] = {}
        self._chosen: dict[str, Array] = {}
        self.staged = Staged(self.staged_in or Path())
        self.wanted: Item | None = None
        self.functions: Mapping[str, Function] = {**FUNCTIONS, **self.recipe.functions}
        keys = {t.column_names[0]: name for name, t in self.upstream.items() if t.num_columns}
        self.tables: dict[str, Table] = {}
        for name, arrow in self.upstream.items():
            links = {c: keys[c] for c in arrow.column_names[1:] if c in keys and keys[c] != name}
            self.tables[name] = GivenTable(self, name, arrow, links)
        for name, recipe in self.recipe.tables.items():
            kind = CutTable if self.recipe.family(name) in self.cuts else OwnTable
            self.tables[name] = kind(self, recipe)

    def piece(self, root: str, number: int, *, proving: bool = False) -> dict[str, Table]:
        """The tables of a family cut to one piece, among all the others as they are."""
        bounds = self.cuts[root]
        first, last = (int(bounds[max(number, 0)]), int(bounds[max(number, 0) + 1]))
        if number == TRIAL:
            last = min(last, TRIED)
        around: dict[str, Table] = dict(self.tables)
        for name in self.recipe.members(root):
            span = (first, last) if name == root else None
            around[name] = PieceTable(self, self.recipe.tables[name], around, number, span)
            around[name].proving = proving
        return around

    def in_world(self, world: World) -> Drawing:
        """The same drawing with other columns forced."""
        if not world:
            return self
        if world not in self._worlds:
            self._worlds[world] = replace(
                self, world=world, problems=self.problems, sources={}, proving=False
            )
        return self._worlds[world]

    def forced(self, table: str, column: str, vector: Vector) -> Vector:
        """The column as this world forces it to be, if it does."""
        value = next((v for t, c, v in self.world if (t, c) == (table, column)), None)
        if value is None:
            return vector
        return constant(value).spread(vector.values.size)

    def order_of(self, made: str) -> tuple[str, ...]:
        """The columns that order a table, or a table of truth such as persons.hidden."""
        name, _, kind = made.partition(".")
        table = self.tables.get(name)
        if table is None:
            return ()
        return (table.key, "column") if kind == "faults" else (table.key,)

    def forget_spoilt(self) -> None:
        """Columns that could not be had may be had in another piece, or once more is known."""
        for drawing in (self, *self._worlds.values()):
            drawing._spoilt.clear()
            drawing._open.clear()

    def total(self, table: str) -> int:
        """How many rows a table has in all."""
        return self.tables[table].count

    def chosen(self, table: str, wanted: int) -> Array:
        """A mask of so many rows of a whole table: those with the smallest random words."""
        if table not in self._chosen:
            count = self.total(table)
            words = keyed.words(self.seed, f"{self.recipe.slug}.{table}.hold_out", "rows", 0, count)
            mask = np.zeros(count, bool)
            mask[np.argsort(words, kind="stable")[:wanted]] = True
            self._chosen[table] = mask
        return self._chosen[table]

    def told_of(self, item: Item, arguments: Callable[[], TravellingCall]) -> Vector:
        """The values of a whole-table call, as an earlier pass found them."""
        known = self.staged.find(item)
        if known is not None:
            return known.vector(self)
        if self.wanted == item:
            raise Told(arguments())
        raise Need(item)

    def numbers_before(self, item: Item, groups: Array, piece: int) -> Array:
        """How many rows of each group lie before a piece, as an earlier pass counted them."""
        if self.wanted == item:
            counts = np.bincount(groups)
            present = np.flatnonzero(counts)
            raise Told((present, counts[present]))
        known = self.staged.find(item)
        if known is None:
            raise Need(item)
        before = np.zeros(int(groups.max(initial=0)) + 1, np.int64)
        if piece == TRIAL:
            return before
        present = known.array(f"groups{piece}")
        before[present] = known.array(f"before{piece}")
        return before

    @property
    def secrets(self) -> Mapping[str, Expression]:
        return self.recipe.secrets

    @property
    def shared_words(self) -> tuple[str, ...]:
        """Words that mean the same for every row of every table."""
        return ("asof", "scale", *self.secrets)

    def secret(self, name: str) -> Vector:
        """A constant that is drawn once for the event."""
        if name not in self._secrets:
            with self.making("secrets", name):
                expression = self.secrets[name]
                one = SecretsTable(self, "secrets", {})
                vector = Evaluator(one, expression.place, expression.node).vector(expression.node)
                if vector.kind not in ARROW:
                    raise Unfit("a secret is a number, a text or a date", vector.kind)
                storable(vector.spread(1))
                gone = None if vector.missing is None else vector.missing.reshape(-1)[0]
                self._secrets[name] = Vector(
                    vector.kind, vector.values.reshape(-1)[0], gone, vector.words
                )
        return self._secrets[name]

    def notes_file(self, file: str) -> None:
        """Remember a file of figures, so that its source must be told."""
        self.files.setdefault(file, None)

    def figures(self, file: str) -> Figures:
        known = self.files.get(file)
        if known is None:
            known = self.files[file] = read_figures(self.recipe.folder, file)
        return known

    def note(self, table: str, column: str) -> None:
        """Remember that whatever is being made was made from this column, too."""
        if self._open:
            self.sources.setdefault(self._open[-1], set()).add((table, column))

    def disturb(self, table: str, column: str, vector: Vector) -> Vector:
        """The column with its values under a mask changed round, if it is to be disturbed.

        What differs between two drawings, one of them disturbed, depends on those values.
        """
        mask = self.disturbed.get((table, column))
        if mask is None:
            return vector
        rows = np.flatnonzero(mask)
        order = np.arange(self.tables[table].count)
        order[rows] = np.roll(rows, 1)
        return vector.take(order)

    def arrow(self, table: Table, columns: list[str]) -> pa.Table:
        """Columns of a table of the recipe, in the types that dataset.yml gives them."""
        described = self.dataset.tables[table.name].columns
        made = {}
        for column in columns:
            vector, said = table.column(column), described.get(column)
            with self.making(table.name, column):
                made[column] = storable(vector, said.type if said else None)
        return pa.table(made)

    def is_making(self, table: str, column: str) -> bool:
        """Whether this column, and none for its sake, is being made."""
        return self._open[-1:] == [(table, column)]

    def making(self, table: str, column: str, *, line: int | None = None) -> _Making:
        return _Making(self, (table, column), line)

    def expression(self, place: Place) -> Expression | None:
        table, column = place
        if table == "secrets":
            return self.secrets.get(column)
        recipe = self.recipe.tables.get(table)
        if recipe is None:
            return None
        if column.startswith("faults."):
            return recipe.faults[int(column.removeprefix("faults."))]
        if column.startswith("truth."):
            return recipe.truth.get(column.removeprefix("truth."))
        return recipe.per if column == SHAPE else recipe.columns.get(column)


class _Making(AbstractContextManager[None]):
    """While a column is made: circles are seen, and what goes wrong is noted once, in its place."""

    def __init__(self, drawing: Drawing, place: Place, line: int | None):
        self.drawing, self.place, self.line = drawing, place, line

    def __enter__(self) -> None:
        drawing, place = self.drawing, self.place
        if place in drawing._spoilt:
            raise Spoilt
        if place in drawing._open:
            circle = [*drawing._open[drawing._open.index(place) :], place]
            raise Unfit(
                f"{'.'.join(place)} would have to be known before it is made",
                found=" → ".join(".".join(step) for step in circle),
                fix="let one of them be drawn without the next",
            )
        drawing._open.append(place)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.drawing._open.pop()
        if isinstance(error, Unfit):
            self._note(self._problem(error))
        elif isinstance(error, MemoryError | RecursionError):
            self._note(self._problem(_exhausted(error)))
        if isinstance(error, Unfit | Spoilt | MemoryError | RecursionError):
            self.drawing._spoilt.add(self.place)
            raise Spoilt from None

    def _note(self, problem: Problem) -> None:
        """A mistake in a file that several columns read is told once."""
        told = {(p.file, p.line, p.found) for p in self.drawing.problems}
        elsewhere = problem.file != self.drawing.recipe.file
        if not (elsewhere and (problem.file, problem.line, problem.found) in told):
            self.drawing.problems.append(problem)

    def _problem(self, unfit: Unfit) -> Problem:
        recipe = self.drawing.recipe
        expression = self.drawing.expression(self.place)
        name = ".".join(self.place)
        if unfit.at:
            file = f"{recipe.file.rpartition('/')[0]}/{unfit.at[0]}"
            reader = expression.line if expression else self.line
            what = f"{unfit.what} (read for {name}, recipe.yml:{reader})"
            return Problem(what, file, unfit.at[1], unfit.found, unfit.expected, unfit.fix)
        what = f"{name}: {unfit.what}"
        if expression and unfit.node is not None:
            what += f" (column {unfit.node.col_offset + 1} of its expression)"
        line = expression.line if expression else self.line
        return Problem(what, recipe.file, line, unfit.found, unfit.expected, unfit.fix)


def _exhausted(error: BaseException) -> Unfit:
    if isinstance(error, RecursionError):
        what = "it goes back over too many columns, each made from the next"
        return Unfit(what, fix="let some of them be made from earlier ones")
    return Unfit("there is not enough memory for it", fix="fewer rows, or a smaller --scale")
