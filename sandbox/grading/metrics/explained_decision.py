"""A decision that is explained: right, by the right rule, with a true way to another outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.grading import letters
from sandbox.grading.pairs import Pair, number
from sandbox.grading.sums import Sums
from sandbox.grading.verdict import Measure, Number

Floats = NDArray[Any]

TO_A_PERSON = "to_case_handler"
NO_COLUMN = "none"
NEAR = 0.05  # of the turning point
WORDS = (30, 200)
LIX = (10.0, 40.0)
LONGEST_LETTER = 6_000  # characters: no more are read, since 200 words are fewer
AT_MOST, AT_LEAST = "_at_most", "_at_least"


def explained_decision(pairs: Sequence[Pair]) -> Measure:
    """How far decisions are right and explained, in four steps of a quarter each, from 0 to 100.

    A case goes as far as its answer is right, and each step needs the one before it:

        decided     the decision is right
        reasoned    … and the rule that decides is named
        faithful    … and the change of one column that is stated turns the decision, and is near:
                    beyond the turning point by at most 5 % of it. Where no column alone turns it,
                    the right answer is `none`
        told        … and the letter says so: it names the paragraph of the rule and the value that
                    was stated, is in the language of the case, has 30 to 200 words and a LIX
                    (`letters.Reading`) of 10 to 40

        score = 100 × (D + R + F + L) / 4

    D, R and F are means over classes, so that what is seldom counts as much as what is common: D
    over the right decisions, R and F over the right reasons. A class of k adds

        share that got this far − share answered that did not / (k − 1)

    which is formula scoring, right − wrong / (k − 1): guessing gains nothing, and a case that is
    left to a person (`to_case_handler`) costs nothing and gains nothing. None of the three counts
    as less than 0. L is the share of cases that got all the way in the language served worst.

    A better answer never scores lower. Every constant answer scores 0 where the cases have two
    languages or more: it is right in one class at most, and in one language. So does leaving
    everything to a person.

    Truth columns: decision, reason, paragraph, language, and for each column that may be stated
    `<column>_at_most` and `<column>_at_least`, the turning point, of which one at most is given.
    Answer columns: decision, reason, counterfactual_column, counterfactual_value, letter.
    Sources: Wachter, Mittelstadt and Russell, "Counterfactual Explanations without Opening the
    Black Box", Harvard Journal of Law & Technology 31(2), 2018 (the nearest change that turns a
    decision); C. H. Björnsson, Läsbarhet, 1968 (LIX). The limits are the challenge's own.
    """
    cases = [_case(pair) for pair in pairs]
    sums = _Steps.of(pairs, cases)
    steps = sums.steps(sums.rows.sum(axis=0))
    return Measure(
        rows=len(cases),
        ungated=100 * float(steps.mean()),
        details={
            **{name: number(*STEPS[name], 100 * float(step))
               for name, step in zip(STEPS, steps, strict=True)},
            **_details(pairs, cases),
        },
        sums=Sums(sums.rows, lambda added: 100 * sums.steps(added).mean(axis=-1)),
    )  # fmt: skip


STEPS = {
    "decided": ("D: right decisions, above guessing", "D: riktige avgjørelser, ut over gjetning"),
    "reasoned": (
        "R: and the right reason, above guessing",
        "R: og riktig begrunnelse, ut over gjetning",
    ),
    "faithful": (
        "F: and a true way to another outcome, above guessing",
        "F: og en sann vei til et annet utfall, ut over gjetning",
    ),
    "told": (
        "L: told in a letter, in the language served worst",
        "L: fortalt i et brev, på språket som er dårligst betjent",
    ),
}
FAULTS = {
    "length": (
        "letters shorter than 30 words or longer than 200",
        "brev under 30 eller over 200 ord",
    ),
    "lix": ("letters with a LIX outside 10 to 40", "brev med LIX utenfor 10 til 40"),
    "language": ("letters in another language than the case", "brev på et annet språk enn saken"),
    "paragraph": ("letters without the paragraph", "brev uten paragrafen"),
    "value": ("letters without the value that was stated", "brev uten verdien som ble oppgitt"),
}


# --- one case -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Case:
    """How far one answer got, what its letter lacks (names of FAULTS), and the letter's LIX."""

    answered: bool
    decided: bool
    reasoned: bool
    faithful: bool
    told: bool
    faults: frozenset[str]
    lix: float | None


def _case(pair: Pair) -> _Case:
    truth, given = pair.truth, pair.given
    answered = given["decision"] != TO_A_PERSON
    decided = given["decision"] == truth["decision"]
    reasoned = decided and given["reason"] == truth["reason"]
    faithful = reasoned and is_faithful(truth, given)
    text = str(given["letter"] or "")
    read = letters.reading(text) if answered and len(text) <= LONGEST_LETTER else None
    faults = _faults(truth, given, text, read)
    told = faithful and not faults
    lix = read.lix if read and read.words else None
    return _Case(answered, decided, reasoned, faithful, told, faults, lix)


