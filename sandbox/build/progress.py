"""What is being done now, and how long it took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol

from sandbox.errors import ProblemsFound, SandboxError


class Progress(Protocol):
    """Told of each step as it begins (`step` is a context manager) and of single facts (`say`)."""

    def say(self, text: str) -> None: ...


class Quiet:
    def say(self, text: str) -> None:
        pass


class Console:
    """Lines on standard error, so that standard output stays clean for other programs."""

    def say(self, text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)


class Lines:
    """JSON on standard error, an object a line, for a program that shows it to people.

    {"step": what begins}, {"step": what has ended, "seconds": how long it took}, {"say": a fact},
    and at the end {"bundle": its digest}, or {"error": in a sentence, "problems": [each of them]}.
    """

    def say(self, text: str) -> None:
        self.line(say=text)

    def line(self, **said: Any) -> None:
        print(json.dumps(said, ensure_ascii=False), file=sys.stderr, flush=True)

    def failed(self, error: SandboxError) -> None:
        """What ended the build: with each problem by itself where there is a list of them."""
        if isinstance(error, ProblemsFound):
            self.line(error=error.title, problems=[asdict(p) for p in error.problems])
        else:
            self.line(error=str(error), problems=[])


@contextmanager
def step(progress: Progress, what: str) -> Iterator[None]:
    """Say what begins, and afterwards what it took if that was long enough to notice."""
    if isinstance(progress, Lines):
        progress.line(step=what)
    else:
        progress.say(f"{what} …")
    began = time.perf_counter()
    yield
    took = time.perf_counter() - began
    if isinstance(progress, Lines):
        progress.line(step=what, seconds=round(took, 1))
    elif took >= 0.5:
        progress.say(f"{what}: {took:.1f} s")


class Timings:
    """How long each part took, in the order in which the parts first began."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        """Add what is done within to `part`; a part may be taken up again, but lie in no other."""
        self._seconds.setdefault(part, 0.0)
        began = time.perf_counter()
        yield
        self._seconds[part] += time.perf_counter() - began

    def table(self) -> list[str]:
        """A line for each part, for what belongs to none, and for all until now."""
        whole = time.perf_counter() - self._began
        rest = whole - sum(self._seconds.values())
        rows = {**self._seconds, "everything else": rest, "in all": whole}
        width = max(map(len, rows))
        return [f"{part:{width}}  {seconds:6.1f} s" for part, seconds in rows.items()]
