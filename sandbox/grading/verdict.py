"""What the judge says: a score, its uncertainty, the gates it had to pass, the numbers behind."""

from __future__ import annotations

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


class Measure(Descriptor):
    """The score of some rows.

    `ungated` is what the metric says, `low` and `high` its 95 % interval where the rows are a
    sample. `earned` is given where a metric counts less than that even with every gate passed.
    `score` is what counts: `earned`, or 0 if a gate is not passed. `groups` is the ungated score of
    each group of rows, where the challenge names groups.
    """

    rows: int
    ungated: float
    earned: float | None = None
    low: float | None = None
    high: float | None = None
    gates: tuple[Gate, ...] = ()
    details: dict[str, Number] = Field(default_factory=dict)
    groups: dict[str, float] = Field(default_factory=dict)

    @property
    def passed_gates(self) -> bool:
        return all(gate.passed for gate in self.gates)

    @property
    def score(self) -> float:
        earned = self.ungated if self.earned is None else self.earned
        return earned if self.passed_gates else 0.0


class Verdict(Descriptor):
    """What a file of answers scored: on all rows, and on the public and the private part.

    While a challenge runs, only `public` may be shown to those who take part. Gates are for the
    whole: a part has too few approvals to prove anything, so parts are told without them.
    """

    challenge: str
    unit: Words
    higher_is_better: bool
    whole: Measure
    public: Measure
    private: Measure

    @property
    def score(self) -> float:
        return self.whole.score

    @property
    def passed_gates(self) -> bool:
        return self.whole.passed_gates

    def summary(self) -> dict[str, Any]:
        """What a row of scores.json tells: score, passed_gates, and the details behind them."""
        details = self.whole.model_dump(mode="json", exclude={"groups"})
        told = zip(details["gates"], self.whole.gates, strict=True)
        gates = [{**shown, "passed": gate.passed} for shown, gate in told]
        return {
            "score": self.score,
            "passed_gates": self.passed_gates,
            "details": {**details, "gates": gates},
        }

    def text(self, language: str = "en") -> str:
        """The verdict as lines for a terminal."""
        return "\n".join(self._lines(language))

    def _lines(self, language: str) -> Iterator[str]:
        def said(words: Text) -> str:
            return words.best(language)[0]

        def number(value: float) -> str:
            shown = f"{value:,.2f}".rstrip("0").rstrip(".")
            return shown if language == "en" else shown.translate({44: 0xA0, 46: 44})

        whole, unit = self.whole, said(self.unit)
        yield f"{said(HEADINGS)}: {number(whole.score)} {unit}"
        if not whole.passed_gates:
            yield f"  {said(WITHOUT)}: {number(whole.ungated)} {unit}"
        if whole.low is not None and whole.high is not None:
            yield f"  {said(INTERVAL)}: {number(whole.low)}–{number(whole.high)} {unit}"
        for part, measure in (("public", self.public), ("private", self.private)):
            label = f"{said(PARTS[part])}, {said(WITHOUT)}" if whole.gates else said(PARTS[part])
            yield f"  {label}: {number(measure.ungated)} {unit} ({measure.rows})"
        for gate in whole.gates:
            word = said(PASSED if gate.passed else FAILED)
            told = f"{number(gate.value)}, {said(LIMIT)} {number(gate.limit)} {said(gate.unit)}"
            yield f"  {word}: {said(gate.title)} ({told})"
        for detail in whole.details.values():
            yield f"  {said(detail.title)}: {number(detail.value)}"
