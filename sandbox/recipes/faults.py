"""Faults planted in what readers see, and the ledger of what was planted where, which is truth."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.errors import Problem, did_you_mean
from sandbox.recipes.drawing import Drawing, Spoilt
from sandbox.recipes.functions.faults import retyped
from sandbox.recipes.here import Here
from sandbox.recipes.hold_out import unseen
from sandbox.recipes.language import Call, Evaluator
from sandbox.recipes.operators import Passing, Unfit, shown
from sandbox.recipes.recipe import Expression, TableRecipe
from sandbox.recipes.registry import FAULTS, Faulted, Function, Named
from sandbox.recipes.tables import OwnTable
from sandbox.recipes.vectors import Array, strings, to_arrow

LEDGER = ("column", "fault", "true_value", "published_value")


@dataclass
class Planted:
    """A table with its faults. `origin`: the row of the full table that each row is, or repeats."""

    table: pa.Table
    origin: Array
    ledger: pa.Table


@dataclass(frozen=True)
class Fault:
    """One fault of a recipe: its function, its arguments, and where its draws come from."""

    function: Function
    call: Call
    here: Here
    number: int
    line: int | None

    @property
    def column(self) -> Named | None:
        """The column that it strikes; None for a duplicate, which is of the whole row."""
        first = self.call.positional[0] if self.call.positional else self.call.named.get("column")
        return first if isinstance(first, Named) else None

    def result(self) -> Faulted:
        made = self._made()
        assert isinstance(made, Faulted)
        hit = np.broadcast_to(made.hit, self.here.count)
        if self.call.missing is not None:
            hit = hit & ~self.call.missing
        return Faulted(hit, made.values)

    def _made(self) -> Any:
        # What has no limits is told where it would be published.
        with np.errstate(all="ignore"):
            try:
                return self.function.call(self.here, *self.call.positional, **self.call.named)
            except (Unfit, Passing, MemoryError, RecursionError):
                raise
            except Exception as error:
                what = f"{self.function.name} cannot work with these arguments: {error}"
                raise Unfit(what, fix=self.function.usage) from None


def faulted_columns(recipe: TableRecipe, key: str) -> frozenset[str]:
    """The columns in which faults are planted; the key, where rows are doubled."""
    found: set[str] = set()
    for expression in recipe.faults:
        node = expression.node
        if isinstance(node, ast.Call):
            is_double = isinstance(node.func, ast.Name) and node.func.id == "duplicate"
            names = node.args[1:] if is_double else node.args[:1]
            found |= {name.id for name in names if isinstance(name, ast.Name)}
            found |= {key} if is_double else set()
    return frozenset(found)


def plant(table: OwnTable, full: pa.Table) -> Planted:
    """A full table (or a piece of it) with the faults of its recipe.

    A cell is faulted at most once, and never where readers see nothing anyway.
    """
    return _Planting(table, full).done()


@dataclass
class _Planting:
    table: OwnTable
    full: pa.Table
    struck: dict[str, Array] = field(default_factory=dict)
    columns: dict[str, pa.ChunkedArray] = field(default_factory=dict)
    ledger: list[pa.Table] = field(default_factory=list)

    def done(self) -> Planted:
        self.columns = {name: self.full.column(name) for name in self.full.column_names}
        faults = [*faults_of(self.table)]
        doubles = [fault for fault in faults if fault.function.name == "duplicate"]
        for fault in faults:
            if fault not in doubles:
                with self._planting(fault):
                    self._strike(fault)
        shown = pa.table(self.columns)
        origin = np.arange(len(shown))
        for fault in doubles:
            with self._planting(fault):
                rows, extra = self._doubled(fault)
            shown, origin = pa.concat_tables([shown, extra]), np.concatenate([origin, rows])
        return Planted(shown, origin, self._ledger())

    def _planting(self, fault: Fault) -> AbstractContextManager[None]:
        place, line = f"faults.{fault.number}", fault.line
        return self.table.drawing.making(self.table.name, place, line=line)

    def _strike(self, fault: Fault) -> None:
        column = fault.column
        assert column is not None
        made = fault.result()
        hit = made.hit & self._open(column.name)
        old, kind = self.columns[column.name], self.full.schema.field(column.name).type
        new = pa.chunked_array([to_arrow(made.values.spread(len(hit))).cast(kind)])
        same = np.asarray(pc.fill_null(pc.equal(old, new), False))
        hit = hit & ~same
        self.struck[column.name] = self.struck.get(column.name, np.zeros(len(hit), bool)) | hit
        self.columns[column.name] = pc.if_else(pa.array(hit), new, old)
        keys = self.full.column(self.table.key).filter(pa.array(hit))
        self._note(keys, column.name, fault.function.name,
                   old.filter(pa.array(hit)), new.filter(pa.array(hit)))  # fmt: skip

    def _open(self, column: str) -> Array:
        """Rows whose cell readers see, and in which nothing was planted yet."""
        full = self.columns[column]
        able = np.asarray(full.is_valid())
        hidden = unseen(self.table, column)
        if hidden is not None:
            able = able & ~hidden
        return able if column not in self.struck else able & ~self.struck[column]

    def _doubled(self, fault: Fault) -> tuple[Array, pa.Table]:
        """The rows that stand there twice, and what stands there the second time."""
        key = self.table.key
        rows = np.flatnonzero(fault.result().hit & self._open(key))
        taken = pa.array(rows)
        extra = self.full.take(taken)
        keys = to_arrow(self.table.keys_beyond().take(rows))
        index = extra.column_names.index(key)
        extra = extra.set_column(index, key, keys.cast(extra.schema.field(index).type))
        self._note(extra.column(key), key, "duplicate", self.full.column(key).take(taken), keys)
        for column in (c for c in fault.call.positional[1:] if isinstance(c, Named)):
            extra = self._drifted(fault, column, rows, extra)
        return rows, extra

    def _drifted(self, fault: Fault, column: Named, rows: Array, extra: pa.Table) -> pa.Table:
        """The second rows with a typo in a column, where it makes a difference."""
        index = extra.column_names.index(column.name)
        old = extra.column(index)
        every = strings(pc.fill_null(old, "").combine_chunks())
        new = to_arrow(
            retyped(every, np.ones(len(rows), bool), fault.here.words(column.name)[rows])
        )
        hidden = unseen(self.table, column.name)
        hit = np.asarray(pc.fill_null(pc.not_equal(old, new), False))
        hit = hit if hidden is None else hit & ~hidden[rows]
        mask = pa.array(hit)
        told = (extra.column(self.table.key), old, pa.chunked_array([new]))
        keys, before, after = (values.filter(mask) for values in told)
        self._note(keys, column.name, "typo", before, after)
        return extra.set_column(index, column.name, pc.if_else(mask, new, old))

    def _note(self, keys: pa.ChunkedArray, column: str, fault: str,
              true: pa.ChunkedArray, shown: pa.ChunkedArray) -> None:  # fmt: skip
        told = (
            pa.repeat(column, len(keys)),
            pa.repeat(fault, len(keys)),
            _text(true),
            _text(shown),
        )
        self.ledger.append(
            pa.table([keys, *told], names=[self.table.key, *LEDGER]).cast(self._schema)
        )

    @property
    def _schema(self) -> pa.Schema:
        key = self.full.schema.field(self.table.key)
        return pa.schema([key, *((name, pa.string()) for name in LEDGER)])

    def _ledger(self) -> pa.Table:
        return pa.concat_tables(self.ledger) if self.ledger else self._schema.empty_table()


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values as text, moments in ISO 8601 as they are published."""
    if pa.types.is_timestamp(values.type):
        return pc.strftime(values, "%Y-%m-%dT%H:%M:%SZ")
    return values.cast(pa.string())


