"""Where pieces are drawn: in this process, in several, or on a Dask cluster; the same bytes."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from sandbox import __version__
from sandbox.catalog import Dataset
from sandbox.errors import SandboxError
from sandbox.recipes.drawing import Drawing
from sandbox.recipes.recipe import read_recipe

if TYPE_CHECKING:
    from sandbox.recipes.pieces import Done, Order


AHEAD = 2  # orders that lie ready for each process, so that none waits for the next


@dataclass(frozen=True)
class Job:
    """All that another process needs to draw the pieces of one recipe."""

    folder: Path
    dataset: Dataset
    upstream: tuple[str, ...]
    seed: bytes
    scale: float
    cuts: dict[str, list[int]]
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
                   drawing.scale, cuts, spool)  # fmt: skip

    def drawing(self) -> Drawing:
        recipe, problems = read_recipe(self.folder)
        assert recipe is not None and not problems
        upstream = {
            name: _read(self.spool / "upstream" / f"{name}.arrow") for name in self.upstream
        }
        cuts = {root: np.array(bounds) for root, bounds in self.cuts.items()}
        return Drawing(recipe, self.dataset, upstream, self.seed, self.scale, cuts=cuts,
                       staged_in=self.spool / "staged")  # fmt: skip


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
    """So many processes on this machine, this one among them; they share the spool."""

    def __init__(self, workers: int):
        self.others = workers - 1
        self._here = Here()

    @contextmanager
    def open(self, job: Job) -> Iterator[None]:
        # A fresh interpreter for each: forking one that runs Arrow's threads may never wake up.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.others, context, _take, (job,)) as self._pool:
            for _ in range(self.others):  # so that they start while this one sets out
                self._pool.submit(_take_breath)
            with self._here.open(job):
                yield

    def map(self, orders: Iterable[Order]) -> Iterator[Done]:
        """This process does itself what would only wait for another one."""
        given: deque[Future[Done]] = deque()
        try:
            for order in orders:
                if sum(not one.done() for one in given) < AHEAD * self.others:
                    given.append(self._pool.submit(_perform, order))
                else:
                    given.append(_done(*self._here.map([order])))
                while given and given[0].done():
                    yield given.popleft().result()
            while given:
                yield given.popleft().result()
        except BrokenProcessPool:
            raise SandboxError(
                "A process that was drawing has been ended from outside, most likely for want of "
                "memory. Try fewer: sandbox build --workers 1"
            ) from None


def _done(result: Done) -> Future[Done]:
    future: Future[Done] = Future()
    future.set_result(result)
    return future


def _take_breath() -> None:
    """Nothing; whoever is asked for it has started."""


_TAKEN: dict[str, tuple[Drawing, Path]] = {}  # in a worker process: the job it was started for


def _take(job: Job) -> None:
    pa.set_cpu_count(1)
    _TAKEN["job"] = job.drawing(), job.spool


def _perform(order: Order) -> Done:
    from sandbox.recipes.pieces import perform

    drawing, spool = _TAKEN["job"]
    return perform(drawing, order, spool)


class OnDask:
    """A Dask cluster with this kit installed; it need not share a disk with this machine.

    What a piece needs is sent once to every worker, and its tables come back as bytes.
    """

    def __init__(self, address: str):
        self.address = address

    @contextmanager
    def open(self, job: Job) -> Iterator[None]:
        try:
            distributed: Any = import_module("distributed")  # untyped, and not always installed
        except ImportError:
            raise SandboxError("--dask needs Dask: pip install distributed") from None
        try:
            client = distributed.Client(self.address, timeout="10s", set_as_default=False)
        except (OSError, ValueError) as error:
            raise SandboxError(f"No Dask scheduler answers at {self.address}: {error}") from None
        with client:
            self._client, self._spool, self._sent = client, job.spool, set[str]()
            parcel = Parcel.of(job)
            self._parcel = client.scatter(parcel, broadcast=True, hash=False)
            self._staged: list[Any] = []
            try:
                yield
            finally:
                client.run(_unpacked.cache_clear)

    def map(self, orders: Iterable[Order]) -> Iterator[Done]:
        self._send_what_is_new()
        running: deque[Any] = deque()
        room = 2 * max(1, sum(self._client.nthreads().values()))
        for order in orders:
            if len(running) == room:
                yield self._received(running.popleft())
            running.append(
                self._client.submit(_perform_far, order, self._parcel, self._staged, pure=False)
            )
        while running:
            yield self._received(running.popleft())

    def _send_what_is_new(self) -> None:
        """What earlier passes found out, as files that every worker lays down."""
        new = _files(self._spool, "staged", self._sent)
        if new:
            self._sent |= new.keys()
            self._staged.append(self._client.scatter(new, broadcast=True, hash=False))

    def _received(self, future: Any) -> Done:
        done, files = future.result()
        future.release()
        _lay_down(self._spool, files)
        arrived: Done = done
        return arrived


@dataclass(frozen=True)
class Parcel:
    """A job with all its files, so that a machine without them can do it."""

    job: Job
    files: Mapping[str, bytes]
    versions: Mapping[str, str]

    @classmethod
    def of(cls, job: Job) -> Parcel:
        own = {
            f"datasets/{job.folder.name}/{path.name}": path.read_bytes()
            for path in sorted(job.folder.iterdir())
            if path.is_file()
        }
        return cls(job, own | _files(job.spool, "upstream"), _versions())


def _versions() -> dict[str, str]:
    return {"sandbox": __version__, "numpy": np.__version__, "pyarrow": pa.__version__}


def _files(spool: Path, below: str, without: Container[str] = ()) -> dict[str, bytes]:
    paths = (path for path in sorted((spool / below).rglob("*")) if path.is_file())
    named = ((path.relative_to(spool).as_posix(), path) for path in paths)
    return {name: path.read_bytes() for name, path in named if name not in without}


def _lay_down(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files; what.json last, since it says that the others are there."""
    for name in sorted(files, key=lambda name: name.endswith("what.json")):
        path = folder / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name])


