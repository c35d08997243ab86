"""Scoring what was handed in: each file by a judge, once, in the order in which its team sent it.

A file waits as RECEIVED, is SCORING while a judge has it, and ends SCORED, REFUSED or FAILED. The
claim on it is short and renewed, so that after the worker has died another one begins it again
within seconds; whoever comes second changes nothing.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import current_app, g
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import jobs, uploads
from sandbox.board.scores.answers import KIND, WAITING, order_scoring, queue_of, truth_of
from sandbox.board.served import Generation, generation
from sandbox.board.store import state
from sandbox.errors import SandboxError
from sandbox.grading import MEBIBYTES, SECONDS, Verdict
from sandbox.grading.judges import BENCH, CalledOff, NotScored, Why
from sandbox.grading.ladder import Standing, improves
from sandbox.grading.order import Order, Outcome
from sandbox.grading.verdict import Difference, Measure
from sandbox.state.records import Job
from sandbox.state.scores import AnswerFile, Scoring

log = logging.getLogger(__name__)
# Of a file whose worker ends each time before it is scored. Judges have limits, so hardly any file
# can end a worker: mostly it is something else, and no reason to leave the file without a score.
MOST_TRIES = 10
CLAIM = timedelta(seconds=10)
SECONDS_BETWEEN_SIGNS = 3.0
SEEN = "scored by"  # the bundle whose hidden answers all files were compared with
STANDSTILL = timedelta(seconds=20)  # a file that nobody has begun in this time waits for a judge
GUESS = 1.0  # seconds for a file, before any was scored
LAST = 10  # files that tell how long one takes


def standing_of(file: AnswerFile) -> Standing:
    """What a scored file's place depends on."""
    return Standing(measure(file.public), measure(file.whole))


def measure(kept: Mapping[str, Any]) -> Measure:
    """A judge's measure, as a row keeps it."""
    return Measure.model_validate(kept, strict=False)


def is_current(file: AnswerFile) -> bool:
    """Whether a file was scored with the hidden answers that are served now."""
    return file.truth == truth_of(file.challenge)


# --- how long it takes ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Wait:
    """What a file waits for: how many before it, of them its own team's, about how long.

    stands: nobody has begun what has waited the longest.
    """

    ahead: int
    own: tuple[int, ...]  # numbers
    seconds: int
    stands: bool


def wait_of(session: Session, file: AnswerFile) -> Wait:
    before = session.execute(
        select(AnswerFile.team_id, AnswerFile.challenge, AnswerFile.number)
        .where(AnswerFile.state.in_(WAITING), AnswerFile.id < file.id)
        .order_by(AnswerFile.id)
    ).all()
    own = tuple(n for team, slug, n in before if (team, slug) == (file.team_id, file.challenge))
    seconds = (len(before) + 1) * seconds_each(session) / LANE.threads
    return Wait(len(before), own, max(1, math.ceil(seconds)), standstill(session))


def seconds_each(session: Session) -> float:
    """How long a judge took for each of the last files."""
    last = session.scalars(
        select(AnswerFile.told)
        .where(AnswerFile.state == Scoring.SCORED)
        .order_by(AnswerFile.scored_at.desc())
        .limit(LAST)
    )
    took = [float(told["seconds"]) for told in last if "seconds" in told]
    return sum(took) / len(took) if took else GUESS


def standstill(session: Session) -> bool:
    """Whether files wait and no worker has taken one up for a while."""
    now = clock.now()
    oldest, claimed = session.execute(
        select(func.min(Job.due_at), func.max(Job.claimed_until)).where(
            Job.kind == KIND, Job.done_at.is_(None), Job.failed_at.is_(None)
        )
    ).one()
    if oldest is None or oldest > now - STANDSTILL:
        return False
    return claimed is None or claimed <= now


# --- the work -------------------------------------------------------------------------------------


