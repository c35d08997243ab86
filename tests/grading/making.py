"""A small challenge, its form of answers and its hidden truth, for tests of grading."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from sandbox.catalog.models import AnswerColumn, Answers, Challenge
from sandbox.descriptors import Source, make
from sandbox.errors import Problem

ANSWERS = {
    "approve": "Approve",
    "ask_for_documents": "Ask for documents",
    "to_case_officer": "Leave it to a case officer",
    "refuse": "Refuse",
}


def challenge_of(
    metric: str = "same-day", *, people: Sequence[str] = (), **answers: object
) -> Challenge:
    """A valid challenge around `answers`; `people` is what they alone can judge."""
    form = {
        "key": "application_id",
        "columns": {"answer": {"type": "string", "title": "Answer", "codes": ANSWERS}},
        **answers,
    }
    problems: list[Problem] = []
    words = dict.fromkeys(("what", "who", "when", "if_yes", "if_no", "if_unclear"), "x")
    value = {
        "title": "x", "outcome": "x", "summary": "x",
        "owner": {"name": "x", "contact": "a@example.org"},
        "decision": words,
        "baseline": {"what": "x", "value": 1, "unit": "%", "source": "x",
                     "date": date(2026, 1, 1)},
        "datasets": [], "starter": "web-app", "time_needed": "x", "level": "first",
        "answers": form,
        "score": {"metric": metric, "title": "x", "unit": "%", "explanation": "x",
                  "formula": "x", "source": {"title": "x"},
                  "judged_by_people": tuple(people)},
        "rubric": [{"title": "x", "weight": 100, "description": "x"}],
        "guardrails": ["x"], "lawful_purpose": "x",
        "afterwards": {"budget_line": "x", "route": "x",
                       "check_ins": [{"days": d, "who": "x", "what": "x"} for d in (30, 90, 180)]},
    }  # fmt: skip
    made = make(Source("challenge.yml", value, {}), Challenge, problems)
    assert made is not None, problems
    return made


def form_of(**columns: dict[str, object]) -> Answers:
    """Answers with the key `id` and these columns."""
    return Answers(
        key="id", columns={n: AnswerColumn.model_validate(c) for n, c in columns.items()}
    )


def write_truth(folder: Path, slug: str, rows: Iterable[dict[str, str]]) -> Path:
    """A truth folder with these hidden answers, every other row public."""
    rows = [{**row, "part": ("public", "private")[i % 2]} for i, row in enumerate(rows)]
    (folder / slug).mkdir(parents=True)
    with (folder / slug / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return folder
