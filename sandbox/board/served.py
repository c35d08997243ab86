"""The generation that is served now: bundle and catalog, opened once, kept until the next one."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import current_app, g, has_request_context, request

from sandbox import catalog
from sandbox.bundle import Bundle
from sandbox.catalog import Catalog
from sandbox.errors import SandboxError
from sandbox.workspace import Event, Live, Workspace

log = logging.getLogger(__name__)
MOST_VIEWS = (
    64  # of one generation: few sets of challenges are ever visible, and owners have theirs
)


@dataclass(frozen=True)
class Generation:
    """An opened bundle, what it describes, and what was measured of each of its datasets."""

    bundle: Bundle
    catalog: Catalog

    @cached_property
    def quality(self) -> dict[str, Any]:
        """Dataset → its quality.json: figures per table and column, and measures."""
        return {
            slug: self._json(f"datasets/{slug}/quality.json", {"tables": {}, "measures": []})
            for slug in self.catalog.datasets
        }

    @cached_property
    def scores(self) -> dict[str, Any]:
        """Challenge → its scores.json: today's practice and doing nothing, as judged at build."""
        return {
            slug: self._json(f"challenges/{slug}/scores.json", {"rows": []})
            for slug in self.catalog.challenges
        }

    def picture(self, challenge: str) -> list[dict[str, Any]]:
        """The marks of the challenge's picture of today's practice; none if it has no picture."""
        marks: list[dict[str, Any]]
        marks = self._json(f"challenges/{challenge}/picture.json", {"marks": []})["marks"]
        return marks

    def to_beat(self, challenge: str) -> float | None:
        """What today's practice scored on the data that is served; None if nothing was judged."""
        rows = self.scores[challenge]["rows"]
        return next((row["score"] for row in rows if row["name"] == "today"), None)

    @cached_property
    def packages(self) -> dict[str, Any]:
        """Dataset → its datapackage.json."""
        return {
            slug: self._json(f"datasets/{slug}/datapackage.json", {})
            for slug in self.catalog.datasets
        }

    def with_challenges(self, slugs: Iterable[str]) -> Generation:
        """The same with these challenges alone, on starters too; itself where all are there."""
        chosen = frozenset(slugs).intersection(self.catalog.challenges)
        if len(chosen) == len(self.catalog.challenges):
            return self
        views = self._views
        if chosen not in views:
            if len(views) >= MOST_VIEWS:
                views.clear()
            views[chosen] = Generation(self.bundle, _only(self.catalog, chosen))
        return views[chosen]

    @cached_property
    def _views(self) -> dict[frozenset[str], Generation]:
        """What has been shown of it, so that figures are not read from files for every page."""
        return {}

    def rows(self, dataset: str) -> int:
        return sum(table.rows for table in self.bundle.manifest.datasets[dataset].tables.values())

    def _json(self, name: str, absent: Any) -> Any:
        return json.loads(self.bundle.file(name).read_bytes()) if self.bundle.has(name) else absent


def _only(catalog: Catalog, slugs: Collection[str]) -> Catalog:
    """`catalog` without the other challenges, also where starters name them."""
    starters = {
        slug: starter.model_copy(
            update={"challenges": tuple(name for name in starter.challenges if name in slugs)}
        )
        for slug, starter in catalog.starters.items()
    }
    challenges = {slug: one for slug, one in catalog.challenges.items() if slug in slugs}
    return catalog.model_copy(update={"challenges": challenges, "starters": starters})


class Served:
    """Answers `now()`: looks whether a new generation has been named, and opens it once if so."""

    def __init__(self, workspace: Workspace, open_current: Callable[[], Bundle]):
        self._live = Live(workspace)
        self._open_current = open_current
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._generation: Generation | None = None

    @property
    def workspace(self) -> Workspace:
        """The event's, its settings as they are now."""
        return self._live.now()

    def now(self) -> Generation:
        """Raises BundleError when nothing can be opened and nothing is open."""
        seen = self.workspace.current_stamp()
        generation = self._generation
        if generation is not None and seen == self._seen:
            return generation
        with self._lock:
            if self._generation is None or seen != self._seen:
                self._generation = self._opened()
                self._seen = seen
            return self._generation

    def _opened(self) -> Generation:
        """The new generation; if it cannot be opened the one that is open goes on serving."""
        try:
            bundle = self._open_current()
            if self._generation and self._generation.bundle.digest == bundle.digest:
                return self._generation
            return Generation(bundle, catalog.from_bundle(bundle))
        except SandboxError as error:
            if self._generation is None:
                raise
            log.error("The new bundle is not served: %s", error)
            return self._generation


def served() -> Served:
    """That of the application which answers the current request."""
    found: Served = current_app.extensions["served"]
    return found


def generation() -> Generation:
    """What is served now; one request sees one generation from its first look to its end."""
    if not has_request_context():
        return served().now()
    if "generation" not in g:
        g.generation = served().now()
    found: Generation = g.generation
    return found


def event() -> Event:
    """The event's settings as they are now; one request sees the same from its first look on.

    A page looks at them a hundred times, and each look of the workspace's asks the file system.
    """
    if not has_request_context():
        return served().workspace.event
    if "event" not in g:
        g.event = served().workspace.event
    found: Event = g.event
    return found


def forget() -> None:
    """After a change of the settings: the next look in this request is a new one."""
    g.pop("event", None)
    g.pop("generation", None)


def address(path: str) -> str:
    """A page of the board as others reach it: below the event's address, else as it was asked for.

    A worker, whom nobody has asked by an address, has none to give but the event's.
    """
    asked = request.host_url if has_request_context() else ""
    return (event().public_url or asked).rstrip("/") + path
