"""Right answers to questions, as texts or as numbers with a tolerance."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sandbox.grading.pairs import Pair, number, percent
from sandbox.grading.verdict import Measure


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
        ungated=percent(right, len(pairs)),
        details={
            "right": number("right answers", "riktige svar", right),
            "wrong": number("wrong answers", "gale svar", len(pairs) - right),
        },
    )


def _matches(given: object, truth: Mapping[str, str]) -> bool:
    if given is None:
        return False
    if not truth.get("tolerance"):
        return _folded(str(given)) == _folded(truth["answer"])
    found = _as_number(str(given))
    # The tolerance is a decimal number; a billionth forgives what binary fractions cannot hold.
    slack = float(truth["tolerance"]) * (1 + 1e-9) + 1e-9
    return found is not None and abs(found - float(truth["answer"])) <= slack


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _as_number(text: str) -> float | None:
    """A number as people write it: 5 550 203, 17,1 or 17.1."""
    try:
        return float("".join(text.split()).replace(",", "."))
    except ValueError:
        return None
