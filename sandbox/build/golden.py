"""golden.json: what a dataset of the demo was at its version, so that no change is silent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sandbox import clock
from sandbox.build.progress import Progress
from sandbox.bundle import Bundle, DatasetEntry
from sandbox.errors import BuildError, Problem, ProblemsFound, SandboxError, did_you_mean
from sandbox.workspace import Workspace


class VersionsDue(ProblemsFound):
    title = "Datasets have changed without a new version"


def compare(
    workspace: Workspace, entries: Mapping[str, DatasetEntry], scale: float, progress: Progress
) -> None:
    """Fail when a dataset of the demo differs from its golden.json and its version does not."""
    if not workspace.is_demo or scale != 1.0:
        return
    folders = workspace.folders("datasets")
    problems = []
    for slug, entry in entries.items():
        path = folders[slug] / "golden.json"
        if not path.is_file():
            progress.say(f"{slug}: not accepted yet (sandbox build --accept {slug} NOTE)")
            continue
        golden = json.loads(path.read_text(encoding="utf-8"))
        if golden["version"] == entry.version and (due := _due(golden, entry)):
            problems.append(_due_problem(slug, workspace.shown(folders[slug]), entry.version, due))
    if problems:
        raise VersionsDue(problems)


def _due(golden: Mapping[str, str], entry: DatasetEntry) -> str | None:
    """Which part of the version must rise: major for another schema, minor for other content."""
    if golden["schema"] != entry.schema_digest:
        return "major"
    return "minor" if golden["content"] != entry.content_digest else None


def _due_problem(slug: str, shown: str, version: str, due: str) -> Problem:
    major, minor, _ = (int(part) for part in version.split("."))
    raised = f"{major + 1}.0.0" if due == "major" else f"{major}.{minor + 1}.0"
    what = "its schema has changed" if due == "major" else "its content has changed"
    fix = f"set version: {raised}, then: sandbox build --accept {slug} 'what changed'"
    return Problem(what, f"{shown}/dataset.yml", None, f"version {version}", f"{raised}", fix)


def accept(workspace: Workspace, slug: str, note: str, bundle: Bundle) -> Path:
    """Write golden.json and add to CHANGELOG.md; returns golden.json's path."""
    folders = workspace.folders("datasets")
    if not workspace.is_demo:
        raise SandboxError("Only the demo's datasets are compared, so only they are accepted.")
    if slug not in bundle.manifest.datasets:
        raise SandboxError(f"{slug!r} is not a dataset: {did_you_mean(slug, list(folders))}")
    if bundle.manifest.scale != 1.0:
        raise BuildError("Only a build at scale 1 can be accepted.")
    entry = bundle.manifest.datasets[slug]
    golden = {
        "version": entry.version,
        "schema": entry.schema_digest,
        "content": entry.content_digest,
    }
    path = folders[slug] / "golden.json"
    path.write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")
    log = folders[slug] / "CHANGELOG.md"
    before = log.read_text(encoding="utf-8").partition("\n")[2].lstrip("\n") if log.exists() else ""
    line = f"- {entry.version} ({clock.now():%Y-%m-%d}): {note.strip()}\n"
    log.write_text(f"# Changes\n\n{line}{before}", encoding="utf-8")
    return path
