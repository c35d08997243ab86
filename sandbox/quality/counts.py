"""How many cells keep what a descriptor promises: keys, foreign keys, required cells, codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.catalog.models import Dataset, Table
from sandbox.errors import Problem
from sandbox.quality.columns import Rows, values_of


@dataclass(frozen=True)
class Counted:
    """Rows of a table: with no key, with a key of their own, and by column with no value where one
    is required, with a foreign key or a code, and with one that is known."""

    rows: int
    keyless: int
    distinct: int
    empty: Mapping[str, int]
    linked: Mapping[str, tuple[int, int]]
    coded: Mapping[str, tuple[int, int]]


class Counts:
    """Counts what is asked for, each combination of tables once: a table that readers see as it was
    drawn is looked at for both."""

    def __init__(self, keys: Mapping[str, str]):
        self.keys = keys
        self._known: dict[tuple[object, ...], Counted] = {}

    def of(self, name: str, described: Table, tables: Mapping[str, Rows]) -> Counted:
        """`tables` are all that the table's foreign keys lead to, and itself."""
        parents = dict.fromkeys((name, *described.foreign_keys.values()))
        at = (name, *(id(tables[parent]) for parent in parents))
        if at not in self._known:
            self._known[at] = self._count(described, tables[name], tables)
        return self._known[at]

    def _count(self, described: Table, rows: Rows, tables: Mapping[str, Rows]) -> Counted:
        keys = values_of(rows, described.key)
        return Counted(
            len(keys),
            keys.null_count,
            pc.count_distinct(keys).as_py(),
            {
                name: values_of(rows, name).null_count
                for name, column in described.columns.items()
                if column.required
            },
            {
                name: _known_among(
                    values_of(rows, name), values_of(tables[parent], self.keys[parent])
                )
                for name, parent in described.foreign_keys.items()
            },
            {
                name: _known_among(
                    pc.cast(values_of(rows, name), pa.string()), pa.array(list(column.codes))
                )
                for name, column in described.columns.items()
                if column.codes
            },
        )


def _known_among(values: pa.ChunkedArray, known: pa.Array | pa.ChunkedArray) -> tuple[int, int]:
    """How many of the values there are among known ones, and how many there are."""
    found = pc.sum(pc.and_(pc.is_in(values, value_set=known), pc.is_valid(values))).as_py()
    return found or 0, len(values) - values.null_count


def broken_promises(
    dataset: Dataset, file: str, tables: Mapping[str, Rows], counts: Counts
) -> Iterator[Problem]:
    """What keys, foreign keys, required columns and codes promise and the full tables do not keep.

    file: dataset.yml, as its author knows it. tables: all that the dataset's foreign keys lead to,
    before anything is held out and before faults are planted.
    """
    for name, described in dataset.tables.items():
        counted = counts.of(name, described, tables)
        for column, said in _broken(described, counted):
            yield Problem(f"{name}.{column}: {said}", file)


def _broken(described: Table, counted: Counted) -> Iterator[tuple[str, str]]:
    key, rows = described.key, f"of {counted.rows:,} rows"
    if counted.keyless:
        yield key, f"{counted.keyless:,} {rows} have no key"
    if doubled := counted.rows - counted.keyless - counted.distinct:
        yield key, f"{doubled:,} {rows} repeat the key of another"
    for column, empty in counted.empty.items():
        if empty and column != key:
            yield column, f"{empty:,} {rows} have no value, and one is required"
    for column, (found, filled) in counted.linked.items():
        if found < filled:
            parent = described.foreign_keys[column]
            yield column, f"{filled - found:,} {rows} lead to no row of {parent}"
    for column, (found, filled) in counted.coded.items():
        if found < filled:
            yield column, f"{filled - found:,} {rows} have a code that is not described"
