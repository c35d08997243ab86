"""Tables while they are drawn: rows, and columns that are evaluated when first asked for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sandbox.errors import did_you_mean
from sandbox.recipes.files import read_columns
from sandbox.recipes.language import Evaluator
from sandbox.recipes.operators import Unfit, shown
from sandbox.recipes.recipe import MOST_ROWS, Expression, TableRecipe
from sandbox.recipes.registry import Many
from sandbox.recipes.staged import Item, Need
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
    from sandbox.recipes.proving import Observed

REFERENCE_ENDINGS = ("_id", "_code")
OF_NUMBERS_ALONE = {"code", "text", "shuffled"}  # functions that look at nothing but arguments
MOST_AT_ONCE = 1 << 28  # rows for the rows of one piece: two gigabytes of their parents' numbers
SHAPE = "per"  # stands for "which rows there are" wherever columns are named


class Table:
    """Consecutive rows of a table, `count` of them from row `first` on: all, or those of a piece.

    `references` says which column leads to which table; `around` holds the tables as they are seen
    from here, those of the same piece cut as this one is.
    """

    first = 0

    def __init__(
        self,
        drawing: Drawing,
        name: str,
        references: Mapping[str, str],
        around: Mapping[str, Table] | None = None,
    ):
        self.drawing = drawing
        self.name = name
        self.references = references
        self.around = drawing.tables if around is None else around
        self.cache: dict[str, Vector] = {}
        self.proving = drawing.proving
        self.observed: Observed = {}  # what was drawn in these rows beside what was declared

    @property
    def key(self) -> str:
        raise NotImplementedError

    @property
    def count(self) -> int:
        raise NotImplementedError

    @property
    def columns(self) -> Sequence[str]:
        raise NotImplementedError

    @property
    def is_piece(self) -> bool:
        """Whether other rows of the table lie in other pieces."""
        return False

    def make(self, column: str) -> Vector:
        """The values of a column, not yet as references."""
        raise NotImplementedError

    def column(self, name: str) -> Vector:
        """A column of these rows, made once."""
        self.drawing.note(self.name, name)
        if name not in self.cache:
            with self.drawing.making(self.name, name):
                vector = self.make(name).spread(self.count)
                vector = self.drawing.disturb(self.name, name, vector)
                vector = self.drawing.forced(self.name, name, vector)
                self.cache[name] = self.linked(name, vector)
        return self.cache[name]

    def keys_at(self, index: Array) -> Vector:
        """The keys of the rows numbered `index`, from 0 for the first of these rows."""
        return self.column(self.key).keys().take(index)

    @cached_property
    def key_counts(self) -> bool:
        """Whether the key is made of nothing but the row's number, and so known for any row."""
        return False

    def linked(self, name: str, vector: Vector) -> Vector:
        """A foreign key's values as row numbers of the table that they lead to."""
        target = self.around.get(self.references.get(name, ""))
        if target is None or (vector.table and vector.table.name == target.name):
            return vector
        if vector.table is not None:
            raise Unfit(f"{name} leads to {vector.table.name}", expected=target.name)
        target = self.drawing.tables[target.name]
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

    def named(self, name: str) -> Vector | None:
        """What a name means in an expression over these rows, None if nothing."""
        column = self.resolve(name)
        if column is not None:
            return self.column(column)
        if name in self.drawing.secrets:
            self.drawing.note("secrets", name)
            return self.drawing.secret(name)
        word = _WORDS.get(name)
        return word(self) if word and name in self.words else None

    def names(self, *, own: bool = False) -> list[str]:
        """What an expression can name; `own` leaves out the words of the language."""
        short = [c.rpartition("_")[0] for c in self.references if c.endswith(REFERENCE_ENDINGS)]
        names = [*self.columns, *(s for s in short if s not in self.columns)]
        return names if own else [*names, *self.drawing.secrets, *self.words]

    @property
    def words(self) -> list[str]:
        """The words of the language that mean something for a row of this table."""
        return ["row", "asof", "scale"]


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

    def __init__(
        self, drawing: Drawing, recipe: TableRecipe, around: Mapping[str, Table] | None = None
    ):
        self.described = drawing.dataset.tables.get(recipe.name)
        references = self.described.foreign_keys if self.described else {}
        super().__init__(drawing, recipe.name, references, around)
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
        rows = round((self.recipe.rows or 0) * self.drawing.scale)
        with self.drawing.making(self.name, "rows", line=self.recipe.line):
            _must_fit(rows, MOST_ROWS, "build at a smaller --scale")
        return rows

    @cached_property
    def parent(self) -> Table | None:
        """The table that this one has rows per row of, as it is seen from here."""
        if self.recipe.per is None:
            return None
        name = _factors(self.recipe.per.node)[0]
        if isinstance(name, ast.Name) and name.id in self.around:
            return self.around[name.id]
        fix = did_you_mean(shown(name), list(self.around))
        unfit = Unfit("per does not begin with a table", shown(name), "TABLE * COUNT", fix)
        unfit.node = name
        raise unfit

    @cached_property
    def shape(self) -> Many:
        """The parent's row that each row belongs to, and the words that came with it."""
        expression = self.recipe.per
        assert expression is not None
        with self.drawing.making(self.name, SHAPE):
            assert self.parent is not None
            factors = _factors(expression.node)[1:]
            count = self._per(expression, factors) if factors else constant(1)
            if isinstance(count, Many):
                return count
            return self._repeated(count.spread(self.parent.count))

    def _repeated(self, count: Vector) -> Many:
        """So many rows for each row of the parent."""
        fix = "round(…), max(0, …)"
        if count.kind not in ("integer", "boolean"):
            raise Unfit("per counts rows", count.kind, "a whole number", fix)
        values = count.values.astype(np.int64)
        if count.missing is not None:
            values = np.where(count.missing, 0, values)
        if (values < 0).any():
            raise Unfit("per counts rows", str(values.min()), "0 or more", fix)
        _must_fit(int(values.sum(dtype=float)), MOST_AT_ONCE, "let fewer rows be made for each row")
        return Many(np.repeat(np.arange(len(values)), values))

    def _per(self, expression: Expression, factors: list[ast.expr]) -> Any:
        assert self.parent is not None
        node = factors[0]
        for factor in factors[1:]:
            node = ast.copy_location(ast.BinOp(node, ast.Mult(), factor), expression.node)
        return Evaluator(self.parent, f"{self.name}.{SHAPE}", node).run(node)

    @cached_property
    def position(self) -> Array:
        """The number of each row among those of its parent, from 1."""
        owners = self.shape.owners
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        first = np.repeat(starts, np.diff(starts, append=len(owners)))
        return np.arange(1, len(owners) + 1) - first

    @property
    def words(self) -> list[str]:
        if self.recipe.per is None:
            return super().words
        return [*super().words, "parent", "position", *self.shape.words]

    def named(self, name: str) -> Vector | None:
        # `state: state` publishes the word that the rows brought along under its own name.
        found = None if self.drawing.is_making(self.name, name) else super().named(name)
        if found is None and self.recipe.per is not None:
            found = self.shape.words.get(name)
        return super().named(name) if found is None else found

    def make(self, column: str) -> Vector:
        if column in self.file_columns:
            return self.file_columns[column]
        expression = self.recipe.columns[column]
        return self.evaluate(expression)

    def evaluate(self, expression: Expression) -> Vector:
        """The values of an expression over these rows."""
        return Evaluator(self, expression.place, expression.node).vector(expression.node)

    def keys_at(self, index: Array) -> Vector:
        if not self.key_counts:
            return super().keys_at(index)
        rows = Numbered(self, index)
        expression = self.recipe.columns[self.key]
        return rows.evaluate(expression).spread(len(index))

    def keys_beyond(self) -> Vector:
        """The keys that these rows would have if as many lay before them as the table has."""
        beyond = np.arange(self.first, self.first + self.count) + self.drawing.total(self.name)
        return Numbered(self, beyond - self.first).evaluate(self.recipe.columns[self.key])

    @cached_property
    def key_counts(self) -> bool:
        """Whether the key is made of nothing but the row's number, and so known for any row."""
        expression = self.recipe.columns.get(self.key)
        if expression is None or self.recipe.file is not None:
            return False
        nodes = list(ast.walk(expression.node))
        calls = {n.func for n in nodes if isinstance(n, ast.Call)}
        names = {n.id for n in nodes if isinstance(n, ast.Name) and n not in calls}
        functions = {f.id for f in calls if isinstance(f, ast.Name)}
        return names == {"row"} and functions <= OF_NUMBERS_ALONE