def renew() -> None:
    """Order what is to be scored again, since its hidden answers are others now.

    Costs nothing while the same bundle is served. All of a team's files in a challenge are scored
    again, in their order, so that each is compared with what came before it.
    """
    try:
        here = generation()
    except SandboxError:  # nothing is built yet
        return
    if current_app.extensions.get(SEEN) == here.bundle.digest:
        return
    truths = {slug: truth_of(slug) for slug in here.catalog.challenges}
    with state().read() as reader:
        due = bool(_stale(reader, truths) or _forgotten(reader))
    if due:
        with state().write() as writer:
            for team_id, challenge in _stale(writer, truths):
                _all_again(writer, team_id, challenge)
            for team_id, challenge, count in _forgotten(writer):
                for _ in range(count):
                    _enqueue(writer, team_id, challenge)
    current_app.extensions[SEEN] = here.bundle.digest


def _stale(session: Session, truths: Mapping[str, str]) -> list[tuple[int, str]]:
    """Teams and challenges with a file that was scored with other hidden answers than today's, or
    could not be for want of them."""
    found = session.execute(
        select(AnswerFile.team_id, AnswerFile.challenge, AnswerFile.truth, AnswerFile.told)
        .where(AnswerFile.state.in_((Scoring.SCORED, Scoring.FAILED)))
        .where(AnswerFile.challenge.in_(sorted(truths)))
        .order_by(AnswerFile.id)
    )
    stale = [
        (team_id, challenge)
        for team_id, challenge, truth, told in found
        if truths[challenge] not in ("", truth) and told.get("why", Why.TRUTH) == Why.TRUTH
    ]
    return list(dict.fromkeys(stale))


def _all_again(writer: Session, team_id: int, challenge: str) -> None:
    files = writer.scalars(
        select(AnswerFile)
        .where(AnswerFile.team_id == team_id, AnswerFile.challenge == challenge)
        .where(AnswerFile.state.in_((Scoring.SCORED, Scoring.FAILED)))
        .order_by(AnswerFile.number)
    )
    for file in files:
        if file.told.get("why", Why.TRUTH) == Why.TRUTH:
            order_scoring(writer, file)
            file.told = {"again": True}


def _forgotten(session: Session) -> list[tuple[int, str, int]]:
    """Teams and challenges with more files that wait than jobs that would score them."""
    waiting = session.execute(
        select(AnswerFile.team_id, AnswerFile.challenge, func.count())
        .where(AnswerFile.state.in_(WAITING))
        .group_by(AnswerFile.team_id, AnswerFile.challenge)
    ).all()
    if not waiting:
        return []
    open_jobs = session.execute(
        select(Job.queue, func.count())
        .where(Job.kind == KIND, Job.done_at.is_(None), Job.failed_at.is_(None))
        .group_by(Job.queue)
    ).all()
    there = {row.queue: int(row[1]) for row in open_jobs}
    missing = [
        (team_id, challenge, count - there.get(queue_of(team_id, challenge), 0))
        for team_id, challenge, count in waiting
    ]
    return [one for one in missing if one[2] > 0]


def _enqueue(writer: Session, team_id: int, challenge: str) -> None:
    queue = queue_of(team_id, challenge)
    jobs.enqueue(writer, KIND, queue=queue, team=team_id, challenge=challenge)


def _judges() -> int:
    """As many at once as fit: a processor is left for pages."""
    return max(1, (os.cpu_count() or 1) - 1)


LANE = jobs.Lane("judges", threads=_judges(), claim=CLAIM, before=renew)


@dataclass(frozen=True)
class Taken:
    """A file that a judge is to have, and the team's best that it is compared with."""

    id: int
    challenge: str
    name: str
    digest: str
    best: str | None  # its digest
    best_stands: Standing | None


@jobs.handler(KIND, lane=LANE)
def score(payload: Mapping[str, Any]) -> None:
    """Score the first file that waits of a team in a challenge."""
    here = generation()
    truth = truth_of(str(payload["challenge"]))
    taken = _take(int(payload["team"]), str(payload["challenge"]), truth)
    if taken is None:
        return
    began = time.monotonic()
    try:
        outcome = _judged(taken, here)
    except CalledOff:
        return
    except NotScored as failed:
        log.warning("Answers %s were not scored: %s", taken.id, failed)
        why = failed.why
        _note(taken, here, truth, lambda file: _failed(file, why))
        return
    took = round(time.monotonic() - began, 3)
    _note(taken, here, truth, lambda file: _decided(file, taken, outcome, took))


