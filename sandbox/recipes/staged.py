"""What pieces must know of the whole table before they can be drawn: asked for, joined, kept.

A piece that meets such a thing raises `Need`. The driver then has every piece tell its part of it
(`Told`), joins the parts, and keeps the whole in a folder, from which each piece reads its own rows
on the next attempt. So the result is the same for any number of pieces and of processes.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from sandbox.recipes.operators import Passing
from sandbox.recipes.registry import Many
from sandbox.recipes.vectors import Array, Kind, Vector

if TYPE_CHECKING:
    from sandbox.recipes.drawing import Drawing
    from sandbox.recipes.language import Call

Forced = bool | int | str
World = tuple[tuple[str, str, Forced], ...]  # (table, column, value): what is forced to be so


@dataclass(frozen=True)
class Item:
    """One thing to be known of a whole table.

    rows: how many of them lie before each piece. shape: the parents of all of them. column: all
    values. call: the values of a whole-table function at a call site of a place (`persons.age`).
    numbers: how many rows of each group lie before each piece, for the call site.
    """

    kind: Literal["rows", "shape", "column", "call", "numbers"]
    table: str
    place: str = ""
    site: str = ""
    world: World = ()

    @property
    def file(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]

    def __str__(self) -> str:
        what = {"rows": "its rows", "shape": "its parents"}.get(self.kind, self.place)
        return f"{self.table}: {what}"


class Need(Passing):
    """Raised by a piece that cannot be drawn before `item` is known."""

    def __init__(self, item: Item):
        super().__init__(str(item))
        self.item = item


class Told(Passing):
    """Raised by a piece that was asked for its part of an item, as soon as it has it."""

    def __init__(self, part: Any):
        super().__init__()
        self.part = part


@dataclass(frozen=True)
class Loose:
    """A vector that can travel: it names the table it leads to, by rows of the whole table."""

    kind: Kind
    values: Array
    missing: Array | None = None
    words: Any = None
    table: str | None = None

    def vector(self, drawing: Drawing) -> Vector:
        table = drawing.tables[self.table] if self.table else None
        return Vector(self.kind, self.values, self.missing, self.words, table)


def loose(vector: Vector) -> Loose:
    values = vector.values
    if vector.table is not None:
        values = values + vector.table.first
    name = vector.table.name if vector.table else None
    return Loose(vector.kind, values, vector.missing, vector.words, name)


def joined(parts: Sequence[Loose]) -> Loose:
    """One vector after another; a constant stays one, since it is the same in every piece."""
    first = parts[0]
    if not first.values.ndim or len(parts) == 1:
        return first
    missing = None
    if any(part.missing is not None for part in parts):
        missing = np.concatenate([_mask(part) for part in parts])
    if first.words is None:
        values = np.concatenate([part.values for part in parts])
        return Loose(first.kind, values, missing, None, first.table)
    if all(part.words.equals(first.words) for part in parts[1:]):
        return Loose(first.kind, np.concatenate([p.values for p in parts]), missing, first.words)
    starts = np.cumsum([0, *(len(part.words) for part in parts[:-1])])
    values = np.concatenate([p.values + start for p, start in zip(parts, starts, strict=True)])
    return Loose(first.kind, values, missing, pa.concat_arrays([p.words for p in parts]))


def _mask(part: Loose) -> Array:
    return np.zeros(len(part.values), bool) if part.missing is None else part.missing


def joined_arguments(parts: Sequence[Any]) -> Any:
    """The arguments of a call, each joined over the pieces: arrays, vectors, lists of them."""
    first = parts[0]
    if isinstance(first, Loose):
        return joined(parts)
    if isinstance(first, np.ndarray):
        return np.concatenate(parts) if first.ndim else first
    if isinstance(first, list):
        return [joined_arguments(together) for together in zip(*parts, strict=True)]
    if isinstance(first, dict):
        return {name: joined_arguments([part[name] for part in parts]) for name in first}
    return first


@dataclass(frozen=True)
class TravellingCall:
    """The arguments of a call of a function, in a form that can travel and be joined."""

    text: str
    positional: list[Any]
    named: dict[str, Any]
    missing: Array | None
    rows: int

    @property
    def name(self) -> str:
        return self.text.partition("(")[0]

    @classmethod
    def of(cls, call: Call, node: ast.Call, rows: int) -> TravellingCall:
        positional = [_travelling(value) for value in call.positional]
        named = {keyword: _travelling(value) for keyword, value in call.named.items()}
        return cls(ast.unparse(node), positional, named, call.missing, rows)

    @classmethod
    def joined(cls, parts: Sequence[TravellingCall]) -> TravellingCall:
        missing = None
        if any(part.missing is not None for part in parts):
            masks = [np.zeros((), bool) if p.missing is None else p.missing for p in parts]
            spread = [np.broadcast_to(m, p.rows) for m, p in zip(masks, parts, strict=True)]
            missing = np.concatenate(spread)
        return cls(
            parts[0].text,
            joined_arguments([part.positional for part in parts]),
            joined_arguments([part.named for part in parts]),
            missing,
            sum(part.rows for part in parts),
        )

    def arguments(self, drawing: Drawing) -> tuple[list[Any], dict[str, Any]]:
        """Positional and named ones, as the function takes them."""
        arrived = [_arrived(value, drawing) for value in self.positional]
        return arrived, {name: _arrived(value, drawing) for name, value in self.named.items()}


def _travelling(value: Any) -> Any:
    return loose(value) if isinstance(value, Vector) else value


def _arrived(value: Any, drawing: Drawing) -> Any:
    return value.vector(drawing) if isinstance(value, Loose) else value


class Staged:
    """The folder of what is known of whole tables; each process opens it for itself."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._found: dict[Item, Kept] = {}

    def find(self, item: Item) -> Kept | None:
        if item not in self._found:
            folder = self.folder / item.file
            if not (folder / "what.json").exists():
                return None
            self._found[item] = Kept(folder)
        return self._found[item]

    def offsets(self, table: str, world: World) -> Array:
        """The number of the first row of each piece of a table, and of all rows in the end."""
        item = Item("rows", table, world=world)
        found = self.find(item)
        if found is None:
            raise Need(item)
        return found.array("values")

    def keep(self, item: Item, **parts: Loose | Array) -> None:
        """Write what is known; the last file written makes it visible."""
        folder = self.folder / item.file
        folder.mkdir(parents=True, exist_ok=True)
        told = {name: _write(folder, name, part) for name, part in parts.items()}
        draft = folder / "what.json.new"
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(folder / "what.json")

    def keep_many(self, item: Item, many: Many) -> None:
        words = {f"word_{name}": loose(vector) for name, vector in many.words.items()}
        self.keep(item, owners=np.asarray(many.owners), **words)


