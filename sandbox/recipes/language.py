"""The closed evaluator: a syntax tree becomes a column, and nothing but the vocabulary can run.

No attribute but a walk up a foreign key, no subscript, no lambda, no comprehension, no name that is
neither a column nor a word of the language.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sandbox.errors import did_you_mean, nearest
from sandbox.recipes import functions as _vocabulary  # noqa: F401  fills FUNCTIONS
from sandbox.recipes.here import Here
from sandbox.recipes.numbering import numbered
from sandbox.recipes.operators import (
    SHOWN,
    WHOLE,
    Passing,
    Unfit,
    an,
    arithmetic,
    compared,
    inverted,
    negative,
    shown,
    truth,
)
from sandbox.recipes.own_functions import raised
from sandbox.recipes.proving import observe
from sandbox.recipes.registry import ARRAYS, FAULTS, Function, Many, Named, Parameter, as_array
from sandbox.recipes.staged import Item, TravellingCall
from sandbox.recipes.vectors import Array, Vector, constant, either

if TYPE_CHECKING:
    from sandbox.recipes.drawing import Drawing
    from sandbox.recipes.tables import OwnTable, Table


@dataclass
class Call:
    """The arguments of a call, which rows of them are missing, and the table that they name."""

    positional: list[Any]
    named: dict[str, Any]
    missing: Array | None
    other: Table | None = None

    def result(self, called: Function, here: Here) -> Any:
        """What the function makes of them: missing where one of them is."""
        gone = self._gone(here.count)
        nothing_known = gone is not None and bool(gone.all())
        if nothing_known and called.returns in _EMPTY:
            kind: Any = called.returns
            nothing: Array = np.zeros(here.count, _EMPTY[kind])
            return Vector(kind, nothing, gone, _NO_WORDS if kind == "string" else None)
        place = [replace(here, gone=gone)] if called.takes_here else []
        known = self
        if gone is not None and not nothing_known and not called.numbered_by:
            known = self._where_known(called, gone)
        with np.errstate(all="ignore"):  # what has no limits is told where it would be published
            result = called.call(*place, *known.positional, **known.named)
        if isinstance(result, Vector):
            return result.hiding(self.missing)
        if isinstance(result, Many):
            return result
        return Vector(called.returns, np.asarray(result), self.missing)  # type: ignore[arg-type]

    def _gone(self, rows: int) -> Array | None:
        """Which rows lack an argument, None if none does."""
        if self.missing is None or not self.missing.any():
            return None
        return np.broadcast_to(self.missing, rows)

    def _where_known(self, called: Function, gone: Array) -> Call:
        """The arguments, with one that is known in the place of those that are missing.

        What lies below a missing value may be anything, such as the -1 of `log(when(x > 0, x))`,
        and must not be refused.
        """
        rows = np.arange(len(gone))
        rows[gone] = int(np.argmin(gone))
        of_rows = {p.name for p in called.parameters if p.takes in (*ARRAYS, "string", "reference")}
        names = [p.name for p in called.parameters]
        names += names[-1:] * len(self.positional)  # the last one may take several

        def known(name: str, value: Any) -> Any:
            return _at_rows(value, rows) if name in of_rows else value

        return Call(
            [known(name, value) for name, value in zip(names, self.positional, strict=False)],
            {name: known(name, value) for name, value in self.named.items()},
            self.missing,
            self.other,
        )


_EMPTY: dict[str, type] = {"integer": np.int64, "number": np.float64, "boolean": np.bool_,
                           "string": np.int64, "date": np.int64, "datetime": np.int64,
                           "duration": np.int64}  # fmt: skip
_NO_WORDS = pa.array([""], pa.string())


def _at_rows(value: Any, rows: Array) -> Any:
    """An argument at some rows; a constant is the same at all."""
    if isinstance(value, Vector):
        return value.take(rows)
    return value[rows] if value.ndim else value


class Evaluator:
    """Evaluates the expression of one place (`persons.age`) over the rows of a table."""

    def __init__(self, table: Table, place: str, node: ast.expr):
        self.table = table
        self.place = place
        self.sites = _sites(node)

    def run(self, node: ast.expr) -> Any:
        """The Vector (or Many) of an expression; Unfit, with the node it is about, if none."""
        try:
            method: Callable[[Any], Any] | None = getattr(
                self, f"_{type(node).__name__.lower()}", None
            )
            if method is None:
                raise Unfit(_unknown_syntax(node), fix=_REPLACED.get(type(node)))
            return method(node)
        except Unfit as unfit:
            unfit.node = unfit.node or node
            raise

    def vector(self, node: ast.expr) -> Vector:
        """The value of a part of an expression: one for each row, or one for all."""
        found = self.run(node)
        if isinstance(found, Vector):
            return found
        unfit = Unfit("several values per row belong in per only", shown(node))
        unfit.node = node
        raise unfit

    def _constant(self, node: ast.Constant) -> Vector:
        if isinstance(node.value, bool | int | float | str):
            return constant(_writable(node.value))
        what = f"{shown(node)} is not a value of the language"
        raise Unfit(what, fix="when(condition, value)")

    def _name(self, node: ast.Name) -> Vector:
        found = self.table.named(node.id)
        if found is None:
            raise self._unknown_name(node.id)
        return found

    def _unknown_name(self, name: str) -> Unfit:
        functions = self.table.drawing.functions
        if name in functions:
            return Unfit(f"{name} is a function", fix=f"write {functions[name].usage}")
        if name in self.table.around:
            fix = f"pick({name}, …), lookup({name}, …), or walk a foreign key to it"
            return Unfit(f"{name} is a table, not a column", fix=fix)
        fix = did_you_mean(name, self.table.names())
        if not nearest(name, self.table.names()):
            fix = f"a text stands in quotes of its own, '{name}'; {fix}"
        return Unfit(f"there is no {name!r} here", fix=fix)

    def _attribute(self, node: ast.Attribute) -> Vector:
        reference = self.vector(node.value)
        if reference.table is None:
            what = f"{shown(node.value)} is no foreign key, so no dot can follow it"
            raise Unfit(what, reference.kind, "a reference to another table")
        table: Table = reference.table
        found = table.named(node.attr)
        if found is None or node.attr in self.table.drawing.shared_words:
            what = f"{table.name} has no column {node.attr!r}"
            raise Unfit(what, fix=did_you_mean(node.attr, table.names(own=True)))
        return found.take(reference.values).hiding(reference.missing)

    def _binop(self, node: ast.BinOp) -> Vector:
        return arithmetic(node.op, self.vector(node.left), self.vector(node.right))

    def _unaryop(self, node: ast.UnaryOp) -> Vector:
        operand = self.vector(node.operand)
        if isinstance(node.op, ast.USub):
            return negative(operand)
        if isinstance(node.op, ast.Invert | ast.Not):
            return inverted(operand)
        raise Unfit("a leading + has no use", fix="leave it out")

    def _boolop(self, node: ast.BoolOp) -> Vector:
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        sides = [truth(self.vector(value)) for value in node.values]
        result = sides[0]
        for side in sides[1:]:
            result = join(result, side)
        return Vector("boolean", result)

    def _compare(self, node: ast.Compare) -> Vector:
        left, result = self.vector(node.left), None
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                one = self._among(left, comparator, absent=isinstance(op, ast.NotIn))
            else:
                right = self.vector(comparator)
                one, left = compared(op, left, right), right
            result = one if result is None else Vector("boolean", result.values & one.values)
        assert result is not None
        return result

    def _among(self, left: Vector, listed: ast.expr, *, absent: bool) -> Vector:
        if not isinstance(listed, ast.List | ast.Tuple) or not listed.elts:
            raise Unfit("in needs a list", shown(listed), "['a', 'b']")
        hits = [compared(ast.Eq(), left, self.vector(item)).values for item in listed.elts]
        found = np.logical_or.reduce(np.broadcast_arrays(*hits))
        if absent:
            found = ~found if left.missing is None else ~found & ~left.missing
        return Vector("boolean", np.asarray(found))

    def _call(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name is None:
            raise Unfit("only functions of the language can be called", shown(node.func))
        functions = self._drawing.functions
        if name not in functions:
            fix = did_you_mean(name, sorted(functions))
            if name in FAULTS:
                fix = f"{name} plants a fault: it belongs under faults:"
            elif name == "effect":
                fix = "an effect is truth: it belongs under truth:"
            raise Unfit(f"there is no function {name!r}", fix=fix)
        called = functions[name]
        try:
            result = self._called(called, node)
            is_own = name in self._drawing.recipe.functions
            return _proper(called, result, self.table.count) if is_own else result
        except (Unfit, Passing, MemoryError, RecursionError):
            raise
        except Exception as error:
            if name in self._drawing.recipe.functions:
                raise raised(name, error, self._drawing.recipe.folder) from None
            what = f"{name} cannot work with these arguments: {error}"
            raise Unfit(what, shown(node), fix=called.usage) from None

    def _called(self, called: Function, node: ast.Call) -> Any:
        item = Item("call", self.table.name, self.place, self.sites[node], self._drawing.world)
        if called.whole_table and self.table.is_piece:
            rows = self.table.count

            def arguments() -> TravellingCall:
                return TravellingCall.of(self.call_of(called, node), node, rows)

            whole = self._drawing.told_of(item, arguments)
            return whole.slice(slice(self.table.first, self.table.first + rows))
        call = self.call_of(called, node)
        if called.numbered_by:
            call.named["number"] = self._numbers(called, replace(item, kind="numbers"), call)
        here = Here(self.table, self.place, self.sites[node], call.other)
        result = call.result(called, here)
        observe(called, here, call, ast.unparse(node), result)
        return result

    def _numbers(self, called: Function, item: Item, call: Call) -> Array:
        """How many earlier rows of the whole table are of each row's group."""
        assert called.numbered_by is not None
        groups = np.asarray(called.numbered_by(*call.positional, **call.named))
        groups = np.broadcast_to(groups, self.table.count)
        among = numbered(groups)
        if not self.table.is_piece:
            return among
        number = self.table.number  # type: ignore[attr-defined]
        before = self._drawing.numbers_before(item, groups, number)
        return np.asarray(among + before[groups])

    @property
    def _drawing(self) -> Drawing:
        return self.table.drawing

    def call_of(self, called: Function, node: ast.Call) -> Call:
        """The arguments of a call as its function takes them, one value per row or one for all."""
        bound = _bind(called, node)
        other = next(
            (self._table(n, called, bound) for p, _, n in bound if p.takes == "table"), None
        )
        call = Call([], {}, None, other)
        for parameter, keyword, argument in bound:
            value, gone = self._argument(called, parameter, argument, other)
            call.missing = either(call.missing, gone)
            if keyword is None:
                call.positional.append(value)
            else:
                call.named[keyword] = value
        return call

    def _argument(
        self, called: Function, parameter: Parameter, node: ast.expr, other: Table | None
    ) -> tuple[Any, Any]:
        """What a function gets for an argument, and which rows of it are missing."""
        takes = parameter.takes
        if takes == "table":
            return other, None
        if takes in ("constant", "list", "file"):
            return _literal(called, parameter, node), None
        if takes == "theirs":
            assert other is not None
            return Evaluator(other, f"{self.place}>{other.name}", node).vector(node), None
        if takes == "parents":
            return self._parents(node), None
        if takes == "column":
            return self._own_column(node), None
        vector = self.vector(node)
        try:
            if takes == "anything":
                return vector, None
            if takes in ARRAYS:
                return as_array(vector, takes), vector.missing
            if takes == "string" and vector.keys().kind == "string":
                return vector.keys(), vector.missing
            if takes == vector.kind:
                return vector, vector.missing
            raise Unfit(f"{an(takes)} is needed here", vector.kind, takes)
        except Unfit as unfit:
            unfit.what = f"{called.name}({parameter.name}=…): {unfit.what}"
            unfit.node = unfit.node or node
            raise

    def _own_column(self, node: ast.expr) -> Named:
        name = node.id if isinstance(node, ast.Name) else shown(node)
        if name not in self.table.columns:
            unfit = Unfit(f"{name} is no column of {self.table.name}",
                          fix=did_you_mean(name, list(self.table.columns)))  # fmt: skip
            unfit.node = node
            raise unfit
        return Named(name, self.table.column(name).keys().spread(self.table.count))

    def _parents(self, node: ast.expr) -> Vector:
        """An expression over the parents' rows, each row with its parent's value."""
        table = self.table
        if getattr(table, "recipe", None) is None or table.recipe.per is None:  # type: ignore[attr-defined]
            raise Unfit(f"{table.name} has no rows per row of another table", fix="per: …")
        own: OwnTable = table  # type: ignore[assignment]
        assert own.parent is not None
        owners = own.shape.owners
        found = Evaluator(own.parent, f"{self.place}^", node).vector(node)
        return found.take(owners)

    def _table(self, node: ast.expr, called: Function, bound: Bound) -> Table:
        """The table that a call names: all of it, or the children of these rows."""
        tables = self.table.around
        if isinstance(node, ast.Name) and node.id in tables:
            matches = any(keyword and p.kind is p.kind.VAR_KEYWORD for p, keyword, _ in bound)
            children = called.of_children and not matches
            return tables[node.id] if children else self._drawing.tables[node.id]
        what = f"{shown(node)} is not a table"
        unfit = Unfit(what, fix=did_you_mean(shown(node), list(tables)))
        unfit.node = node
        raise unfit


