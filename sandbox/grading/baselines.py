"""Today's practice and doing nothing, answered from the bundle and scored like any answers."""

from __future__ import annotations

import csv
import runpy
import sqlite3
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sandbox.catalog.models import Answers, Challenge
from sandbox.errors import SandboxError
from sandbox.grading import Verdict, grade

NAMES = ("today", "do_nothing")


def score_baselines(
    slug: str, challenge: Challenge, folder: Path, database: Path, truth: Path
) -> dict[str, Any]:
    """The content of scores.json: what `baseline.py` in `folder` answers, scored by the judge.

    `database` is the published one: a baseline knows no more than a participant. Raises
    SandboxError if baseline.py does not answer both, and what `grade` raises.
    """
    answers = _answered(slug, folder, database)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in NAMES:
            path = Path(scratch) / f"{name}.csv"
            write_answers(path, challenge.answers, answers[name])
            rows.append(_row(name, grade(slug, challenge, path, truth)))
    return {
        "unit": challenge.score.unit.root,
        "higher_is_better": challenge.score.higher_is_better,
        "rows": rows,
    }


def _answered(slug: str, folder: Path, database: Path) -> Mapping[str, list[dict[str, object]]]:
    baseline = runpy.run_path(str(folder / "baseline.py"))["baseline"]
    db = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    db.row_factory = sqlite3.Row
    try:
        answers: Mapping[str, list[dict[str, object]]] = baseline(db)
    finally:
        db.close()
    if sorted(answers) != sorted(NAMES):
        raise SandboxError(f"{slug}/baseline.py answers {', '.join(answers)}; "
                           f"it must answer {' and '.join(NAMES)}.")  # fmt: skip
    return answers


def _row(name: str, verdict: Verdict) -> dict[str, Any]:
    whole = verdict.whole
    return {
        "name": name,
        "score": whole.score,
        "passed_gates": whole.passed_gates,
        "details": whole.model_dump(mode="json", exclude={"groups"}),
    }


def write_answers(path: Path, form: Answers, rows: Iterable[Mapping[str, object]]) -> None:
    """Write answers as the judge reads them: UTF-8, LF, comma, the key's column first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [form.key, *form.columns], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
