"""The values of one column: a kind, a NumPy array, what is missing, and for strings the words.

| kind      | values                                       |
|-----------|----------------------------------------------|
| integer   | int64                                        |
| number    | float64                                      |
| boolean   | bool                                         |
| string    | positions in `words`                         |
| date      | days since 1970-01-01                        |
| datetime  | seconds since 1970-01-01T00:00Z              |
| duration  | seconds                                      |
| reference | row numbers (from 0) of the `table` it leads to |

A constant is an array without dimensions, so that NumPy's broadcasting serves rows and constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sandbox.recipes.tables import Table

Array = NDArray[Any]
Kind = Literal[
    "integer", "number", "boolean", "string", "date", "datetime", "duration", "reference"
]
EPOCH = date(1970, 1, 1)
DAY = 86_400

ARROW: dict[str, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "datetime": pa.timestamp("s", tz="UTC"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Vector:
    """One value per row, or one constant. `missing` is a mask, None when nothing is missing."""

    kind: Kind
    values: Array
    missing: Array | None = None
    words: Any = None
    table: Table | None = None

    def __repr__(self) -> str:
        return f"<{self.kind}, {self.values.size} values>"

    def take(self, index: Array) -> Vector:
        """The values at `index`, in its order; a constant stays one."""
        if not self.values.ndim:
            return self
        gone = None if self.missing is None else _at(self.missing, index)
        return replace(self, values=self.values[index], missing=gone)

    def slice(self, rows: slice) -> Vector:
        """The values of consecutive rows, without a copy; a constant stays one."""
        if not self.values.ndim:
            return self
        gone = self.missing
        if gone is not None and gone.ndim:
            gone = gone[rows]
        return replace(self, values=self.values[rows], missing=gone)

    def hiding(self, mask: Array | None) -> Vector:
        """The same values, with those under `mask` missing as well."""
        gone = either(self.missing, mask)
        return self if gone is self.missing else replace(self, missing=gone)

    def spread(self, rows: int) -> Vector:
        """The same values with one per row, which a constant is not yet."""
        gone = None if self.missing is None else np.broadcast_to(self.missing, rows)
        return replace(self, values=np.broadcast_to(self.values, rows), missing=gone)

    def keys(self) -> Vector:
        """Where a reference leads, as the key of that table; any other vector as it is."""
        if self.table is None:
            return self
        return self.table.keys_at(self.values).hiding(self.missing)


def _at(mask: Array, index: Array) -> Array:
    return mask[index] if mask.ndim else np.broadcast_to(mask, index.shape)


def either(one: Array | None, other: Array | None) -> Array | None:
    """Both masks in one."""
    if one is None or other is None:
        return one if other is None else other
    return one | other


def constant(value: object) -> Vector:
    """A vector that holds one value for every row."""
    if isinstance(value, bool):
        return Vector("boolean", np.asarray(value))
    if isinstance(value, int):
        return Vector("integer", np.asarray(value, np.int64))
    if isinstance(value, float):
        return Vector("number", np.asarray(value))
    if isinstance(value, date):
        return Vector("date", np.asarray((value - EPOCH).days, np.int64))
    return Vector("string", np.zeros((), np.int64), words=pa.array([str(value)], pa.string()))


def strings(array: pa.Array) -> Vector:
    """A string vector of an Arrow array, every row with a word of its own."""
    missing = None
    if array.null_count:
        missing = np.asarray(pc.is_null(array))
        array = pc.fill_null(array, "")
    return Vector("string", each(len(array)), missing, array)


def each(count: int) -> Array:
    """0, 1, 2 … as a view of one array, which is known again by being it."""
    if count > MANY:
        return np.arange(count)
    return _numbers(max(1 << 16, 1 << (count - 1).bit_length()))[:count]


MANY = 1 << 22  # an array of more is not kept


@cache
def _numbers(count: int) -> Array:
    numbers = np.arange(count)
    numbers.flags.writeable = False
    return numbers


def is_each(codes: Array) -> bool:
    """Whether an array is made by `each`, from its first number on."""
    numbers = _numbers(max(1 << 16, 1 << (max(len(codes), 1) - 1).bit_length()))
    return codes.base is numbers and codes.ctypes.data == numbers.ctypes.data


def coded(codes: Array, words: Sequence[str]) -> Vector:
    """A string vector of positions in a vocabulary."""
    return Vector("string", codes, words=pa.array(words, pa.string()))


def from_arrow(column: pa.ChunkedArray | pa.Array, kind: Kind) -> Vector:
    """A vector of the `kind` a descriptor names, from the Arrow column that holds it."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if kind == "string":
        return strings(array.cast(pa.string()))
    missing = np.asarray(pc.is_null(array)) if array.null_count else None
    whole = pc.fill_null(array, _NOTHING[kind]) if missing is not None else array
    if kind == "date":
        whole = whole.cast(pa.int32())
    elif kind == "datetime":
        whole = whole.cast(ARROW["datetime"]).cast(pa.int64())
    return Vector(kind, whole.to_numpy(zero_copy_only=False).astype(_STORED[kind]), missing)


_NOTHING = {"integer": 0, "number": 0.0, "boolean": False, "date": EPOCH, "datetime": 0}
_STORED: dict[str, type] = {
    "integer": np.int64,
    "number": np.float64,
    "boolean": np.bool_,
    "date": np.int64,
    "datetime": np.int64,
}


def to_arrow(vector: Vector) -> pa.Array:
    """The vector as Arrow stores its kind; a reference as the key it leads to.

    A duration has no such form: TypeError.
    """
    vector = vector.keys()
    if vector.kind == "string":
        return _text(vector)
    if vector.kind not in ARROW:
        raise TypeError(vector.kind)
    values = vector.values.astype(np.int32) if vector.kind == "date" else vector.values
    array = pa.array(values, mask=vector.missing)
    return array.cast(ARROW[vector.kind])


def _text(vector: Vector) -> pa.Array:
    codes, words = vector.values, vector.words
    if vector.missing is None and len(codes) == len(words) and is_each(codes):
        return words
    return words.take(pa.array(codes, mask=vector.missing))


def same_codes(one: Vector, other: Vector) -> tuple[Array, Array]:
    """Whole numbers for the values of both, equal exactly where the values are equal."""
    if one.kind == "reference" and one.table is other.table:
        return one.values, other.values
    one, other = one.keys(), other.keys()
    if one.kind == other.kind == "string":
        if one.words is other.words:
            encoded = one.words.dictionary_encode().indices.to_numpy()
            return encoded[one.values], encoded[other.values]
        both = pa.concat_arrays([one.words, other.words]).dictionary_encode()
        ids = both.indices.to_numpy()
        return ids[: len(one.words)][one.values], ids[len(one.words) :][other.values]
    flat = np.concatenate([np.atleast_1d(one.values), np.atleast_1d(other.values)])
    ids = np.unique(flat, return_inverse=True)[1]
    cut = max(one.values.size, 1) if not one.values.ndim else one.values.size
    return ids[:cut].reshape(one.values.shape), ids[cut:].reshape(other.values.shape)


def join_words(one: Vector, other: Vector) -> tuple[Array, Array, Any]:
    """The positions of both string vectors in one common vocabulary, and that vocabulary."""
    if one.words is other.words:
        return one.values, other.values, one.words
    words = pa.concat_arrays([one.words, other.words])
    return one.values, other.values + len(one.words), words
