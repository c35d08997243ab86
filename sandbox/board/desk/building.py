"""Making the data anew from the browser: a child process builds while the old bundle serves."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, SubmitField
from wtforms.fields.choices import SelectChoice as Choice

from sandbox import clock
from sandbox.board import jobs
from sandbox.board.access import only
from sandbox.board.desk import content
from sandbox.board.forms import N_, Form
from sandbox.board.people.visitor import myself
from sandbox.board.served import Generation, generation, served
from sandbox.board.store import db, state
from sandbox.board.webhooks import emit
from sandbox.board.words import gettext
from sandbox.errors import SandboxError
from sandbox.state import audit
from sandbox.state.people import Role
from sandbox.state.records import Job
from sandbox.workspace import Workspace

pages = Blueprint("building", __name__, url_prefix="/organiser/build")
KIND = "build"
MOST_TRIES = 3  # of a build whose server ends each time before it is done
MOST_STEPS, MOST_CHARACTERS = 100, 30_000  # of steps and of problems that are kept and shown
SECONDS_BETWEEN_SIGNS = 2.0
CALLED_OFF = "called off"


class BuildForm(Form):
    """How many rows, and the button."""

    scale = SelectField(
        N_("How many rows"),
        choices=[
            Choice("", N_("As last time")),
            Choice("0.1", N_("A tenth, to look at it quickly")),
            Choice("0.3", N_("A third")),
            Choice("1", N_("As described")),
            Choice("3", N_("Three times as many")),
            Choice("10", N_("Ten times as many")),
        ],
    )
    submit = SubmitField(N_("Build"))


class StopForm(Form):
    """One button."""

    submit = SubmitField(N_("Call it off"))


# --- pages ----------------------------------------------------------------------------------------


@pages.route("/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def overview() -> str | tuple[str, int] | Response:
    asked = BuildForm()
    if asked.validate_on_submit():
        request_build(db(), myself().id, scale=float(asked.scale.data or 0) or None)
        db().commit()
        flash(gettext("The build is ordered. The data as it is now goes on serving meanwhile."))
        return redirect(url_for("building.overview"))
    shown = render_template(
        "board/desk/build.html", form=asked, here=_served_now(), stale=content.not_built(),
        **_now(),
    )  # fmt: skip
    return shown, 422 if asked.errors else 200


@pages.get("/now")
@only(Role.ORGANISER)
def now() -> str:
    """How far the newest build is, as a part of the page that renews itself."""
    return render_template("board/desk/build_now.html", **_now())


@pages.post("/stop")
@only(Role.ORGANISER)
def stop() -> Response:
    if StopForm().validate_on_submit() and (job := newest(db())) and is_open(job):
        jobs.call_off(db(), job, CALLED_OFF)
        audit.record(db(), "build.stop", f"build {job.id}", actor_id=myself().id)
        db().commit()
        flash(gettext("The build is called off. The data is as it was."))
    return redirect(url_for("building.overview"))


def _now() -> dict[str, Any]:
    job = newest(db())
    return {
        "job": job,
        "told": json.loads(job.progress) if job and job.progress else {},
        "running": job is not None and is_open(job),
        "lost": job is not None and _is_lost(job),
        "called_off": job is not None and job.error == CALLED_OFF,
        "stop": StopForm(formdata=None),
    }


def _served_now() -> Generation | None:
    try:
        return generation()
    except SandboxError:
        return None


# --- orders ---------------------------------------------------------------------------------------


def request_build(writer: Session, actor: int | None, scale: float | None = None) -> Job:
    """Order a build in the writer's transaction, unless one that has not begun is ordered already.

    One that is running may have begun before what was changed last; so another is ordered, and
    begins when it has ended. `scale`: what rows are multiplied by, None for as last time.
    """
    waiting = writer.scalar(
        select(Job)
        .where(Job.kind == KIND, Job.done_at.is_(None), Job.failed_at.is_(None), Job.attempts == 0)
        .order_by(Job.id.desc())
        .limit(1)
    )
    if waiting is not None:
        if scale is not None:
            waiting.payload = {"scale": scale}
        return waiting
    job = jobs.enqueue(writer, KIND, scale=scale)
    writer.flush()
    audit.record(writer, "build.order", f"build {job.id}", actor_id=actor, scale=scale)
    return job


def newest(reader: Session) -> Job | None:
    """The build that runs, or will run next, or was the last."""
    open_first = Job.done_at.is_(None) & Job.failed_at.is_(None)
    builds = select(Job).where(Job.kind == KIND)
    running = reader.scalar(builds.where(open_first).order_by(Job.id).limit(1))
    return running or reader.scalar(builds.order_by(Job.id.desc()).limit(1))


def _is_lost(job: Job) -> bool:
    """Whether whoever built it is gone: it has stopped to say that it is at work."""
    begun = is_open(job) and job.attempts > 0
    return begun and (job.claimed_until is None or job.claimed_until <= clock.now())


def is_open(job: Job) -> bool:
    return job.done_at is None and job.failed_at is None


# --- the work -------------------------------------------------------------------------------------


class Told:
    """What a build has said so far: its steps with their seconds, its problems, its end."""

    def __init__(self) -> None:
        self.steps: dict[str, float | None] = {}
        self.facts: list[str] = []
        self.end: dict[str, Any] = {}

    def take(self, line: str) -> None:
        """One line of `sandbox build --progress json`; anything else is kept as the last word."""
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            self.end = {"error": line.strip()[:1000], "problems": []} if line.strip() else self.end
        elif "step" in said and len(self.steps) < MOST_STEPS:
            self.steps[str(said["step"])[:200]] = said.get("seconds")
        elif "say" in said and len(self.facts) < MOST_STEPS:
            self.facts.append(str(said["say"])[:200])
        elif "bundle" in said or "error" in said:
            problems = said.get("problems", [])
            shown = list(_that_fit(problems))
            self.end = said | {"problems": shown, "more": len(problems) - len(shown)}

    def text(self) -> str:
        """As the job keeps it, and the page reads it."""
        return json.dumps({"steps": [*self.steps.items()], "facts": self.facts, **self.end})


def _that_fit(problems: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The first problems, each with its place in one word, as many as a page can show."""
    length = 0
    for problem in problems:
        length += sum(len(str(said)) for said in problem.values())
        if length > MOST_CHARACTERS:
            return
        at = f":{problem['line']}" if problem["line"] else ""
        yield problem | {"where": f"{problem['file']}{at}"}


