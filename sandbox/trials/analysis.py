"""Analyse a trial as it was planned: the effect on everyone assigned, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sandbox import clock
from sandbox.errors import SandboxError
from sandbox.trials import checks
from sandbox.trials.data import Data, read_data
from sandbox.trials.effects import FEWEST, Bools, Effect, effect
from sandbox.trials.frozen import Change, Frozen, changes, read_frozen
from sandbox.trials.plan import Guardrail, Measure, Plan
from sandbox.trials.robust import Floats

Answer = Literal["yes", "no", "unclear"]
Labels = NDArray[np.str_]
Reason = Literal["counts", "harm", "harm unclear"]


@dataclass(frozen=True)
class Comparison:
    """One outcome of one arm beside the control arm.

    `answer` is, for the primary outcome, whether the arm is worth acting on, and for a guardrail,
    whether it does harm.
    """

    arm: str
    measure: Measure
    effect: Effect
    missing: checks.Missing | None
    answer: Answer
    answer_if_missing_were_worst: Answer


@dataclass(frozen=True)
class Verdict:
    """What follows for one arm, and why it is not what the primary outcome alone says."""

    arm: str
    answer: Answer
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Result:
    """Everything that the report tells; a comparison per arm and outcome."""

    plan: Plan
    frozen: Frozen | None
    changes: tuple[Change, ...]
    analysed: date
    data: Data
    primary: tuple[Comparison, ...]
    guardrails: tuple[Comparison, ...]
    verdicts: tuple[Verdict, ...]
    counts: checks.Counts
    balance: tuple[checks.Balance, ...]
    arrived: tuple[checks.Arrived, ...]
    as_frozen: tuple[Comparison, ...] | None

    @property
    def frozen_late(self) -> bool:
        """Whether the plan was frozen only when the outcome could be known."""
        return self.frozen is not None and self.frozen.at.date() > self.frozen.plan.stop.date


def analyse(path: Path, plan: Plan, file: Path, assignment: Path | None = None) -> Result:
    """Analyse the data in a CSV file by the plan at `path`.

    Raises SandboxError before the day that the plan names, since who looks early and stops when it
    looks good finds effects that are not there; TableError with all that is wrong with the data.
    """
    today = clock.now().date()
    if today < plan.stop.date:
        raise SandboxError(
            f"{path}: the plan looks at the outcome on {plan.stop.date}, and today is {today}.\n"
            "    way out: wait; if the trial must end now, change stop: date: and say under "
            "deviations: why"
        )
    data = read_data(path, plan, file, assignment)
    frozen = read_frozen(path)
    changed = tuple(changes(frozen.plan, plan)) if frozen else ()
    as_frozen = None
    if frozen and changed:
        as_frozen = _primary_as_frozen(path, frozen.plan, file, assignment)
    primary = _primary(plan, data)
    guardrails = tuple(
        _compared(plan, data, guardrail, arm.code)
        for arm in plan.treatments
        for guardrail in plan.guardrails
    )
    counted = _counts(plan, data)
    return Result(
        plan, frozen, changed, today, data, primary, guardrails,
        tuple(_verdict(c, guardrails, counted) for c in primary),
        counted, tuple(_balance(plan, data)), _arrived(plan, data), as_frozen,
    )  # fmt: skip


def _primary(plan: Plan, data: Data) -> tuple[Comparison, ...]:
    return tuple(_compared(plan, data, plan.outcome, arm.code) for arm in plan.treatments)


def _primary_as_frozen(
    path: Path, plan: Plan, file: Path, assignment: Path | None
) -> tuple[Comparison, ...] | None:
    """What the plan as it was frozen finds; None if the data cannot be read by it any more."""
    try:
        return _primary(plan, read_data(path, plan, file, assignment))
    except SandboxError:
        return None


# --- one comparison -------------------------------------------------------------------------------


def _compared(plan: Plan, data: Data, measure: Measure, arm: str) -> Comparison:
    here = np.array([a in (arm, plan.control.code) for a in data.arms])
    treated = np.array(data.arms)[here] == arm
    outcome = data.outcomes[measure.column][here]
    strata = _picked(data.strata, here)
    clusters = _picked(data.clusters, here)
    covariate = None  # it is planned for the primary outcome
    if measure is plan.outcome and data.covariate is not None:
        covariate = data.covariate[here]

    def estimate(values: Floats, known: Bools) -> Effect:
        return effect(
            values[known],
            treated[known],
            kind=measure.kind,
            strata=None if strata is None else list(strata[known]),
            clusters=None if clusters is None else list(clusters[known]),
            covariate=None if covariate is None else covariate[known],
            confidence=plan.confidence,
        )

    known = ~np.isnan(outcome)
    try:
        found = estimate(outcome, known)
    except ValueError:
        things = "clusters" if plan.cluster else "units"
        raise SandboxError(
            f"{measure.column} cannot be compared: {arm} or {plan.control.code} has fewer than "
            f"{FEWEST} {things} with an outcome.\n    way out: is this the data of this trial?"
        ) from None
    lost = checks.missing(measure, outcome, treated, estimate)
    answer = _answer(plan, measure, found.low, found.high)
    worst = answer if lost is None else _answer(plan, measure, lost.low, lost.high)
    return Comparison(arm, measure, found, lost, answer, worst)


def _picked(labels: tuple[str, ...] | None, here: Bools) -> Labels | None:
    return None if labels is None else np.array(labels)[here]


def _answer(plan: Plan, measure: Measure, low: float, high: float) -> Answer:
    """Worth acting on, for the primary outcome; harmful, for a guardrail: yes, no, or unclear."""
    if isinstance(measure, Guardrail):
        wanted, margin = measure.better == "lower", measure.harm
    else:
        wanted, margin = measure.better == "higher", plan.smallest_effect
    return answer(*((low, high) if wanted else (-high, -low)), margin)


def answer(low: float, high: float, margin: float) -> Answer:
    """What an interval says about an effect (positive is the direction asked about) and a margin.

    No: an effect as large as the margin is ruled out. Yes: there is an effect, and one as large as
    the margin is not ruled out. Unclear: neither. So a true effect as large as the margin is found
    as often as the planned power says, and where there is none, a yes is as rare as the confidence
    says.
    """
    if high < margin:
        return "no"
    return "yes" if low > 0 else "unclear"


def _verdict(
    primary: Comparison, guardrails: tuple[Comparison, ...], counted: checks.Counts
) -> Verdict:
    """Counts that cannot be chance leave everything unclear; a yes must also do no harm."""
    if counted.alarm:
        return Verdict(primary.arm, "unclear", ("counts",))
    harm = {g.answer for g in guardrails if g.arm == primary.arm}
    if primary.answer == "yes" and "yes" in harm:
        return Verdict(primary.arm, "no", ("harm",))
    if primary.answer == "yes" and "unclear" in harm:
        return Verdict(primary.arm, "unclear", ("harm unclear",))
    return Verdict(primary.arm, primary.answer)


# --- checks ---------------------------------------------------------------------------------------


def _counts(plan: Plan, data: Data) -> checks.Counts:
    """Of units, or of clusters where those were assigned, in the data."""
    there = [index for index, present in enumerate(data.present) if present]
    if data.clusters is not None:
        found = {(data.arms[i], data.clusters[i]) for i in there}
        arms = [arm for arm, _ in found]
    else:
        arms = [data.arms[i] for i in there]
    return checks.counts([arms.count(a.code) for a in plan.arms], [a.size for a in plan.arms])


def _balance(plan: Plan, data: Data) -> list[checks.Balance]:
    codes = [arm.code for arm in plan.arms]
    return [
        row
        for column, values in data.before.items()
        for row in checks.balance(column, values, data.arms, codes, words=column in plan.strata)
    ]


def _arrived(plan: Plan, data: Data) -> tuple[checks.Arrived, ...]:
    if data.reached is None:
        return ()
    there = [index for index, present in enumerate(data.present) if present]
    arms, reached = ([each[i] for i in there] for each in (data.arms, data.reached))
    return tuple(checks.arrived(arms, reached, [arm.code for arm in plan.arms]))
