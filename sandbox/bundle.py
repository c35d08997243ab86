"""Open a bundle, the folder that makers write and readers read, and verify that it is whole."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from pydantic import Field, ValidationError, field_validator

from sandbox.descriptors import Descriptor, Expected
from sandbox.errors import BundleError, Problem

FORMAT = 1
AGAIN = "Build it: sandbox build"


class FileEntry(Descriptor):
    path: str
    bytes: int
    sha256: str

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        """A manifest from elsewhere must not lead readers out of the bundle."""
        if PurePosixPath(path).is_absolute() or ".." in path.split("/") or "\\" in path:
            raise Expected("a path inside the bundle")
        return path


class TableEntry(Descriptor):
    rows: int
    sha256: str


class DatasetEntry(Descriptor):
    """`inputs` is the hash of all that the dataset was made from: when it changes, it is stale."""

    version: str
    origin: str
    content_digest: str
    schema_digest: str
    inputs: str
    tables: dict[str, TableEntry]


class Manifest(Descriptor):
    """manifest.json; `seed` is there for the demo alone, `truth` maps files to salted hashes.

    `made_from` has salted hashes, too: of the folders of content and of the kit's own makers, so
    that whoever gets something else from the same seed can be told which of them differs.
    """

    format: int
    kit_version: str
    seed_commitment: str
    seed: str | None = None
    scale: float = 1.0
    inputs: str = ""
    datasets: dict[str, DatasetEntry] = Field(default_factory=dict)
    truth: dict[str, str] = Field(default_factory=dict)
    libraries: dict[str, str] = Field(default_factory=dict)
    made_from: dict[str, str] = Field(default_factory=dict)
    files: tuple[FileEntry, ...] = ()


@dataclass(frozen=True)
class Bundle:
    """An immutable folder: `digest` names it, `manifest` lists every file in it."""

    path: Path
    manifest: Manifest
    digest: str

    @property
    def database(self) -> Path:
        return self.path / "sandbox.db"

    def file(self, relative: str) -> Path:
        """A file that the manifest lists; anything else does not exist for a reader."""
        if relative not in self._listed:
            raise BundleError(f"{relative} is not in the bundle {self.digest[:12]}")
        return self.path / relative

    def has(self, relative: str) -> bool:
        return relative in self._listed

    def entry(self, relative: str) -> FileEntry:
        self.file(relative)
        return self._listed[relative]

    @cached_property
    def _listed(self) -> dict[str, FileEntry]:
        return {entry.path: entry for entry in self.manifest.files}

    def connect(self) -> sqlite3.Connection:
        """A read-only connection; the file never changes, so no locks are taken."""
        address = f"{self.database.absolute().as_uri()}?mode=ro&immutable=1"
        return sqlite3.connect(address, uri=True, check_same_thread=False)

    def damage(self, fix: str = "build again") -> Iterator[Problem]:
        """Every file that is missing or differs from the manifest; `fix` is the way out."""
        for entry in self.manifest.files:
            path = self.path / entry.path
            if not path.is_file():
                yield Problem("the file is missing", entry.path, fix=fix)
            elif (found := path.stat().st_size) != entry.bytes:
                sizes = f"{found} bytes", f"{entry.bytes} bytes"
                yield Problem("wrong size", entry.path, None, *sizes, fix)
            elif sha256(path) != entry.sha256:
                yield Problem("the content has changed", entry.path, fix=fix)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_bundle(path: Path) -> Bundle:
    """Open the bundle in folder `path`; cheap checks only (`damage` reads every byte).

    Raises BundleError when there is none, another version wrote it, or a file is cut short.
    """
    bundle = read_manifest(path)
    for entry in bundle.manifest.files:
        found = (path / entry.path).stat().st_size if (path / entry.path).is_file() else None
        if found != entry.bytes:
            state = "is missing" if found is None else f"has {found} bytes, not {entry.bytes}"
            raise BundleError(f"The bundle is damaged: {entry.path} {state}. {AGAIN}")
    return bundle


def read_manifest(path: Path, again: str = AGAIN) -> Bundle:
    """The bundle in folder `path`, of which nothing but the manifest is looked at.

    `again` is the way out for whoever has none or a damaged one. Raises BundleError then.
    """
    file = path / "manifest.json"
    try:
        raw = file.read_bytes()
    except OSError:
        raise BundleError(f"There is no bundle in {path}. {again}") from None
    return Bundle(path, _manifest(raw, file, again), hashlib.sha256(raw).hexdigest())


def _manifest(raw: bytes, file: Path, again: str) -> Manifest:
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{file} is damaged, since it is not JSON: {error}. {again}") from None
    written = told.get("format") if isinstance(told, dict) else None
    if written != FORMAT:
        raise BundleError(f"{file} has format {written}; this kit reads {FORMAT}. {again}")
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        count = error.error_count()
        raise BundleError(f"{file} is damaged or of another kind ({count} differences). {again}"
                          ) from None  # fmt: skip