def faults_of(table: OwnTable) -> Iterator[Fault]:
    """The faults of a table, in the order of the recipe; Spoilt where one cannot be read.

    The draws of a fault are its own by function, column and number among those of the same, so that
    adding another moves none of them.
    """
    seen: dict[str, int] = {}
    for number in range(len(table.recipe.faults)):
        yield _read(table, number, seen)


def _read(table: OwnTable, number: int, seen: dict[str, int]) -> Fault:
    expression = table.recipe.faults[number]
    with table.drawing.making(table.name, f"faults.{number}", line=expression.line):
        return _fault(table, number, expression, seen)


def _fault(table: OwnTable, number: int, expression: Expression, seen: dict[str, int]) -> Fault:
    node = expression.node
    name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    if not isinstance(node, ast.Call) or name not in FAULTS:
        fix = did_you_mean(name, list(FAULTS)) if name else "missing(column, .01)"
        raise Unfit(f"there is no fault {name!r}", shown(node), fix=fix)
    call = Evaluator(table, f"{table.name}.faults", node).call_of(FAULTS[name], node)
    named = (v for v in (*call.positional, *call.named.values()) if isinstance(v, Named))
    column = next(named, None)
    site = name if column is None or name == "duplicate" else f"{name}.{column.name}"
    seen[site] = seen.get(site, -1) + 1
    here = Here(table, f"{table.name}.faults", f"{site}{seen[site]}")
    return Fault(FAULTS[name], call, here, number, expression.line)


def fault_problems(drawing: Drawing) -> Iterator[Problem]:
    """Faults that cannot be planted; needs a dry drawing, whose tables are empty."""
    for table in drawing.tables.values():
        if not isinstance(table, OwnTable) or not table.recipe.faults:
            continue
        if table.described is None:
            what = f"{table.name} is not published, so it has no faults"
            yield Problem(
                what, drawing.recipe.file, table.recipe.line, fix="move faults: elsewhere"
            )
            continue
        yield from _columns_struck(drawing, table)
        planted = [_can_be_planted(table, number) for number in range(len(table.recipe.faults))]
        if all(planted):
            with suppress(Spoilt):  # and noted among the drawing's problems
                plant(table, drawing.arrow(table, list(table.described.columns)))


def _can_be_planted(table: OwnTable, number: int) -> bool:
    """Whether one fault alone is right; what is not is noted among the drawing's problems."""
    with suppress(Spoilt):
        fault = _read(table, number, {})
        with table.drawing.making(table.name, f"faults.{number}", line=fault.line):
            fault.result()
        return fault.column is None or fault.column.name in table.described.columns  # type: ignore[union-attr]
    return False


def _columns_struck(drawing: Drawing, table: OwnTable) -> Iterator[Problem]:
    assert table.described is not None
    file, described = drawing.recipe.file, table.described.columns
    for number, expression in enumerate(table.recipe.faults):
        node = expression.node
        called = (
            node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        )
        names = node.args if isinstance(node, ast.Call) else []
        struck = names[1:] if called == "duplicate" else names[:1]
        where = f"{table.name}.faults.{number}"
        for name in (n.id for n in struck if isinstance(n, ast.Name) and n.id in table.columns):
            if name == table.key:
                yield Problem(f"{where}: the key cannot carry a fault", file, expression.line, name)
            elif name not in described:
                what = f"{where}: {name} is not published, so a fault there is seen by nobody"
                yield Problem(what, file, expression.line, fix="leave it out")
            elif called == "missing" and described[name].required:
                what = f"{where}: {name} will be missing in places"
                yield Problem(what, file, expression.line, "required: true", "no required",
                              "take required out of dataset.yml")  # fmt: skip
