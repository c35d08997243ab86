"""A plan is frozen by a hash before anybody is assigned; what changes later is a deviation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sandbox import clock
from sandbox.errors import SandboxError
from sandbox.trials.plan import Deviation, Plan


@dataclass(frozen=True)
class Frozen:
    """A plan as it was when it was frozen: the SHA-256 of its canonical form, and when (UTC)."""

    sha256: str
    at: datetime
    plan: Plan


@dataclass(frozen=True)
class Assigned:
    """The assignment as it was made: its file (seen from the plan) with SHA-256, seed and time."""

    file: str
    sha256: str
    seed: str
    units_sha256: str
    at: datetime


@dataclass(frozen=True)
class Change:
    """One key of the plan that is not as it was frozen, and the explanation, if there is one."""

    key: str
    old: str | None
    new: str | None
    explained: Deviation | None


def canonical(plan: Plan) -> bytes:
    """The plan as JSON in one form only: no defaults, keys in order, without its deviations."""
    told = plan.model_dump(mode="json", exclude_defaults=True, exclude={"deviations"})
    return json.dumps(
        told, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def digest(plan: Plan) -> str:
    return hashlib.sha256(canonical(plan)).hexdigest()


def frozen_file(path: Path) -> Path:
    """Where the record of a frozen plan lies: letter.yml → letter.frozen.json."""
    return path.with_name(f"{path.stem}.frozen.json")


def assigned_file(path: Path) -> Path:
    """Where the record of its assignment lies: letter.yml → letter.assigned.json."""
    return path.with_name(f"{path.stem}.assigned.json")


def freeze(path: Path, plan: Plan) -> Frozen:
    """Write the record beside the plan at `path`; SandboxError once units have been assigned.

    A plan may be frozen again before that, since nobody can know yet how it would have come out.
    """
    before = read_frozen(path)
    if before and before.sha256 == digest(plan):
        return before
    if (assigned := read_assigned(path)) is not None:
        raise SandboxError(
            f"{path} is frozen for good: units were assigned at {_told(assigned.at)}.\n"
            "    way out: change the plan, and say under deviations: what changed, when and why"
        )
    made = Frozen(digest(plan), clock.now().replace(microsecond=0), plan)
    record = {
        "sha256": made.sha256,
        "frozen_at": _told(made.at),
        "plan": json.loads(canonical(plan)),
    }
    _write(frozen_file(path), record)
    return made


def read_frozen(path: Path) -> Frozen | None:
    """The record of the plan at `path`, or None; SandboxError if it was tampered with."""
    record = _read(frozen_file(path))
    if record is None:
        return None
    try:
        plan = Plan.model_validate_json(json.dumps(record["plan"]))
        made = Frozen(record["sha256"], datetime.fromisoformat(record["frozen_at"]), plan)
    except (KeyError, TypeError, ValueError, ValidationError):
        raise _unreadable(frozen_file(path)) from None
    if digest(plan) != made.sha256:
        raise SandboxError(
            f"{frozen_file(path)}: the plan in it is not the one that its hash stands for.\n"
            "    way out: take the file as it was when the plan was frozen"
        )
    return made


def record_assignment(path: Path, made: Assigned) -> None:
    record = {
        "file": made.file,
        "sha256": made.sha256,
        "seed": made.seed,
        "units_sha256": made.units_sha256,
        "assigned_at": _told(made.at),
    }
    _write(assigned_file(path), record)


def read_assigned(path: Path) -> Assigned | None:
    record = _read(assigned_file(path))
    if record is None:
        return None
    try:
        at = datetime.fromisoformat(record["assigned_at"])
        return Assigned(
            record["file"], record["sha256"], record["seed"], record["units_sha256"], at
        )
    except (KeyError, TypeError, ValueError):
        raise _unreadable(assigned_file(path)) from None


def changes(frozen: Plan, plan: Plan) -> list[Change]:
    """Every key that differs, in the plan's order, with the deviation that explains it."""
    old, new = (_flat(json.loads(canonical(each))) for each in (frozen, plan))
    order = list(Plan.model_fields)
    keys = sorted({*old, *new}, key=lambda key: (order.index(key.split(".")[0]), key))
    return [
        Change(key, old.get(key), new.get(key), _explanation(key, plan.deviations))
        for key in keys
        if old.get(key) != new.get(key)
    ]


def _explanation(key: str, deviations: tuple[Deviation, ...]) -> Deviation | None:
    """The deviation for this key or for a part of the plan around it."""
    around = (d for d in deviations if d.key and f"{key}.".startswith(f"{d.key}."))
    return next(around, None)


def _flat(value: Any, path: str = "") -> dict[str, str]:
    """`outcome.today` → its value as text; items of a list by number from 1, arms by code."""
    if isinstance(value, Mapping):
        pairs: Iterator[tuple[str, Any]] = iter(value.items())
    elif isinstance(value, list):
        pairs = ((str(i), item) for i, item in enumerate(value, 1))
    else:
        return {path: value if isinstance(value, str) else json.dumps(value)}
    found: dict[str, str] = {}
    for key, inner in pairs:
        found |= _flat(inner, f"{path}.{key}".removeprefix("."))
    return found


def _told(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(path: Path, record: Mapping[str, Any]) -> None:
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise _unreadable(path) from None
    if not isinstance(record, dict):
        raise _unreadable(path)
    return record


def _unreadable(path: Path) -> SandboxError:
    return SandboxError(
        f"{path}: the record cannot be read.\n    way out: take the file as the kit wrote it"
    )
