"""How often a trial's 95 % interval covers the truth, and how often no effect is called one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Goal, Row
from sandbox.randomness import uniform, words
from sandbox.recipes.keyed import normal
from sandbox.trials.assignment import draw
from sandbox.trials.effects import Effect, effect

TRIALS = 2_000  # of each kind with an effect, and as many without
SEED = b"benchmark"
LEAST_COVERED, MOST_COVERED = 93.0, 97.0  # per cent
LEAST_ALARMS, MOST_ALARMS = 3.5, 6.5
SIGNIFICANT = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Chance:
    """The words of one generated trial: the same number, the same trial."""

    kind: str
    number: int

    def uniform(self, site: str, count: int) -> Floats:
        return uniform(words(SEED, f"trials.{self.kind}.{self.number}", site, 0, count))

    def normal(self, site: str, count: int) -> Floats:
        return normal(words(SEED, f"trials.{self.kind}.{self.number}", site, 0, count))

    def assigned(self, count: int, strata: NDArray[Any] | None = None) -> NDArray[np.bool_]:
        """Half of so many units, or clusters, by the kit's own lot."""
        names = [f"{index:05}" for index in range(count)]
        labels = [""] * count if strata is None else [str(label) for label in strata]
        sizes = {"control": count // 2, "other": count // 2}
        seed = f"{self.kind} {self.number}".encode()
        return np.asarray(np.array(draw(seed, names, labels, sizes)) == "other", np.bool_)


@dataclass(frozen=True)
class Kind:
    """A kind of trial: `run` makes and analyses one with an effect of a size."""

    name: str
    size: float
    run: Callable[[Chance, float], Effect]


def _plain(chance: Chance, size: float) -> Effect:
    treated = chance.assigned(1_000)
    happened = chance.uniform("outcome", 1_000) < 0.111 + size * treated
    return effect(happened.astype(float), treated, kind="share")


def _rare(chance: Chance, size: float) -> Effect:
    treated = chance.assigned(400)
    happened = chance.uniform("outcome", 400) < 0.02 + size * treated
    return effect(happened.astype(float), treated, kind="share")


def _stratified(chance: Chance, size: float) -> Effect:
    strata = (chance.uniform("stratum", 900) * 6).astype(np.int64)
    treated = chance.assigned(900, strata)
    happened = chance.uniform("outcome", 900) < 0.08 + 0.09 * strata + size * treated
    labels = [str(label) for label in strata]
    return effect(happened.astype(float), treated, kind="share", strata=labels)


def _pairs(chance: Chance, size: float) -> Effect:
    strata = np.repeat(np.arange(40), 2)
    treated = chance.assigned(80, strata)
    outcome = chance.normal("pair", 40)[strata] + chance.normal("unit", 80) + size * treated
    return effect(outcome, treated, strata=[str(label) for label in strata])


def _few_large(chance: Chance, size: float) -> Effect:
    return _clustered(chance, size, clusters=12, fewest=50, most=150, between=0.06)


def _many_small(chance: Chance, size: float) -> Effect:
    return _clustered(chance, size, clusters=160, fewest=2, most=8, between=0.35)


def _clustered(
    chance: Chance, size: float, *, clusters: int, fewest: int, most: int, between: float
) -> Effect:
    """Shares that differ by up to `between` around 0.4 from cluster to cluster."""
    sizes = fewest + (chance.uniform("size", clusters) * (most - fewest + 1)).astype(np.int64)
    cluster = np.repeat(np.arange(clusters), sizes)
    treated = chance.assigned(clusters)[cluster]
    own = 0.4 + between * (2 * chance.uniform("cluster", clusters) - 1)
    happened = chance.uniform("outcome", len(cluster)) < own[cluster] + size * treated
    labels = [str(label) for label in cluster]
    return effect(happened.astype(float), treated, kind="share", clusters=labels)


def _with_covariate(chance: Chance, size: float) -> Effect:
    before = chance.normal("before", 400)
    treated = chance.assigned(400)
    outcome = 0.7 * before + 0.714 * chance.normal("after", 400) + size * treated
    known = np.where(chance.uniform("known", 400) < 0.95, before, np.nan)
    return effect(outcome, treated, covariate=known)


def _skewed(chance: Chance, size: float) -> Effect:
    treated = chance.assigned(600)
    return effect(np.exp(chance.normal("outcome", 600)) + size * treated, treated)


def _handful(chance: Chance, size: float) -> Effect:
    treated = chance.assigned(10)
    return effect(chance.normal("outcome", 10) * (1 + treated) + size * treated, treated)


KINDS = (
    Kind("plain shares", -0.05, _plain),
    Kind("rare shares", 0.02, _rare),
    Kind("shares in 6 strata", 0.05, _stratified),
    Kind("means in 40 pairs", 0.5, _pairs),
    Kind("12 large clusters", 0.05, _few_large),
    Kind("160 small clusters", -0.05, _many_small),
    Kind("means with a covariate (CUPED)", 0.2, _with_covariate),
    Kind("skewed means", 0.3, _skewed),
    Kind("means of 5 and 5, uneven spread", 1.0, _handful),
)


@dataclass(frozen=True)
class Tried:
    """Shares of trials (0 to 1): whose interval covers the truth, and who call no effect one."""

    covered: float
    alarms: float


def tried(kind: Kind, trials: int) -> Tried:
    """So many trials of a kind with its effect, and as many without one."""
    covered = alarms = 0
    for number in range(trials):
        found = kind.run(Chance(kind.name, number), kind.size)
        covered += found.low <= kind.size <= found.high
        alarms += kind.run(Chance(f"{kind.name}, no effect", number), 0.0).p < SIGNIFICANT
    return Tried(covered / trials, alarms / trials)


def measure() -> Iterator[Row | Goal]:
    """Every kind of trial, 2,000 times with an effect and 2,000 times without."""
    for kind in KINDS:
        found = tried(kind, TRIALS)
        covered, alarms = 100 * found.covered, 100 * found.alarms
        yield Row(f"{kind.name}: the interval covers", covered, "%")
        yield Row(f"{kind.name}: no effect called one", alarms, "%")
        yield Goal(f"{kind.name}: covers", covered, "at least", LEAST_COVERED, "%")
        yield Goal(f"{kind.name}: covers", covered, "at most", MOST_COVERED, "%")
        yield Goal(f"{kind.name}: false alarms", alarms, "at least", LEAST_ALARMS, "%")
        yield Goal(f"{kind.name}: false alarms", alarms, "at most", MOST_ALARMS, "%")
