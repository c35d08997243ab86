"""What a dataset is made from, as one hash: when it changes, the dataset is stale."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sandbox import __version__
from sandbox.catalog import Catalog
from sandbox.truth import commitment
from sandbox.workspace import Workspace

LIBRARIES = ("numpy", "pyarrow", "adbc-driver-sqlite", "sqlite-utils", "scipy", "scikit-learn")
MAKERS = ("build", "recipes", "sources", "quality", "grading", "catalog", "randomness")
NOT_INPUTS = frozenset({"golden.json", "CHANGELOG.md", "__pycache__"})


@cache
def library_versions() -> dict[str, str]:
    """The versions that may change a byte of what is built."""
    found = {"sqlite": sqlite3.sqlite_version, "sandbox": __version__}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def folder_hash(folder: Path) -> str:
    """SHA-256 over names and contents of every file below, hidden files and caches left out."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not NOT_INPUTS.intersection(parts):
            digest.update("/".join(parts).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _joined(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def engine_hash() -> str:
    """The kit's own makers and the libraries below them."""
    package = Path(__file__).resolve().parent.parent
    code = (folder_hash(package / maker) for maker in MAKERS if (package / maker).is_dir())
    libraries = (f"{name} {number}" for name, number in sorted(library_versions().items()))
    return _joined((*code, *libraries))


def made_from(workspace: Workspace, catalog: Catalog) -> dict[str, str]:
    """The kit's makers and every folder of content that decides a cell → its salted hash."""
    kit = Path(__file__).resolve().parent.parent.parent
    named = [(f"sandbox/{maker}", kit / "sandbox" / maker) for maker in MAKERS]
    for kind, slugs in (("datasets", catalog.datasets), ("challenges", catalog.challenges)):
        folders = workspace.folders(kind)
        named += [(f"{kind}/{slug}", folders[slug]) for slug in sorted(slugs)]
    return {name: salted_folder_hash(folder, workspace.salt) for name, folder in named}


def salted_folder_hash(folder: Path, salt: bytes) -> str:
    """Salted, since a short file could be guessed from its hash and the other files."""
    return hashlib.sha256(salt + folder_hash(folder).encode()).hexdigest()


def dataset_inputs(workspace: Workspace, catalog: Catalog, scale: float) -> dict[str, str]:
    """Dataset → hash of its folder, its parents' inputs, seed commitment, scale and engine."""
    folders = workspace.folders("datasets")
    seed = commitment(workspace.seed, workspace.salt)
    found: dict[str, str] = {}
    for slug in in_order(catalog):
        parents = (found[parent] for parent in catalog.datasets[slug].derived_from)
        own = folder_hash(folders[slug])
        found[slug] = _joined((slug, own, *parents, seed, str(scale), engine_hash()))
    return found


def all_inputs(workspace: Workspace, catalog: Catalog, datasets: Mapping[str, str]) -> str:
    """The hash of everything a bundle is made from."""
    parts = [f"{slug} {inputs}" for slug, inputs in sorted(datasets.items())]
    for kind, slugs in (
        ("challenges", catalog.challenges),
        ("starter_templates", catalog.starters),
    ):
        folders = workspace.folders(kind)
        parts += [f"{kind} {slug} {folder_hash(folders[slug])}" for slug in sorted(slugs)]
    return _joined((*parts, engine_hash()))


def ancestors(catalog: Catalog, slug: str) -> list[str]:
    """The datasets that one is derived from, at any distance, parents first."""
    found = set(catalog.datasets[slug].derived_from)
    order = in_order(catalog)
    for other in reversed(order):
        if other in found:
            found |= set(catalog.datasets[other].derived_from)
    return [other for other in order if other in found]


def in_order(catalog: Catalog) -> list[str]:
    """Datasets, parents before those derived from them."""
    order: dict[str, None] = {}

    def add(slug: str) -> None:
        for parent in catalog.datasets[slug].derived_from:
            add(parent)
        order[slug] = None

    for slug in sorted(catalog.datasets):
        add(slug)
    return list(order)