_ONE_AT_A_TIME = Lock()  # a drawing knows what it is making, so threads of a worker take turns


@lru_cache(maxsize=1)
def _unpacked(parcel: _Same) -> tuple[Drawing, Path, TemporaryDirectory[str]]:
    """A parcel laid down on this machine, kept for the orders that follow."""
    if (ours := _versions()) != dict(parcel.parcel.versions):
        raise SandboxError(f"A Dask worker has other versions, so other bytes might come: "
                           f"{ours} there, {dict(parcel.parcel.versions)} here")  # fmt: skip
    folder = TemporaryDirectory(prefix="sandbox-worker-")
    root = Path(folder.name)
    _lay_down(root, parcel.parcel.files)
    job = replace(
        parcel.parcel.job, spool=root, folder=root / "datasets" / parcel.parcel.job.folder.name
    )
    return job.drawing(), root, folder


class _Same:
    """A parcel compared by identity: a worker holds the one that was sent to it."""

    def __init__(self, parcel: Parcel):
        self.parcel = parcel

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.parcel is self.parcel

    def __hash__(self) -> int:
        return id(self.parcel)


def _perform_far(
    order: Order, parcel: Parcel, staged: list[Mapping[str, bytes]]
) -> tuple[Done, dict[str, bytes]]:
    """Do an order on another machine; the tables come back with what is told of them."""
    from sandbox.recipes.pieces import perform

    with _ONE_AT_A_TIME:
        drawing, root, _ = _unpacked(_Same(parcel))
        for files in staged:
            _lay_down(root, files)
        done = perform(drawing, order, root)
        paths = [root / written.path for written in done.files.values() if written.table is None]
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
        for path in paths:
            path.unlink()
        return done, files
