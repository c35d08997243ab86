"""The child process that alone opens hidden answers: an order on stdin, a verdict on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.catalog.models import Challenge
from sandbox.errors import AnswersRejected, SandboxError, TruthError, did_you_mean
from sandbox.grading.answers_file import read_answers
from sandbox.grading.measuring import measured
from sandbox.grading.metrics import METRICS
from sandbox.grading.order import Order, Outcome, Told
from sandbox.grading.pairs import Pair
from sandbox.grading.verdict import Measure, Verdict
from sandbox.truth import answers_digest, open_answers


def judge(order: Order) -> Verdict:
    """Score the file that the order names.

    Raises AnswersRejected for the file's mistakes, SandboxError for the challenge's or the truth's.
    """
    form, score = order.challenge.answers, order.challenge.score
    if score.metric not in METRICS:
        fix = did_you_mean(score.metric, list(METRICS))
        raise SandboxError(f"{order.slug} asks for a metric {score.metric!r} that is none: {fix}")
    truth = open_answers(Path(order.truth), order.slug)
    if not truth or form.key not in truth[0] or "part" not in truth[0]:
        raise TruthError(f"The hidden answers of {order.slug} are damaged. Build them again.")
    keys = [row[form.key] for row in truth]
    answers = read_answers(Path(order.answers), form, keys, order.shown_as)
    seed = answers_digest(Path(order.truth), order.slug)
    return _verdict(order.slug, order.challenge, truth, answers, seed)


def _verdict(
    slug: str,
    challenge: Challenge,
    truth: list[dict[str, str]],
    answers: Mapping[str, Mapping[str, object]],
    seed: bytes,
) -> Verdict:
    metric = METRICS[challenge.score.metric]

    def measure(part: list[Pair]) -> Measure:
        return measured(metric, part, seed)

    pairs = {row[challenge.answers.key]: Pair(row, answers[row[challenge.answers.key]])
             for row in truth}  # fmt: skip
    parts = {
        part: [pair for pair in pairs.values() if pair.truth["part"] == part]
        for part in ("public", "private")
    }
    return Verdict(
        challenge=slug,
        unit=challenge.score.unit,
        higher_is_better=challenge.score.higher_is_better,
        whole=measure(list(pairs.values())),
        public=measure(parts["public"]),
        private=measure(parts["private"]),
        judged_by_people=challenge.score.judged_by_people,
    )


def limit_memory(mebibytes: int) -> None:
    """Bound this process's address space, where the system can (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (mebibytes * 2**20, mebibytes * 2**20))


def main() -> None:
    order = Order.model_validate_json(sys.stdin.buffer.read())
    limit_memory(order.mebibytes)
    try:
        outcome = Outcome(verdict=judge(order))
    except AnswersRejected as rejected:
        told = tuple(Told.of(problem) for problem in rejected.problems)
        outcome = Outcome(title=rejected.title, problems=told)
    except SandboxError as error:
        outcome = Outcome(error=str(error))
    except MemoryError:
        outcome = Outcome(out_of_memory=True)
    said = json.dumps(outcome.model_dump(mode="json"), ensure_ascii=False)
    sys.stdout.buffer.write(said.encode())  # whatever the locale's encoding


if __name__ == "__main__":
    main()
