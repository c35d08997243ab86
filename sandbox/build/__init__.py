"""From descriptions to a bundle: check, draw or read, prove, write, and only then replace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sandbox import catalog as catalogs
from sandbox.build import inputs
from sandbox.build.progress import Progress, Quiet
from sandbox.bundle import Bundle, open_bundle
from sandbox.catalog import Catalog
from sandbox.errors import BundleError, CatalogError, Problem
from sandbox.workspace import Workspace

__all__ = ["accept", "build", "check", "is_fresh"]


def check(workspace: Workspace) -> list[Problem]:
    """Everything wrong with what is described: descriptors, recipes, sources, metrics."""
    from sandbox.build import checks

    return checks.problems(workspace)


def current(workspace: Workspace) -> Bundle | None:
    """The bundle that is served now, or None when there is none, or its truth is gone."""
    try:
        bundle = open_bundle(workspace.current_bundle())
        return bundle if workspace.current_truth().is_dir() else None
    except BundleError:
        return None


def _fresh(workspace: Workspace, overall: str) -> Bundle | None:
    """The current bundle, if it was built from these inputs."""
    bundle = current(workspace)
    return bundle if bundle and bundle.manifest.inputs == overall else None


def is_fresh(workspace: Workspace, scale: float = 1.0) -> bool:
    """Whether the current bundle is what a build would make now."""
    catalog, _ = catalogs.problems_in(workspace)
    return catalog is not None and bool(_fresh(workspace, _inputs(workspace, catalog, scale)[1]))


def _inputs(workspace: Workspace, catalog: Catalog, scale: float) -> tuple[Mapping[str, str], str]:
    by_dataset = inputs.dataset_inputs(workspace, catalog, scale)
    return by_dataset, inputs.all_inputs(workspace, catalog, by_dataset)


def build(workspace: Workspace, *, scale: float = 1.0, progress: Progress | None = None) -> Path:
    """Make the event's bundle current, and return its folder; nothing is done when it is fresh.

    Raises CatalogError, RecipeError, SourceError, ExpectationsMissed or BuildError with everything
    that is wrong; the bundle that was current stays so.
    """
    progress = Quiet() if progress is None else progress
    catalog, _ = catalogs.problems_in(workspace)
    if catalog is None:
        raise CatalogError(check(workspace))  # with what is wrong in sources and recipes
    by_dataset, overall = _inputs(workspace, catalog, scale)
    if bundle := _fresh(workspace, overall):
        progress.say(f"the bundle is up to date ({bundle.digest[:12]})")
        return bundle.path
    if problems := check(workspace):
        raise CatalogError(problems)
    # Imported here, since NumPy and Arrow take longer to load than a fresh bundle takes to find.
    from sandbox.build.generation import Order, make

    return make(Order(workspace, catalog, by_dataset, overall, scale, progress))


def accept(workspace: Workspace, slug: str, note: str, progress: Progress | None = None) -> Path:
    """Build, then renew golden.json and CHANGELOG.md of one dataset; returns golden.json's path.

    The version in dataset.yml must have been raised, as a build without this says.
    """
    from sandbox.build import golden

    return golden.accept(workspace, slug, note, open_bundle(build(workspace, progress=progress)))
