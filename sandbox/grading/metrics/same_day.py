"""The same-day permit: right answers on the day of arrival, behind three gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sandbox.descriptors import Text
from sandbox.grading.bounds import interval, upper_bound
from sandbox.grading.pairs import CASES, PERCENT, Pair, number, percent
from sandbox.grading.sums import mean
from sandbox.grading.verdict import Gate, Measure

MACHINE_MAY_SAY = ("approve", "ask_for_documents")
MOST_WRONGFUL = 0.5
MOST_NEEDLESS = 5.0


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
        ungated=percent(right["ask_for_documents"] + right["approve"], len(pairs)),
        earned=percent(same, len(pairs)),
        low=100 * low,
        high=100 * high,
        gates=_gates(answered, bound if wrongful else 0.0, needless),
        details={
            "approvals": number("approvals", "godkjenninger", answered["approve"]),
            "approvals_that_count": number(
                "right approvals that count", "riktige godkjenninger som teller", counted
            ),
            "wrongful_approvals": number("wrongful approvals", "gale godkjenninger", wrongful),
            "requests": number(
                "requests for documents", "forespørsler om papirer", answered["ask_for_documents"]
            ),
            "needless_requests": number(
                "needless requests", "unødige forespørsler", needless
            ),
            "to_case_officer": number(
                "cases left to a case officer", "saker til saksbehandler",
                answered["to_case_officer"],
            ),
        },
        sums=mean([100 * _same_day_and_right(pair) for pair in pairs]),
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
            value=percent(needless, answered["ask_for_documents"]),
            limit=MOST_NEEDLESS,
            unit=PERCENT,
        ),
    )


def _same_day_and_right(pair: Pair) -> bool:
    said = pair.given["answer"]
    return said in MACHINE_MAY_SAY and said == pair.truth["answer"]
