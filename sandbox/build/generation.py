"""One generation: drawn, proved and written in a folder of its own, then made current at once."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.dataset as ds

from sandbox import recipes, sources
from sandbox.build import answers, contents, golden, inputs, pictures, proof
from sandbox.build import tables as table_files
from sandbox.build.progress import Progress, Timings, step
from sandbox.bundle import Bundle, Manifest, open_bundle
from sandbox.catalog import Catalog
from sandbox.errors import BuildError, BundleError
from sandbox.quality import Counts, Figures
from sandbox.workspace import KEPT_GENERATIONS, Workspace

DRAFT = ".building-"


@dataclass
class Drawn:
    """A dataset's tables: all of them (`full`), what readers see, and what they must not see.

    A table in which nothing differs for readers is the same object in `full` and `published`.
    `faulted`: table → columns with planted faults. `fits`: how published columns were drawn beside
    what their recipe declares.
    """

    full: Mapping[str, ds.Dataset]
    published: Mapping[str, ds.Dataset]
    truth: Mapping[str, ds.Dataset]
    fresh: bool
    faulted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    fits: Sequence[Figures] = ()


@dataclass(frozen=True)
class Order:
    """What is to be built, for whom; `by_dataset` and `overall` are the hashes of its inputs.

    `workers` processes, or the Dask cluster at `dask`, draw large recipes. `timings` is told what
    takes how long.
    """

    workspace: Workspace
    catalog: Catalog
    by_dataset: Mapping[str, str]
    overall: str
    scale: float
    progress: Progress
    workers: int = 1
    dask: str | None = None
    timings: Timings = field(default_factory=Timings)


def make(order: Order) -> Path:
    """Build the bundle and its truth, and make them the event's current generation."""
    workspace = order.workspace
    try:
        workspace.generations.mkdir(parents=True, exist_ok=True)
        _sweep(workspace.generations)
        draft = Path(tempfile.mkdtemp(prefix=f"{DRAFT}{os.getpid()}-", dir=workspace.generations))
        try:
            fill(draft, order)
            bundle = _replace(workspace, draft, order.progress)
            _sum_up(open_bundle(bundle), order)
            return bundle
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        where = error.filename or workspace.generations
        raise BuildError(
            f"The bundle cannot be written: {error.strerror} ({where}). "
            "Make room or permit writing there; the bundle that was current is unharmed."
        ) from error


def _sum_up(bundle: Bundle, order: Order) -> None:
    """Say how long each part took, and how large the bundle is."""
    for line in order.timings.table():
        order.progress.say(f"  {line}")
    size = sum(entry.bytes for entry in bundle.manifest.files)
    order.progress.say(f"{len(bundle.manifest.files)} files, {size / 1e6:,.1f} MB")


def fill(draft: Path, order: Order) -> None:
    """Write `bundle` and `truth` into the empty folder `draft`."""
    workspace, catalog, progress = order.workspace, order.catalog, order.progress
    bundle, truth = draft / "bundle", draft / "truth"
    bundle.mkdir()
    truth.mkdir(mode=0o700)
    drawn = _draw_all(order, draft / "spool")
    counts = Counts({name: table.key for name, (_, table) in catalog.tables.items()})
    timings = order.timings
    with step(progress, "keys, foreign keys, required columns, codes"), timings.of("checks"):
        proof.keep_promises(workspace, catalog, drawn, counts)
    with step(progress, "sandbox.db: rows, keys, indexes, search"), timings.of("sandbox.db"):
        _write_database(bundle, catalog, drawn)
    with step(progress, "checking what the descriptors promise"), timings.of("checks"):
        scratch = proof.Scratch(draft / "scratch.db", bundle / "sandbox.db", drawn)
        proof.expect(workspace, catalog, scratch, drawn, order.scale)
    with step(progress, "CSV, Parquet, quality, metadata"):
        entries = contents.write_datasets(
            bundle, truth, catalog, drawn, order.by_dataset, counts, timings
        )
        golden.compare(workspace, entries, order.scale, progress)
    contents.write_catalog(bundle, workspace, catalog)
    folders = workspace.folders("challenges")
    pictures.write(bundle, catalog, {s: workspace.shown(folders[s]) for s in catalog.challenges})
    with step(progress, "hidden answers, and scores of today's practice"):
        answers.write(bundle, truth, workspace, catalog, scratch, timings)
    scratch.remove()
    shutil.rmtree(draft / "spool", ignore_errors=True)
    made_from = inputs.made_from(workspace, catalog)
    contents.write_manifest(
        bundle, truth, workspace, entries, order.overall, order.scale, made_from
    )


def _draw_all(order: Order, spool: Path) -> dict[str, Drawn]:
    """Every dataset, parents first; what is not stale is taken from the current generation.

    spool: a folder for what is too large for memory, until it is written where it belongs.
    """
    old = _current(order.workspace)
    drawn: dict[str, Drawn] = {}
    for slug in inputs.in_order(order.catalog):
        before = old[1].datasets.get(slug) if old else None
        if old and before and before.inputs == order.by_dataset[slug]:
            drawn[slug] = _reuse(slug, old[0], order)
            order.progress.say(f"{slug}: unchanged")
            continue
        what = f"{slug}: {_verb(order.catalog, slug)}"
        with step(order.progress, what), order.timings.of(f"dataset {slug}"):
            drawn[slug] = _draw(slug, order, drawn, spool / slug)
    return drawn


