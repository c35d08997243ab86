"""The plan of a trial: one YAML file that says before anybody is assigned what will be done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sandbox.catalog.models import Decision, Slug
from sandbox.descriptors import Descriptor, Expected, Path_, Source, Words, read
from sandbox.errors import PlanError, Problem

Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=2)]
EFFECT: Path_ = ("smallest_effect",)
FEWEST_CLUSTERS = 5  # in an arm; with fewer, no method for clusters keeps its promise


def _a_column(name: str) -> str:
    if not name.strip():
        raise Expected("the name of a column")
    return name


Column = Annotated[str, AfterValidator(_a_column)]


class Unit(Descriptor):
    """Who or what is assigned: the column that names each, and the word for many of them."""

    column: Column
    title: Words


class Cluster(Descriptor):
    """Units that are assigned together, as all patients of a clinic.

    `size` is how many units a cluster has on average; `likeness` the intracluster correlation (0:
    units of a cluster are as different as any; 1: all alike); `uneven` the standard deviation of
    the sizes divided by their mean.
    """

    column: Column
    title: Words
    size: Annotated[float, Field(gt=1)]
    likeness: Share
    uneven: Annotated[float, Field(ge=0)] = 0.0


class Measure(Descriptor):
    """An outcome: whether something happened (share), or how much of it (mean).

    A share's column holds 1 or 0 (true or false), and `happened` completes "so many …"; a mean's
    holds numbers in `unit`. `today` is the share (0 to 1) or mean as it is now, `spread` a mean's
    standard deviation between units, `lowest` and `highest` the ends of what can be measured.
    """

    column: Column
    kind: Literal["share", "mean"]
    title: Words
    better: Literal["lower", "higher"]
    happened: Words | None = None
    unit: Words | None = None
    today: float
    spread: Positive | None = None
    lowest: float | None = None
    highest: float | None = None


class Guardrail(Measure):
    """An outcome that must not suffer: worse by `harm` or more is too much."""

    harm: Positive


class Arm(Descriptor):
    """A group of the trial: `size` in units, or in clusters where those are assigned."""

    code: Slug
    title: Words
    size: Count


class Covariate(Descriptor):
    """A measurement from before the trial, and how closely the outcome follows it (−1 to 1)."""

    column: Column
    correlation: Annotated[float, Field(gt=-1, lt=1)] = 0.0


class Delivery(Descriptor):
    """The column that holds the code of the arm that reached a unit; empty if none did."""

    column: Column


class Stop(Descriptor):
    """The one day on which the outcome is looked at, whatever it seems to become before."""

    date: date
    rule: Words


class Analysis(Descriptor):
    """How the outcome is analysed: everyone counts in the arm they were assigned to."""

    method: Literal["intention-to-treat"] = "intention-to-treat"
    confidence: Annotated[float, Field(ge=0.8, lt=1)] = 0.95
    power: Annotated[float, Field(ge=0.5, lt=1)] = 0.8


class Deviation(Descriptor):
    """What was done otherwise than planned, and why; `key` names the part of the plan, if one."""

    date: date
    why: Words
    key: str | None = None


class Plan(Descriptor):
    """A trial as it is planned; the first arm is the one that the others are compared with.

    `smallest_effect` is in the outcome's own unit, for a share from 0 to 1. `strata_explain` is the
    part of the outcome's variance that lies between strata, `balance` names further columns from
    before the trial in which the arms should be alike.
    """

    title: Words
    decision: Decision
    unit: Unit
    cluster: Cluster | None = None
    arms: tuple[Arm, ...]
    arm_column: Column = "arm"
    outcome: Measure
    smallest_effect: Positive
    strata: tuple[Column, ...] = ()
    strata_explain: Share = 0.0
    covariate: Covariate | None = None
    guardrails: tuple[Guardrail, ...] = ()
    balance: tuple[Column, ...] = ()
    delivery: Delivery | None = None
    stop: Stop
    analysis: Analysis = Analysis()
    deviations: tuple[Deviation, ...] = ()

    @property
    def control(self) -> Arm:
        return self.arms[0]

    @property
    def treatments(self) -> tuple[Arm, ...]:
        return self.arms[1:]

    @property
    def confidence(self) -> float:
        """The level of each interval, such that all comparisons hold together (Bonferroni)."""
        return 1 - (1 - self.analysis.confidence) / len(self.treatments)


def read_plan(path: Path) -> Plan:
    """The plan in a file; PlanError lists every problem with its line."""
    problems: list[Problem] = []
    made = read(path, Plan, problems, shown_as=str(path))
    if made:
        problems += _checks(*made)
    if problems or made is None:
        raise PlanError(problems)
    return made[0]


# --- what no single key can know ------------------------------------------------------------------


def _checks(plan: Plan, source: Source) -> Iterator[Problem]:
    yield from _arms(plan, source)
    yield from _measure(plan.outcome, ("outcome",), source)
    for index, guardrail in enumerate(plan.guardrails):
        yield from _measure(guardrail, ("guardrails", index), source)
        harm: Path_ = ("guardrails", index, "harm")
        yield from _change(guardrail, ("guardrails", index), guardrail.harm, harm, source)
    yield from _change(plan.outcome, ("outcome",), plan.smallest_effect, EFFECT, source)
    yield from _columns(plan, source)
    if plan.strata_explain and not plan.strata:
        what = "strata_explain is given, but no strata"
        yield _problem(source, ("strata_explain",), what, fix="add strata:, or delete this line")


def _problem(source: Source, path: Path_, what: str, *more: str, fix: str) -> Problem:
    found, expected = (*more, None, None)[:2]
    return Problem(what, source.file, source.line(path), found, expected, fix)


def _arms(plan: Plan, source: Source) -> Iterator[Problem]:
    if len(plan.arms) < 2:
        what = "a comparison needs two arms"
        fix = "add the arm that is tried below the one that is today's practice"
        yield _problem(source, ("arms",), what, f"{len(plan.arms)}", "2 or more", fix=fix)
    codes = [arm.code for arm in plan.arms]
    for index, arm in enumerate(plan.arms):
        if arm.code in codes[:index]:
            what = f"the code {arm.code!r} stands twice"
            yield _problem(source, ("arms", index, "code"), what, fix="give each arm its own")
        if plan.cluster and arm.size < FEWEST_CLUSTERS:
            what = f"{arm.size} clusters are too few to tell an arm from its clusters"
            fix = "assign smaller clusters, or single units"
            expected = f"{FEWEST_CLUSTERS} or more"
            yield _problem(source, ("arms", index, "size"), what, f"{arm.size}", expected, fix=fix)


def _measure(measure: Measure, path: Path_, source: Source) -> Iterator[Problem]:
    share = measure.kind == "share"
    for key, wanted in (("happened", share), ("unit", not share)):
        if wanted and getattr(measure, key) is None:
            example = {"happened": "missed their appointment", "unit": "days"}[key]
            what = f"a {measure.kind} needs {key}, the words that its numbers are told in"
            yield _problem(source, path, what, fix=f"add {key}: {example}")
    if not share and measure.spread is None:
        what = "a mean needs spread, the standard deviation between units today"
        yield _problem(source, path, what, fix="add spread: …")
    for key in ("spread", "lowest", "highest", "unit") if share else ("happened",):
        if getattr(measure, key, None) is not None:
            what = f"{key} does not belong to a {measure.kind}"
            yield _problem(source, (*path, key), what, fix="delete it")
    low, high = measure.lowest, measure.highest
    if low is not None and high is not None and low >= high:
        what = "lowest is not lower than highest"
        yield _problem(source, (*path, "lowest"), what, f"{low:g} and {high:g}", fix="swap them")
    if (low is None) != (high is None):
        what = "lowest and highest belong together"
        yield _problem(source, path, what, fix="give both, or neither")


def _change(
    measure: Measure, path: Path_, size: float, at: Path_, source: Source
) -> Iterator[Problem]:
    """Whether a change of a share by `size`, which stands at `at`, is one that there can be."""
    if measure.kind == "mean":
        return
    if not 0 < measure.today < 1:
        yield _share_in_points(measure.today, (*path, "today"), source)
        return
    if size >= 1:
        yield _share_in_points(size, at, source)
        return
    falls = (measure.better == "lower") == (at == EFFECT)
    room = measure.today if falls else 1 - measure.today
    if size >= room:
        what = f"{at[-1]} is more than there is room for"
        expected = f"less than {room:.4g}, since today's share is {measure.today:g}"
        fix = "say what change would matter"
        yield _problem(source, at, what, f"{size:g}", expected, fix=fix)


def _share_in_points(value: float, path: Path_, source: Source) -> Problem:
    what = f"{path[-1]} is not a share between 0 and 1"
    fix = f"{value:g} % is written {value / 100:g}" if 1 <= value < 100 else "0.111 is 11.1 %"
    return _problem(source, path, what, f"{value:g}", "more than 0 and less than 1", fix=fix)


def _columns(plan: Plan, source: Source) -> Iterator[Problem]:
    """No column may be known only after the trial and serve as if it were known before."""
    after: dict[str, str] = {plan.outcome.column: "outcome"}
    for index, guardrail in enumerate(plan.guardrails):
        if guardrail.column in after:
            what = f"the column {guardrail.column!r} is an outcome already"
            fix = "name another, or delete this guardrail"
            yield _problem(source, ("guardrails", index, "column"), what, fix=fix)
        after[guardrail.column] = "guardrail"
    if plan.delivery:
        after[plan.delivery.column] = "delivery"
    before: list[tuple[Path_, str]] = [(("unit", "column"), plan.unit.column)]
    before += [(("strata", i), name) for i, name in enumerate(plan.strata)]
    before += [(("balance", i), name) for i, name in enumerate(plan.balance)]
    before += [(("arm_column",), plan.arm_column)]
    if plan.cluster:
        before.append((("cluster", "column"), plan.cluster.column))
    if plan.covariate:
        before.append((("covariate", "column"), plan.covariate.column))
    for path, name in before:
        if name in after:
            what = f"the column {name!r} is the {after[name]}, known only after the trial"
            yield _problem(source, path, what, fix="name a column from before it")
        elif path[0] != "arm_column" and name == plan.arm_column:
            what = f"the column {name!r} is the arm itself"
            yield _problem(source, path, what, fix="name another column, or set arm_column")
