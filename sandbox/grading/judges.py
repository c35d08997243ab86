"""Judges to give orders to: child processes, started anew for each file or standing by."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from enum import StrEnum

from pydantic import ValidationError

from sandbox.errors import SandboxError
from sandbox.grading.order import Order, Outcome

# -P: nothing in the folder a participant stands in is imported in place of the kit.
PYTHON = [sys.executable, "-P", "-m"]
SECONDS_BETWEEN_SIGNS = 1.0
SECONDS_TO_LOAD = 120  # the libraries of a judge that stands by, on a machine that is very busy
SECONDS_TO_END = 5
Sign = Callable[[], bool]


class Why(StrEnum):
    """Why a judge gave no verdict, where it is not for the file."""

    TIME = "time"
    MEMORY = "memory"
    TRUTH = "truth"  # there are no hidden answers here
    JUDGE = "judge"  # it failed


class NotScored(SandboxError):
    """There is no verdict, and nothing is known to be wrong in the file."""

    def __init__(self, why: Why, message: str):
        super().__init__(message)
        self.why = why


class CalledOff(SandboxError):
    """Whoever gave the order does not want it any more."""


def anew(order: Order, sign: Sign = lambda: True) -> Outcome:
    """What comes of the order, from a judge that is started for it.

    `sign` is asked every second whether to go on. Raises NotScored, and CalledOff after a no.
    """
    child = _start("sandbox.grading.judge")
    sent: bytes | None = order.model_dump_json().encode()
    until = time.monotonic() + order.seconds
    try:
        while True:
            left = until - time.monotonic()
            wait = max(0.0, min(left, SECONDS_BETWEEN_SIGNS))
            try:
                said, complaint = child.communicate(sent, timeout=wait)
                break
            except subprocess.TimeoutExpired:
                sent = None
            if left <= wait:
                raise _too_slow(order)
            if not sign():
                raise CalledOff("called off")
    finally:
        _end(child)
    if child.returncode < 0:
        raise _stopped(order, -child.returncode)
    try:
        return _checked(order, Outcome.model_validate_json(said))
    except ValidationError:
        last = complaint.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no message"]
        raise NotScored(Why.JUDGE, f"The judge failed: {last[0]}") from None


class StandingBy:
    """A judge whose libraries are loaded; it forks a limited child for each order."""

    def __init__(self, sign: Sign = lambda: True) -> None:
        self._child = _start("sandbox.grading.warm", stderr=None)
        self._said: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="judge's words", daemon=True).start()
        try:
            if self._next(sign, time.monotonic() + SECONDS_TO_LOAD) != b"ready\n":
                raise NotScored(Why.JUDGE, "No judge could be started.")
        except BaseException:
            self.close()
            raise

    @property
    def is_there(self) -> bool:
        return self._child.poll() is None

    def outcome(self, order: Order, sign: Sign = lambda: True) -> Outcome:
        """Like `anew`; afterwards `is_there` says whether it can take another order."""
        assert self._child.stdin
        try:
            self._child.stdin.write(order.model_dump_json().encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            raise NotScored(Why.JUDGE, "The judge is gone.") from None
        said = self._next(sign, time.monotonic() + order.seconds + SECONDS_TO_END)
        if not said:
            raise NotScored(Why.JUDGE, "The judge is gone.")
        told = json.loads(said)
        if told.get("ended") == Why.TIME:
            raise _too_slow(order)
        if "outcome" not in told:
            raise _stopped(order, told["signal"])
        return _checked(order, Outcome.model_validate(told["outcome"], strict=False))

    def close(self) -> None:
        """End it and what it is at."""
        with contextlib.suppress(OSError):
            if self._child.stdin:
                self._child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(SECONDS_TO_END)
        _end(self._child)

    def _next(self, sign: Sign, until: float) -> bytes:
        """The next line that it says; nothing when it has ended, or says none in time."""
        while time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                return self._said.get(timeout=SECONDS_BETWEEN_SIGNS)
            if not sign():
                raise CalledOff("called off")
        return b""

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._child.stdout or ():
                self._said.put(line)
        self._said.put(b"")


class Bench:
    """Judges that stand by, kept between orders; without fork each order gets one anew."""

    def __init__(self) -> None:
        self._idle: list[StandingBy] = []
        self._lock = threading.Lock()

    def outcome(self, order: Order, sign: Sign = lambda: True) -> Outcome:
        """What comes of the order. Raises NotScored and CalledOff."""
        if not hasattr(os, "fork"):
            return anew(order, sign)
        with self._one(sign) as judge:
            return judge.outcome(order, sign)

    @contextlib.contextmanager
    def _one(self, sign: Sign) -> Iterator[StandingBy]:
        judge = self._from_idle() or StandingBy(sign)
        try:
            yield judge
        except NotScored as ended:
            if ended.why is Why.JUDGE:
                judge.close()
            self._back(judge)
            raise
        except BaseException:
            judge.close()
            raise
        self._back(judge)

    def _from_idle(self) -> StandingBy | None:
        """One that is there; those that have died meanwhile are forgotten."""
        with self._lock:
            while self._idle:
                judge = self._idle.pop()
                if judge.is_there:
                    return judge
                judge.close()
        return None

    def _back(self, judge: StandingBy) -> None:
        if not judge.is_there:
            judge.close()
            return
        with self._lock:
            self._idle.append(judge)

    def close(self) -> None:
        with self._lock:
            judges, self._idle = self._idle, []
        for judge in judges:
            judge.close()


# A judge knows nothing but its order, so whoever is in this process may share them.
BENCH = Bench()
atexit.register(BENCH.close)


def _start(module: str, stderr: int | None = subprocess.PIPE) -> subprocess.Popen[bytes]:
    # One thread: linear algebra is not needed, and its threads would reserve memory.
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    private = ("DATABASE_URL", "SANDBOX_EVENT")
    return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [*PYTHON, module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={k: v for k, v in os.environ.items() if k not in private} | threads,
        start_new_session=True,
        creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),  # Windows
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(child.pid, signal.SIGKILL)
            else:
                child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()


def _checked(order: Order, outcome: Outcome) -> Outcome:
    """The outcome, if it is one of the file and not of the judge's own trouble."""
    if outcome.no_truth:
        raise NotScored(Why.TRUTH, outcome.error or "")
    if outcome.error:
        raise NotScored(Why.JUDGE, outcome.error)
    if outcome.verdict is None and not outcome.problems:
        raise _too_large(order)
    return outcome


def _too_slow(order: Order) -> NotScored:
    return NotScored(
        Why.TIME,
        f"{order.shown_as} was not scored within {order.seconds:g} seconds, so it was stopped. "
        "Is it a file of answers?",
    )


def _too_large(order: Order) -> NotScored:
    return NotScored(
        Why.MEMORY,
        f"{order.shown_as} could not be scored within {order.mebibytes} MiB of memory. "
        "Is it a file of answers? Begin with the answers template.",
    )


def _stopped(order: Order, number: int) -> NotScored:
    """By a signal, or (0) by an error of its own on the way out, which a full memory makes."""
    if number == getattr(signal, "SIGXCPU", None):
        return _too_slow(order)
    if not number:
        return _too_large(order)
    return NotScored(
        Why.MEMORY,
        f"Scoring {order.shown_as} was stopped by the system (signal {number}), "
        "probably for want of memory.",
    )
