"""What a function may know of the place it is called from: its rows, its draws, files beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from sandbox.recipes import keyed
from sandbox.recipes.files import Figures
from sandbox.recipes.operators import Unfit
from sandbox.recipes.vectors import Array, Vector

if TYPE_CHECKING:
    from sandbox.recipes.tables import Table


@dataclass(frozen=True)
class Here:
    """A call site: `place` is table.column, `site` the call in it, `other` the table it names.

    `kept` holds what a function found on its way and its proof needs again.
    `gone`: rows in which an argument is missing, and so the result, whatever the function says.
    """

    table: Table
    place: str
    site: str
    other: Table | None = None
    kept: dict[str, Any] = field(default_factory=dict, compare=False)
    gone: Array | None = None

    @property
    def count(self) -> int:
        """How many rows the function is asked for."""
        return self.table.count

    @property
    def asof(self) -> date:
        return self.table.drawing.recipe.asof

    def words(self, purpose: str = "") -> keyed.Words:
        """64 random bits per row, always the same for this event, place, call site and row.

        purpose: names further words, for a function that needs more than one per row.
        """
        first = self.table.first
        return self.words_between(purpose, first, first + self.count)

    def words_for(self, count: int, purpose: str) -> keyed.Words:
        """64 random bits for each of `count` things that are not rows."""
        return self.words_between(purpose, 0, count)

    def words_between(self, purpose: str, start: int, stop: int) -> keyed.Words:
        """64 random bits for each of the things numbered `start` to `stop` (not included)."""
        drawing = self.table.drawing
        name = f"{drawing.recipe.slug}.{self.place}"
        site = f"{self.site}.{purpose}" if purpose else self.site
        return keyed.words(drawing.seed, name, site, start, stop)

    def uniform(self) -> Array:
        return keyed.uniform(self.words())

    def spread(self, values: Array) -> Array:
        """One value per row, where a constant was given too."""
        return np.broadcast_to(values, self.count)

    def counted(self, values: Array) -> Array:
        """One value per row, 0 in rows in which an argument is missing."""
        spread = self.spread(values)
        return spread if self.gone is None else np.where(self.gone, 0, spread)

    def every(self, vector: Vector) -> Vector:
        return vector.spread(self.count)

    def figures(self, file: str) -> Figures:
        """A table of shares beside the recipe; Unfit says what is wrong with it."""
        return self.table.drawing.figures(file)

    def the_other(self) -> Table:
        assert self.other is not None
        if self.other.count == 0 and self.count:
            raise Unfit(f"{self.other.name} has no rows to choose from")
        return self.other

    def the_child(self) -> Table:
        assert self.other is not None
        return self.other
