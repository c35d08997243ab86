"""Quality in words: what was measured of a dataset, and how it was drawn beside its recipe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox import ui
from sandbox.board.served import Generation
from sandbox.descriptors import Text

DIMENSIONS = ("completeness", "consistency", "accuracy", "currentness")


@dataclass(frozen=True)
class Measured:
    """A quality measure in words: what was measured, where, and the share or date it came to.

    Neither where it is withheld until the reveal.
    """

    dimension: str
    words: str
    language: str
    on: str
    share: float | None
    day: date | None


def measures(here: Generation, slug: str, page: ui.Page) -> list[Measured]:
    """The dataset's quality measures in DQV's order of dimensions."""
    found = [_measured(m, page) for m in here.quality[slug]["measures"]]
    return sorted(found, key=lambda m: DIMENSIONS.index(m.dimension))


def _measured(told: Mapping[str, Any], page: ui.Page) -> Measured:
    value, is_date = told.get("value"), told["unit"] == "date"
    return Measured(
        told["dimension"],
        *_in_words(told["measure"], page),
        told["computed_on"],
        None if is_date else value,
        date.fromisoformat(value) if is_date and value else None,
    )


def _in_words(measure: str, page: ui.Page) -> tuple[str, str]:
    """quality.json speaks English; the page's language where the measure is one of the kit's."""
    _ = page.words.gettext
    known = {
        r"rate of filled required cells": _("Required cells that are filled"),
        r"rate of unique keys": _("Keys that stand only once"),
        r"rate of (?P<column>\w+) found in (?P<parent>\w+)": _(
            "%(column)s that exist in %(parent)s"
        ),
        r"rate of (?P<column>\w+) within its codes": _("%(column)s with a code that is described"),
        r"reference date": _("Reference date"),
    }
    for pattern, words in known.items():
        if match := re.fullmatch(pattern, measure):
            return words % match.groupdict(), page.lang
    return measure, "en"


@dataclass(frozen=True)
class Fit:
    """A column whose draws were laid beside what its recipe declares; `title` None for the number
    of a table's rows. Distances are from 0 to 1."""

    table: str
    column: str
    title: Text | None
    call: str
    test: str
    distance: float
    allowed: float
    rows: int


def fits(here: Generation, slug: str, page: ui.Page) -> list[Fit]:
    """What was drawn as declared, in the order of the recipe."""
    _ = page.words.gettext
    tests = {"total variation": _("total variation"), "exact shares": _("exact shares")}
    tables = here.catalog.datasets[slug].tables
    found = []
    for told in here.quality[slug].get("fits", ()):
        column = tables[told["table"]].columns.get(told["column"])
        test = tests.get(told["test"], "Kolmogorov–Smirnov")
        found.append(Fit(**told | {"title": column.title if column else None, "test": test}))
    return found
