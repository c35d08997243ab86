"""What a metric is given, and what it may need to say: pairs of answers, units, figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.descriptors import Text
from sandbox.grading.verdict import Measure, Number

PERCENT = Text({"en": "%", "nb": "%"})
CASES = Text({"en": "cases", "nb": "saker"})


@dataclass(frozen=True)
class Pair:
    """A hidden answer (text by column) and what was answered for the same key (typed)."""

    truth: Mapping[str, str]
    given: Mapping[str, object]


Metric = Callable[[Sequence[Pair]], Measure]


def percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def number(en: str, nb: str, value: float) -> Number:
    return Number(title=Text({"en": en, "nb": nb}), value=float(value))
