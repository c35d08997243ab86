"""Score a file of answers; the judge, a child process, is alone in opening the hidden truth."""

from __future__ import annotations

from pathlib import Path

from sandbox.catalog.models import Challenge
from sandbox.errors import AnswersRejected
from sandbox.grading import judges
from sandbox.grading.order import Order
from sandbox.grading.verdict import Gate, Measure, Number, Verdict

__all__ = ["Gate", "Measure", "Number", "Verdict", "grade"]

SECONDS = 60.0
MEBIBYTES = 1024


def grade(
    slug: str,
    challenge: Challenge,
    answers_file: Path,
    truth_folder: Path,
    *,
    seconds: float = SECONDS,
    mebibytes: int = MEBIBYTES,
) -> Verdict:
    """What `answers_file` scores in the challenge `slug`.

    The judge is a child process with a limit of time and of memory. Raises AnswersRejected with
    every mistake in the file, and NotScored, a SandboxError, where there is no truth or a limit was
    reached.
    """
    order = Order(
        slug=slug,
        challenge=challenge,
        answers=str(answers_file.absolute()),
        shown_as=str(answers_file),
        truth=str(truth_folder.absolute()),
        mebibytes=mebibytes,
        seconds=seconds,
    )
    outcome = judges.anew(order)
    if outcome.verdict is None:
        raise AnswersRejected([told.problem() for told in outcome.problems], outcome.title)
    return outcome.verdict
