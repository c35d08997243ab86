"""Answers to the reminder letter trial: from the bundle alone, from the recipe, from habit."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import binom, norm
from sklearn.linear_model import LogisticRegression

STRICT = 0.001  # how seldom chance alone may call a rehearsal broken
TWO_SIDED = norm.ppf(0.975)


@dataclass(frozen=True)
class Rehearsals:
    """The rows of all rehearsals as arrays, and the number of the rehearsal of each."""

    keys: list
    number: np.ndarray
    household: np.ndarray
    traits: np.ndarray
    planned: np.ndarray
    new: np.ndarray
    sent: np.ndarray
    stayed_away: np.ndarray


@dataclass(frozen=True)
class Prior:
    """What is known of an effect before its rehearsal is looked at, in percentage points."""

    mean: float
    spread: float


def rehearsals(tables) -> Rehearsals:
    """tables: the published ones by name, as Arrow."""
    row = tables["replicate_rows"]
    keys = tables["replicates"].column("replicate")
    return _rows(tables, row, keys.to_pylist(), _places(row.column("replicate"), keys))


def trial(tables) -> Rehearsals:
    """The trial itself in the same form, as number 0 and alone."""
    row = tables["assignment"]
    for name, column in (("delivery", "letter_sent"), ("outcomes", "no_show")):
        row = row.append_column(column, tables[name].column(column))
    return _rows(tables, row, ["trial"], np.zeros(len(row), int))


def _rows(tables, row, keys, number):
    patients = tables["appointments"]
    at = _places(row.column("appointment_id"), patients.column("appointment_id"))
    clinic = _places(patients.column("clinic_code"), tables["clinics"].column("clinic_code"))
    traits = [_dummies(clinic)]
    traits += [_dummies(np.asarray(patients.column(c))) for c in ("prior_noshow", "age_band")]
    return Rehearsals(
        keys=keys,
        number=number,
        household=_places(patients.column("household_id"),
                          tables["patient_households"].column("household_id"))[at],
        traits=np.hstack(traits)[at],
        planned=np.asarray(tables["clinics"].column("planned_share"))[clinic][at],
        new=np.asarray(pc.equal(row.column("arm"), "cost")),
        sent=np.asarray(pc.equal(row.column("letter_sent"), "cost")),
        stayed_away=np.asarray(row.column("no_show").cast(pa.float64())),
    )  # fmt: skip


def _places(values, keys):
    return np.asarray(pc.index_in(values, value_set=keys.combine_chunks()))


def _dummies(values):
    return (values[:, None] == np.unique(values)[None, 1:]).astype(float)


# --- what went wrong ------------------------------------------------------------------------------


def broken(all_: Rehearsals) -> list:
    """For each rehearsal: what went wrong in it, or None."""
    rows = np.bincount(all_.number)
    marks = all_.new != all_.sent, np.isnan(all_.stayed_away)
    stray, lost = (np.median(np.bincount(all_.number, mark) / rows) for mark in marks)
    return [_fault(all_, all_.number == number, stray, lost) for number in range(len(all_.keys))]


def _fault(all_, rows, stray, lost):
    first = np.unique(all_.household[rows], return_index=True)[1]
    new, planned = all_.new[rows][first], all_.planned[rows][first]
    lopsided = (new - planned).sum() / np.sqrt((planned * (1 - planned)).sum())
    if 2 * norm.sf(abs(lopsided)) < STRICT:
        return "moved"
    other = (all_.new != all_.sent)[rows][first].sum()
    if binom.sf(other - 1, len(first), stray) < STRICT:
        return "mixed up"
    gone = np.isnan(all_.stayed_away[rows])
    for arm in (True, False):
        of = gone[all_.new[rows] == arm]
        if binom.sf(of.sum() - 1, len(of), lost) < STRICT:
            return "not recorded"
    return None


# --- how large the effect is ----------------------------------------------------------------------


def risk(all_: Rehearsals, faults) -> np.ndarray:
    """How likely each was to stay away after the usual letter, learnt from all rehearsals."""
    sound = np.array([fault is None for fault in faults])[all_.number]
    usual = sound & ~all_.new & ~all_.sent & ~np.isnan(all_.stayed_away)
    model = LogisticRegression(C=1e4, max_iter=200)
    model.fit(all_.traits[usual], all_.stayed_away[usual])
    return model.predict_proba(all_.traits)[:, 1]


def effect(all_: Rehearsals, rows, expected) -> tuple:
    """Estimate and standard error as assigned, in percentage points.

    Weighted by the planned chance of the arm, adjusted for the expected risk (Lin 2013), errors
    robust to households.
    """
    rows = rows & ~np.isnan(all_.stayed_away)
    new, planned, y = all_.new[rows].astype(float), all_.planned[rows], all_.stayed_away[rows]
    centred = expected[rows] - expected[rows].mean()
    design = np.column_stack([np.ones(len(y)), new, centred, new * centred])
    weight = np.where(new == 1, 1 / planned, 1 / (1 - planned))
    inverse = np.linalg.inv(design.T @ (design * weight[:, None]))
    fitted = inverse @ (design.T @ (weight * y))
    scores = design * (weight * (y - design @ fitted))[:, None]
    groups = np.unique(all_.household[rows], return_inverse=True)[1]
    sums = np.zeros((groups.max() + 1, 4))
    np.add.at(sums, groups, scores)
    small = len(sums) / (len(sums) - 1) * (len(y) - 1) / (len(y) - 4)
    variance = small * (inverse @ (sums.T @ sums) @ inverse)[1, 1]
    return 100 * fitted[1], 100 * np.sqrt(variance)


def prior(found, faults) -> Prior:
    """Mean and spread of the true effects, learnt from the rehearsals themselves.

    Not weighted by their errors: a letter that helps has the smaller one, and would weigh more.
    """
    estimate, error = found[[fault is None for fault in faults]].T
    return Prior(estimate.mean(), max(estimate.var() - (error**2).mean(), 0.01) ** 0.5)


@dataclass(frozen=True)
class Analysis:
    """What one analysis, the same for all rehearsals, finds in each by its own data."""

    all: Rehearsals
    faults: list
    effects: np.ndarray  # estimate and standard error, in percentage points


def analysed(tables) -> Analysis:
    all_ = rehearsals(tables)
    faults = broken(all_)
    expected = risk(all_, faults)
    numbers = range(len(all_.keys))
    return Analysis(all_, faults, np.array([effect(all_, all_.number == n, expected)
                                            for n in numbers]))  # fmt: skip


def reference(found: Analysis) -> dict:
    """Answers in which each rehearsal is weighed with what all of them have in common."""
    return answers(found, prior(found.effects, found.faults))


def answers(found: Analysis, known: Prior) -> dict:
    effects = found.effects.copy()
    for number, fault in enumerate(found.faults):
        if fault == "mixed up":
            effects[number] /= reached(found.all, found.all.number == number)
    for fault in ("moved", "not recorded"):
        of = np.array([f == fault for f in found.faults])
        effects[of] = corrected(effects[of], known)
    return {
        key: answer(*shrunk(*effects[number], known), found.faults[number] is None)
        for number, key in enumerate(found.all.keys)
    }


def reached(all_: Rehearsals, rows) -> float:
    """How many more got the new letter among those who were to have it (Angrist and Imbens)."""
    new, sent = all_.new[rows], all_.sent[rows]
    return sent[new].mean() - sent[~new].mean()


def corrected(found, known: Prior) -> np.ndarray:
    """Estimates that a fault pushes to one side, pushed back by how far they lie off together."""
    if len(found) < 3:
        return np.column_stack([found[:, :1], np.full(len(found), np.inf)])
    estimate, error = found.T
    bias = estimate.mean() - known.mean
    doubt = (known.spread**2 + (error**2).mean()) / len(found)
    return np.column_stack([estimate - bias, np.sqrt(error**2 + doubt)])


def shrunk(estimate, error, known: Prior) -> tuple:
    """The estimate and its error after what is known beforehand is weighed in."""
    if np.isinf(error):
        return known.mean, known.spread
    share = known.spread**2 / (known.spread**2 + error**2)
    return known.mean + share * (estimate - known.mean), share**0.5 * error


def answer(estimate, error, sound) -> dict:
    reach = TWO_SIDED * error
    return {
        "estimate": estimate,
        "low": estimate - reach,
        "high": estimate + reach,
        "trustworthy": "yes" if sound else "no",
    }
