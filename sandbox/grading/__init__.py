"""Score a file of answers; the judge, a child process, is alone in opening the hidden truth."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pydantic import ValidationError

from sandbox.catalog.models import Challenge
from sandbox.errors import AnswersRejected, SandboxError
from sandbox.grading.order import Order, Outcome
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
    every mistake in the file, TruthError's sentence as SandboxError where there is no truth, and
    SandboxError when a limit was reached.
    """
    order = Order(
        slug=slug,
        challenge=challenge,
        answers=str(answers_file.absolute()),
        shown_as=str(answers_file),
        truth=str(truth_folder.absolute()),
        mebibytes=mebibytes,
    )
    outcome = _judged(order, seconds)
    if outcome.problems:
        problems = [told.problem() for told in outcome.problems]
        raise AnswersRejected(problems, outcome.title)
    if outcome.error:
        raise SandboxError(outcome.error)
    if outcome.verdict is None:
        raise SandboxError(f"{answers_file} could not be scored within {mebibytes} MiB of memory. "
                           "Is it a file of answers? Begin with the answers template.")  # fmt: skip
    return outcome.verdict


def _judged(order: Order, seconds: float) -> Outcome:
    # -P: nothing in the folder a participant stands in is imported in place of the kit.
    # One thread: linear algebra is not needed, and its threads would reserve memory.
    command = [sys.executable, "-P", "-m", "sandbox.grading.judge"]
    try:
        child = subprocess.run(  # noqa: S603 (our own interpreter and module)
            command,
            input=order.model_dump_json().encode(),
            capture_output=True,
            timeout=seconds,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SandboxError(f"{order.shown_as} was not scored within {seconds:g} seconds, "
                           "so it was stopped. Is it a file of answers?") from None  # fmt: skip
    if child.returncode < 0:
        raise SandboxError(f"Scoring {order.shown_as} was stopped by the system (signal "
                           f"{-child.returncode}), probably for want of memory.")  # fmt: skip
    try:
        return Outcome.model_validate_json(child.stdout)
    except ValidationError:
        last = child.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no message"]
        raise SandboxError(f"The judge failed: {last[0]}") from None
