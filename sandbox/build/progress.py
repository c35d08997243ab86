"""What is being done now, and how long it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


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


@contextmanager
def step(progress: Progress, what: str) -> Iterator[None]:
    """Say what begins, and afterwards what it took if that was long enough to notice."""
    progress.say(f"{what} …")
    began = time.perf_counter()
    yield
    took = time.perf_counter() - began
    if took >= 0.5:
        progress.say(f"{what}: {took:.1f} s")