class Numbered(OwnTable):
    """Rows of a table in any order, of which only the numbers are known: `row` and draws by it."""

    def __init__(self, table: OwnTable, index: Array):
        super().__init__(table.drawing, table.recipe, table.around)
        self.index = np.asarray(index) + table.first

    @property
    def count(self) -> int:
        return len(self.index)

    def named(self, name: str) -> Vector | None:
        return Vector("integer", self.index + 1) if name == "row" else None


class PieceTable(OwnTable):
    """The rows of a table that lie in one piece of it."""

    def __init__(
        self, drawing: Drawing, recipe: TableRecipe, around: Mapping[str, Table], number: int,
        span: tuple[int, int] | None = None,
    ):  # fmt: skip
        super().__init__(drawing, recipe, around)
        self.number, self.span = number, span

    @property
    def is_piece(self) -> bool:
        return True

    @cached_property
    def first(self) -> int:  # type: ignore[override]
        if self.span:
            return self.span[0]
        return int(self.drawing.staged.offsets(self.name, self.drawing.world)[max(self.number, 0)])

    @cached_property
    def count(self) -> int:
        return self.span[1] - self.span[0] if self.span else super().count

    @cached_property
    def shape(self) -> Many:
        if not self.span:
            return super().shape
        whole = self.drawing.tables[self.name]
        assert isinstance(whole, OwnTable)
        rows = slice(*self.span)
        words = {name: vector.slice(rows) for name, vector in whole.shape.words.items()}
        return Many(whole.shape.owners[rows], words)

    @cached_property
    def position(self) -> Array:
        if not self.span:
            return super().position
        whole = self.drawing.tables[self.name]
        assert isinstance(whole, OwnTable)
        return whole.position[slice(*self.span)]


