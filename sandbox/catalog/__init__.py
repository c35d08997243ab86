"""Descriptors as typed, frozen objects, or every problem at once."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from sandbox.bundle import Bundle
from sandbox.catalog.checks import Described, check_all
from sandbox.catalog.models import Catalog, Challenge, Column, Dataset, Question, Starter, Table
from sandbox.descriptors import read
from sandbox.errors import BundleError, CatalogError, Problem, did_you_mean
from sandbox.workspace import SLUG, Workspace

__all__ = [
    "Catalog",
    "Challenge",
    "Column",
    "Dataset",
    "Question",
    "Starter",
    "Table",
    "from_bundle",
    "load",
    "problems_in",
]

Model = TypeVar("Model", bound=BaseModel)
FORMS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("datasets", "dataset.yml", Dataset),
    ("challenges", "challenge.yml", Challenge),
    ("starter_templates", "starter.yml", Starter),
)


def load(workspace: Workspace) -> Catalog:
    """What the event uses of all that is described; CatalogError lists every problem."""
    catalog, problems = problems_in(workspace)
    if problems or catalog is None:
        raise CatalogError(problems)
    return catalog


def problems_in(workspace: Workspace) -> tuple[Catalog | None, list[Problem]]:
    """The catalog, None if it cannot be made, and all that is wrong with it."""
    problems: list[Problem] = []
    described: dict[str, dict[str, Described]] = {}
    for kind, file, model in FORMS:
        described[kind] = {}
        for slug, folder in workspace.folders(kind).items():
            shown = workspace.shown(folder)
            if not SLUG.fullmatch(slug):
                what = "a folder's name must be small letters, digits and hyphens"
                problems.append(Problem(what, shown, fix="rename it"))
            elif made := read(folder / file, model, problems, shown_as=f"{shown}/{file}"):
                described[kind][slug] = Described(slug, folder, shown, *made)
    complete = not problems
    problems += check_all(described, complete=complete)
    problems += _unknown_choices(workspace)
    if problems:
        return None, problems
    return _chosen(workspace, described), []


def from_bundle(bundle: Bundle) -> Catalog:
    """The catalog as it was checked when the bundle was built."""
    try:
        return Catalog.model_validate_json(bundle.file("catalog.json").read_bytes())
    except ValidationError as error:
        raise BundleError(
            f"{bundle.path / 'catalog.json'} is not of this kit's form ({error.error_count()} "
            "differences): it was built by another version. Build it again: sandbox build"
        ) from None


def _choices(workspace: Workspace) -> dict[str, tuple[str, ...] | str]:
    event = workspace.event
    return {
        "datasets": event.datasets,
        "challenges": event.challenges,
        "starter_templates": event.starters,
    }


def _unknown_choices(workspace: Workspace) -> list[Problem]:
    problems = []
    for kind, wanted in _choices(workspace).items():
        known = list(workspace.folders(kind))
        for slug in wanted if isinstance(wanted, tuple) else ():
            if slug not in known:
                what = f"{slug!r} is not one of the {kind.replace('_', ' ')}"
                fix = did_you_mean(slug, known)
                problems.append(Problem(what, "event.toml", fix=fix))
    return problems


def _chosen(workspace: Workspace, described: dict[str, dict[str, Described]]) -> Catalog:
    """The event's choice, with what a choice needs: parents of datasets, datasets of challenges."""
    wanted = {
        kind: set(described[kind]) if choice == "all" else set(choice)
        for kind, choice in _choices(workspace).items()
    }
    models = {k: {s: d.model for s, d in of_kind.items()} for k, of_kind in described.items()}
    for slug in wanted["challenges"]:
        wanted["datasets"] |= set(models["challenges"][slug].datasets)
        wanted["starter_templates"].add(models["challenges"][slug].starter)
    for _ in models["datasets"]:
        for slug in tuple(wanted["datasets"]):
            wanted["datasets"] |= set(models["datasets"][slug].derived_from)
    picked = {k: {s: m for s, m in models[k].items() if s in wanted[k]} for k in models}
    return Catalog(
        datasets=picked["datasets"],
        challenges=picked["challenges"],
        starters=picked["starter_templates"],
    )


def folder_of(workspace: Workspace, kind: str, slug: str) -> Path:
    """The folder that describes `slug`, the event's own before the kit's."""
    return workspace.folders(kind)[slug]
