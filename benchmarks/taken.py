"""What a piece of work takes: seconds, processor time, and the memory of a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

SAMPLED_EVERY = 0.2


@dataclass(frozen=True)
class Taken:
    """`cpu_seconds` are those of all processors and of child processes that ended; `memory` in
    bytes, 0 where it was not looked at."""

    seconds: float
    cpu_seconds: float
    result: Any = None
    memory: int = 0


def taken(work: Callable[..., Any], *arguments: Any) -> Taken:
    """Do the work once."""
    began, spent = time.perf_counter(), _processor_time()
    result = work(*arguments)
    return Taken(time.perf_counter() - began, _processor_time() - spent, result)


def _processor_time() -> float:
    """Of this process, and of child processes that have ended (told by the hundredth second)."""
    return time.process_time() + sum(os.times()[2:4])


def least(work: Callable[[], Any], rounds: int = 3) -> Taken:
    """The fastest of some rounds, which is the one that the rest of the machine disturbed least."""
    return min((taken(work) for _ in range(rounds)), key=lambda each: each.seconds)


def in_a_process(work: Callable[..., Any], *arguments: Any) -> Any:
    """What the work gives in a fresh process, whose memory no other library has cut up before."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def with_its_memory(work: Callable[..., Any], *arguments: Any) -> Taken:
    """Do the work in a fresh process, and see how much memory it and those it starts have at most.

    Memory is the proportional set size, in which pages that processes share count once (Linux; 0
    elsewhere). Looking takes time from them, so nothing that is fast is measured in this way.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        child = pool.submit(os.getpid).result()
        running, most = pool.submit(taken, work, *arguments), 0
        while not running.done():
            most = max(most, sum(map(_memory, _below(child))))
            wait([running], timeout=SAMPLED_EVERY)
        return replace(running.result(), memory=most)


def _below(process: int) -> list[int]:
    """A process and all that it has started."""
    found = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # ended meanwhile
            continue
        found += [below for child in children for below in _below(int(child))]
    return found


def _memory(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # ended meanwhile, or no Linux
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
