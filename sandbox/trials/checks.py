"""Whether a trial went as a fair one does: counts, balance, what is missing, what arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sandbox.trials.effects import Bools, Effect
from sandbox.trials.plan import Measure
from sandbox.trials.robust import Floats

ALARM = 0.001  # Fabijan et al., KDD 2019: counts so unlikely by chance are a fault
EVEN, UNEVEN = 0.1, 0.25  # Austin, Statistics in Medicine 28, 2009; Rubin 2001


@dataclass(frozen=True)
class Counts:
    """How many of each arm are in the data, how many were to be expected, and how unlikely that is.

    Counts that differ by more than chance (sample-ratio mismatch) mean that units went missing in
    one arm and not in the other, or that the lot was not one: no result can be trusted then.
    """

    found: tuple[int, ...]
    expected: tuple[float, ...]
    p: float

    @property
    def alarm(self) -> bool:
        return self.p < ALARM


def counts(found: Sequence[int], planned: Sequence[int]) -> Counts:
    """Pearson's chi-square test of the counts against the planned sizes."""
    total = sum(found)
    expected = tuple(total * size / sum(planned) for size in planned)
    p = float(stats.chisquare(found, expected).pvalue) if total else 0.0
    return Counts(tuple(found), expected, p)


@dataclass(frozen=True)
class Balance:
    """How far an arm lies from the control arm in a column from before the trial.

    `difference` is in standard deviations; for words it is that of the word that differs most.
    """

    column: str
    arm: str
    difference: float
    word: str | None = None

    @property
    def verdict(self) -> Literal["even", "look", "uneven"]:
        size = abs(self.difference)
        return "even" if size < EVEN else "look" if size < UNEVEN else "uneven"


def balance(
    column: str, values: Sequence[str], arms: Sequence[str], codes: Sequence[str], *, words: bool
) -> list[Balance]:
    """Standardised differences of each arm from the first; missing values are left out.

    `words` takes values as words whatever they look like.
    """
    kept = [(value, arm) for value, arm in zip(values, arms, strict=True) if value]
    if not kept:
        return []
    told = [value for value, _ in kept]
    of = np.array([arm for _, arm in kept])
    numbers = None if words else _numbers(told)
    found = []
    for code in codes[1:]:
        control, other = of == codes[0], of == code
        if not control.any() or not other.any():
            continue
        if numbers is not None:
            found.append(Balance(column, code, _standardised(numbers, control, other)))
            continue
        as_words = np.array(told)
        by_word = {
            word: _standardised((as_words == word).astype(float), control, other)
            for word in sorted(set(told))
        }
        word = max(by_word, key=lambda w: abs(by_word[w]))
        found.append(Balance(column, code, by_word[word], word))
    return found


def _numbers(values: Sequence[str]) -> Floats | None:
    """The values as numbers; None if they are words, or codes such as 0301."""
    if any(len(v) > 1 and v[0] == "0" and v[1].isdigit() for v in values):
        return None
    try:
        return np.array([float(value.replace(",", ".")) for value in values])
    except ValueError:
        return None


def _standardised(values: Floats, control: Bools, other: Bools) -> float:
    difference = float(values[other].mean() - values[control].mean())
    spread = sqrt((values[other].var() + values[control].var()) / 2)
    if spread == 0:
        return 0.0 if difference == 0 else float(np.copysign(np.inf, difference))
    return difference / spread


@dataclass(frozen=True)
class Missing:
    """Units without an outcome: of control and of the other arm; p of so uneven shares by chance.

    `low` and `high` bound what the effect can be whatever the missing outcomes were: with `certain`
    they hold for any values (Manski, Nonparametric Bounds on Treatment Effects, 1990) and include
    the interval's uncertainty; else they bound the estimate for those who would be seen in either
    arm, if being in an arm keeps nobody away whom the other would have kept (Lee, Review of
    Economic Studies 76, 2009).
    """

    counts: tuple[int, int]
    of: tuple[int, int]
    p: float
    low: float
    high: float
    certain: bool


def missing(
    measure: Measure, outcome: Floats, treated: Bools, again: Callable[[Floats, Bools], Effect]
) -> Missing | None:
    """What missing outcomes can change; None if none is missing.

    `again` computes the effect from an outcome and which units it is known for.
    """
    gone = np.isnan(outcome)
    if not gone.any():
        return None
    of = (int((~treated).sum()), int(treated.sum()))
    lost = (int(gone[~treated].sum()), int(gone[treated].sum()))
    seen = [[n - k for n, k in zip(of, lost, strict=True)], list(lost)]
    p = float(stats.fisher_exact(seen).pvalue)
    ends = (0.0, 1.0) if measure.kind == "share" else (measure.lowest, measure.highest)
    if ends[0] is None or ends[1] is None:
        return Missing(lost, of, p, *_trimmed(outcome, treated, gone), certain=False)
    everyone = np.ones(len(outcome), dtype=bool)
    lowest, highest = (
        again(np.where(gone, np.where(treated, mine, theirs), outcome), everyone)
        for mine, theirs in ((ends[0], ends[1]), (ends[1], ends[0]))
    )
    return Missing(lost, of, p, lowest.low, highest.high, certain=True)


def _trimmed(outcome: Floats, treated: Bools, gone: NDArray[np.bool_]) -> tuple[float, float]:
    """The arm that is seen more of loses its highest, or its lowest, until both are seen alike."""
    arms = [np.sort(outcome[arm & ~gone]) for arm in (~treated, treated)]
    seen = [len(values) / max(1, int(arm.sum()))
            for values, arm in zip(arms, (~treated, treated), strict=True)]  # fmt: skip
    fuller = int(seen[1] > seen[0])
    values, other = arms[fuller], float(arms[1 - fuller].mean())
    share = 1 - seen[1 - fuller] / seen[fuller]
    cut = min(len(values) - 1, round(len(values) * share))
    bottom, top = float(values[: len(values) - cut].mean()), float(values[cut:].mean())
    return (bottom - other, top - other) if fuller else (other - top, other - bottom)


@dataclass(frozen=True)
class Arrived:
    """Of those assigned to an arm: how many it reached, how many another arm, how many nothing."""

    arm: str
    of: int
    as_assigned: int
    another: int
    nothing: int


def arrived(arms: Sequence[str], reached: Sequence[str], codes: Sequence[str]) -> list[Arrived]:
    found = Counter(zip(arms, reached, strict=True))
    rows = []
    for code in codes:
        of = sum(n for (arm, _), n in found.items() if arm == code)
        own, nothing = found[code, code], found[code, ""]
        rows.append(Arrived(code, of, own, of - own - nothing, nothing))
    return rows
