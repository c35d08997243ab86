"""What a function may know of the place it is called from: its rows, its draws, files beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from sandbox.recipes import keyed
from sandbox.recipes.files import Figures
from sandbox.recipes.operators import Unfit
from sandbox.recipes.vectors import Array, Vector

if TYPE_CHECKING:
    from sandbox.recipes.tables import Rows, Table


@dataclass(frozen=True)
class Here:
    """A call site: `place` is table.column, `site` the call in it, `other` the table it names."""

    rows: Rows
    place: str
    site: str
    other: Table | None = None

    @property
    def count(self) -> int:
        """How many rows the function is asked for."""
        return self.rows.stop - self.rows.start

    @property
    def asof(self) -> date:
        return self.rows.table.drawing.recipe.asof

    def words(self) -> keyed.Words:
        """64 random bits per row, always the same for this event, place, call site and row."""
        drawing = self.rows.table.drawing
        name = f"{drawing.recipe.slug}.{self.place}"
        return keyed.words(drawing.seed, name, self.site, self.rows.start, self.rows.stop)

    def words_for(self, count: int, purpose: str) -> keyed.Words:
        """64 random bits for each of `count` things that are not rows."""
        drawing = self.rows.table.drawing
        name = f"{drawing.recipe.slug}.{self.place}"
        return keyed.words(drawing.seed, name, f"{self.site}.{purpose}", 0, count)

    def uniform(self) -> Array:
        return keyed.uniform(self.words())

    def spread(self, values: Array) -> Array:
        """One value per row, where a constant was given too."""
        return np.broadcast_to(values, self.count)

    def every(self, vector: Vector) -> Vector:
        return vector.spread(self.count)

    def figures(self, file: str) -> Figures:
        """A table of shares beside the recipe; Unfit says what is wrong with it."""
        return self.rows.table.drawing.figures(file)

    def the_other(self) -> Table:
        assert self.other is not None
        if self.other.count == 0 and self.count:
            raise Unfit(f"{self.other.name} has no rows to choose from")
        return self.other

    def the_child(self) -> Table:
        assert self.other is not None
        return self.other

    def cut(self, whole: Array) -> Array:
        """The values of these rows, out of those of the whole table."""
        return whole[self.rows.start : self.rows.stop]