@dataclass(frozen=True)
class Kept:
    """One item in its folder, read as memory maps: processes share the pages."""

    folder: Path

    @property
    def parts(self) -> Mapping[str, Any]:
        return _told(self.folder / "what.json")

    def array(self, name: str) -> Array:
        return np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="r"))

    def vector(self, drawing: Drawing, name: str = "values") -> Vector:
        told = self.parts[name]
        missing = self.array(f"{name}.missing") if told["missing"] else None
        words = _words(self.folder / f"{name}.arrow") if told["words"] else None
        kind = told["kind"]
        return Loose(kind, self.array(name), missing, words, told["table"]).vector(drawing)

    def many(self, drawing: Drawing) -> Many:
        names = [name.removeprefix("word_") for name in self.parts if name != "owners"]
        return Many(self.array("owners"), {n: self.vector(drawing, f"word_{n}") for n in names})


@cache
def _told(path: Path) -> Mapping[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _words(path: Path) -> pa.Array:
    with pa.memory_map(str(path)) as source:
        column = pa.ipc.open_file(source).read_all().column(0)
    return column.chunk(0) if column.num_chunks else pa.array([], pa.string())


def _write(folder: Path, name: str, part: Loose | Array) -> dict[str, Any]:
    if not isinstance(part, Loose):
        np.save(folder / f"{name}.npy", part)
        return {"kind": None}
    np.save(folder / f"{name}.npy", part.values)
    if part.missing is not None:
        np.save(folder / f"{name}.missing.npy", part.missing)
    if part.words is not None:
        batch = pa.record_batch([part.words], ["words"])
        with pa.ipc.new_file(folder / f"{name}.arrow", batch.schema) as writer:
            writer.write_batch(batch)
    has = {"missing": part.missing is not None, "words": part.words is not None}
    return {"kind": part.kind, "table": part.table, **has}


def starts(counts: Iterable[int]) -> Array:
    """Running totals from 0: where each piece begins, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(list(counts), dtype=np.int64)]).astype(np.int64)