def _sites(node: ast.expr) -> dict[ast.Call, str]:
    """Every call of an expression, as its function's name and its number among those.

    So `normal()` keeps its draws when a call of another function is added beside it.
    """
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    seen: dict[str, int] = {}
    sites = {}
    for call in calls:
        assert isinstance(call.func, ast.Name)
        seen[call.func.id] = seen.get(call.func.id, -1) + 1
        sites[call] = f"{call.func.id}{seen[call.func.id]}"
    return sites


Bound = list[tuple[Parameter, str | None, ast.expr]]


def _bind(called: Function, node: ast.Call) -> Bound:
    """Which argument stands for which parameter, as Python would bind them."""
    fixed = [p for p in called.parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    rest = next((p for p in called.parameters if p.kind is inspect.Parameter.VAR_POSITIONAL), None)
    named = {p.name: p for p in called.parameters if p.kind is not inspect.Parameter.VAR_KEYWORD}
    open_ended = next(
        (p for p in called.parameters if p.kind is inspect.Parameter.VAR_KEYWORD), None
    )
    bound: Bound = []
    for index, argument in enumerate(node.args):
        if isinstance(argument, ast.Starred):
            raise Unfit("a star has no meaning here", fix="write the arguments out")
        parameter = fixed[index] if index < len(fixed) else rest
        if parameter is None:
            raise Unfit(f"{called.name} takes fewer arguments", fix=called.usage)
        bound.append((parameter, None, argument))
    given = {parameter.name for parameter, _, _ in bound}
    for keyword in node.keywords:
        name = keyword.arg or "**"
        parameter = named.get(name, open_ended)
        if parameter is None:
            known = list(named)
            raise Unfit(f"{called.name} has no argument {name!r}", fix=did_you_mean(name, known))
        if name in given:
            raise Unfit(f"{called.name} is given {name!r} twice", fix="leave one out")
        given.add(name)
        bound.append((parameter, name, keyword.value))
    lacking = [p.name for p in named.values() if p.required and p.name not in given and p != rest]
    if lacking:
        raise Unfit(f"{called.name} lacks {', '.join(lacking)}", fix=called.usage)
    return bound


def _literal(called: Function, parameter: Parameter, node: ast.expr) -> Any:
    """A value written out in the expression: a number, a text, or a list of them."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        value = ...
    fits = {
        "list": isinstance(value, list) and len(value) > 0,
        "file": isinstance(value, str),
        "constant": isinstance(value, bool | int | float | str),
    }
    if fits[parameter.takes]:
        for one in value if isinstance(value, list) else [value]:
            _writable(one)
        return value
    expected = {"list": "a list such as [1, 2]", "file": "a file's name such as 'ages.csv'",
                "constant": "a number or a text, written out"}[parameter.takes]  # fmt: skip
    what = f"{called.name}({parameter.name}=…) must be written out"
    unfit = Unfit(what, shown(node), expected)
    unfit.node = node
    raise unfit


def _proper(called: Function, result: Any, rows: int) -> Any:
    """What a function gave, if it is of the kind that its annotation says, for each row or all."""
    if isinstance(result, Many):
        return result
    values = result.values
    fits = result.table is not None if result.kind == "reference" else (
        result.kind != "string" or isinstance(result.words, pa.Array)
    )  # fmt: skip
    if called.returns not in (result.kind, "anything") or not fits:
        raise Unfit(f"{called.name} did not give what it says", result.kind, called.returns)
    if values.dtype.kind not in _DTYPES.get(result.kind, "iu"):
        raise Unfit(f"{called.name} did not give what it says", str(values.dtype), result.kind)
    if values.shape not in ((), (rows,)):
        found, expected = f"{values.size} values", f"{rows}, one for each row, or one for all"
        raise Unfit(f"{called.name} gave another number of values", found, expected)
    return result


_DTYPES = {"number": "f", "boolean": "b"}


def _writable(value: Any) -> Any:
    """A constant that a table can hold; Unfit for one that it cannot."""
    if isinstance(value, str) and not value.isprintable():
        raise Unfit("a text holds a character that cannot be printed", repr(value))
    if isinstance(value, int) and not WHOLE[0] <= value <= WHOLE[1]:
        raise Unfit("a number is too large for a whole number", "beyond 64 bits", fix="1e20")
    if not isinstance(value, bool | int | float | str):
        raise Unfit("a list holds numbers and texts", repr(value)[:SHOWN])
    return value


_REPLACED: dict[type[ast.expr], str] = {
    ast.IfExp: "when(condition, value, otherwise)",
    ast.Dict: "choice([values], [shares])",
    ast.List: "lists stand in functions that take one, and after in",
    ast.JoinedStr: "join texts with +",
    ast.Subscript: "lookup(table, column=…)",
}


def _unknown_syntax(node: ast.expr) -> str:
    return f"{type(node).__name__.lower()} is not part of the language: {shown(node)}"