def is_faithful(truth: Mapping[str, str], given: Mapping[str, object]) -> bool:
    """Whether the stated value of the stated column turns the decision, and is near.

    `none` is faithful where no column has a turning point.
    """
    column, value = given["counterfactual_column"], given["counterfactual_value"]
    if column == NO_COLUMN:
        return not any(truth[name] for name in truth if name.endswith((AT_MOST, AT_LEAST)))
    if not isinstance(value, int | float):
        return False
    if highest := truth.get(f"{column}{AT_MOST}"):
        return 0 <= float(highest) - value <= NEAR * float(highest)
    if lowest := truth.get(f"{column}{AT_LEAST}"):
        return 0 <= value - float(lowest) <= NEAR * float(lowest)
    return False


def _faults(
    truth: Mapping[str, str], given: Mapping[str, object], text: str, read: letters.Reading | None
) -> frozenset[str]:
    """What keeps a letter from telling its case. One of the wrong length is not read further."""
    if read is None or not WORDS[0] <= read.words <= WORDS[1]:
        return frozenset({"length"})
    value = given["counterfactual_value"]
    holds = {
        "lix": LIX[0] <= read.lix <= LIX[1],
        "language": read.language == truth["language"],
        "paragraph": letters.names_paragraph(text, truth["paragraph"]),
        "value": given["counterfactual_column"] == NO_COLUMN
        or (isinstance(value, int | float) and letters.names_number(text, value)),
    }
    return frozenset(name for name, is_so in holds.items() if not is_so)


# --- all cases ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Steps:
    """What each case adds to the sums that the steps are made of, in blocks of columns.

    For each class of a step, how many there are and (k − 1) × right − wrong; for each language, how
    many there are and how many got all the way.
    """

    rows: Floats
    classes: tuple[int, ...]  # of decisions, reasons, reasons, languages

    @classmethod
    def of(cls, pairs: Sequence[Pair], cases: Sequence[_Case]) -> _Steps:
        marks = np.array(
            [[getattr(case, field.name) for field in fields(_Case)[:5]] for case in cases], bool
        ).reshape(-1, 5)
        answered, decided, reasoned, faithful, told = marks.T
        blocks, sizes = [], []
        for column, right in (("decision", decided), ("reason", reasoned), ("reason", faithful)):
            member = _members([pair.truth[column] for pair in pairs])
            others = max(member.shape[1] - 1, 1)
            # Whole numbers, so that a guess adds up to exactly nothing.
            counts = others * right - 1 * (answered & ~right)
            blocks += [member, member * counts[:, None]]
            sizes.append(member.shape[1])
        member = _members([pair.truth["language"] for pair in pairs])
        blocks += [member, member * told[:, None]]
        return cls(np.hstack(blocks), (*sizes, member.shape[1]))

    def steps(self, added: Floats) -> Floats:
        """D, R, F and L from sums over any rows: (…, columns) → (…, 4)."""
        shares, first = [], 0
        for width in self.classes:
            there = added[..., first : first + width]
            counted = added[..., first + width : first + 2 * width]
            shares.append((counted / np.maximum(there, 1), there > 0))
            first += 2 * width
        means = []
        for (share, present), width in zip(shares[:-1], self.classes, strict=False):
            whole = np.maximum(present.sum(axis=-1), 1) * max(width - 1, 1)
            means.append(np.maximum(share.sum(axis=-1) / whole, 0))
        told, present = shares[-1]
        worst = np.where(present, told, 1).min(axis=-1, initial=1) * present.any(axis=-1)
        return np.stack([*means, worst], axis=-1)


def _members(labels: Sequence[str]) -> Floats:
    """For each row 1 in the column of its label, in the order of the labels, else 0."""
    names = sorted(set(labels))
    return np.array([[label == name for name in names] for label in labels], float).reshape(
        len(labels), len(names)
    )


def _details(pairs: Sequence[Pair], cases: Sequence[_Case]) -> dict[str, Number]:
    """Counts that say where answers were lost, and the median LIX in each language."""
    answered = [case for case in cases if case.answered]
    found = {
        "wrong_decisions": number(
            "wrong decisions", "gale avgjørelser", sum(not case.decided for case in answered)
        ),
        "to_a_person": number(
            "cases left to a person", "saker overlatt til et menneske", len(cases) - len(answered)
        ),
    }
    for name, words in FAULTS.items():
        lacking = sum(name in case.faults for case in answered)
        found[f"letters_{name}"] = number(*words, lacking)
    for tag in sorted({pair.truth["language"] for pair in pairs}):
        read = [case.lix for pair, case in zip(pairs, cases, strict=True)
                if pair.truth["language"] == tag and case.lix is not None]  # fmt: skip
        if read:
            words = f"median LIX of the letters, {tag}", f"median LIX i brevene, {tag}"
            found[f"lix_{tag}"] = number(*words, median(read))
    return found