def _take(team_id: int, challenge: str, truth: str) -> Taken | None:
    with state().write() as writer:
        if not jobs.is_mine(writer):
            return None
        of_team = select(AnswerFile).where(
            AnswerFile.team_id == team_id, AnswerFile.challenge == challenge
        )
        file = writer.scalar(
            of_team.where(AnswerFile.state.in_(WAITING)).order_by(AnswerFile.number).limit(1)
        )
        if file is None:
            return None
        best = writer.scalar(
            of_team.where(AnswerFile.state == Scoring.SCORED, AnswerFile.improves)
            .where(AnswerFile.truth == truth, AnswerFile.set_aside_at.is_(None))
            .order_by(AnswerFile.scored_at.desc(), AnswerFile.number.desc())
            .limit(1)
        )
        file.state = Scoring.SCORING
        return Taken(
            file.id,
            challenge,
            file.name,
            file.digest,
            best.digest if best else None,
            standing_of(best) if best else None,
        )


def _judged(taken: Taken, here: Generation) -> Outcome:
    if g.attempts > MOST_TRIES:
        said = f"the server ended {MOST_TRIES} times while it was scored"
        raise NotScored(Why.JUDGE, said)
    described = here.catalog.challenges.get(taken.challenge)
    if described is None:
        raise NotScored(Why.TRUTH, f"{taken.challenge} is no challenge of the bundle")
    order = Order(
        slug=taken.challenge,
        challenge=described,
        answers=str(uploads.path(taken.digest).absolute()),
        shown_as=taken.name,
        truth=str(_truth_beside(here).absolute()),
        mebibytes=MEBIBYTES,
        seconds=SECONDS,
        best=str(uploads.path(taken.best).absolute()) if taken.best else None,
    )
    if not uploads.path(taken.digest).is_file():
        raise NotScored(Why.JUDGE, f"{taken.digest} is not in uploads any more")
    try:
        return BENCH.outcome(order, _sign())
    except (OSError, ValueError) as error:
        raise NotScored(Why.JUDGE, f"{type(error).__name__}: {error}") from error


def _truth_beside(here: Generation) -> Path:
    """The hidden answers of the very generation that is served; only the judge opens them."""
    return here.bundle.path.parent / "truth"


def _sign() -> Callable[[], bool]:
    """What the judge's keeper asks every second; the claim is renewed now and then."""
    next_time = time.monotonic() + SECONDS_BETWEEN_SIGNS

    def sign() -> bool:
        nonlocal next_time
        if time.monotonic() < next_time:
            return True
        next_time = time.monotonic() + SECONDS_BETWEEN_SIGNS
        return jobs.still_mine()

    return sign


def _note(taken: Taken, here: Generation, truth: str, decide: Callable[[AnswerFile], None]) -> None:
    """Keep what came of it, if it is still ours to say; if its truth is of yesterday, once more."""
    is_old = generation() is not here and truth_of(taken.challenge) != truth
    with state().write() as writer:
        file = writer.get_one(AnswerFile, taken.id)
        if not jobs.is_mine(writer) or file.state != Scoring.SCORING:
            return
        if is_old:
            order_scoring(writer, file)
            return
        file.scored_at, file.truth = clock.now(), truth
        decide(file)


def _failed(file: AnswerFile, why: Why) -> None:
    file.state, file.told = Scoring.FAILED, {"why": why.value}


def _decided(file: AnswerFile, taken: Taken, outcome: Outcome, took: float) -> None:
    verdict = outcome.verdict
    if verdict is None:
        again = {"again": True} if file.told.get("again") else {}
        problems = [
            {k: v for k, v in told.model_dump(mode="json").items() if k != "file"}
            for told in outcome.problems
        ]
        file.state = Scoring.REFUSED
        file.told = {"title": outcome.title, "problems": problems, **again}
        return
    file.state, file.told = Scoring.SCORED, {"seconds": took}
    for part in ("public", "private", "whole"):
        setattr(file, part, getattr(verdict, part).model_dump(mode="json"))
    file.improves = _improves(verdict, taken.best_stands, verdict.better)


def _improves(verdict: Verdict, best: Standing | None, better: Difference | None) -> bool:
    new = Standing(verdict.public, verdict.whole)
    return improves(new, best, better, higher_is_better=verdict.higher_is_better)
