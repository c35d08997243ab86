"""What the judge says: a score, its uncertainty, the gates it had to pass, the numbers behind."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from sandbox.descriptors import Descriptor, Text, Words

HEADINGS = Text({"en": "Score", "nb": "Poeng"})
PARTS = {
    "whole": Text({"en": "all rows", "nb": "alle rader"}),
    "public": Text({"en": "public part", "nb": "åpen del"}),
    "private": Text({"en": "private part", "nb": "skjult del"}),
}
PASSED = Text({"en": "passed", "nb": "bestått"})
FAILED = Text({"en": "NOT passed", "nb": "IKKE bestått"})
WITHOUT = Text({"en": "without the gates", "nb": "uten portene"})
LIMIT = Text({"en": "at most", "nb": "høyst"})
INTERVAL = Text({"en": "95 % interval", "nb": "95 % intervall"})
BAND = Text(
    {
        "en": "a tie with any answer that is no further away than",
        "nb": "uavgjort med ethvert svar som ikke er lenger unna enn",
    }
)
GAP = Text(
    {
        "en": "between the groups with the best and the worst score",
        "nb": "mellom gruppene med best og dårligst poeng",
    }
)
GROUP = Text({"en": "group", "nb": "gruppe"})
PEOPLE = Text({"en": "judged by people", "nb": "vurderes av mennesker"})


class Gate(Descriptor):
    """A condition that must hold before a score counts: `value` may be at most `limit`."""

    name: str
    title: Words
    value: float
    limit: float
    unit: Words

    @property
    def passed(self) -> bool:
        return self.value <= self.limit


class Number(Descriptor):
    """A figure that explains the score."""

    title: Words
    value: float


class Gap(Descriptor):
    """How far the best group's score lies from the worst group's, in the unit of the score.

    `low` and `high` are its 95 % interval, which holds 0 where chance alone would give as wide a
    gap; None where the rows are no sample.
    """

    value: float
    low: float | None = None
    high: float | None = None


class Difference(Descriptor):
    """How much better one answer is than another on the same rows, with its 95 % interval.

    `error` is the standard error of the paired difference.
    """

    value: float
    low: float
    high: float
    error: float = 0.0

    @property
    def is_tie(self) -> bool:
        return self.low <= 0 <= self.high


class Measure(Descriptor):
    """The score of some rows.

    `ungated` is what the metric says. `earned` is given where a metric counts less than that even
    with every gate passed. `score` is what counts: `earned`, or 0 if a gate is not passed. `low`
    and `high` are the 95 % interval of what was earned, where the rows are a sample.
    `band`: two answers tie whose scores are no further apart than the larger of their bands (see
    `tie`). `groups` is the ungated score of each group of rows and `group_rows` its number of rows,
    where the truth names groups; `gap` lies between the best and the worst of them.
    `sums` (a sandbox.grading.sums.Sums) is what the judge makes interval, band and gap of, where a
    metric has no exact ones; it goes nowhere else.
    """

    rows: int
    ungated: float
    earned: float | None = None
    low: float | None = None
    high: float | None = None
    band: float | None = None
    gates: tuple[Gate, ...] = ()
    details: dict[str, Number] = Field(default_factory=dict)
    groups: dict[str, float] = Field(default_factory=dict)
    group_rows: dict[str, int] = Field(default_factory=dict)
    gap: Gap | None = None
    sums: Any = Field(default=None, exclude=True, repr=False)

    @property
    def passed_gates(self) -> bool:
        return all(gate.passed for gate in self.gates)

    @property
    def without_gates(self) -> float:
        """What was earned, whatever the gates say: parts of the rows are told so."""
        return self.ungated if self.earned is None else self.earned

    @property
    def score(self) -> float:
        return self.without_gates if self.passed_gates else 0.0


def band_of(low: float, high: float) -> float:
    """How far apart two scores may lie and still tie, from the 95 % interval of one of them.

    The interval of a difference of two answers that err independently and are equally uncertain:
    its variance is twice that of one of them, so the half width is (high − low) / 2 · √2. Answers
    to the same rows mostly err on the same rows, which makes their difference less uncertain: the
    band errs towards calling a tie. `chance.compare` is exact about that, with both files at hand.
    """
    return (high - low) / math.sqrt(2)


def tie(first: Measure, second: Measure) -> bool:
    """Whether chance in which rows were asked about would account for the difference.

    Whoever passed the gates never ties with one who did not. Without a band the rows are no sample,
    and only equal scores tie.
    """
    if first.passed_gates != second.passed_gates:
        return False
    return within(first.score, first.band, second.score, second.band)


def within(
    first: float, first_band: float | None, second: float, second_band: float | None
) -> bool:
    """Whether two scores, both with the gates passed or both without, are as near as a tie."""
    return abs(first - second) <= max(first_band or 0.0, second_band or 0.0)


class Verdict(Descriptor):
    """What a file of answers scored: on all rows, and on the public and the private part.

    While a challenge runs, only `public` may be shown to those who take part. Gates are for the
    whole: a part has too few approvals to prove anything, so parts are told without them.
    `judged_by_people` names what no file of answers can show; it has no number, ever.
    `better` says how much better the public part is than that of the file it was to be compared
    with, in the direction in which scores are better; None if there was none, or if the metric has
    no sums of which its public score is made.
    """

    challenge: str
    unit: Words
    higher_is_better: bool
    whole: Measure
    public: Measure
    private: Measure
    judged_by_people: tuple[Words, ...] = ()
    better: Difference | None = None

    @property
    def score(self) -> float:
        return self.whole.score

    @property
    def passed_gates(self) -> bool:
        return self.whole.passed_gates

    def summary(self) -> dict[str, Any]:
        """What a row of scores.json tells: score, passed_gates, and the details behind them.

        `groups` are in the order of their names: no group is ranked.
        """
        whole = self.whole
        details = whole.model_dump(mode="json", exclude={"groups", "group_rows", "gap"})
        told = zip(details["gates"], whole.gates, strict=True)
        gates = [{**shown, "passed": gate.passed} for shown, gate in told]
        groups = [
            {"name": name, "score": score, "rows": whole.group_rows.get(name)}
            for name, score in sorted(whole.groups.items())
        ]
        return {
            "score": self.score,
            "passed_gates": self.passed_gates,
            "details": {**details, "gates": gates},
            "groups": groups,
            "gap": whole.gap.model_dump(mode="json") if whole.gap else None,
        }

    def text(self, language: str = "en") -> str:
        """The verdict as lines for a terminal."""
        say = _Say(language)
        return "\n".join([*self._score(say), *self._behind(say), *self._people(say)])

    def _score(self, say: _Say) -> Iterator[str]:
        whole, unit = self.whole, say(self.unit)
        yield f"{say(HEADINGS)}: {say.number(whole.score)} {unit}"
        if not whole.passed_gates:
            yield f"  {say(WITHOUT)}: {say.number(whole.without_gates)} {unit}"
        if whole.low is not None and whole.high is not None:
            yield f"  {say(INTERVAL)}: {say.between(whole.low, whole.high)} {unit}"
        if whole.band:
            yield f"  {say(BAND)}: {say.number(whole.band)} {unit}"
        for part, measure in (("public", self.public), ("private", self.private)):
            label = f"{say(PARTS[part])}, {say(WITHOUT)}" if whole.gates else say(PARTS[part])
            yield f"  {label}: {say.number(measure.without_gates)} {unit} ({measure.rows})"

    def _behind(self, say: _Say) -> Iterator[str]:
        for gate in self.whole.gates:
            word = say(PASSED if gate.passed else FAILED)
            limit = f"{say(LIMIT)} {say.number(gate.limit)} {say(gate.unit)}"
            yield f"  {word}: {say(gate.title)} ({say.number(gate.value)}, {limit})"
        for detail in self.whole.details.values():
            yield f"  {say(detail.title)}: {say.number(detail.value)}"
        if gap := self.whole.gap:
            yield f"  {say(GAP)}: {say.number(gap.value)} {say(self.unit)}{_doubt(gap, say)}"
        for name, score in sorted(self.whole.groups.items()):
            rows = self.whole.group_rows.get(name)
            told = f" ({rows})" if rows is not None else ""
            yield f"    {say(GROUP)} {name}: {say.number(score)} {say(self.unit)}{told}"

    def _people(self, say: _Say) -> Iterator[str]:
        for words in self.judged_by_people:
            yield f"  {say(words)}: {say(PEOPLE)}"


class _Say:
    """Words and numbers as they are written in a language."""

    def __init__(self, language: str):
        self._language = language

    def __call__(self, words: Text) -> str:
        return words.best(self._language)[0]

    def number(self, value: float) -> str:
        shown = f"{value:,.2f}".rstrip("0").rstrip(".")
        return shown if self._language == "en" else shown.translate({44: 0xA0, 46: 44})

    def between(self, low: float, high: float) -> str:
        return f"{self.number(low)}–{self.number(high)}"


def _doubt(gap: Gap, say: _Say) -> str:
    if gap.low is None or gap.high is None:
        return ""
    return f" ({say(INTERVAL)}: {say.between(gap.low, gap.high)})"
