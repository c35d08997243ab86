"""Answers to district living conditions: from the bundle alone, and from reading the recipe."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

YEARS = range(2019, 2026)
ROUNDS = 4
UNKNOWN = 1e4  # the variance of what was not seen
ALIKE = 0.75  # how far six indicators of 120 places are taken to differ and go together alike
PLANTED, SMALLEST, LARGEST = 3, 4, 7  # as the brief says
Z95, Z_OF_36 = 1.96, 3.2  # one interval, and one of 36 that are all to hold (Bonferroni)


@dataclass
class City:
    """The published figures as arrays: subdistrict × year × indicator, and what was done where."""

    subdistricts: list[str]
    indicators: list[str]
    types: list[str]
    share: np.ndarray  # in per cent, nan where withheld
    n: np.ndarray
    about: np.ndarray  # subdistrict × (1 and its covariates, standardised)
    in_force: np.ndarray  # subdistrict × year × type
    year_before: np.ndarray  # likewise


def city(database: Path) -> City:
    with sqlite3.connect(database) as db:
        figures = db.execute(
            "SELECT subdistrict_id, year, indicator, value, n FROM indicators"
        ).fetchall()
        places = db.execute(
            "SELECT subdistrict_id, homes_in_blocks_percent, rented_percent, median_income_kroner,"
            " km_to_centre FROM subdistricts ORDER BY 1"
        ).fetchall()
        taken = db.execute(
            "SELECT subdistrict_id, measure_type, start FROM measures_taken"
        ).fetchall()
    subdistricts = [row[0] for row in places]
    indicators = sorted({row[2] for row in figures})
    types = sorted({row[1] for row in taken})
    shape = len(subdistricts), len(YEARS), len(indicators)
    share, n = np.full(shape, np.nan), np.full(shape, np.nan)
    for subdistrict, year, indicator, value, asked in figures:
        at = subdistricts.index(subdistrict), year - YEARS[0], indicators.index(indicator)
        share[at] = np.nan if value is None else value
        n[at] = np.nan if asked is None else asked
    about = np.array([row[1:] for row in places], float)
    about[:, 2:] = np.log(about[:, 2:])
    about = (about - about.mean(0)) / about.std(0)
    in_force = np.zeros((*shape[:2], len(types)))
    year_before = np.zeros_like(in_force)
    for subdistrict, kind, start in taken:
        place, first = subdistricts.index(subdistrict), date.fromisoformat(start).year - YEARS[0]
        in_force[place, first:, types.index(kind)] = 1
        year_before[place, first - 1, types.index(kind)] = 1
    measures = in_force[:, -1].sum(axis=1) - in_force[:, -1].sum(axis=1).mean()
    about = np.column_stack([np.ones(len(about)), about, measures])
    return City(subdistricts, indicators, types, share, n, about, in_force, year_before)


def did(c: City, m: int) -> np.ndarray:
    """Two-way fixed effects: how an indicator changes with each type in force.

    The year before the start has a term of its own: measures are put where it was a bad one.
    """
    seen = ~np.isnan(c.share[:, :, m])
    place, year = np.nonzero(seen)
    y = c.share[:, :, m][seen]
    fixed = np.eye(len(c.subdistricts))[place], np.eye(len(YEARS))[year][:, 1:]
    x = np.column_stack([c.in_force[seen], c.year_before[seen], *fixed])
    usual = np.nanmean(y)
    weight = 1 / (usual * (100 - usual) / c.n[:, :, m][seen] + 4)
    beta = np.linalg.pinv(x.T @ (weight[:, None] * x)) @ (x.T @ (weight * y))
    return beta[: len(c.types)]


def effects(c: City) -> tuple[np.ndarray, float]:
    """(estimate of each type × indicator, standard error); 0 but for three, as the brief says.

    What a type seems to do to all six indicators at once is a good or a bad year, not an effect.
    """
    found = np.column_stack([did(c, m) for m in range(len(c.indicators))])
    found -= np.median(found, axis=1, keepdims=True)
    error = 1.48 * float(np.median(np.abs(found)))  # of a normal distribution, by its median
    error *= np.sqrt(len(c.indicators) / (len(c.indicators) - 1))
    stands_out = np.abs(found) >= np.sort(np.abs(found), axis=None)[-PLANTED]
    sized = np.sign(found) * np.clip(np.abs(found), SMALLEST, LARGEST)
    return np.where(stands_out, sized, 0), error


@dataclass
class Spread:
    """Variances in log-odds: lasting (indicator × indicator), of a year, of chance."""

    lasting: np.ndarray
    year: float
    chance: float

    def prior(self, years: int) -> np.ndarray:
        """Covariance of all rates of a place, year after year."""
        indicators = len(self.lasting)
        return (
            np.kron(np.ones((years, years)), self.lasting)
            + self.year * np.kron(np.eye(years), np.ones((indicators, indicators)))
            + self.chance * np.eye(years * indicators)
        )


Believed = Callable[[Spread], Spread]


def shrunk(c: City, change: np.ndarray, believed: Believed) -> tuple[np.ndarray, ...]:
    """(estimate, low, high) of every rate by empirical Bayes: best linear prediction in log-odds.

    change: what each type does to each indicator, in points. believed: what is made of the
    variances that the figures show.
    """
    moved = np.einsum("syt,tm->sym", c.in_force, change)
    asked = np.nan_to_num(c.n)
    seen = asked > 0
    found = np.nan_to_num(np.clip(c.share - moved, 0, 100)) / 100
    p = np.broadcast_to(np.nanmean(c.share, axis=(0, 1)) / 100, found.shape)
    for _ in range(ROUNDS):  # penalised quasi-likelihood: linearised anew where the last round led
        slope = p * (1 - p)
        noise = np.where(seen, 1 / (np.maximum(asked, 1) * slope), np.inf)
        y = np.log(p / (1 - p)) + np.where(seen, (found - p) / slope, 0)
        expected = _expected(c, y, 1 / (noise + 0.15))
        rest = np.where(seen, y - expected, np.nan)
        mean, variance = _predicted(rest, noise, believed(_variances(rest, noise)))
        p = 1 / (1 + np.exp(-(expected + mean)))
    centre, margin = expected + mean, Z95 * np.sqrt(variance)
    ends = (100 / (1 + np.exp(-(centre + side * margin))) + moved for side in (0, -1, 1))
    return tuple(np.clip(end, 0, 100) for end in ends)


def _expected(c: City, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """By year, and by what is known of the subdistrict, for each indicator."""
    expected = np.zeros_like(y)
    places, years, indicators = y.shape
    x = np.column_stack([
        np.repeat(c.about[:, 1:], years, axis=0), np.tile(np.eye(years), (places, 1)),
        c.year_before.sum(axis=2).reshape(-1, 1),
    ])  # fmt: skip
    for m in range(indicators):
        w = weight[:, :, m].ravel()
        beta = np.linalg.pinv(x.T @ (w[:, None] * x)) @ (x.T @ (w * y[:, :, m].ravel()))
        expected[:, :, m] = (x @ beta).reshape(places, years)
    return expected


def _variances(rest: np.ndarray, noise: np.ndarray) -> Spread:
    """Products of residuals across years show what lasts, within a year what passes."""
    _, years, indicators = rest.shape
    weight = np.where(np.isnan(rest), 0, 1 / (noise + 0.15))
    r = np.nan_to_num(rest)
    weighted = r * weight
    total = np.einsum("sym,szk->yzmk", weighted, weighted)
    mass = np.einsum("sym,szk->yzmk", weight, weight)
    apart, together = ~np.eye(years, dtype=bool), np.eye(years, dtype=bool)
    lasting = total[apart].sum(0) / mass[apart].sum(0)
    lasting = (lasting + lasting.T) / 2
    others = ~np.eye(indicators, dtype=bool)
    alike = np.where(others, lasting[others].mean(), np.diag(lasting).mean())
    lasting = (1 - ALIKE) * lasting + ALIKE * alike
    same = total[together].sum(0) / mass[together].sum(0)
    year = max(float((same - lasting)[others].mean()), 1e-4)
    values, vectors = np.linalg.eigh(lasting)
    lasting = (vectors * np.maximum(values, 1e-3)) @ vectors.T
    return _weighed(rest, noise, Spread(lasting, year, 0))


def _weighed(rest: np.ndarray, noise: np.ndarray, known: Spread) -> Spread:
    """With the chance that fits best, each weighed by its likelihood: moments tell it too roughly.

    How wide the intervals are hangs on it.
    """
    flat = rest.reshape(len(rest), -1)
    seen = ~np.isnan(flat)
    r = np.where(seen, flat, 0)[:, :, None]
    spread = np.where(seen, noise.reshape(flat.shape), UNKNOWN)
    noises = np.eye(flat.shape[1]) * spread[:, :, None]
    candidates = [replace(known, chance=sd**2) for sd in np.linspace(0.02, 0.3, 29)]
    log = []
    for candidate in candidates:
        root = np.linalg.cholesky(candidate.prior(rest.shape[1]) + noises)
        white = np.linalg.solve(root, r)
        log.append(-np.log(np.diagonal(root, axis1=1, axis2=2)).sum() - (white**2).sum() / 2)
    weight = np.exp(np.array(log) - max(log))
    return replace(known, chance=np.average([c.chance for c in candidates], weights=weight))


def _predicted(rest: np.ndarray, noise: np.ndarray, known: Spread) -> tuple[np.ndarray, ...]:
    places, years, _ = rest.shape
    prior = known.prior(years)
    mean, variance = np.zeros((places, prior.shape[0])), np.zeros((places, prior.shape[0]))
    for place in range(places):
        r, v = rest[place].ravel(), noise[place].ravel()
        seen = ~np.isnan(r)
        gain = prior[:, seen] @ np.linalg.inv(prior[np.ix_(seen, seen)] + np.diag(v[seen]))
        mean[place] = gain @ r[seen]
        variance[place] = np.diag(prior) - (gain * prior[:, seen]).sum(1)
    return mean.reshape(rest.shape), np.maximum(variance, 0).reshape(rest.shape)


Answer = tuple[float, float, float]


def answers(c: City, rates: tuple[np.ndarray, ...], estimate, error) -> dict[str, Answer]:
    """Item → estimate, low, high."""
    given: dict[str, Answer] = {}
    for s, subdistrict in enumerate(c.subdistricts):
        for y, year in enumerate(YEARS):
            for m, indicator in enumerate(c.indicators):
                item = f"{subdistrict}-{year}-{indicator}"
                given[item] = tuple(float(side[s, y, m]) for side in rates)
    for t, kind in enumerate(c.types):
        for m, indicator in enumerate(c.indicators):
            middle, half = estimate[t, m], error * (Z95 if estimate[t, m] else Z_OF_36)
            given[f"effect-{kind}-{indicator}"] = (middle, middle - half, middle + half)
    return given


def reference(database: Path) -> dict[str, Answer]:
    """Shrinkage for the rates, difference-in-differences for the effects."""
    return _answered(database, lambda shown: shown)


def middle(database: Path) -> dict[str, Answer]:
    """The same by an insider, who takes variances from the recipe, its secrets at mid-range."""
    lasting, closeness, unexplained = 0.44, 0.65, 0.38  # of the need, by income and blocks
    own = np.eye(6) * (1 - closeness**2)
    told = Spread(lasting**2 * (own + unexplained * closeness**2), 0.19**2, 0.11**2)
    return _answered(database, lambda _: told)


def within(database: Path) -> dict[str, Answer]:
    """The same by an insider who believes the figures as far as the recipe's ranges allow."""

    def told(shown: Spread) -> Spread:
        return replace(
            shown,
            year=float(np.clip(shown.year, 0.13**2, 0.25**2)),
            chance=float(np.clip(shown.chance, 0.05**2, 0.17**2)),
        )

    return _answered(database, told)


def _answered(database: Path, believed: Believed) -> dict[str, Answer]:
    c = city(database)
    estimate, error = effects(c)
    return answers(c, shrunk(c, estimate, believed), estimate, error)
