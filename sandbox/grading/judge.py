"""The child process that alone opens hidden answers: an order on stdin, a verdict on stdout."""

from __future__ import annotations

import contextlib
import json
import math
import os
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
from sandbox.grading.verdict import Difference, Measure, Verdict
from sandbox.truth import answers_digest, open_answers

NICENESS = 10  # about a tenth of a processor's time while pages want all of it


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
    verdict = _verdict(order.slug, order.challenge, truth, answers, seed)
    if order.best is None:
        return verdict
    try:
        best = read_answers(Path(order.best), form, keys, order.shown_as)
    except AnswersRejected:  # it was handed in for another form
        return verdict
    return verdict.model_copy(
        update={"better": _better(order.challenge, truth, answers, best, seed)}
    )


def _better(
    challenge: Challenge,
    truth: list[dict[str, str]],
    answers: Mapping[str, Mapping[str, object]],
    best: Mapping[str, Mapping[str, object]],
    seed: bytes,
) -> Difference | None:
    """How much better `answers` are than `best` on the public part."""
    metric, key = METRICS[challenge.score.metric], challenge.answers.key
    public = [row for row in truth if row["part"] == "public"]
    mine, theirs = (metric([Pair(row, said[row[key]]) for row in public])
                    for said in (answers, best))  # fmt: skip
    if not (_is_sum(mine) and _is_sum(theirs)):
        return None
    from sandbox.grading import chance  # loads SciPy, which not every metric needs

    found = chance.compare(mine.sums, theirs.sums, seed)
    if challenge.score.higher_is_better:
        return found
    ends = {"low": -found.high, "high": -found.low}
    return found.model_copy(update={"value": -found.value, **ends})


def _is_sum(measure: Measure) -> bool:
    """Whether the public score, which is told without gates, is what the measure's sums add to."""
    sums = measure.sums
    if sums is None or not len(sums.rows):
        return False
    added = float(sums.score(sums.rows.sum(axis=0)))
    return math.isclose(added, measure.without_gates, rel_tol=1e-9, abs_tol=1e-9)


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


def give_way() -> None:
    """Let whoever answers pages on this machine go first.

    Where Linux shares processors between sessions, niceness counts only within one of them, unless
    the session's own is set, too (sched(7), "The autogroup feature"). On Windows the priority is
    set from outside (sandbox.grading.judges).
    """
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # it may be lower already
            os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))


def limit(order: Order) -> None:
    """Bound this process's address space and processor time, where the system can (not Windows)."""
    try:
        import resource
    except ImportError:
        return
    space = order.mebibytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if order.seconds:
        seconds = math.ceil(order.seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def outcome_of(order: Order) -> Outcome:
    """What came of the order, whatever it was."""
    try:
        return Outcome(verdict=judge(order))
    except AnswersRejected as rejected:
        told = tuple(Told.of(problem) for problem in rejected.problems)
        return Outcome(title=rejected.title, problems=told)
    except SandboxError as error:
        return Outcome(error=str(error), no_truth=isinstance(error, TruthError))
    except MemoryError:
        return Outcome(out_of_memory=True)


def written(outcome: Outcome) -> bytes:
    return json.dumps(outcome.model_dump(mode="json"), ensure_ascii=False).encode()


def main() -> None:
    give_way()
    order = Order.model_validate_json(sys.stdin.buffer.read())
    limit(order)
    sys.stdout.buffer.write(written(outcome_of(order)))  # whatever the locale's encoding


if __name__ == "__main__":
    main()