@jobs.handler(KIND, long=True)
def work(payload: Mapping[str, Any]) -> None:
    """Build in a child process, and note what it says; ended when the build is called off."""
    if g.attempts > MOST_TRIES:
        raise jobs.GiveUp(f"the server ended {MOST_TRIES} times before the build was done")
    told = Told()
    with _child(served().workspace, payload.get("scale")) as child:
        for line in _lines(child):
            if line is not None:
                told.take(line)
            elif not jobs.still_mine(told.text()):
                return
        code = child.wait()
    if code and "error" not in told.end:
        told.take(f"The build ended with code {code} and said nothing more.")
    if not jobs.still_mine(told.text()):
        return
    if code:
        raise jobs.GiveUp(str(told.end.get("error", "")))
    digest = generation().bundle.digest
    with state().write() as writer:
        emit(writer, "build.done", {"data_digest": digest}, once=digest)


def command(workspace: Workspace, scale: float | None) -> list[str]:
    """The arguments of the child process: nothing of them is read by a shell."""
    event = [] if workspace.is_demo else ["--event", str(workspace.folder)]
    rows = [] if scale is None else ["--scale", str(float(scale))]
    return [sys.executable, "-m", "sandbox", "build", "--progress", "json", *event, *rows]


@contextlib.contextmanager
def _child(workspace: Workspace, scale: float | None) -> Iterator[subprocess.Popen[str]]:
    """The build as a process group of its own, which ends when the block does, however it does."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SANDBOX_EVENT")}
    child = subprocess.Popen(  # noqa: S603 (a list of our own words; no shell)
        command(workspace, scale),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=kept | {"PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
    )
    try:
        yield child
    finally:
        _end(child)


def _end(child: subprocess.Popen[str]) -> None:
    """End a build with the processes that draw for it; what it has written aside is swept later."""
    if child.poll() is None:
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(child.pid, signal.SIGTERM)
            else:
                child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.stderr:
        child.stderr.close()


def _lines(child: subprocess.Popen[str]) -> Iterator[str | None]:
    """What the child says, and None now and then, also while it says nothing."""
    said: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):  # it is closed while the child is ended
            for line in child.stderr or ():
                said.put(line)
        said.put(None)

    threading.Thread(target=read, name="build's words", daemon=True).start()
    yield None
    while True:
        try:
            line = said.get(timeout=SECONDS_BETWEEN_SIGNS)
        except queue.Empty:
            yield None
            continue
        if line is None:
            return
        yield line
        if said.empty():
            yield None
