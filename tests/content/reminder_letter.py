"""Answers to the reminder letter trial: from the bundle alone, and from reading the recipe.

Both weigh all rehearsals in one model. Whoever stays away has bad luck that the letter did not
undo: a luck below the risk of that day, drawn alone or together with the household. A letter
changes each one's risk in proportion. What can go wrong is part of the model, too. The two answers
differ in what they believe before they look: the reference hardly anything, the insider all that
the recipe says.
"""

from dataclasses import dataclass, fields, replace
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

FAULTS = SOUND, MOVED, MIXED_UP, NOT_RECORDED = range(4)  # what may have gone wrong
STEP = 0.125
CHANGES = np.arange(-2, 3, STEP)  # of a risk by a letter: -1 takes all of it away
SOME = CHANGES[::2]  # enough for what all rehearsals have in common
DRAWS = 500
TOGETHER, UNLUCKY = 0.75, 0.6  # the dataset says so
TINY = 1e-300


@dataclass(frozen=True)
class Rows:
    """The rows of all rehearsals as arrays, by rehearsal (its number) and household.

    row: where it stands in its table. risk: how likely each was to stay away after the usual
    letter, once that is known.
    """

    row: np.ndarray
    number: np.ndarray
    household: np.ndarray
    traits: np.ndarray
    repeater: np.ndarray
    planned: np.ndarray
    new: np.ndarray
    sent: np.ndarray
    stayed_away: np.ndarray
    risk: np.ndarray

    def part(self, rows) -> "Rows":
        return Rows(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def each(self) -> list["Rows"]:
        """One after the other."""
        ends = np.flatnonzero(np.diff(self.number)) + 1
        return [self.part(rows) for rows in np.split(np.arange(len(self.number)), ends)]

    def first(self) -> np.ndarray:
        """The first row of each household."""
        moves = (np.diff(self.household) != 0) | (np.diff(self.number) != 0)
        return np.flatnonzero(np.concatenate([[True], moves]))


def rehearsals(tables) -> Rows:
    """tables: the published ones by name, as Arrow."""
    row = tables["replicate_rows"]
    keys = tables["replicates"].column("replicate")
    return _rows(tables, row, _places(row.column("replicate"), keys))


def trial(tables) -> Rows:
    """The trial itself in the same form, as number 0 and alone."""
    row = tables["assignment"]
    for name, column in (("delivery", "letter_sent"), ("outcomes", "no_show")):
        row = row.append_column(column, tables[name].column(column))
    return _rows(tables, row, np.zeros(len(row), int))


def _rows(tables, row, number) -> Rows:
    patients = tables["appointments"]
    at = _places(row.column("appointment_id"), patients.column("appointment_id"))
    clinic = _places(patients.column("clinic_code"), tables["clinics"].column("clinic_code"))
    before, age = (np.asarray(patients.column(c)) for c in ("prior_noshow", "age_band"))
    household = _places(patients.column("household_id"),
                        tables["patient_households"].column("household_id"))[at]  # fmt: skip
    return Rows(
        row=np.arange(len(row)),
        number=number,
        household=household,
        traits=np.hstack([_dummies(values) for values in (clinic, before, age)])[at],
        repeater=(before > 0)[at],
        planned=np.asarray(tables["clinics"].column("planned_share"))[clinic][at],
        new=np.asarray(pc.equal(row.column("arm"), "cost")),
        sent=np.asarray(pc.equal(row.column("letter_sent"), "cost")),
        stayed_away=np.asarray(row.column("no_show").cast(pa.float64())),
        risk=np.full(len(row), np.nan),
    ).part(np.lexsort([household, number]))


def _places(values, keys):
    return np.asarray(pc.index_in(values, value_set=keys.combine_chunks()))


def _dummies(values):
    return (values[:, None] == np.unique(values)[None, 1:]).astype(float)


# --- what is believed, and what is learnt ---------------------------------------------------------

Range = tuple[float, float]


@dataclass(frozen=True)
class Beliefs:
    """Between which values each thing may lie that the rehearsals have in common."""

    stray: Range = (0.0, 0.1)
    lost: Range = (0.0, 0.1)
    strength: Range = (0.4, 2.4)
    moved: Range = (0.2, 0.8)
    mixed_up: Range = (0.2, 0.8)
    not_recorded: Range = (0.2, 0.8)
    share: Range = (0.005, 0.2)
    change: Range = (-1.0, 1.0)
    spread: Range = (0.2, 1.2)


REFERENCE = Beliefs()
# What the recipe tells of its secrets, and its constants.
INSIDER = Beliefs(
    stray=(0.004, 0.004),
    lost=(0.012, 0.012),
    strength=(0.7, 1.8),
    moved=(0.25, 0.75),
    mixed_up=(0.25, 0.75),
    not_recorded=(0.25, 0.75),
    share=(0.02, 0.07),
    change=(-0.3, 0.1),
    spread=(0.5, 0.65),
)


@dataclass(frozen=True)
class Common:
    """What the rehearsals have in common.

    stray: the share of letters that are mixed up anyhow. lost: of outcomes that are not written
    down. together: of households with one luck. strength: how many times as much a letter changes
    for who stayed away before. A fault befalls some of those whose luck is below UNLUCKY, or of
    those who stayed away: the share that its name tells.
    """

    stray: float
    lost: float
    strength: float = 1.0
    moved: float = 0.5
    mixed_up: float = 0.5
    not_recorded: float = 0.5


def learnt_risk(rows: Rows, sound) -> np.ndarray:
    """sound: how far each row's rehearsal is believed."""
    usual = ~rows.new & ~rows.sent & ~np.isnan(rows.stayed_away)
    model = LogisticRegression(C=1e4, max_iter=200)
    model.fit(rows.traits[usual], rows.stayed_away[usual], sample_weight=sound[usual])
    return model.predict_proba(rows.traits)[:, 1]


def learnt(rows: Rows, believed: Beliefs) -> Common:
    """One thing after the other, as likely as the rehearsals make its values."""
    common, each = at_first(rows, believed), rows.each()
    common = _likeliest(common, "strength", believed, each, (SOUND,))
    found = [likelihoods(one, common, FAULTS, SOME) for one in each]
    wrong = [one for one, log in zip(each, found, strict=True)
             if logsumexp(log, axis=0).argmax() != SOUND]  # fmt: skip
    for name in ("moved", "mixed_up", "not_recorded"):
        common = _likeliest(common, name, believed, wrong, FAULTS)
    return common


def at_first(rows: Rows, believed: Beliefs) -> Common:
    """What most rehearsals show at once, and something in the middle for the rest."""
    size = np.bincount(rows.number)
    marks = rows.new != rows.sent, np.isnan(rows.stayed_away)
    usual = [np.median(np.bincount(rows.number, mark) / size) for mark in marks]
    return Common(*map(np.clip, usual, *zip(believed.stray, believed.lost, strict=True)))


def _likeliest(common: Common, name: str, believed: Beliefs, each, faults) -> Common:
    """The best of seven values from end to end, and then the mean of seven about it."""
    low, high = getattr(believed, name)
    values, step = np.linspace(low, high, 7), (high - low) / 6

    def likely(values):
        candidates = [replace(common, **{name: value}) for value in values]
        return np.array([sum(logsumexp(likelihoods(one, candidate, faults, SOME)) for one in each)
                         for candidate in candidates])  # fmt: skip

    best = values[likely(values).argmax()]
    values = np.clip(best + step * np.linspace(-0.9, 0.9, 7), low, high)
    log = likely(values)
    return replace(common, **{name: values @ np.exp(log - logsumexp(log))})


# --- how likely what is seen is -------------------------------------------------------------------


def with_letter(rows: Rows, common: Common, change) -> np.ndarray:
    """row × change: how likely each is to stay away after the new letter."""
    strength = np.where(rows.repeater, common.strength, 1)[:, None]
    return np.clip(rows.risk[:, None] * (1 + change * strength), 0, 1)


def lucks(first, risk, stayed_away):
    """household × change: between which values a luck in common lies; the likelihood without one.

    risk: row × change. stayed_away: 1, 0 or nan, as broad or one column.
    """
    away, came = stayed_away == 1, stayed_away == 0
    low = np.maximum.reduceat(np.where(came, risk, 0), first)
    high = np.minimum.reduceat(np.where(away, risk, 1), first)
    alone = np.multiply.reduceat(np.where(away, risk, np.where(came, 1 - risk, 1)), first)
    return low, np.maximum(low, high), alone


@dataclass(frozen=True)
class Traces:
    """household × change: how likely what a fault leaves is, for a luck in common below and above
    an edge, and for lucks apart."""

    edge: np.ndarray
    below: np.ndarray
    above: np.ndarray
    apart: np.ndarray

    def parted(self, low, high):
        """How likely what is seen is, by a luck in common below the edge and above it."""
        below = np.maximum(0, np.minimum(high, self.edge) - low)
        above = np.maximum(0, high - np.maximum(low, self.edge))
        return below * self.below, above * self.above


def traces(rows: Rows, common: Common, fault: int, risk) -> Traces:
    """Of arm and letter, by bad luck and good; or of missing outcomes, by who stayed away."""
    good = handled(rows, common)
    if fault == NOT_RECORDED:
        return unrecorded(rows, common, risk, good)
    moved = common.moved if fault == MOVED else 0
    bad = handled(rows, common, moved, common.mixed_up if fault == MIXED_UP else 0)
    size, lost = np.diff(np.append(rows.first(), len(risk))), missing(rows)
    written = (common.lost**lost * (1 - common.lost) ** (size - lost))[:, None]
    apart = UNLUCKY * bad + (1 - UNLUCKY) * good
    return Traces(np.array(UNLUCKY), bad * written, good * written, apart * written)


def handled(rows: Rows, common: Common, moved=0.0, mixed_up=0.0):
    """household × 1: how likely its arm and its letter are, if so many were moved or mixed up."""
    first = rows.first()
    new, sent = rows.new[first], rows.sent[first]
    kept = rows.planned[first] * (1 - moved)
    handed = common.stray + (1 - common.stray) * mixed_up
    letter = np.where(new, np.where(sent, 1 - common.stray, common.stray),
                      np.where(sent, handed, 1 - handed))  # fmt: skip
    return (np.where(new, kept, 1 - kept) * letter)[:, None]


def missing(rows: Rows):
    """household: how many of its outcomes are missing."""
    return np.add.reduceat(np.isnan(rows.stayed_away).astype(int), rows.first())


def unrecorded(rows: Rows, common: Common, risk, handled) -> Traces:
    """The edge is the risk of those whose outcome is missing (the highest, if they are several)."""
    first, gone = rows.first(), np.isnan(rows.stayed_away)
    away = np.where(rows.new, common.not_recorded, common.lost)
    seen = np.where(gone, 1, np.where(rows.stayed_away == 1, 1 - away, 1 - common.lost))
    written = np.multiply.reduceat(seen, first)[:, None] * handled
    lost = missing(rows)[:, None]
    by_chance = risk * away[:, None] + (1 - risk) * common.lost
    return Traces(
        edge=np.maximum.reduceat(np.where(gone[:, None], risk, 0), first),
        below=written * away[first][:, None] ** lost,
        above=written * common.lost**lost,
        apart=written * np.multiply.reduceat(np.where(gone[:, None], by_chance, 1), first),
    )


def likelihoods(rows: Rows, common: Common, faults=FAULTS, changes=CHANGES) -> np.ndarray:
    """change × fault: the log-likelihood of one rehearsal."""
    risk = np.where(rows.sent[:, None], with_letter(rows, common, changes), rows.risk[:, None])
    low, high, alone = lucks(rows.first(), risk, rows.stayed_away[:, None])
    found = []
    for fault in faults:
        left = traces(rows, common, fault, risk)
        likely = TOGETHER * sum(left.parted(low, high)) + (1 - TOGETHER) * alone * left.apart
        found.append(np.log(likely + TINY).sum(axis=0))
    return np.array(found).T


def weighed(log, believed: Beliefs) -> np.ndarray:
    """rehearsal × change × fault: how likely each is, once all rehearsals are considered.

    Changes are spread normally. Which mean, which spread, and how often something goes wrong is
    learnt from the rehearsals themselves (empirical Bayes).
    """
    grid = product(np.linspace(*believed.change, 21), np.linspace(*believed.spread, 13))
    priors = np.array([-(((CHANGES - mean) / spread) ** 2) / 2 for mean, spread in grid])
    priors -= logsumexp(priors, axis=1, keepdims=True)
    share = np.array([0.85, 0.05, 0.05, 0.05])
    for _ in range(2):
        by_change = logsumexp(log + np.log(share), axis=2)
        total = np.array([logsumexp(by_change + prior, axis=1).sum() for prior in priors])
        prior = logsumexp(priors + (total - logsumexp(total))[:, None], axis=0)
        found = log + prior[:, None] + np.log(share)
        found = np.exp(found - logsumexp(found, axis=(1, 2), keepdims=True))
        share = np.clip(found.sum(axis=1).mean(axis=0), *believed.share)
        share[SOUND] = 1 - share[MOVED:].sum()
    return found


# --- what is answered -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Analysis:
    """All rehearsals in one model. weights: rehearsal × change × fault."""

    rows: Rows
    common: Common
    weights: np.ndarray

    @property
    def sound(self) -> np.ndarray:
        """How likely each rehearsal went as planned."""
        return self.weights[:, :, SOUND].sum(axis=1)


def analysed(rows: Rows, believed: Beliefs = REFERENCE) -> Analysis:
    """The usual risk is first learnt from all rehearsals, and then from those that seem sound."""
    rows = replace(rows, risk=learnt_risk(rows, np.ones(len(rows.number))))
    rough = analysed_with(rows, at_first(rows, believed), believed)
    rows = replace(rows, risk=learnt_risk(rows, rough.sound[rows.number]))
    return analysed_with(rows, learnt(rows, believed), believed)


def analysed_with(rows: Rows, common: Common, believed: Beliefs) -> Analysis:
    """With the usual risk and all that is common known."""
    log = np.array([likelihoods(one, common) for one in rows.each()])
    return Analysis(rows, common, weighed(log, believed))


def answers(found: Analysis) -> list[dict]:
    """For each rehearsal."""
    return [
        answer(effects(one, found.common, weights), weights[:, SOUND].sum() > 0.5)
        for one, weights in zip(found.rows.each(), found.weights, strict=True)
    ]


def answer(effects, sound) -> dict:
    """effects: draws of what the effect may be."""
    low, middle, high = np.quantile(effects, [0.025, 0.5, 0.975])
    return {"estimate": middle, "low": low, "high": high, "trustworthy": "yes" if sound else "no"}


def effects(rows: Rows, common: Common, weights) -> np.ndarray:
    """Draws of the effect on these people in one rehearsal, in percentage points.

    Changes are spread evenly over what is believed, and chance is the same for every analysis: so
    two of them differ by what they believe.
    """
    chance = np.random.default_rng(1).random((4, len(rows.risk), DRAWS))
    drawn = np.searchsorted(np.cumsum(weights), (np.arange(DRAWS) + 0.5) / DRAWS * weights.sum())
    change = CHANGES[drawn // len(FAULTS)] + STEP * (chance[0, 0] - 0.5)
    found = np.empty(DRAWS)
    for fault in FAULTS:
        of = drawn % len(FAULTS) == fault
        if of.any():
            changed = with_letter(rows, common, change[of])
            luck = drawn_luck(rows, common, fault, changed, chance[:, :, of])
            without = rows.risk[:, None]
            found[of] = 100 * ((luck < changed).mean(axis=0) - (luck < without).mean(axis=0))
    return found


def drawn_luck(rows: Rows, common: Common, fault: int, changed, chance) -> np.ndarray:
    """row × draw: the luck of each, as its outcome and its household's allow.

    chance: four numbers from 0 to 1 for each.
    """
    risk = np.where(rows.sent[:, None], changed, rows.risk[:, None])
    first, stayed_away = rows.first(), rows.stayed_away[:, None]
    low, high, alone = lucks(first, risk, stayed_away)
    left = traces(rows, common, fault, risk)
    below, above = left.parted(low, high)
    shared = chance[0][first] * (below + above)
    shared = np.where(shared < below, low + shared / left.below,
                      np.maximum(low, left.edge) + (shared - below) / left.above)  # fmt: skip
    likely, apart = TOGETHER * (below + above), (1 - TOGETHER) * alone * left.apart
    together = chance[1][first] * (likely + apart) < likely
    if fault == NOT_RECORDED:
        stayed_away = filled(rows, common, risk, chance[2])
    low, high, _ = lucks(np.arange(len(risk)), risk, stayed_away)
    own = low + (high - low) * chance[3]
    household = np.cumsum(np.isin(np.arange(len(risk)), first)) - 1
    return np.where(together[household], shared[household], own)


def filled(rows: Rows, common: Common, risk, chance) -> np.ndarray:
    """row × draw: who stayed away; drawn where that was not written down."""
    away = risk * np.where(rows.new, common.not_recorded, common.lost)[:, None]
    drawn = chance * (away + (1 - risk) * common.lost) < away
    gone = np.isnan(rows.stayed_away)[:, None]
    return np.where(gone, drawn, rows.stayed_away[:, None])
