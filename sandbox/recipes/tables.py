"""Tables while they are drawn: rows, and columns that are evaluated when first asked for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sandbox.recipes.files import read_columns
from sandbox.recipes.language import Evaluator
from sandbox.recipes.operators import Unfit
from sandbox.recipes.recipe import Expression, TableRecipe
from sandbox.recipes.registry import Many
from sandbox.recipes.vectors import (
    Array,
    Kind,
    Vector,
    constant,
    from_arrow,
    same_codes,
)

if TYPE_CHECKING:
    from sandbox.recipes.drawing import Drawing

REFERENCE_ENDINGS = ("_id", "_code")
SHAPE = "per"  # stands for "which rows there are" wherever columns are named


class Table:
    """One table's rows and columns; `references` says which column leads to which table."""

    def __init__(self, drawing: Drawing, name: str, references: Mapping[str, str]):
        self.drawing = drawing
        self.name = name
        self.references = references
        self.cache: dict[str, Vector] = {}

    @property
    def key(self) -> str:
        raise NotImplementedError

    @property
    def count(self) -> int:
        raise NotImplementedError

    @property
    def columns(self) -> Sequence[str]:
        raise NotImplementedError

    def make(self, column: str) -> Vector:
        """The values of a column, not yet as references."""
        raise NotImplementedError

    def column(self, name: str) -> Vector:
        """A whole column, made once."""
        self.drawing.note(self.name, name)
        if name not in self.cache:
            with self.drawing.making(self.name, name):
                vector = self.make(name).spread(self.count)
                vector = self.drawing.disturb(self.name, name, vector)
                self.cache[name] = self.linked(name, vector)
        return self.cache[name]

    def linked(self, name: str, vector: Vector) -> Vector:
        """A foreign key's values as row numbers of the table that they lead to."""
        target = self.drawing.tables.get(self.references.get(name, ""))
        if target is None or vector.table is target:
            return vector
        if vector.table is not None:
            raise Unfit(f"{name} leads to {vector.table.name}", expected=target.name)
        keys = target.column(target.key).keys()
        if keys.kind != vector.keys().kind:
            what = f"{name} must lead to {target.name}"
            raise Unfit(what, vector.kind, f"a row of it, or its {target.key} ({keys.kind})")
        theirs, ours = same_codes(keys, vector.keys())
        row_of = np.full(max(int(theirs.max(initial=-1)), int(ours.max(initial=-1))) + 1, -1)
        row_of[theirs] = np.arange(target.count)
        rows = row_of[ours]
        gone = rows < 0 if vector.missing is None else (rows < 0) & ~vector.missing
        if gone.any():
            what = f"{int(gone.sum())} values of {name} are no {target.key} of {target.name}"
            raise Unfit(what, fix=f"pick({target.name}) or lookup({target.name}, …) finds one")
        return Vector("reference", np.maximum(rows, 0), vector.missing, table=target)

    def resolve(self, name: str) -> str | None:
        """The column that a name means: `municipality` is short for `municipality_code`."""
        if name in self.columns:
            return name
        long = (name + ending for ending in REFERENCE_ENDINGS)
        return next((c for c in long if c in self.columns and c in self.references), None)

    def names(self, *, own: bool = False) -> list[str]:
        """What an expression can name; `own` leaves out the words of the language."""
        short = [c.rpartition("_")[0] for c in self.references if c.endswith(REFERENCE_ENDINGS)]
        names = [*self.columns, *(s for s in short if s not in self.columns)]
        return names if own else [*names, *self.drawing.secrets, *self.words]

    @property
    def words(self) -> list[str]:
        """The words of the language that mean something for a row of this table."""
        return ["row", "asof", "scale"]

    def rows(self, start: int = 0, stop: int | None = None) -> Rows:
        return Rows(self, start, self.count if stop is None else stop)


class GivenTable(Table):
    """A table of another dataset, as Arrow. Its key is its first column."""

    def __init__(self, drawing: Drawing, name: str, arrow: pa.Table, references: Mapping[str, str]):
        super().__init__(drawing, name, references)
        self.arrow = arrow

    @property
    def key(self) -> str:
        return str(self.arrow.column_names[0])

    @property
    def count(self) -> int:
        return int(self.arrow.num_rows)

    @property
    def columns(self) -> Sequence[str]:
        return list(self.arrow.column_names)

    def make(self, column: str) -> Vector:
        array = self.arrow.column(column)
        return from_arrow(array, kind_of(array.type))


def kind_of(arrow: pa.DataType) -> Kind:
    """The kind that holds values of an Arrow type."""
    if pa.types.is_boolean(arrow):
        return "boolean"
    if pa.types.is_integer(arrow):
        return "integer"
    if pa.types.is_floating(arrow):
        return "number"
    if pa.types.is_date(arrow):
        return "date"
    return "datetime" if pa.types.is_timestamp(arrow) else "string"