class CutTable(OwnTable):
    """A whole table whose rows are drawn in pieces: what is known of all of them was put together
    in an earlier pass, and is asked for (Need) where it was not."""

    @property
    def is_root(self) -> bool:
        return self.name in self.drawing.cuts

    @cached_property
    def count(self) -> int:
        if self.is_root:
            return super().count
        return int(self.drawing.staged.offsets(self.name, self.drawing.world)[-1])

    @cached_property
    def shape(self) -> Many:
        item = Item("shape", self.name, world=self.drawing.world)
        known = self.drawing.staged.find(item)
        if known is not None:
            return known.many(self.drawing)
        if not self.is_root:
            raise Need(item)
        return super().shape

    def column(self, name: str) -> Vector:
        self.drawing.note(self.name, name)
        if name not in self.cache:
            item = Item("column", self.name, name, world=self.drawing.world)
            known = self.drawing.staged.find(item)
            if known is None:
                raise Need(item)
            self.cache[name] = known.vector(self.drawing)
        return self.cache[name]


def _must_fit(rows: int, most: int, fix: str) -> None:
    if rows > most:
        raise Unfit("so many rows cannot be drawn", f"{rows:,}", f"at most {most:,}", fix)


def _factors(node: ast.expr) -> list[ast.expr]:
    """a * b * c as [a, b, c]."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), node.right]
    return [node]


def _row(table: Table) -> Vector:
    return Vector("integer", np.arange(table.first + 1, table.first + table.count + 1))


def _parent(table: Table) -> Vector:
    assert isinstance(table, OwnTable)
    return Vector("reference", table.shape.owners, table=table.parent)


def _position(table: Table) -> Vector:
    assert isinstance(table, OwnTable)
    return Vector("integer", table.position)


_WORDS: dict[str, Callable[[Table], Vector]] = {
    "row": _row,
    "parent": _parent,
    "position": _position,
    "asof": lambda table: constant(table.drawing.recipe.asof),
    "scale": lambda table: constant(float(table.drawing.scale)),
}
