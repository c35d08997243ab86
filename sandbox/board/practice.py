"""Today's practice on a challenge's page: what it scores, for whom, and a picture of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.board.served import Generation
from sandbox.catalog import Column
from sandbox.catalog.models import Picture
from sandbox.descriptors import Text


def rows(here: Generation, slug: str) -> list[dict[str, Any]]:
    """The judged baselines, and on which scale their bars are drawn."""
    judged = here.scores[slug]["rows"]
    unit = here.scores[slug].get("unit", "")
    most = 100 if unit.startswith("%") else max((row["score"] for row in judged), default=0)
    return [{**row, "most": most} for row in judged]


def between_groups(here: Generation, slug: str) -> dict[str, Any] | None:
    """Today's practice in each group of the hidden answers, and the gap between them, if any."""
    judged = here.scores[slug]["rows"]
    return next((r for r in judged if r["name"] == "today" and r.get("gap")), None)


@dataclass(frozen=True)
class Mark:
    """One mark of a picture: its name, in words where the data has words for it, and its number."""

    name: str
    words: Text | None
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Drawn:
    """A picture with its marks, in the order of the answer; `column` is what names them."""

    picture: Picture
    column: Column | None
    marks: tuple[Mark, ...]

    @property
    def digits(self) -> int:
        """Decimals that its numbers are shown with: none for counts, more the closer they lie."""
        if all(float(n).is_integer() for n in self._numbers):
            return 0
        apart = self.most - self.least
        return 1 if apart >= 10 else 2 if apart >= 1 else 3

    @property
    def least(self) -> float:
        """Where the scale begins: at 0 for bars, which are read by their length."""
        lowest = min(self._numbers)
        return min(0, lowest) if self.picture.kind == "bars" else lowest

    @property
    def most(self) -> float:
        return max(self._numbers)

    @property
    def _numbers(self) -> list[float]:
        found = [(mark.value, mark.low, mark.high) for mark in self.marks]
        return [number for numbers in found for number in numbers if number is not None]


def picture(here: Generation, slug: str) -> Drawn | None:
    """The challenge's picture of today's practice; None if it has none, or no rows to draw."""
    described, marks = here.catalog.challenges[slug].picture, here.picture(slug)
    if described is None or not marks:
        return None
    column = _column(here, described)
    words = (column.codes if column else None) or {}
    drawn = (Mark(m["x"], words.get(m["x"]), m["y"], m.get("low"), m.get("high")) for m in marks)
    return Drawn(described, column, tuple(drawn))


def _column(here: Generation, described: Picture) -> Column | None:
    """The described column that the picture's x is named after, of the question's own dataset."""
    owner, _ = here.catalog.questions[described.question]
    tables = here.catalog.datasets[owner].tables.values()
    return next((t.columns[described.x] for t in tables if described.x in t.columns), None)
