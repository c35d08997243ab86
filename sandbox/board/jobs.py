"""What is done after a page has answered: mails, calls, builds; kept in the database until done.

Any number of processes may work: each claims a job for a while, and one whose worker died is done
again. So a handler must bear being called twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, current_app, g
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.errors import SandboxError
from sandbox.state import State
from sandbox.state.records import Job

log = logging.getLogger(__name__)
Handler = Callable[[Mapping[str, Any]], None]
HANDLERS: dict[str, Handler] = {}
LONG: set[str] = set()  # kinds that take minutes: one job of such a kind at a time, in its own lane
LANES: dict[str, Lane] = {}  # kinds that keep nothing else waiting, and wait for nothing else
PERIODS: dict[str, timedelta] = {}  # kinds that come round again
CLAIM = timedelta(minutes=10)
LONG_CLAIM = timedelta(minutes=1)  # renewed while the work goes on
# How long to wait after each failure: three quarters of a day of patience with another's server.
WAITS = [timedelta(minutes=m) for m in (0.2, 1, 5, 15, 60, 180, 720)]
SECONDS_BETWEEN_LOOKS = 2.0
_news = threading.Event()


class GiveUp(SandboxError):
    """Raised by a handler when trying again cannot help."""


class Stopped(SandboxError):
    """Raised by a handler whose worker is to end: another worker begins the job anew."""


@dataclass(frozen=True)
class Lane:
    """Threads of a worker that do jobs of certain kinds alone.

    A claim holds for `claim` and is renewed by `still_mine`, so that what was begun by a worker
    that died is begun again so soon. `before` is called before each look for jobs.
    """

    name: str
    threads: int = 1
    claim: timedelta = CLAIM
    before: Callable[[], None] = lambda: None


MAIN = Lane("jobs")
MINUTES = Lane("long jobs", claim=LONG_CLAIM)


def handler(
    kind: str, *, long: bool = False, lane: Lane | None = None
) -> Callable[[Handler], Handler]:
    """Make a function that takes a payload the one that does jobs of `kind`.

    One that takes minutes (`long`) keeps no mail waiting. It must call `still_mine` every few
    seconds, and end when that says no; no two jobs of its kind are done at once. One with a `lane`
    of its own must call it, too, but as many are done at once as the lane has threads.
    """

    def register(function: Handler) -> Handler:
        HANDLERS[kind] = function
        if long:
            LONG.add(kind)
        if long or lane:
            LANES[kind] = lane or MINUTES
        return function

    return register


def lanes() -> list[Lane]:
    return list(dict.fromkeys([MAIN, MINUTES, *LANES.values()]))


def still_mine(progress: str | None = None) -> bool:
    """Renew the claim on the long job at hand and note how far it is; no if it was called off.

    Raises Stopped when the worker is to end.
    """
    if _ending(current_app):
        raise Stopped("the server ends")
    state: State = current_app.extensions["state"]
    with state.write() as writer:
        job = writer.get_one(Job, g.job_id)
        if not is_mine(writer):
            return False
        job.claimed_until = clock.now() + LANES.get(job.kind, MAIN).claim
        if progress is not None:
            job.progress = progress
        return True


def is_mine(writer: Session) -> bool:
    """Whether the job at hand is still this worker's to do, as the writer's transaction sees it.

    It is not once it was called off, or once its claim had run out and another began it.
    """
    job = writer.get_one(Job, g.job_id)
    return job.failed_at is None and job.done_at is None and job.attempts == g.attempts


def call_off(writer: Session, job: Job, why: str) -> None:
    """End a job before it is done; whoever does it learns so by `still_mine`."""
    job.failed_at, job.claimed_until, job.error, job.payload = clock.now(), None, why, {}


def every(period: timedelta, kind: str) -> Callable[[Handler], Handler]:
    """Make a function the handler of `kind`, which workers then do once in each period."""
    PERIODS[kind] = period
    return handler(kind)


def plan(state: State) -> None:
    """See to it that every periodic kind has a job ahead: at once if it has never been done."""
    ahead = select(Job.kind).where(
        Job.kind.in_(PERIODS), Job.done_at.is_(None), Job.failed_at.is_(None)
    )
    with state.read() as reader:
        if PERIODS.keys() <= set(reader.scalars(ahead)):
            return
    with state.write() as writer:  # where no other worker can plan the same
        for kind in sorted(PERIODS.keys() - set(writer.scalars(ahead))):
            last = writer.scalar(select(func.max(Job.due_at)).where(Job.kind == kind))
            due = last + PERIODS[kind] if last else clock.now()
            enqueue(writer, kind, after=max(due - clock.now(), timedelta(0)))


def enqueue(
    writer: Session, kind: str, after: timedelta = timedelta(0), *, queue: str = "", **payload: Any
) -> Job:
    """Add a job to the writer's transaction; a worker sees it when that is committed.

    Jobs of the same `queue` are done one after the other, in the order in which they came.
    """
    now = clock.now()
    job = Job(kind=kind, queue=queue, payload=payload, made_at=now, due_at=now + after)
    writer.add(job)
    _news.set()
    return job


def run_due(app: Flask, *, long: bool | None = None, lane: Lane | None = None) -> int:
    """Do every job that is due, one after the other; how many there were.

    long: only those of kinds that take minutes, only those without a lane of their own, or (None)
    all, or those of `lane`.
    """
    if long is not None:
        lane = MINUTES if long else MAIN
    with app.app_context():
        for one in [lane] if lane else lanes():
            one.before()
    state: State = app.extensions["state"]
    count = 0
    while not _ending(app) and (job := _claim(state, lane)) is not None:
        _do(app, state, job)
        count += 1
    return count


def _ending(app: Flask) -> bool:
    """Whether the worker has been told to stop."""
    return "stopping" in app.extensions and app.extensions["stopping"].is_set()


def _claim(state: State, lane: Lane | None) -> Job | None:
    now = clock.now()
    open_ = (Job.done_at.is_(None), Job.failed_at.is_(None))
    with state.write() as writer:
        busy = set(writer.scalars(select(Job.kind).where(*open_, Job.claimed_until > now)))
        first = select(func.min(Job.id)).where(*open_, Job.queue != "").group_by(Job.queue)
        asked = (
            select(Job)
            .where(*open_, Job.due_at <= now, Job.kind.not_in(busy & LONG))
            .where(or_(Job.claimed_until.is_(None), Job.claimed_until <= now))
            .where(or_(Job.queue == "", Job.id.in_(first)))
        )
        if lane is MAIN:
            asked = asked.where(Job.kind.not_in(LANES))
        elif lane is not None:
            asked = asked.where(Job.kind.in_([kind for kind in LANES if LANES[kind] is lane]))
        job = writer.scalar(asked.order_by(Job.due_at, Job.id).limit(1))
        if job is not None:
            job.claimed_until = now + LANES.get(job.kind, MAIN).claim
            job.attempts += 1
        return job


def _do(app: Flask, state: State, job: Job) -> None:
    try:
        with app.app_context():
            g.job_id, g.attempts = job.id, job.attempts
            HANDLERS[job.kind](job.payload)
    except Stopped:
        with state.write() as writer:
            left = writer.get_one(Job, job.id)
            left.claimed_until, left.attempts = None, left.attempts - 1
        return
    except Exception as error:  # whatever a handler meets must not end the worker
        known = isinstance(error, SandboxError | OSError)
        log.warning("Job %s (%s) failed: %s", job.id, job.kind, error, exc_info=not known)
        _failed(state, job, error)
        return
    with state.write() as writer:
        done = writer.get_one(Job, job.id)
        if done.failed_at is not None or done.attempts != job.attempts:
            return  # called off meanwhile, or another's since the claim ran out
        done.done_at, done.claimed_until, done.payload, done.error = clock.now(), None, {}, ""


def _failed(state: State, job: Job, error: Exception) -> None:
    with state.write() as writer:
        failed = writer.get_one(Job, job.id)
        if failed.failed_at is not None or failed.attempts != job.attempts:
            return
        failed.error = f"{type(error).__name__}: {error}"[:500]
        failed.claimed_until = None
        if isinstance(error, GiveUp) or failed.attempts > len(WAITS):
            failed.failed_at, failed.payload = clock.now(), {}
        else:
            failed.due_at = clock.now() + WAITS[failed.attempts - 1]


class Worker:
    """Threads that do jobs as they come due, until told to stop: each lane has its own."""

    def __init__(self, app: Flask):
        self._app = app
        self._stopping = app.extensions["stopping"] = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=[lane], name=lane.name, daemon=True)
            for lane in lanes()
            for _ in range(lane.threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 5) -> None:
        self._stopping.set()
        _news.set()
        for thread in self._threads:
            thread.join(seconds)

    def _work(self, lane: Lane) -> None:
        while not self._stopping.is_set():
            _news.clear()
            try:
                if lane is MAIN:
                    plan(self._app.extensions["state"])
                run_due(self._app, lane=lane)
            except Exception:  # the database may be away for a while
                log.exception("The worker could not look for jobs")
            _news.wait(SECONDS_BETWEEN_LOOKS)
