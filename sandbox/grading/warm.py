"""A judge that stands by: libraries are loaded once, and each order goes to a child of its own.

Orders come as lines of JSON, one at a time, and each is answered by one line. The child has the
order's limits of memory and time, a session of its own that is ended as a whole, and an empty
folder for temporary files. When nobody speaks on the standard input any more, both end.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from typing import Any, NoReturn

from sandbox.grading import (
    chance,  # noqa: F401 (loaded before any order comes)
    judge,
    metrics,
)
from sandbox.grading.order import Order

LONGEST = 8_000_000  # bytes of an answer; a judge tells twenty problems at most
TOOK_TOO_LONG, DIED = "time", "died"


def main() -> None:
    judge.give_way()
    for name in metrics.METRICS:
        metrics.METRICS[name]
    print("ready", flush=True)
    while line := sys.stdin.buffer.readline():
        order = Order.model_validate_json(line)
        print(json.dumps(_judged(order), ensure_ascii=True), flush=True)


def _judged(order: Order) -> dict[str, Any]:
    """{"outcome": …} as the child wrote it, or {"ended": why, "said": more}."""
    folder = tempfile.mkdtemp(prefix="judge-")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _in_the_child(order, writing, folder)
    os.close(writing)
    try:
        told, in_time = _read(reading, time.monotonic() + order.seconds)
    finally:
        os.close(reading)
        _kill(child)
        _, status = os.waitpid(child, 0)
        shutil.rmtree(folder, ignore_errors=True)
    if in_time and told:
        with contextlib.suppress(ValueError):
            return {"outcome": json.loads(told)}
    by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if not in_time or by == signal.SIGXCPU:
        return {"ended": TOOK_TOO_LONG}
    return {"ended": DIED, "signal": by}


def _in_the_child(order: Order, writing: int, folder: str) -> NoReturn:
    code = 1
    try:
        os.setsid()
        judge.give_way()  # a new session has a niceness of its own
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(2, 1)  # nothing but the answer goes where answers go
        os.chdir(folder)
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        judge.limit(order)
        left = memoryview(judge.written(judge.outcome_of(order)))
        while left:
            left = left[os.write(writing, left) :]
        code = 0
    finally:
        os._exit(code)


def _read(reading: int, until: float) -> tuple[bytes, bool]:
    """What the child says until it has said all; and whether it had by then."""
    told = b""
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([reading, 0], [], [], left)
        if 0 in ready:  # whoever gave the order says nothing meanwhile: they are gone
            raise SystemExit
        if ready:
            piece = os.read(reading, 1 << 16)
            if not piece:
                return told, True
            told += piece
            if len(told) > LONGEST:
                return b"", True
    return told, False


def _kill(child: int) -> None:
    """The child and what it started."""
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
