"""How answers are measured: each metric by its name, with formula, source and constant answers."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scipy.special import betaincinv

from sandbox.descriptors import Text
from sandbox.grading.verdict import Gate, Measure, Number

PERCENT = Text({"en": "%", "nb": "%"})
CASES = Text({"en": "cases", "nb": "saker"})


@dataclass(frozen=True)
class Pair:
    """A hidden answer (text by column) and what was answered for the same key (typed)."""

    truth: Mapping[str, str]
    given: Mapping[str, object]


Metric = Callable[[Sequence[Pair]], Measure]
METRICS: dict[str, Metric] = {}


def metric(name: str) -> Callable[[Metric], Metric]:
    """Register a metric under the name that challenge.yml uses."""

    def register(function: Metric) -> Metric:
        METRICS[name] = function
        return function

    return register


def upper_bound(events: int, trials: int, confidence: float = 0.95) -> float:
    """The exact one-sided upper bound of a share, from 0 to 1; 1 when nothing was tried.

    The p for which P(Bin(trials, p) ≤ events) = 1 − confidence, that is the quantile of
    Beta(events + 1, trials − events) (Clopper and Pearson, Biometrika 26, 1934). With no event at
    all it is at most 0.5 % from 598 trials on: 1 − 0.05^(1/598) = 0.00500.
    """
    if events >= trials:
        return 1.0
    return float(betaincinv(events + 1, trials - events, confidence))


def interval(events: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a share (Clopper and Pearson, 1934), from 0 to 1."""
    one_side = (1 + confidence) / 2
    return (
        1 - upper_bound(trials - events, trials, one_side),
        upper_bound(events, trials, one_side),
    )


MACHINE_MAY_SAY = ("approve", "ask_for_documents")
MOST_WRONGFUL = 0.5
MOST_NEEDLESS = 5.0


@metric("same-day")
def same_day(pairs: Sequence[Pair]) -> Measure:
    """The share of cases that got the right answer on the day they came in, in per cent.

    Truth and answer are one of approve, ask_for_documents, to_case_officer (and, in an answer,
    refuse). Only the first two reach the applicant the same day, so

        score = 100 × (right approvals + right requests for documents) / cases

    Approvals count when they have proved themselves: the upper 95 % bound (`upper_bound`) of the
    share that were wrong is at most 0.5 %. The fewest that can are 598 with none of them wrong;
    fewer, with none wrong, are neither for nor against and count as left to a person. Three gates
    hold back the whole score: no refusal by machine; if any approval was wrong, that bound; at most
    5 % of the requests went to someone whose papers were complete. A better answer never scores
    lower. Constant answers score 0: everything approved, everything asked for, everything to a case
    officer, everything refused.

    Truth columns: answer, and `group` if gaps between groups are to be shown.
    Source of the rule: machines that may only approve, as for building permits in Huddinge; the
    limits are the challenge's own.
    """
    answered = Counter(str(p.given["answer"]) for p in pairs)
    right = Counter(p.truth["answer"] for p in pairs if p.given["answer"] == p.truth["answer"])
    wrongful = answered["approve"] - right["approve"]
    needless = answered["ask_for_documents"] - right["ask_for_documents"]
    bound = 100 * upper_bound(wrongful, answered["approve"])
    counted = right["approve"] if bound <= MOST_WRONGFUL else 0
    same = right["ask_for_documents"] + counted
    low, high = interval(same, len(pairs)) if pairs else (0.0, 1.0)
    return Measure(
        rows=len(pairs),
        ungated=_percent(right["ask_for_documents"] + right["approve"], len(pairs)),
        earned=_percent(same, len(pairs)),
        low=100 * low,
        high=100 * high,
        gates=_gates(answered, bound if wrongful else 0.0, needless),
        details={
            "approvals": _number("approvals", "godkjenninger", answered["approve"]),
            "approvals_that_count": _number(
                "right approvals that count", "riktige godkjenninger som teller", counted
            ),
            "wrongful_approvals": _number("wrongful approvals", "gale godkjenninger", wrongful),
            "requests": _number(
                "requests for documents", "forespørsler om papirer", answered["ask_for_documents"]
            ),
            "needless_requests": _number(
                "needless requests", "unødige forespørsler", needless
            ),
            "to_case_officer": _number(
                "cases left to a case officer", "saker til saksbehandler",
                answered["to_case_officer"],
            ),
        },
        groups=_by_group(pairs),
    )  # fmt: skip


def _gates(answered: Counter[str], bound: float, needless: int) -> tuple[Gate, ...]:
    return (
        Gate(
            name="machine_refusals",
            title=Text({"en": "refusals by machine", "nb": "avslag fra maskin"}),
            value=float(answered["refuse"]),
            limit=0.0,
            unit=CASES,
        ),
        Gate(
            name="wrongful_approvals",
            title=Text(
                {
                    "en": "wrongful approvals: upper 95 % bound of their share",
                    "nb": "gale godkjenninger: øvre 95 %-grense for andelen",
                }
            ),
            value=bound,
            limit=MOST_WRONGFUL,
            unit=PERCENT,
        ),
        Gate(
            name="needless_requests",
            title=Text(
                {
                    "en": "requests for documents that were all there",
                    "nb": "forespørsler om papirer som alt var der",
                }
            ),
            value=_percent(needless, answered["ask_for_documents"]),
            limit=MOST_NEEDLESS,
            unit=PERCENT,
        ),
    )


def _by_group(pairs: Iterable[Pair]) -> dict[str, float]:
    """The ungated share of each group, so that a gap between groups can be seen."""
    cases: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for pair in pairs:
        if group := pair.truth.get("group"):
            cases[group] += 1
            right[group] += (
                pair.given["answer"] == pair.truth["answer"]
                and pair.truth["answer"] in MACHINE_MAY_SAY
            )
    return {group: _percent(right[group], cases[group]) for group in sorted(cases)}


@metric("exact-match")
def exact_match(pairs: Sequence[Pair]) -> Measure:
    """The share of questions answered right, in per cent.

        score = 100 × right answers / questions

    An answer is right if it is the expected text (letter case, spaces around it and Unicode form
    do not matter) or, where the truth has a `tolerance`, a number no further than that from the
    expected one; spaces between thousands and a decimal comma are read as people write them.
    A blank answer is wrong. A constant answer scores the share of questions it happens to answer.

    Truth columns: answer, tolerance (blank for text). No interval: the questions are no sample.
    """
    results: defaultdict[bool, int] = defaultdict(int)
    for pair in pairs:
        results[_matches(pair.given["answer"], pair.truth)] += 1
    right = results[True]
    return Measure(
        rows=len(pairs),
        ungated=_percent(right, len(pairs)),
        details={
            "right": _number("right answers", "riktige svar", right),
            "wrong": _number("wrong answers", "gale svar", len(pairs) - right),
        },
    )


def _matches(given: object, truth: Mapping[str, str]) -> bool:
    if given is None:
        return False
    if not truth.get("tolerance"):
        return _folded(str(given)) == _folded(truth["answer"])
    number = _as_number(str(given))
    # The tolerance is a decimal number; a billionth forgives what binary fractions cannot hold.
    slack = float(truth["tolerance"]) * (1 + 1e-9) + 1e-9
    return number is not None and abs(number - float(truth["answer"])) <= slack


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _as_number(text: str) -> float | None:
    """A number as people write it: 5 550 203, 17,1 or 17.1."""
    try:
        return float("".join(text.split()).replace(",", "."))
    except ValueError:
        return None


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _number(en: str, nb: str, value: float) -> Number:
    return Number(title=Text({"en": en, "nb": nb}), value=float(value))
