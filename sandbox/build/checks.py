"""All that `sandbox check` looks at, in one list."""

from __future__ import annotations

from sandbox import catalog as catalogs
from sandbox import recipes, sources
from sandbox.catalog import Catalog
from sandbox.errors import Problem, did_you_mean
from sandbox.grading.metrics import METRICS
from sandbox.workspace import Workspace


def problems(workspace: Workspace) -> list[Problem]:
    """Everything wrong with the event's and the kit's descriptions."""
    catalog, found = catalogs.problems_in(workspace)
    if catalog is None:
        return found
    return [*_makers(workspace, catalog), *_metrics(workspace, catalog)]


def _makers(workspace: Workspace, catalog: Catalog) -> list[Problem]:
    folders = workspace.folders("datasets")
    owners = {name: catalog.datasets[slug] for name, (slug, _) in catalog.tables.items()}
    found: list[Problem] = []
    for slug, dataset in catalog.datasets.items():
        shown = workspace.shown(folders[slug])
        if dataset.origin == "open":
            found += sources.check(folders[slug], dataset, shown)
        else:
            found += recipes.check(folders[slug], dataset, owners)
    return found


def _metrics(workspace: Workspace, catalog: Catalog) -> list[Problem]:
    known = sorted(METRICS)
    return [
        Problem(
            f"score.metric names {challenge.score.metric!r}, which does not exist",
            f"{workspace.shown(workspace.folders('challenges')[slug])}/challenge.yml",
            fix=did_you_mean(challenge.score.metric, known),
        )
        for slug, challenge in catalog.challenges.items()
        if challenge.score.metric not in METRICS
    ]
