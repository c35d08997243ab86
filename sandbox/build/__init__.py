"""From descriptions to a bundle: check, draw or read, prove, write, and only then replace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sandbox import catalog as catalogs
from sandbox.build import inputs
from sandbox.build.progress import Progress, Quiet
from sandbox.bundle import Bundle, open_bundle
from sandbox.catalog import Catalog
from sandbox.errors import BundleError, CatalogError, Problem, SandboxError
from sandbox.workspace import Workspace

__all__ = ["accept", "build", "check", "is_fresh", "scale_for"]


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


def _scale(workspace: Workspace) -> float:
    bundle = current(workspace)
    return bundle.manifest.scale if bundle else 1.0


def is_fresh(workspace: Workspace, scale: float | None = None) -> bool:
    """Whether the current bundle is what a build would make now."""
    catalog, _ = catalogs.problems_in(workspace)
    scale = _scale(workspace) if scale is None else scale
    return catalog is not None and bool(_fresh(workspace, _inputs(workspace, catalog, scale)[1]))


def _inputs(workspace: Workspace, catalog: Catalog, scale: float) -> tuple[Mapping[str, str], str]:
    by_dataset = inputs.dataset_inputs(workspace, catalog, scale)
    return by_dataset, inputs.all_inputs(workspace, catalog, by_dataset)


def scale_for(workspace: Workspace, persons: int) -> float:
    """The scale at which the event's table of persons has so many rows.

    Raises SandboxError where no recipe says under `size:` how many persons there are at scale 1.
    """
    from sandbox import recipes

    sizes = (recipes.size(folder, "persons") for folder in workspace.folders("datasets").values())
    known = next((size for size in sizes if size), None)
    if known is None:
        raise SandboxError(
            "No recipe of this event says how many persons it has at scale 1. "
            "Add size: {persons: 100_000} to one, or use --scale."
        )
    return persons / known


def build(
    workspace: Workspace,
    *,
    scale: float | None = None,
    progress: Progress | None = None,
    workers: int = 1,
    dask: str | None = None,
) -> Path:
    """Make the event's bundle current, and return its folder; nothing is done when it is fresh.

    scale: what the rows of recipes are multiplied by; None keeps that of the current bundle, and
    begins with 1. `workers` processes, or the Dask cluster whose scheduler is at `dask`, draw large
    recipes; the bundle is the same whoever draws it.
    Raises CatalogError, RecipeError, SourceError, ExpectationsMissed or BuildError with everything
    that is wrong; the bundle that was current stays so.
    """
    progress = Quiet() if progress is None else progress
    catalog, _ = catalogs.problems_in(workspace)
    if catalog is None:
        raise CatalogError(check(workspace))  # with what is wrong in sources and recipes
    scale = _scale(workspace) if scale is None else scale
    by_dataset, overall = _inputs(workspace, catalog, scale)
    if bundle := _fresh(workspace, overall):
        progress.say(f"the bundle is up to date ({bundle.digest[:12]})")
        return bundle.path
    if problems := check(workspace):
        raise CatalogError(problems)
    # Imported here, since NumPy and Arrow take longer to load than a fresh bundle takes to find.
    from sandbox.build.generation import Order, make

    return make(Order(workspace, catalog, by_dataset, overall, scale, progress, workers, dask))


def accept(workspace: Workspace, slug: str, note: str, progress: Progress | None = None) -> Path:
    """Build, then renew golden.json and CHANGELOG.md of one dataset; returns golden.json's path.

    The version in dataset.yml must have been raised, as a build without this says.
    """
    from sandbox.build import golden

    return golden.accept(
        workspace, slug, note, open_bundle(build(workspace, scale=1.0, progress=progress))
    )
