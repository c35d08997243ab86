"""The files of a bundle beside its database, and the manifest that lists them all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox import __version__
from sandbox.build import metadata
from sandbox.build.inputs import library_versions
from sandbox.build.progress import Timings
from sandbox.build.proof import Drawn
from sandbox.build.tables import write_csv, write_parquet
from sandbox.bundle import (
    FORMAT,
    DatasetEntry,
    FileEntry,
    Manifest,
    TableEntry,
    sha256,
)
from sandbox.catalog import Catalog, Dataset
from sandbox.quality import Counts, dqv, is_withheld, measure
from sandbox.truth import commitment, salted_hashes
from sandbox.workspace import Workspace

CACHES = ("__pycache__", ".pytest_cache", ".ruff_cache", ".venv")


def write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False)
    path.write_text(text + "\n", encoding="utf-8")


def write_datasets(
    bundle: Path,
    truth: Path,
    catalog: Catalog,
    drawn: Mapping[str, Drawn],
    inputs: Mapping[str, str],
    counts: Counts,
    timings: Timings,
) -> dict[str, DatasetEntry]:
    """A folder per dataset with its files, truth beside; returns what the manifest says of each."""
    published = {n: t for d in drawn.values() for n, t in d.published.items()}
    withheld = {table for d in drawn.values() for table in d.faulted}
    owners = {name: (slug, table.key) for name, (slug, table) in catalog.tables.items()}
    entries = {}
    for slug, dataset in catalog.datasets.items():
        with timings.of(f"dataset {slug}"):
            folder = bundle / "datasets" / slug
            folder.mkdir(parents=True)
            files, rows = {}, {}
            for name in dataset.tables:
                rows[name] = write_csv(published[name], folder / f"{name}.csv")
                write_parquet(published[name], folder / f"{name}.parquet")
                files[name] = _entry(bundle, folder / f"{name}.csv")
            fits = drawn[slug].fits
            quality = measure(dataset, published, counts, withheld=withheld, fits=fits)
            write_json(folder / "quality.json", quality)
            write_json(folder / "quality.jsonld", dqv.described(dataset, quality))
            package = metadata.datapackage(slug, dataset, files, owners)
            write_json(folder / "datapackage.json", package)
            _write_truth(truth / slug, drawn[slug], folder)
            if is_withheld(quality):  # for the reveal
                write_json(
                    truth / slug / "quality.json", measure(dataset, published, counts, fits=fits)
                )
            entries[slug] = _dataset_entry(dataset, files, rows, inputs[slug])
    return entries


def _write_truth(folder: Path, drawn: Drawn, published: Path) -> None:
    """Hidden cells as CSV; `full` and `kept` spare the next build the drawing.

    A table in which chance planted nothing is as it is published, and kept there alone.
    """
    for name, table in drawn.truth.items():
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(table, folder / f"{name}.csv")
        (folder / "kept").mkdir(exist_ok=True)
        write_parquet(table, folder / "kept" / f"{name}.parquet")
    for name, table in drawn.full.items():
        if table is not drawn.published[name]:
            (folder / "full").mkdir(parents=True, exist_ok=True)
            path = folder / "full" / f"{name}.parquet"
            write_parquet(table, path)
            if sha256(path) == sha256(published / path.name):
                path.unlink()


def _dataset_entry(
    dataset: Dataset, files: Mapping[str, FileEntry], rows: Mapping[str, int], inputs: str
) -> DatasetEntry:
    content = "\n".join(f"{name} {files[name].sha256}" for name in sorted(files))
    schema = {
        name: {
            "key": table.key,
            "columns": {c: [k.type, k.references] for c, k in table.columns.items()},
        }
        for name, table in dataset.tables.items()
    }
    return DatasetEntry(
        version=dataset.version,
        origin=dataset.origin,
        content_digest=hashlib.sha256(content.encode()).hexdigest(),
        schema_digest=hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest(),
        inputs=inputs,
        tables={n: TableEntry(rows=rows[n], sha256=files[n].sha256) for n in dataset.tables},
    )


def write_catalog(bundle: Path, workspace: Workspace, catalog: Catalog) -> None:
    """The checked descriptors, and what readers need of the challenges' and starters' folders."""
    text = catalog.model_dump_json(indent=1, exclude_defaults=True)
    (bundle / "catalog.json").write_text(text + "\n", encoding="utf-8")
    for slug in catalog.challenges:
        folder = bundle / "challenges" / slug
        folder.mkdir(parents=True)
        for brief in sorted(workspace.folders("challenges")[slug].glob("brief*.md")):
            shutil.copyfile(brief, folder / brief.name)
    for slug in catalog.starters:
        source = workspace.folders("starter_templates")[slug]
        shutil.copytree(source, bundle / "starters" / slug, ignore=_caches)


def _caches(folder: str, names: list[str]) -> set[str]:
    return {
        n for n in names if n in ("__pycache__", ".pytest_cache", ".venv") or n.endswith(".pyc")
    }


def write_manifest(
    bundle: Path,
    truth: Path,
    workspace: Workspace,
    entries: Mapping[str, DatasetEntry],
    inputs: str,
    scale: float,
    made_from: Mapping[str, str],
) -> None:
    """manifest.json, last: a bundle without it is not a bundle."""
    files = tuple(_entry(bundle, path) for path in sorted(bundle.rglob("*")) if path.is_file())
    manifest = Manifest(
        format=FORMAT,
        kit_version=__version__,
        seed_commitment=commitment(workspace.seed, workspace.salt),
        seed=workspace.event.public_seed,
        scale=scale,
        inputs=inputs,
        datasets=dict(entries),
        truth=salted_hashes(truth, workspace.salt),
        libraries=library_versions(),
        made_from=dict(made_from),
        files=files,
    )
    text = manifest.model_dump_json(indent=1, exclude_none=True)
    (bundle / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _entry(bundle: Path, path: Path) -> FileEntry:
    name = path.relative_to(bundle).as_posix()
    return FileEntry(path=name, bytes=path.stat().st_size, sha256=sha256(path))
