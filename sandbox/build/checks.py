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
    content, found = catalogs.survey(workspace)
    return [*found, *_makers(content, {p.file for p in found}), *_metrics(content)]


def _makers(content: Content, wrong: set[str]) -> list[Problem]:
    """Sources and recipes of datasets whose descriptor is right; recipes need all of them."""
    owners = {t: d.model for d in content.datasets.values() for t in d.model.tables}
    complete = content.has_every_dataset
    found: list[Problem] = []
    for d in content.datasets.values():
        if d.source.file in wrong:
            continue
        if d.model.origin == "open":
            found += sources.check(d.folder, d.model, d.shown)
        elif complete:
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
