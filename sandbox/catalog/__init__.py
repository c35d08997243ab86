"""Descriptors as typed, frozen objects, or every problem at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sandbox.bundle import Bundle
from sandbox.catalog.checks import check_all
from sandbox.catalog.content import Content, Described
from sandbox.catalog.models import Catalog, Challenge, Column, Dataset, Question, Starter, Table
from sandbox.descriptors import read
from sandbox.errors import BundleError, CatalogError, Problem, did_you_mean
from sandbox.workspace import SLUG, Workspace

__all__ = [
    "Catalog",
    "Challenge",
    "Column",
    "Content",
    "Dataset",
    "Question",
    "Starter",
    "Table",
    "chosen",
    "from_bundle",
    "load",
    "problems_in",
    "survey",
]

FORMS: dict[str, tuple[str, type[BaseModel]]] = {
    "datasets": ("dataset.yml", Dataset),
    "challenges": ("challenge.yml", Challenge),
    "starter_templates": ("starter.yml", Starter),
}
MISNAMED = {
    **{kind: kind for kind in FORMS},
    "dataset": "datasets",
    "challenge": "challenges",
    "starter": "starter_templates",
    "starters": "starter_templates",
    "starter_template": "starter_templates",
    "templates": "starter_templates",
}


def load(workspace: Workspace) -> Catalog:
    """What the event uses of all that is described; CatalogError lists every problem."""
    catalog, problems = problems_in(workspace)
    if problems or catalog is None:
        raise CatalogError(problems)
    return catalog


def problems_in(workspace: Workspace) -> tuple[Catalog | None, list[Problem]]:
    """The catalog, None if it cannot be made, and all that is wrong with it."""
    content, problems = survey(workspace)
    return (None if problems else chosen(workspace, content)), problems


def survey(
    workspace: Workspace, unseen: Mapping[str, str] | None = None
) -> tuple[Content, list[Problem]]:
    """All that is described and can be read, and all that is wrong with it.

    unseen: columns that recipes make and readers do not see, and the line that says so, for the way
    out where stored SQL names one.
    """
    problems: list[Problem] = []
    content = Content(
        datasets=_described(workspace, "datasets", problems),
        challenges=_described(workspace, "challenges", problems),
        starters=_described(workspace, "starter_templates", problems),
        folders={kind: tuple(workspace.folders(kind)) for kind in FORMS},
    )
    content = _without_namesakes(content, _wanted(workspace, content)["datasets"])
    problems += check_all(content, unseen or {})
    problems += _unknown_choices(workspace)
    problems += _strays(workspace)
    return content, problems


def _described(workspace: Workspace, kind: str, problems: list[Problem]) -> dict[str, Described]:
    file, model = FORMS[kind]
    found = {}
    for slug, folder in workspace.folders(kind).items():
        shown = workspace.shown(folder)
        problems += _links(folder, shown)
        if not SLUG.fullmatch(slug):
            what = "a folder's name must be small letters, digits and hyphens"
            problems.append(Problem(what, shown, found=slug, fix="rename it"))
        elif made := read(folder / file, model, problems, shown_as=f"{shown}/{file}"):
            found[slug] = Described(slug, folder, shown, *made)
    return found


def _links(folder: Path, shown: str) -> Iterator[Problem]:
    """A link could publish any file of the machine, since folders are copied into the bundle."""
    home = Path(os.path.realpath(folder))
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(home):
            what, place = "a link leads out of its folder", path.relative_to(folder).as_posix()
            yield Problem(what, f"{shown}/{place}", fix="put a copy of the file here instead")


def _strays(workspace: Workspace) -> Iterator[Problem]:
    """What looks like content and would be passed over in silence."""
    for root in workspace.content_roots:
        for kind, (file, _) in FORMS.items():
            if (root / kind / file).is_file():
                fix = f"move it to {kind}/<its name>/{file}"
                what = "a descriptor lies outside any folder of its own"
                yield Problem(what, workspace.shown(root / kind / file), fix=fix)
    for folder in sorted(f for f in workspace.folder.iterdir() if f.is_dir()):
        kind = MISNAMED.get(folder.name.lower().replace("-", "_"), folder.name)
        if kind != folder.name:
            what = "nothing reads a folder of this name"
            yield Problem(what, workspace.shown(folder), fix=f"rename it to {kind}")


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


def _unknown_choices(workspace: Workspace) -> Iterator[Problem]:
    for kind, wanted in _choices(workspace).items():
        known = list(workspace.folders(kind))
        key = "starters" if kind == "starter_templates" else kind
        line = workspace.settings.line((key,)) if workspace.settings else None
        for slug in wanted if isinstance(wanted, tuple) else ():
            if slug not in known:
                what = f"{key} names {slug!r}, which does not exist"
                yield Problem(what, "event.toml", line, fix=did_you_mean(slug, known))


def _without_namesakes(content: Content, used: set[str]) -> Content:
    """The same without datasets that the event does not use and that have a name of one it uses.

    So an event may call a table `visits` whatever the kit's own datasets are called. What builds
    upon such a dataset, or asks about it, steps aside with it.
    """
    names = {name for slug in used & content.datasets.keys() for name in _names(content, slug)}
    aside = {s for s in content.datasets.keys() - used if not names.isdisjoint(_names(content, s))}
    aside |= {s for s in content.datasets if s not in used and aside & content.ancestors(s)}
    return replace(
        content,
        datasets={s: d for s, d in content.datasets.items() if s not in aside},
        challenges={
            s: d for s, d in content.challenges.items() if aside.isdisjoint(d.model.datasets)
        },
        aside=frozenset(aside),
    )


def _names(content: Content, slug: str) -> list[str]:
    """The tables and questions of a dataset, which share one namespace."""
    model = content.datasets[slug].model
    return [*model.tables, *model.questions]


def chosen(workspace: Workspace, content: Content) -> Catalog:
    """Of all that is described, what the event chooses, with what its choices need."""
    wanted = _wanted(workspace, content)
    return Catalog(
        datasets=_picked(content.datasets, wanted["datasets"]),
        challenges=_picked(content.challenges, wanted["challenges"]),
        starters=_picked(content.starters, wanted["starter_templates"]),
    )


def _wanted(workspace: Workspace, content: Content) -> dict[str, set[str]]:
    """The event's choice, with what a choice needs: parents of datasets, datasets of challenges."""
    wanted = {
        kind: set(content.folders[kind] if choice == "all" else choice)
        for kind, choice in _choices(workspace).items()
    }
    for slug in wanted["challenges"] & content.challenges.keys():
        wanted["datasets"] |= set(content.challenges[slug].model.datasets)
        wanted["starter_templates"].add(content.challenges[slug].model.starter)
    for slug in wanted["datasets"] & content.datasets.keys():
        wanted["datasets"] |= content.ancestors(slug)
    return wanted


def _picked(described: Mapping[str, Described], wanted: set[str]) -> dict[str, Any]:
    return {slug: d.model for slug, d in described.items() if slug in wanted}
