"""What + - * / // % ** < <= == != >= > & | ~ mean between columns.

Between numbers a condition counts as 1 where it holds and 0 where it does not. A missing operand
makes the result of arithmetic missing and a comparison false. Dividing by zero gives a missing
value.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.recipes.vectors import (
    DAY,
    Array,
    Kind,
    Vector,
    either,
    same_codes,
    strings,
    to_arrow,
)


class Unfit(Exception):
    """Operands or arguments of the wrong kind: what is wrong, what was found, what would do.

    at: the file beside the recipe and the line in it, where the mistake is there.
    """

    def __init__(self, what: str, found: str | None = None, expected: str | None = None,
                 fix: str | None = None, at: tuple[str, int] | None = None):  # fmt: skip
        super().__init__(what)
        self.what, self.found, self.expected, self.fix, self.at = what, found, expected, fix, at
        self.node: ast.expr | None = None


class Passing(Exception):
    """What is raised on the way for a reason of the engine's own, and is no mistake of anybody."""


def an(kind: str) -> str:
    """A kind with its article."""
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


SHOWN = 200  # characters of an expression in a message


def shown(node: ast.expr) -> str:
    """An expression as text, for a message."""
    try:
        text = " ".join(ast.unparse(node).split())
    except (ValueError, RecursionError):  # a text in braces that Python itself cannot write again
        text = type(node).__name__.lower()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


NUMERIC = ("integer", "number")
WHOLE = (-(2**63), 2**63 - 1)  # what a whole number may be


