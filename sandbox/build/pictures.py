"""What a challenge's picture of today's practice shows: rows that a stored question answers."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sandbox.build.contents import write_json
from sandbox.catalog import Catalog, Question
from sandbox.catalog.models import Picture
from sandbox.errors import BuildError

MOST_MARKS = 60  # more bars than that are no picture on a phone


def write(bundle: Path, catalog: Catalog, shown: dict[str, str]) -> None:
    """challenges/<slug>/picture.json for each challenge that has a picture.

    shown: challenge → its folder as its author knows it.
    """
    with sqlite3.connect(f"{(bundle / 'sandbox.db').absolute().as_uri()}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        for slug, challenge in catalog.challenges.items():
            if picture := challenge.picture:
                _, question = catalog.questions[picture.question]
                drawn = marks(db, question, picture, f"{shown[slug]}/challenge.yml")
                write_json(bundle / "challenges" / slug / "picture.json", {"marks": drawn})


def marks(
    db: sqlite3.Connection, question: Question, picture: Picture, file: str
) -> list[dict[str, Any]]:
    """One mark for each row that has all its numbers: x, y, and for intervals low and high.

    Raises BuildError where that makes no picture; `file` is the descriptor for its author.
    """
    defaults = {name: parameter.default for name, parameter in question.parameters.items()}
    names = ["x", "y", "low", "high"][: len(picture.columns)]
    rows = db.execute(question.sql, defaults).fetchmany(MOST_MARKS + 1)
    if len(rows) > MOST_MARKS:
        raise BuildError(
            f"{file}: picture.question {picture.question} answers more than {MOST_MARKS} rows. "
            "Choose a question with fewer, or give it a LIMIT."
        )
    found = [dict(zip(names, (row[c] for c in picture.columns), strict=True)) for row in rows]
    for mark in found:
        if wrong := [name for name in names[1:] if isinstance(mark[name], str)]:
            raise BuildError(
                f"{file}: picture.{wrong[0]} draws {mark[wrong[0]]!r}, which is no number. "
                "Choose a column of numbers."
            )
    return [mark | {"x": str(mark["x"])} for mark in found if None not in mark.values()]