def _verb(catalog: Catalog, slug: str) -> str:
    return "reading" if catalog.datasets[slug].origin == "open" else "drawing"


def _draw(slug: str, order: Order, drawn: Mapping[str, Drawn], spool: Path) -> Drawn:
    workspace = order.workspace
    dataset = order.catalog.datasets[slug]
    folder = workspace.folders("datasets")[slug]
    if dataset.origin == "open":
        loaded = sources.load(folder, dataset, workspace.shown(folder))
        tables = {name: ds.dataset(table) for name, table in loaded.items()}
        return Drawn(tables, tables, {}, fresh=True)
    upstream = {
        name: table.to_table()
        for parent in inputs.ancestors(order.catalog, slug)
        for name, table in drawn[parent].published.items()
    }
    made = recipes.draw(
        folder, dataset, upstream, workspace.seed, scale=order.scale, progress=order.progress.say,
        spool=spool, workers=order.workers, dask=order.dask,
    )  # fmt: skip
    fits = [_figures_of(fit) for fit in made.fits]
    return Drawn(made.full, made.published, made.truth, fresh=True, faulted=made.faulted, fits=fits)


def _figures_of(fit: recipes.Fit) -> Figures:
    """A fit as quality.json holds it: distances to four decimals, and nothing it was drawn from."""
    verdict = fit.verdict
    return {
        "table": fit.table,
        "column": fit.column,
        "call": fit.call,
        "test": verdict.test,
        "distance": round(verdict.distance, 4),
        "allowed": round(verdict.allowed, 4),
        "rows": verdict.rows,
    }


def _reuse(slug: str, generation: Path, order: Order) -> Drawn:
    """A dataset as it stands in a generation that was built from the same inputs."""
    dataset = order.catalog.datasets[slug]
    bundle, truth = generation / "bundle" / "datasets" / slug, generation / "truth" / slug
    published = {
        name: table_files.read_parquet(bundle / f"{name}.parquet") for name in dataset.tables
    }
    full = {
        name: table_files.read_parquet(path) if path.exists() else published[name]
        for name in published
        for path in (truth / "full" / f"{name}.parquet",)
    }
    folder = order.workspace.folders("datasets")[slug]
    faulted = {} if dataset.origin == "open" else recipes.faulted(folder, dataset)
    hidden = {p.stem: table_files.read_parquet(p) for p in sorted((truth / "kept").glob("*"))}
    quality = json.loads((bundle / "quality.json").read_bytes())
    return Drawn(full, published, hidden, fresh=False, faulted=faulted, fits=quality["fits"])


def _current(workspace: Workspace) -> tuple[Path, Manifest] | None:
    try:
        generation = workspace.current_generation()
        bundle: Bundle = open_bundle(generation / "bundle")
    except BundleError:
        return None
    if not (generation / "truth").is_dir() or any(bundle.damage()):
        return None
    return generation, bundle.manifest


def _write_database(bundle: Path, catalog: Catalog, drawn: Mapping[str, Drawn]) -> None:
    described = {name: table for name, (_, table) in catalog.tables.items()}
    published = {n: t for d in drawn.values() for n, t in d.published.items()}
    path = bundle / "sandbox.db"
    table_files.write_database(path, published, described)
    faulted = {n: columns for d in drawn.values() for n, columns in d.faulted.items()}
    lines = [
        f"{count} rows of {table} lead by {column} to no row of {parent}"
        for table, column, parent, count in table_files.broken_foreign_keys(path)
        if column not in faulted.get(table, ())
    ]
    if lines:
        raise BuildError("Foreign keys lead nowhere: " + "; ".join(lines))


def _replace(workspace: Workspace, draft: Path, progress: Progress) -> Path:
    """Give the finished draft its name, point `current` at it, and let older ones go."""
    digest = open_bundle(draft / "bundle").digest[:32]
    generation = workspace.generations / digest
    _install(draft, generation)
    pointer = workspace.current_file.with_suffix(".new")
    pointer.write_text(digest + "\n", encoding="utf-8")
    pointer.replace(workspace.current_file)
    _forget(workspace, digest)
    progress.say(f"the bundle is ready ({digest[:12]})")
    return generation / "bundle"


def _install(draft: Path, generation: Path) -> None:
    """A generation that is there already is left to its readers, unless something of it is gone."""
    if generation.exists():
        try:
            whole = not any(open_bundle(generation / "bundle").damage())
        except BundleError:
            whole = False
        if whole:
            if not (generation / "truth").exists():
                (draft / "truth").rename(generation / "truth")
            return
        shutil.rmtree(generation)
    draft.rename(generation)


def _forget(workspace: Workspace, current: str) -> None:
    """Keep the newest generations: the current one, and one before for those still reading it."""
    kept = [g for g in workspace.generations.iterdir() if not g.name.startswith(".")]
    kept.sort(key=lambda g: (g.name == current, g.stat().st_mtime), reverse=True)
    for generation in kept[KEPT_GENERATIONS:]:
        shutil.rmtree(generation, ignore_errors=True)


def _sweep(generations: Path) -> None:
    """Remove drafts of builds that were killed; those of running builds are left alone."""
    for draft in generations.glob(f"{DRAFT}*"):
        number = draft.name.removeprefix(DRAFT).partition("-")[0]
        if number.isdigit() and not _runs(int(number)):
            shutil.rmtree(draft, ignore_errors=True)


def _runs(process: int) -> bool:
    if os.name != "posix":
        return False  # an open file cannot be removed on Windows, which protects a running build
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
