"""Texts from a grammar: sentences put together from parts, filled with the row's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.recipes import keyed
from sandbox.recipes.files import rows_of
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import Constant, FileName, Strings, function
from sandbox.recipes.vectors import Array, Vector, strings

BITS = 16
DEEPEST = 24
COLUMNS = ["symbol", "text", "weight"]
SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Productions:
    """What a symbol may become: texts cut into literal parts and (odd ones) names in braces."""

    parts: tuple[tuple[str, ...], ...]
    guide: Array


@function()
def grammar(here: Here, file: FileName, start: Constant, **filled: Strings) -> Strings:
    """A text from a context-free grammar in a CSV file beside the recipe.

    file: `symbol,text,weight`, a line for each thing a symbol may become; a name in braces stands
    for another symbol, or for an argument of that name. start: the symbol to begin with, written
    out. column: what a name in braces is filled with, row by row. A missing one makes the text
    missing.

    Example: grammar('wishes.csv', 'wish', place=reader.branch.name)
    """
    productions = _read(here, file, str(start), filled)
    rows = np.arange(here.count)
    texts = {name: _spread(here.every(vector)) for name, vector in filled.items()}
    expanded = _Expansion(here, productions, texts).of(str(start), rows, str(start), 0)
    return strings(expanded)


def _spread(vector: Vector) -> pa.Array:
    return vector.words.take(pa.array(vector.values))


@dataclass(frozen=True)
class _Expansion:
    here: Here
    productions: Mapping[str, Productions]
    texts: Mapping[str, pa.Array]

    def of(self, name: str, rows: Array, path: str, depth: int) -> pa.Array:
        """The texts of a symbol for some rows; `path` says where in the tree it stands."""
        if name in self.texts:
            return self.texts[name].take(pa.array(rows))
        if depth > DEEPEST:
            what = f"{name!r} goes on expanding beyond {DEEPEST} levels"
            raise Unfit(what, fix="give the texts without braces more weight")
        symbol = self.productions[name]
        chosen = keyed.guided(self.here.words(path)[rows], symbol.guide)
        order = np.argsort(chosen, kind="stable")
        made = []
        for number, parts in enumerate(symbol.parts):
            some = order[chosen[order] == number]
            if len(some):
                made.append(self._joined(parts, rows[some], f"{path}.{number}", depth))
        if not made:
            return pa.array([], pa.string())
        back = np.empty(len(rows), np.int64)
        back[order] = np.arange(len(rows))
        return pa.concat_arrays(made).take(pa.array(back))

    def _joined(self, parts: tuple[str, ...], rows: Array, path: str, depth: int) -> pa.Array:
        pieces = [
            self.of(part, rows, f"{path}.{at}", depth + 1) if at % 2 else pa.scalar(part)
            for at, part in enumerate(parts)
        ]
        if len(parts) == 1:
            return _repeated(parts[0], rows)
        return pc.binary_join_element_wise(*pieces, "")


def _repeated(text: str, rows: Array) -> pa.Array:
    return pa.array([text], pa.string()).take(pa.array(np.zeros(len(rows), np.int64)))


def _read(
    here: Here, file: str, start: str, filled: Mapping[str, object]
) -> dict[str, Productions]:
    drawing = here.table.drawing
    header, rows = rows_of(drawing.recipe.folder, file)
    if header != COLUMNS or not rows:
        raise Unfit("this is no grammar", ",".join(header), ",".join(COLUMNS), at=(file, 1))
    drawing.notes_file(file)
    texts: dict[str, list[tuple[str, float]]] = {}
    for line in rows:
        symbol, text, weight = line
        texts.setdefault(symbol, []).append((text, _weight(weight, (file, line.line))))
        for name in SLOT.findall(text):
            if name not in filled and not any(row[0] == name for row in rows):
                fix = f"add lines for it, or say {name}=… in the recipe"
                what = f"nothing says what {{{name}}} is"
                raise Unfit(what, fix=fix, at=(file, line.line))
    if start not in texts:
        raise Unfit(f"{file} has no symbol {start!r}", expected=", ".join(texts))
    _must_end(file, texts, start, set(filled))
    return {
        symbol: Productions(
            tuple(tuple(SLOT.split(text)) for text, _ in ways),
            keyed.guide(np.array([weight for _, weight in ways]), BITS),
        )
        for symbol, ways in texts.items()
    }


def _weight(text: str, at: tuple[str, int]) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    if not 0 < weight < float("inf"):
        raise Unfit("a weight is a number above 0", text, at=at)
    return weight


def _must_end(
    file: str, texts: Mapping[str, list[tuple[str, float]]], start: str, ended: set[str]
) -> None:
    """Every symbol must have a way to become a text without braces."""
    for _ in texts:
        ended |= {
            symbol
            for symbol, ways in texts.items()
            if any(ended.issuperset(SLOT.findall(text)) for text, _ in ways)
        }
    if lost := sorted(texts.keys() - ended):
        raise Unfit(f"{', '.join(lost)} can never become a text",
                    fix="add a line without braces", at=(file, 1))  # fmt: skip