def whole(values: Array) -> Array:
    """Numbers without decimals as whole numbers; Unfit where one is too large for that."""
    if values.size and not (np.abs(values) < -float(WHOLE[0])).all():
        fix = "keep the numbers within limits: clip(…, low, high)"
        raise Unfit("a number is too large for a whole number", "beyond 64 bits", fix=fix)
    return values.astype(np.int64)


ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Array, Array], Array]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
}
LOGIC: dict[type[ast.operator], tuple[str, Callable[[Array, Array], Array]]] = {
    ast.BitAnd: ("&", operator.and_),
    ast.BitOr: ("|", operator.or_),
}
COMPARISONS: dict[type[ast.cmpop], tuple[str, Callable[[Array, Array], Array]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}


def arithmetic(op: ast.operator, left: Vector, right: Vector) -> Vector:
    """The result of a binary operator; Unfit if it means nothing for these kinds."""
    if type(op) in LOGIC:
        return _logic(*LOGIC[type(op)], left, right)
    if type(op) not in ARITHMETIC:
        raise Unfit("this operator is not part of the language", expected="+ - * / // % ** & | ~")
    sign, compute = ARITHMETIC[type(op)]
    left, right = _counted(left.keys()), _counted(right.keys())
    missing = either(left.missing, right.missing)
    if sign == "+" and left.kind == right.kind == "string":
        return _joined(left, right)
    if left.kind in NUMERIC and right.kind in NUMERIC:
        return _computed(sign, compute, left, right, missing)
    if sign in "+-" and (kind := _TIMES.get((left.kind, sign, right.kind))):
        if (left.kind, right.kind) == ("date", "duration"):
            return Vector(kind, compute(left.values, right.values // DAY), missing)
        return Vector(kind, compute(left.values, right.values), missing)
    raise Unfit(f"{left.kind} {sign} {right.kind} means nothing", fix=_advice(sign, left, right))


def _counted(vector: Vector) -> Vector:
    """A condition as 1 and 0, so that `.35 * invited` means what it says."""
    if vector.kind != "boolean":
        return vector
    return Vector("integer", vector.values.astype(np.int64), vector.missing)


_TIMES: dict[tuple[str, str, str], Kind] = {
    ("date", "-", "date"): "integer",
    ("date", "+", "duration"): "date",
    ("date", "-", "duration"): "date",
    ("datetime", "+", "duration"): "datetime",
    ("datetime", "-", "duration"): "datetime",
    ("datetime", "-", "datetime"): "duration",
    ("duration", "+", "duration"): "duration",
    ("duration", "-", "duration"): "duration",
}


def _advice(sign: str, left: Vector, right: Vector) -> str | None:
    kinds = {left.kind, right.kind}
    if "string" in kinds and kinds & set(NUMERIC) and sign == "+":
        return "make text of the number: text(…)"
    if kinds == {"date", "datetime"}:
        return "date_of(…) makes a date of a moment"
    if kinds & {"date", "datetime"} and kinds & set(NUMERIC):
        return "say what the number counts: days(…), hours(…) or minutes(…)"
    return None


def _computed(
    sign: str, compute: Callable[[Array, Array], Array], left: Vector, right: Vector,
    missing: Array | None,
) -> Vector:  # fmt: skip
    a, b = left.values, right.values
    if sign in ("/", "//", "%"):
        zero = b == 0
        if zero.any():
            missing, b = either(missing, zero), np.where(zero, 1, b)
    if sign == "**":
        a = a.astype(float)
    elif a.dtype.kind == b.dtype.kind == "i":
        _must_stay_whole(sign, a, b)
    with np.errstate(all="ignore"):
        values = np.asarray(compute(a, b))
    return Vector("number" if values.dtype.kind == "f" else "integer", values, missing)


def _must_stay_whole(sign: str, a: Array, b: Array) -> None:
    """Whole numbers have 64 bits, and NumPy goes round in a circle beyond them without a word."""
    if sign not in "+-*" or not (a.size and b.size):
        return
    ends = [(int(side.min()), int(side.max())) for side in (a, b)]
    reached = [_PYTHONS[sign](one, other) for one in ends[0] for other in ends[1]]
    if min(reached) < WHOLE[0] or max(reached) > WHOLE[1]:
        fix = "reckon with decimals: 1.0 * …"
        raise Unfit("the result is too large for a whole number", "beyond 64 bits", fix=fix)


_PYTHONS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def _logic(
    sign: str, compute: Callable[[Array, Array], Array], left: Vector, right: Vector
) -> Vector:
    for side in (left, right):
        if side.kind != "boolean":
            what = f"{sign} joins conditions, and one side is no condition"
            raise Unfit(what, side.kind, "boolean", "put each comparison in parentheses")
    return Vector("boolean", np.asarray(compute(truth(left), truth(right))))


def truth(vector: Vector) -> Array:
    """A condition as a mask; where it is missing, it does not hold."""
    if vector.kind != "boolean":
        raise Unfit("this is no condition", vector.kind, "boolean", "compare it with something")
    return vector.values if vector.missing is None else vector.values & ~vector.missing


def negative(vector: Vector) -> Vector:
    if vector.kind not in (*NUMERIC, "duration"):
        raise Unfit(f"there is no negative {vector.kind}", expected="a number")
    return Vector(vector.kind, np.asarray(-vector.values), vector.missing)


def inverted(vector: Vector) -> Vector:
    return Vector("boolean", np.asarray(~truth(vector)))


def compared(op: ast.cmpop, left: Vector, right: Vector) -> Vector:
    """A comparison, false wherever a side is missing."""
    if type(op) not in COMPARISONS:
        raise Unfit("this comparison is not part of the language", expected="< <= == != >= > in")
    sign, compute = COMPARISONS[type(op)]
    kinds = {left.keys().kind, right.keys().kind}
    if len(kinds) > 1 and not kinds <= set(NUMERIC):
        what = f"{an(left.keys().kind)} cannot be compared with {an(right.keys().kind)}"
        raise Unfit(what, fix=_comparison_advice(kinds))
    if left.kind == right.kind == "reference" and left.table is right.table:
        result = compute(left.values, right.values)
    elif kinds == {"string"}:
        result = _compared_strings(sign, compute, left.keys(), right.keys())
    else:
        result = compute(left.keys().values, right.keys().values)
    gone = either(left.missing, right.missing)
    return Vector("boolean", np.asarray(result if gone is None else result & ~gone))


def _comparison_advice(kinds: set[Kind]) -> str | None:
    if kinds == {"string", "integer"}:
        return "codes are text: put the code in quotes"
    if kinds == {"date", "datetime"}:
        return "date_of(…) makes a date of a moment"
    return "write the date as date('2026-01-31')" if kinds == {"string", "date"} else None


def _compared_strings(
    sign: str, compute: Callable[[Array, Array], Array], left: Vector, right: Vector
) -> Array:
    if sign in ("==", "!="):
        return compute(*same_codes(left, right))
    order = {"<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal}[sign]
    # A constant beside a table without rows has none, too.
    rows = next((side.values.size for side in (left, right) if side.values.ndim), 1)
    texts = (to_arrow(side.spread(rows)) for side in (left, right))
    result = np.asarray(pc.fill_null(order(*texts), False))
    return result if left.values.ndim or right.values.ndim else result[0]


def _joined(left: Vector, right: Vector) -> Vector:
    """Concatenation; where one side is a constant, only the words are joined, not every row."""
    missing = either(left.missing, right.missing)
    if not right.values.ndim:
        words = pc.binary_join_element_wise(left.words, right.words[int(right.values)], "")
        return Vector("string", left.values, missing, words)
    if not left.values.ndim:
        words = pc.binary_join_element_wise(left.words[int(left.values)], right.words, "")
        return Vector("string", right.values, missing, words)
    left_text, right_text = (side.words.take(pa.array(side.values)) for side in (left, right))
    joined = strings(pc.binary_join_element_wise(left_text, right_text, ""))
    return joined.hiding(missing)
