"""What is done after a page has answered: mails, calls, builds; kept in the database until done.

Any number of processes may work: each claims a job for a while, and one whose worker died is done
again. So a handler must bear being called twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.errors import SandboxError
from sandbox.state import State
from sandbox.state.records import Job

log = logging.getLogger(__name__)
Handler = Callable[[Mapping[str, Any]], None]
HANDLERS: dict[str, Handler] = {}
CLAIM = timedelta(minutes=10)
# How long to wait after each failure: three quarters of a day of patience with another's server.
WAITS = [timedelta(minutes=m) for m in (0.2, 1, 5, 15, 60, 180, 720)]
SECONDS_BETWEEN_LOOKS = 2.0
_news = threading.Event()


class GiveUp(SandboxError):
    """Raised by a handler when trying again cannot help."""


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Make a function that takes a payload the one that does jobs of `kind`."""

    def register(function: Handler) -> Handler:
        HANDLERS[kind] = function
        return function

    return register


def enqueue(writer: Session, kind: str, after: timedelta = timedelta(0), **payload: Any) -> Job:
    """Add a job to the writer's transaction; a worker sees it when that is committed."""
    now = clock.now()
    job = Job(kind=kind, payload=payload, made_at=now, due_at=now + after)
    writer.add(job)
    _news.set()
    return job


def run_due(app: Flask) -> int:
    """Do every job that is due, one after the other; how many there were."""
    state: State = app.extensions["state"]
    count = 0
    while (job := _claim(state)) is not None:
        _do(app, state, job)
        count += 1
    return count


def _claim(state: State) -> Job | None:
    now = clock.now()
    with state.write() as writer:
        job = writer.scalar(
            select(Job)
            .where(Job.done_at.is_(None), Job.failed_at.is_(None), Job.due_at <= now)
            .where(or_(Job.claimed_until.is_(None), Job.claimed_until <= now))
            .order_by(Job.due_at, Job.id)
            .limit(1)
        )
        if job is not None:
            job.claimed_until = now + CLAIM
            job.attempts += 1
        return job


def _do(app: Flask, state: State, job: Job) -> None:
    try:
        with app.app_context():
            HANDLERS[job.kind](job.payload)
    except Exception as error:  # whatever a handler meets must not end the worker
        known = isinstance(error, SandboxError | OSError)
        log.warning("Job %s (%s) failed: %s", job.id, job.kind, error, exc_info=not known)
        _failed(state, job, error)
        return
    with state.write() as writer:
        done = writer.get_one(Job, job.id)
        done.done_at, done.claimed_until, done.payload, done.error = clock.now(), None, {}, ""


def _failed(state: State, job: Job, error: Exception) -> None:
    with state.write() as writer:
        failed = writer.get_one(Job, job.id)
        failed.error = f"{type(error).__name__}: {error}"[:500]
        failed.claimed_until = None
        if isinstance(error, GiveUp) or failed.attempts > len(WAITS):
            failed.failed_at, failed.payload = clock.now(), {}
        else:
            failed.due_at = clock.now() + WAITS[failed.attempts - 1]


class Worker:
    """A thread that does jobs as they come due, until it is told to stop."""

    def __init__(self, app: Flask):
        self._app = app
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 5) -> None:
        self._stopping.set()
        _news.set()
        self._thread.join(seconds)

    def _work(self) -> None:
        while not self._stopping.is_set():
            _news.clear()
            try:
                run_due(self._app)
            except Exception:  # the database may be away for a while
                log.exception("The worker could not look for jobs")
            _news.wait(SECONDS_BETWEEN_LOOKS)
