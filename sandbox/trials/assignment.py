"""Assign units to arms by lot: shares kept in every stratum, clusters whole, repeatable by seed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sandbox import clock
from sandbox.errors import Problem, SandboxError
from sandbox.randomness import Array, uniform, words
from sandbox.trials.frozen import (
    Assigned,
    changes,
    read_assigned,
    read_frozen,
    record_assignment,
)
from sandbox.trials.plan import Plan
from sandbox.trials.tables import Table, read_table, strata, write_table

NAME = "trial.assignment"
LEFT_OUT = ""  # the arm of units that are not in the trial, since it is smaller than their list


def draw(
    seed: bytes, names: Sequence[str], strata: Sequence[str], sizes: Mapping[str, int]
) -> list[str]:
    """The arm of each unit: a pure function of the seed and of the names with their strata.

    `sizes` are the arms' in units and are met exactly; they add up to no more than there are names,
    and who is left over has no arm (""). In each stratum an arm has its exact share rounded up or
    down, and which way is decided by lot, so that every unit is as likely as any other to come into
    an arm: strata are put in random order, and the places of an arm are spread evenly over them
    from a random start (systematic sampling: Madow, Madow, Ann. Math. Statist. 15, 1944), one arm
    after the other among those who have none.
    """
    if len(set(names)) != len(names):
        raise ValueError("a name stands twice")
    if sum(sizes.values()) > len(names):
        raise ValueError(f"{sum(sizes.values())} places for {len(names)} units")
    by_name = np.argsort(np.array(names, dtype=object), kind="stable")
    labels = np.array(strata, dtype=object)[by_name]
    kinds, group = np.unique(labels.astype(str), return_inverse=True)
    order_of_strata = np.argsort(words(seed, NAME, "strata", 0, len(kinds)), kind="stable")
    within = words(seed, NAME, "units", 0, len(names))
    place_of_stratum = np.argsort(order_of_strata)
    order = by_name[np.lexsort((within, place_of_stratum[group]))]
    starts = uniform(words(seed, NAME, "starts", 0, len(sizes)))
    counts = np.bincount(group, minlength=len(kinds))[order_of_strata]
    dealt = _dealt(counts, list(sizes.values()), starts)
    arms = [*sizes, LEFT_OUT]
    found = [LEFT_OUT] * len(names)
    for unit, arm in zip(order, np.repeat(np.tile(np.arange(len(arms)), len(kinds)),
                                          dealt.ravel()), strict=True):  # fmt: skip
        found[unit] = arms[arm]
    return found


def _dealt(counts: Array, sizes: Sequence[int], starts: Array) -> Array:
    """Strata × (arms and the rest): how many units of each stratum come into each arm."""
    left = counts.astype(np.int64)
    columns = []
    for size, start in zip(sizes, starts, strict=True):
        reached = np.cumsum(left) * size  # in units of 1 / everything, so that nothing is rounded
        everything = int(left.sum())
        marks = (reached + int(start * everything)) // everything if everything else reached
        taken = np.diff(marks, prepend=0)
        columns.append(taken)
        left = left - taken
    return np.column_stack([*columns, left])


@dataclass(frozen=True)
class Assignment:
    """What was assigned: file, seed, and how many of what came into each arm."""

    file: Path
    seed: str
    counts: Mapping[str, int]
    left_out: int


def assign(path: Path, plan: Plan, units: Path, out: Path, seed: str | None = None) -> Assignment:
    """Assign the units listed in a CSV file and write `out`, a CSV of unit, stratum and arm.

    The seed is the hash of the frozen plan unless one is given, so that anybody can repeat the
    draw. Raises SandboxError if the plan is not frozen, has changed since, or was assigned already;
    TableError with everything that is wrong with the list of units.
    """
    frozen = read_frozen(path)
    if frozen is None:
        raise SandboxError(
            f"{path} is not frozen, and nobody is assigned before it is.\n"
            f"    way out: sandbox trial plan {path} --freeze"
        )
    if (made := read_assigned(path)) is not None:
        raise SandboxError(
            f"{path} was assigned already, in {made.file}: drawing until one likes it is no lot.\n"
            "    way out: use that file; a new trial gets a plan of its own"
        )
    if changed := [c.key for c in changes(frozen.plan, plan)]:
        raise SandboxError(
            f"{path} is not as it was frozen: {', '.join(changed)}.\n"
            f"    way out: freeze it again, since nobody is assigned yet: "
            f"sandbox trial plan {path} --freeze"
        )
    if out.exists():
        raise SandboxError(f"{out} is there already.\n    way out: name another file")
    listed = read_units(plan, units)
    seed = seed or frozen.sha256
    named = sorted(listed.groups)
    arms = draw(
        seed.encode(),
        named,
        [listed.stratum[name] for name in named],
        {arm.code: arm.size for arm in plan.arms},
    )
    arm_of = dict(zip(named, arms, strict=True))
    digest = _write(plan, listed, arm_of, out)
    file = Path(os.path.relpath(out, path.parent)).as_posix()
    at = clock.now().replace(microsecond=0)
    record_assignment(path, Assigned(file, digest, seed, listed.sha256, at))
    counts = Counter(arms)
    return Assignment(out, seed, {a.code: counts[a.code] for a in plan.arms}, counts[LEFT_OUT])


@dataclass(frozen=True)
class Listed:
    """What is assigned together (a cluster, or a unit alone) → its units, and → its stratum."""

    groups: Mapping[str, list[str]]
    stratum: Mapping[str, str]
    sha256: str


def read_units(plan: Plan, file: Path) -> Listed:
    """The list of units; TableError with all that is wrong with it."""
    table = read_table(file)
    names = table.keys(plan.unit.column, "it names the unit")
    columns = [table.words(column, "it is one of the plan's strata") for column in plan.strata]
    labels = strata(columns, len(table))
    together = names
    if plan.cluster:
        together = table.words(plan.cluster.column, "it names the cluster")
    groups: dict[str, list[str]] = {}
    stratum: dict[str, str] = {}
    for index, (group, name) in enumerate(zip(together, names, strict=True)):
        groups.setdefault(group, []).append(name)
        if stratum.setdefault(group, labels[index]) != labels[index]:
            table.told(
                f"the cluster {group!r} lies in two strata", index,
                f"{labels[index]} and {stratum[group]}", "one stratum for a whole cluster",
                "choose strata that are the cluster's own", kind="clusters in two strata",
            )  # fmt: skip
    table.done(*_too_few(plan, table, len(groups)))
    return Listed(groups, stratum, table.sha256)


def _too_few(plan: Plan, table: Table, found: int) -> list[Problem]:
    wanted = sum(arm.size for arm in plan.arms)
    if found >= wanted or table.problems:
        return []
    what = f"the plan has {wanted:,} {'clusters' if plan.cluster else 'units'}; the list has fewer"
    fix = "find more, or plan smaller arms and freeze again; the plan then says what they can see"
    return [Problem(what, table.file, None, f"{found:,}", f"{wanted:,} or more", fix)]


def _write(plan: Plan, listed: Listed, arm_of: Mapping[str, str], out: Path) -> str:
    header = [plan.unit.column, "stratum", plan.arm_column]
    rows = [
        [unit, listed.stratum[group], arm_of[group]]
        for group, units in listed.groups.items()
        for unit in units
        if arm_of[group] != LEFT_OUT
    ]
    if plan.cluster:
        header.insert(1, plan.cluster.column)
        group_of = {unit: group for group, units in listed.groups.items() for unit in units}
        rows = [[unit, group_of[unit], *rest] for unit, *rest in rows]
    return write_table(out, header, sorted(rows))
