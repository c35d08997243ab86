"""How large a trial must be to see an effect, and how small an effect it can see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import Literal

from scipy import stats
from scipy.optimize import brentq

from sandbox.trials.plan import Arm, Guardrail, Measure, Plan

LARGEST = 2**40  # units in an arm: more than there are people
NORMAL = inf  # degrees of freedom with which Student's t is the normal distribution


@dataclass(frozen=True)
class Design:
    """What decides the power of one comparison of two arms.

    `today` is the control arm's share (0 to 1) or mean, `spread` a mean's standard deviation
    between units. `better` says in which direction an effect goes. `ratio` is the size of the other
    arm divided by the control arm's. `confidence` is the interval's level, two-sided. With
    clusters, sizes are numbers of clusters: `cluster_size` units each, of intracluster correlation
    `likeness` and with a coefficient of variation `uneven` of their sizes. `explained` is the part
    of the outcome's variance that strata and covariate take away.
    """

    kind: Literal["share", "mean"]
    today: float
    better: Literal["lower", "higher"] = "lower"
    spread: float = 0.0
    ratio: float = 1.0
    confidence: float = 0.95
    power: float = 0.8
    cluster_size: float | None = None
    likeness: float = 0.0
    uneven: float = 0.0
    explained: float = 0.0

    @property
    def inflation(self) -> float:
        """By how much the variance is that of independent units, unexplained by anything.

        Clusters multiply it by 1 + ((1 + cv²) m − 1) ICC (Kish 1965; for uneven sizes Eldridge,
        Ashby, Kerry, Int. J. Epidemiology 35, 2006), what is explained by 1 − R² (for a covariate
        Deng et al. 2013, equation 4: R² = ρ²).
        """
        effect = 1.0
        if self.cluster_size:
            effect += ((1 + self.uneven**2) * self.cluster_size - 1) * self.likeness
        return effect * (1 - self.explained)

    @property
    def room(self) -> float:
        """The largest effect that there can be."""
        if self.kind == "mean":
            return inf
        return self.today if self.better == "lower" else 1 - self.today


def power(design: Design, effect: float, size: float) -> float:
    """The probability that the interval lies on the right side of no effect.

    `size` is the control arm's, in units or clusters. Shares: the normal approximation with the
    pooled variance under no effect (Fleiss, Levin, Paik, Statistical Methods for Rates and
    Proportions, 3rd ed. 2003, equation 4.14, without continuity correction). Means: the noncentral
    t distribution (Cohen 1988, 2.3). Clusters: Student's t with a degree of freedom less per arm
    than there are clusters (Donner, Klar 2000, chapter 5).
    """
    control, other = size, size * design.ratio
    degrees = control + other - 2
    units = design.cluster_size or 1.0
    per_unit = design.inflation * (1 / (control * units) + 1 / (other * units))
    if design.kind == "mean":
        critical = stats.t.isf((1 - design.confidence) / 2, degrees)
        shift = effect / (design.spread * sqrt(per_unit))
        return float(stats.nct.sf(critical, degrees, shift)) if shift < 30 else 1.0
    degrees = degrees if design.cluster_size else NORMAL
    critical = stats.t.isf((1 - design.confidence) / 2, degrees)
    mine = design.today + (effect if design.better == "higher" else -effect)
    pooled = (design.today + design.ratio * mine) / (1 + design.ratio)
    under_none = sqrt(pooled * (1 - pooled) * per_unit)
    variance = design.today * (1 - design.today) / control + mine * (1 - mine) / other
    under_effect = sqrt(max(variance, 0.0) * design.inflation / units)
    if under_effect == 0:
        return float(effect > critical * under_none)
    return float(stats.t.cdf((effect - critical * under_none) / under_effect, degrees))


def size_for(design: Design, effect: float) -> int | None:
    """The smallest control arm, in units or clusters, that sees `effect` with the design's power.

    None if no arm is large enough: there is no room for such an effect.
    """
    if not 0 < effect <= design.room:
        return None
    low, high = 1, 2  # low is too small, always
    while power(design, effect, high) < design.power:
        low, high = high, high * 2
        if high > LARGEST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        seen = power(design, effect, middle) >= design.power
        low, high = (low, middle) if seen else (middle, high)
    return high


def effect_for(design: Design, size: float) -> float | None:
    """The smallest effect that a control arm of `size` sees with the design's power.

    None if it cannot even see the largest effect that there is room for.
    """
    if design.kind == "share":
        highest = design.room
    else:
        highest = design.spread
        while power(design, highest, size) < design.power:
            highest *= 2
    if power(design, highest, size) < design.power:
        return None
    found: float = brentq(lambda e: power(design, e, size) - design.power, highest * 1e-9, highest)
    return found


def between_strata(sizes: Sequence[float], shares: Sequence[float]) -> float:
    """The part of a share's variance that lies between strata, from 0 to 1.

    `sizes` are the strata's units, `shares` the expected share in each: p (1 − p) is the mean of
    the strata's own variances plus the variance of their shares.
    """
    everything = sum(sizes)
    whole = sum(n * p for n, p in zip(sizes, shares, strict=True)) / everything
    between = sum(n * (p - whole) ** 2 for n, p in zip(sizes, shares, strict=True)) / everything
    return between / (whole * (1 - whole)) if 0 < whole < 1 else 0.0


# --- of a plan ------------------------------------------------------------------------------------


def designs(plan: Plan) -> list[Design]:
    """The primary comparison of each arm with the control arm, in the plan's order."""
    correlation = plan.covariate.correlation if plan.covariate else 0.0
    explained = 1 - (1 - plan.strata_explain) * (1 - correlation**2)
    return [_design(plan, plan.outcome, arm, explained) for arm in plan.treatments]


def _design(plan: Plan, measure: Measure, arm: Arm, explained: float) -> Design:
    cluster = plan.cluster
    return Design(
        measure.kind,
        measure.today,
        measure.better,
        measure.spread or 0.0,
        arm.size / plan.control.size,
        plan.confidence,
        plan.analysis.power,
        cluster.size if cluster else None,
        cluster.likeness if cluster else 0.0,
        cluster.uneven if cluster else 0.0,
        explained,
    )


@dataclass(frozen=True)
class Sight:
    """What an arm of a plan can see beside the control arm.

    `sees` is the smallest effect at the planned size; `needed` the control arm's size for the
    smallest effect worth acting on. None where there is none.
    """

    arm: str
    sees: float | None
    needed: int | None
    enough: bool


def sights(plan: Plan) -> list[Sight]:
    """What each arm of the plan can see of the primary outcome."""
    found = []
    for arm, design in zip(plan.treatments, designs(plan), strict=True):
        needed = size_for(design, plan.smallest_effect)
        enough = needed is not None and plan.control.size >= needed
        found.append(Sight(arm.code, effect_for(design, plan.control.size), needed, enough))
    return found


def size_against_harm(plan: Plan, guardrail: Guardrail) -> int | None:
    """The control arm's size that rules the harm out, with the plan's power, if there is none.

    It is the size that sees an effect as large as the harm in the direction of harm; of several
    arms the one that takes most. None if no size is enough.
    """
    worse: Literal["lower", "higher"] = "higher" if guardrail.better == "lower" else "lower"
    designs = (replace(_design(plan, guardrail, arm, 0.0), better=worse) for arm in plan.treatments)
    sizes = [size_for(design, guardrail.harm) for design in designs]
    return None if None in sizes else max(size for size in sizes if size is not None)
