"""All that `sandbox check` looks at, in one list."""

from __future__ import annotations

from sandbox import catalog as catalogs
from sandbox import recipes, sources
from sandbox.catalog import Content
from sandbox.errors import Problem, did_you_mean
from sandbox.grading.metrics import METRICS
from sandbox.workspace import Workspace


def problems(workspace: Workspace) -> list[Problem]:
    """Everything wrong with the event's and the kit's descriptions."""
    content, found = catalogs.survey(workspace, _unseen(workspace))
    return [*found, *_makers(content, {p.file for p in found}), *_metrics(content)]


def _unseen(workspace: Workspace) -> dict[str, str]:
    """Columns that readers do not see, and the line that says so."""
    found: dict[str, str] = {}
    for folder in workspace.folders("datasets").values():
        found |= recipes.unseen(folder)
    return found


def _makers(content: Content, wrong: set[str]) -> list[Problem]:
    """Sources and recipes; a recipe only if its dataset's descriptor and its parents' are right."""
    right = {slug for slug, d in content.datasets.items() if d.source.file not in wrong}
    found: list[Problem] = []
    for slug in sorted(right):
        d = content.datasets[slug]
        if d.model.origin == "open":
            found += sources.check(d.folder, d.model, d.shown)
        elif content.has_every_dataset and content.ancestors(slug) <= right:
            known = {slug, *content.ancestors(slug)}
            owners = {t: content.datasets[s].model for s in sorted(known)
                      for t in content.datasets[s].model.tables}  # fmt: skip
            found += recipes.check(d.folder, d.model, owners)
    return found


def _metrics(content: Content) -> list[Problem]:
    known = sorted(METRICS)
    return [
        d.problem(
            ("score", "metric"),
            f"score.metric names {d.model.score.metric!r}, which does not exist",
            fix=did_you_mean(d.model.score.metric, known),
        )
        for d in content.challenges.values()
        if d.model.score.metric not in METRICS
    ]
