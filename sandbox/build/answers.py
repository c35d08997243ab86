"""What each challenge asks for: hidden answers beside the bundle, a template and scores inside."""

from __future__ import annotations

import csv
import hashlib
import hmac
import importlib.util
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sandbox import grading
from sandbox.build.contents import write_json
from sandbox.build.progress import Timings
from sandbox.build.proof import Scratch
from sandbox.catalog import Catalog, Challenge
from sandbox.errors import BuildError, SandboxError
from sandbox.workspace import Workspace

BASELINES = ("today", "do_nothing")
OF_A_PART = {"rows", "ungated", "earned", "low", "high", "band"}
Rows = Sequence[Mapping[str, object]]
Baseline = Callable[[sqlite3.Connection], Mapping[str, Rows]]


def write(
    bundle: Path,
    truth: Path,
    workspace: Workspace,
    catalog: Catalog,
    scratch: Scratch,
    timings: Timings,
) -> None:
    """For every challenge: truth/<slug>/answers.csv, answers-template.csv and scores.json."""
    for slug, challenge in catalog.challenges.items():
        with timings.of(f"challenge {slug}"):
            _write_one(bundle, truth, workspace, slug, challenge, scratch)


def _write_one(
    bundle: Path,
    truth: Path,
    workspace: Workspace,
    slug: str,
    challenge: Challenge,
    scratch: Scratch,
) -> None:
    folder = workspace.folders("challenges")[slug]
    shown = workspace.shown(folder)
    rows = _answers(folder / "answers.sql", f"{shown}/answers.sql", challenge, scratch)
    key = challenge.answers.key
    for row in rows:
        row["part"] = _part(str(row[key]), slug, challenge, workspace.seed)
    (truth / slug).mkdir(parents=True, exist_ok=True)
    _write_csv(truth / slug / "answers.csv", rows, list(rows[0]))
    public = bundle / "challenges" / slug
    columns = [key, *challenge.answers.columns]
    _write_csv(public / "answers-template.csv", [{key: row[key]} for row in rows], columns)
    baseline = _baseline(folder / "baseline.py", f"{shown}/baseline.py")
    scores = _scores(slug, challenge, baseline, shown, bundle, truth)
    write_json(public / "scores.json", scores)


def _answers(
    path: Path, shown: str, challenge: Challenge, scratch: Scratch
) -> list[dict[str, Any]]:
    key = challenge.answers.key
    try:
        found = scratch.connection.execute(path.read_text(encoding="utf-8")).fetchall()
    except sqlite3.Error as error:
        raise BuildError(f"{shown}: SQLite cannot run this: {error}") from None
    if not found:
        raise BuildError(f"{shown}: it yields no rows, so nothing is asked for")
    if found[0].keys()[0] != key:
        first = found[0].keys()[0]
        raise BuildError(f"{shown}: its first column is {first}; the key {key} is expected")
    rows = sorted(({**row} for row in map(dict, found)), key=lambda row: row[key])
    if len({row[key] for row in rows}) < len(rows):
        raise BuildError(f"{shown}: a {key} stands twice")
    return rows


def _part(key: str, slug: str, challenge: Challenge, seed: bytes) -> str:
    """public or private: a row's own keyed hash decides, so that order and key say nothing."""
    drawn = hmac.new(seed, f"{slug}.part.{key}".encode(), hashlib.sha256).digest()
    share = int.from_bytes(drawn[:8], "big") / 2**64
    return "public" if share < challenge.answers.public_share else "private"


def _write_csv(path: Path, rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _baseline(path: Path, shown: str) -> Baseline:
    """The function `baseline` of a challenge's own file, which is code of whoever wrote it."""
    specification = importlib.util.spec_from_file_location("sandbox_challenge_baseline", path)
    if specification is None or specification.loader is None:
        raise BuildError(f"{shown} cannot be read")
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
        function: Baseline = module.baseline
    except Exception as error:
        raise BuildError(f"{shown}: {type(error).__name__}: {error}") from error
    return function


def _scores(
    slug: str, challenge: Challenge, baseline: Baseline, shown: str, bundle: Path, truth: Path
) -> dict[str, Any]:
    """Today's practice and the do-nothing answer, judged as any other answer is."""
    with sqlite3.connect(f"file:{bundle / 'sandbox.db'}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        try:
            answered = baseline(db)
        except Exception as error:
            raise BuildError(f"{shown}/baseline.py: {type(error).__name__}: {error}") from error
    for name in BASELINES:
        if name not in answered:
            raise BuildError(f"{shown}/baseline.py: it gives no answers for {name!r}")

    def judged(name: str) -> dict[str, Any]:
        path = Path(folder) / f"{name}.csv"
        _write_csv(path, answered[name], [challenge.answers.key, *challenge.answers.columns])
        try:
            verdict = grading.grade(slug, challenge, path, truth)
        except SandboxError as error:
            raise BuildError(f"{shown}/baseline.py, {name!r}: {error}") from None
        # What a leaderboard lays beside the teams' scores of the same rows.
        parts = {"public": verdict.public, "private": verdict.private}
        told = {part: m.model_dump(mode="json", include=OF_A_PART) for part, m in parts.items()}
        return {"name": name, **verdict.summary(), **told}

    # Two judges at a time: each is a process of its own, which takes most of a second to start.
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(len(BASELINES)) as judges:
        rows = list(judges.map(judged, BASELINES))
    today, nothing = (row["score"] for row in rows)
    if not (today > nothing if challenge.score.higher_is_better else today < nothing):
        raise BuildError(
            f"{shown}/baseline.py: today's practice scores {today}, and doing nothing {nothing}: "
            "a challenge must tell them apart"
        )
    return {
        "unit": str(challenge.score.unit),
        "higher_is_better": challenge.score.higher_is_better,
        # How far apart two scores may lie and still tie, where the rows are a sample.
        "band": max((row["details"]["band"] or 0.0 for row in rows), default=0.0) or None,
        "rows": rows,
    }
