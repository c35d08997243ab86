"""What came out, joined with what was assigned, so that nobody drops out in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sandbox.errors import Problem, TableError, did_you_mean
from sandbox.trials.frozen import Assigned, read_assigned
from sandbox.trials.plan import Measure, Plan
from sandbox.trials.tables import Numbers, Table, read_table, strata

ABSENT = -1  # the row of a unit that was assigned and is not in the data


@dataclass(frozen=True)
class Data:
    """One entry per assigned unit in every sequence.

    `present` says whether the unit is in the data at all, `outcomes` are by column, NaN where
    missing, as in `covariate`; `before` holds columns for the balance as text, "" where missing;
    `reached` the code of the arm that reached a unit, "" if none did. `outside` counts rows of
    units that were not assigned, `by_lot` says whether the kit's own assignment was used.
    """

    arms: tuple[str, ...]
    present: tuple[bool, ...]
    strata: tuple[str, ...] | None
    clusters: tuple[str, ...] | None
    outcomes: dict[str, Numbers]
    covariate: Numbers | None
    before: dict[str, tuple[str, ...]]
    reached: tuple[str, ...] | None
    outside: int
    by_lot: bool


def read_data(path: Path, plan: Plan, file: Path, assignment: Path | None = None) -> Data:
    """The data of the trial planned at `path`; TableError with everything that is wrong with it.

    The assignment is the named file, else the one that the plan's record names, else the arm column
    of the data itself.
    """
    table = read_table(file)
    recorded = read_assigned(path)
    if assignment is None and recorded is not None:
        assignment = path.parent / recorded.file
    if assignment is None:
        return _joined(plan, table, table, by_lot=False)
    dealt = _assignment(assignment, recorded)
    return _joined(plan, table, dealt, by_lot=recorded is not None)


def _assignment(file: Path, recorded: Assigned | None) -> Table:
    table = read_table(file)
    if recorded is not None and table.sha256 != recorded.sha256:
        what = "this is not the assignment as it was drawn"
        fix = "take the file as the kit wrote it; it can be drawn again from the same seed"
        raise TableError([Problem(what, str(file), fix=fix)])
    return table


def _joined(plan: Plan, table: Table, dealt: Table, *, by_lot: bool) -> Data:
    """The data in the order of the assignment; the two may be the same table."""
    unit = plan.unit.column
    names = table.keys(unit, "it names the unit")
    assigned = names if dealt is table else dealt.keys(unit, "it names the unit")
    arms = _arms(plan, dealt)
    places = {name: index for index, name in enumerate(names)}
    rows = [places.get(name, ABSENT) for name in assigned]
    reading = _Rows(table, rows)
    measures: tuple[Measure, ...] = (plan.outcome, *plan.guardrails)
    outcomes = {m.column: reading.measure(m) for m in measures}
    covariate = None
    if plan.covariate:
        covariate = reading.numbers(plan.covariate.column, "it is the plan's covariate")
    reached = _reached(plan, table, reading)
    clusters = None
    if plan.cluster:
        clusters = tuple(dealt.words(plan.cluster.column, "it names the cluster"))
        _one_arm_each(clusters, arms, dealt)
    labels = _strata(plan, dealt)
    before = _before(plan, table, reading)
    if dealt is not table:
        _same_arms(plan, table, dict(zip(assigned, arms, strict=True)))
        dealt.done()
    table.done()
    outside = len(set(names) - set(assigned))
    present = tuple(row != ABSENT for row in rows)
    return Data(tuple(arms), present, labels, clusters, outcomes, covariate, before, reached,
                outside, by_lot)  # fmt: skip


class _Rows:
    """Columns of a table, picked by row; what is absent is NaN or empty."""

    def __init__(self, table: Table, rows: Sequence[int]):
        self.table = table
        self.rows = np.array(rows, dtype=np.int64)

    def numbers(self, name: str, why: str) -> Numbers:
        return self._picked(self.table.numbers(name, why))

    def measure(self, measure: Measure) -> Numbers:
        read = self.table.yes_no if measure.kind == "share" else self.table.numbers
        values = read(measure.column, "it is an outcome of the plan")
        if measure.lowest is not None and measure.highest is not None:
            beyond = (values < measure.lowest) | (values > measure.highest)
            for index in np.flatnonzero(beyond):
                what = f"{measure.column} lies outside what the plan says can be measured"
                expected = f"{measure.lowest:g} to {measure.highest:g}"
                self.table.told(what, int(index), f"{values[index]:g}", expected)
        return self._picked(values)

    def words(self, name: str) -> tuple[str, ...]:
        values = self.table.columns[name]
        return tuple("" if row == ABSENT else values[row] for row in self.rows)

    def _picked(self, values: Numbers) -> Numbers:
        return np.where(self.rows == ABSENT, np.nan, np.append(values, np.nan)[self.rows])


def _arms(plan: Plan, dealt: Table) -> list[str]:
    arms = dealt.words(plan.arm_column, "it says which arm a unit was assigned to")
    codes = [arm.code for arm in plan.arms]
    for index, arm in enumerate(arms):
        if arm and arm not in codes:
            fix = did_you_mean(arm, codes)
            dealt.told(f"{plan.arm_column} is no arm of the plan", index, arm, fix=fix)
    return arms


def _same_arms(plan: Plan, table: Table, arm_of: dict[str, str]) -> None:
    """A data file that says other arms than were assigned has been mixed up, or tampered with."""
    for index, arm in enumerate(table.columns.get(plan.arm_column, ())):
        name = table.columns.get(plan.unit.column, [""] * len(table))[index]
        if arm and arm_of.get(name, arm) != arm:
            what = f"{plan.arm_column} is not the arm that was assigned"
            fix = "delete the column from the data: the assignment knows it"
            table.told(what, index, arm, f"{arm_of[name]} for {name}", fix)


def _one_arm_each(clusters: Sequence[str], arms: Sequence[str], dealt: Table) -> None:
    first: dict[str, str] = {}
    for index, (cluster, arm) in enumerate(zip(clusters, arms, strict=True)):
        if first.setdefault(cluster, arm) != arm:
            what = f"the cluster {cluster!r} lies in two arms"
            dealt.told(what, index, f"{arm} and {first[cluster]}", "one arm for a whole cluster",
                       kind="clusters in two arms")  # fmt: skip


def _strata(plan: Plan, dealt: Table) -> tuple[str, ...] | None:
    """Each unit's stratum as it was assigned."""
    if not plan.strata:
        return None
    if "stratum" in dealt.columns and not set(plan.strata) <= set(dealt.columns):
        return tuple(dealt.words("stratum", "it names the stratum"))
    columns = [dealt.words(name, "it is one of the plan's strata") for name in plan.strata]
    return tuple(strata(columns, len(dealt)))


def _before(plan: Plan, table: Table, reading: _Rows) -> dict[str, tuple[str, ...]]:
    """The columns in which arms should be alike; strata only where the data has them."""
    names = [name for name in plan.strata if name in table.columns]
    if plan.covariate and plan.covariate.column in table.columns:
        names.append(plan.covariate.column)
    names += [n for n in plan.balance if table.has(n, "the plan names it for the balance of arms")]
    return {name: reading.words(name) for name in dict.fromkeys(names)}


def _reached(plan: Plan, table: Table, reading: _Rows) -> tuple[str, ...] | None:
    if plan.delivery is None or not table.has(plan.delivery.column, "it says which arm arrived"):
        return None
    codes = [arm.code for arm in plan.arms]
    for index, code in enumerate(table.columns[plan.delivery.column]):
        if code and code not in codes:
            fix = did_you_mean(code, codes)
            what = f"{plan.delivery.column} is no arm of the plan"
            table.told(what, index, code, "an arm's code, or empty if nothing arrived", fix)
    return reading.words(plan.delivery.column)