class OwnTable(Table):
    """A table of the recipe: from a file, of so many rows, or so many per row of another."""

    def __init__(self, drawing: Drawing, recipe: TableRecipe):
        self.described = drawing.dataset.tables.get(recipe.name)
        super().__init__(
            drawing, recipe.name, self.described.foreign_keys if self.described else {}
        )
        self.recipe = recipe

    @property
    def key(self) -> str:
        return self.described.key if self.described else self.columns[0]

    @cached_property
    def file_columns(self) -> dict[str, Vector]:
        if self.recipe.file is None:
            return {}
        kinds: dict[str, Kind] = {}
        if self.described:
            kinds = {name: column.type for name, column in self.described.columns.items()}
        with self.drawing.making(self.name, "file", line=self.recipe.line):
            columns = read_columns(self.drawing.recipe.folder, self.recipe.file, kinds)
        none = np.empty(0, np.int64)
        return {n: v.take(none) for n, v in columns.items()} if self.drawing.dry else columns

    @property
    def columns(self) -> Sequence[str]:
        return [*self.file_columns, *self.recipe.columns]

    @cached_property
    def count(self) -> int:
        if self.recipe.file is not None:
            return next((len(v.values) for v in self.file_columns.values()), 0)
        if self.recipe.per is not None:
            return len(self.shape.owners)
        return round((self.recipe.rows or 0) * self.drawing.scale)

    @cached_property
    def parent(self) -> Table | None:
        """The table that this one has rows per row of."""
        if self.recipe.per is None:
            return None
        name = _factors(self.recipe.per.node)[0]
        tables = self.drawing.tables
        if isinstance(name, ast.Name) and name.id in tables:
            return tables[name.id]
        unfit = Unfit("per does not begin with a table", ast.unparse(name), "TABLE * COUNT")
        unfit.node = name
        raise unfit

    @cached_property
    def shape(self) -> Many:
        """The parent's row that each row belongs to; the values are parts, if any were split."""
        expression = self.recipe.per
        assert expression is not None
        with self.drawing.making(self.name, SHAPE):
            assert self.parent is not None
            factors = _factors(expression.node)[1:]
            count = self._per(expression, factors) if factors else constant(1)
            if isinstance(count, Many):
                return count
            values = count.spread(self.parent.count).values.astype(np.int64)
            if count.kind not in ("integer", "boolean") or (values < 0).any():
                expected = "whole numbers of 0 or more"
                raise Unfit("per counts rows", count.kind, expected, "round(…), max(0, …)")
            if count.missing is not None:
                values = np.where(count.missing, 0, values)
            return Many(np.empty(0, np.int64), np.repeat(np.arange(len(values)), values))

    def _per(self, expression: Expression, factors: list[ast.expr]) -> Any:
        assert self.parent is not None
        node = factors[0]
        for factor in factors[1:]:
            node = ast.copy_location(ast.BinOp(node, ast.Mult(), factor), expression.node)
        return Evaluator(self.parent.rows(), f"{self.name}.{SHAPE}", node).run(node)

    @cached_property
    def position(self) -> Array:
        """The number of each row among those of its parent, from 1."""
        owners = self.shape.owners
        first = np.searchsorted(owners, owners)
        return np.arange(len(owners)) - first + 1

    @property
    def words(self) -> list[str]:
        if self.recipe.per is None:
            return super().words
        parts = ["part"] if "split(" in self.recipe.per.text else []
        return [*super().words, "parent", "position", *parts]

    def make(self, column: str) -> Vector:
        if column in self.file_columns:
            return self.file_columns[column]
        return self.evaluate(column, self.rows())

    def evaluate(self, column: str, rows: Rows) -> Vector:
        expression = self.recipe.columns[column]
        found = Evaluator(rows, expression.place, expression.node).run(expression.node)
        if isinstance(found, Many):
            raise Unfit("several values per row belong in per only")
        assert isinstance(found, Vector)
        return found


def _factors(node: ast.expr) -> list[ast.expr]:
    """a * b * c as [a, b, c]."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), node.right]
    return [node]


@dataclass(frozen=True)
class Rows:
    """Some consecutive rows of a table, `start` to `stop` (not included), of which all is known."""

    table: Table
    start: int
    stop: int

    @property
    def is_whole(self) -> bool:
        return (self.start, self.stop) == (0, self.table.count)

    def whole(self) -> Rows:
        return self.table.rows()

    def cut(self, whole: Vector) -> Vector:
        """These rows of a whole column."""
        return whole if not whole.values.ndim else whole.take(np.arange(self.start, self.stop))

    def column(self, name: str) -> Vector:
        """A column of these rows only: cells of the others are not drawn, but for whole-table
        functions and for columns of other tables."""
        if self.is_whole or not isinstance(self.table, OwnTable) or self.table.recipe.file:
            return self.cut(self.table.column(name))
        vector = self.table.evaluate(name, self).spread(self.stop - self.start)
        return self.table.linked(name, vector)

    def named(self, name: str) -> Vector | None:
        """What a name means in an expression over these rows, None if nothing."""
        column = self.table.resolve(name)
        if column is not None:
            return self.column(column)
        drawing = self.table.drawing
        if name in drawing.secrets:
            return drawing.secret(name)
        word = _WORDS.get(name)
        return word(self) if word and name in self.table.names() else None


def _row(rows: Rows) -> Vector:
    return Vector("integer", np.arange(rows.start + 1, rows.stop + 1))


def _parent(rows: Rows) -> Vector:
    assert isinstance(rows.table, OwnTable)
    owners = rows.table.shape.owners[rows.start : rows.stop]
    return Vector("reference", owners, table=rows.table.parent)


def _position(rows: Rows) -> Vector:
    assert isinstance(rows.table, OwnTable)
    return Vector("integer", rows.table.position[rows.start : rows.stop])


def _part(rows: Rows) -> Vector:
    assert isinstance(rows.table, OwnTable)
    return Vector("integer", rows.table.shape.values[rows.start : rows.stop])


_WORDS: dict[str, Callable[[Rows], Vector]] = {
    "row": _row,
    "parent": _parent,
    "position": _position,
    "part": _part,
    "asof": lambda rows: constant(rows.table.drawing.recipe.asof),
    "scale": lambda rows: constant(float(rows.table.drawing.scale)),
}
