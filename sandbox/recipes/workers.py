"""Where pieces are drawn: in this process, in several, or on a Dask cluster; the same bytes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from sandbox.catalog import Dataset
from sandbox.errors import SandboxError
from sandbox.recipes.drawing import Drawing
from sandbox.recipes.recipe import read_recipe

if TYPE_CHECKING:
    from sandbox.recipes.pieces import Done, Order


@dataclass(frozen=True)
class Job:
    """All that another process needs to draw the pieces of one recipe."""

    folder: Path
    dataset: Dataset
    upstream: tuple[str, ...]
    seed: bytes
    scale: float
    cuts: dict[str, list[int]]
    proving: bool
    spool: Path

    @classmethod
    def of(cls, drawing: Drawing, spool: Path) -> Job:
        """The job of a drawing; the tables of other datasets are laid down in the spool."""
        (spool / "upstream").mkdir(exist_ok=True)
        for name, table in drawing.upstream.items():
            with pa.ipc.new_file(spool / "upstream" / f"{name}.arrow", table.schema) as writer:
                writer.write_table(table)
        cuts = {root: bounds.tolist() for root, bounds in drawing.cuts.items()}
        return cls(drawing.recipe.folder, drawing.dataset, tuple(drawing.upstream), drawing.seed,
                   drawing.scale, cuts, drawing.proving, spool)  # fmt: skip

    def drawing(self) -> Drawing:
        recipe, problems = read_recipe(self.folder)
        assert recipe is not None and not problems
        upstream = {
            name: _read(self.spool / "upstream" / f"{name}.arrow") for name in self.upstream
        }
        cuts = {root: np.array(bounds) for root, bounds in self.cuts.items()}
        return Drawing(recipe, self.dataset, upstream, self.seed, self.scale, cuts=cuts,
                       staged_in=self.spool / "staged", proving=self.proving)  # fmt: skip


def _read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


class Runner(Protocol):
    """Does orders, each a pure function of the job and the order, and gives them in their order."""

    def open(self, job: Job) -> Any: ...

    def map(self, orders: Iterable[Order]) -> Iterator[Done]: ...


def runner(workers: int, dask: str | None) -> Runner:
    if dask:
        return OnDask(dask)
    return Processes(workers) if workers > 1 else Here()


class Here:
    """One piece after the other in this process."""

    @contextmanager
    def open(self, job: Job) -> Iterator[None]:
        self._opened = job.drawing(), job.spool
        yield
        del self._opened

    def map(self, orders: Iterable[Order]) -> Iterator[Done]:
        from sandbox.recipes.pieces import perform

        drawing, spool = self._opened
        return (perform(drawing, order, spool) for order in orders)


class Processes:
    """So many processes on this machine; they share the spool."""

    def __init__(self, workers: int):
        self.workers = workers

    @contextmanager
    def open(self, job: Job) -> Iterator[None]:
        # A fresh interpreter for each: forking one that runs Arrow's threads may never wake up.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.workers, context, _take, (job,)) as self._pool:
            yield

    def map(self, orders: Iterable[Order]) -> Iterator[Done]:
        return self._pool.map(_perform, orders)


_TAKEN: dict[str, tuple[Drawing, Path]] = {}  # in a worker process: the job it was started for


def _take(job: Job) -> None:
    pa.set_cpu_count(1)
    _TAKEN["job"] = job.drawing(), job.spool


def _perform(order: Order) -> Done:
    from sandbox.recipes.pieces import perform

    drawing, spool = _TAKEN["job"]
    return perform(drawing, order, spool)


class OnDask:
    """A Dask cluster, which need not share a disk with this machine."""

    def __init__(self, address: str):
        self.address = address

    @contextmanager
    def open(self, job: Job) -> Iterator[None]:
        raise SandboxError("--dask is not there yet")
        yield

    def map(self, orders: Iterable[Order]) -> Iterator[Done]:
        raise NotImplementedError
