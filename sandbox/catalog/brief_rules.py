"""What makes a challenge a challenge: the rules that `sandbox check` holds each one to.

A fact is looked for where it has a key, in challenge.yml. Of a brief only the shape is looked at,
and the names of tables and columns: people say the same thing in many words, and a rule that asks
for certain ones fails good texts. docs/challenge-author.md lists the rules.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from sandbox import clock
from sandbox.catalog.briefs import Brief, briefs
from sandbox.catalog.content import Content, Described
from sandbox.catalog.models import AnswerColumn, Challenge, Column
from sandbox.descriptors import Path_, Text
from sandbox.errors import Problem

# Signs, not words: Norwegian says in one word what English says in three.
OPENING = 100  # two short sentences
SHORTEST = 20  # a short sentence
ALIKE = 0.8  # of difflib's ratio: a name with a slip in it, not another name


@dataclass(frozen=True)
class Case:
    """A challenge with its briefs, and all that is described beside it."""

    described: Described
    briefs: tuple[Brief, ...]
    content: Content

    @property
    def challenge(self) -> Challenge:
        found: Challenge = self.described.model
        return found


class Rule:
    """One rule: `wrong` yields what a challenge does against it."""

    code: ClassVar[str]
    title: ClassVar[str]

    def wrong(self, case: Case) -> Iterator[Problem]:
        raise NotImplementedError

    def told(self, case: Case, at: Path_, what: str, fix: str, **more: str | None) -> Problem:
        """A problem at a key of challenge.yml."""
        return case.described.problem(at, f"{what} ({self.code})", fix=fix, **more)

    def told_of(self, brief: Brief, line: int, what: str, fix: str, **more: str | None) -> Problem:
        """A problem on a line of a brief."""
        return Problem(f"{what} ({self.code})", brief.file, line, fix=fix, **more)


class User(Rule):
    code = "C01"
    title = "The brief opens with whoever has the problem, before its first section"

    def wrong(self, case: Case) -> Iterator[Problem]:
        for brief in case.briefs:
            if brief.opening < OPENING:
                yield self.told_of(
                    brief,
                    1,
                    "the brief does not open with whoever has the problem",
                    "tell who waits, pays or gives up, before the first section",
                    found=f"{brief.opening} signs before the first section",
                    expected=f"{OPENING} or more",
                )


class Outcome(Rule):
    code = "C02"
    title = "The outcome is a sentence of its own: what is better for somebody, not what is built"

    def wrong(self, case: Case) -> Iterator[Problem]:
        outcome, others = case.challenge.outcome, (case.challenge.title, case.challenge.summary)
        if any(same(outcome, other) for other in others):
            yield self.told(
                case,
                ("outcome",),
                "the outcome says no more than title or summary",
                "say who is better off when the challenge is solved, and how",
            )
        for tag, words in too_short(outcome):
            yield self.told(
                case,
                ("outcome", tag),
                f"the outcome is no sentence [{tag}]",
                "say who is better off when the challenge is solved, and how",
                found=words,
            )


class Decision(Rule):
    code = "C03"
    title = "Somebody decides something by a day, and yes, no and unclear lead to different things"

    def wrong(self, case: Case) -> Iterator[Problem]:
        decision = case.challenge.decision
        if decision.within_days is None:
            yield self.told(
                case,
                ("decision", "when"),
                "the decision has no day",
                "add within_days: 30, the days after the event (0: at the event)",
            )
        ways = [
            ("if_yes", decision.if_yes),
            ("if_no", decision.if_no),
            ("if_unclear", decision.if_unclear),
        ]
        for place, (name, words) in enumerate(ways):
            for other, before in ways[:place]:
                if same(words, before):
                    yield self.told(
                        case,
                        ("decision", name),
                        f"{name} is the same as {other}",
                        "say what is done in each case: else nothing is decided",
                    )


class Data(Rule):
    code = "C04"
    title = "There is data to ask, and the brief names its tables or columns as they are called"

    def wrong(self, case: Case) -> Iterator[Problem]:
        challenge, every = case.challenge, case.content.datasets
        if not challenge.datasets:
            yield self.told(case, ("datasets",), "the challenge has no data", "name a dataset")
            return
        if not any(every[slug].model.questions for slug in challenge.datasets):
            what = "its datasets have no stored question to begin with"
            yield self.told(case, ("datasets",), what, "write one in dataset.yml")
        tables = [t for slug in challenge.datasets for t in every[slug].model.tables.items()]
        own = {name for table, described in tables for name in (table, *described.columns)}
        known = own | _names(case)
        for brief in case.briefs:
            if not own & set(brief.names):
                what = "the brief names no table and no column of its data"
                fix = f"write one in backticks, such as `{tables[0][0]}`"
                yield self.told_of(brief, 1, what, fix)
            for word, line in brief.names.items():
                if word not in known and (meant := _meant(word, known)):
                    what = f"the brief names {word!r}, which is nowhere"
                    yield self.told_of(brief, line, what, f"did you mean {meant}?")


class Measure(Rule):
    code = "C05"
    title = "How answers are scored is told in plain words first; signs are for the formula"

    def wrong(self, case: Case) -> Iterator[Problem]:
        score = case.challenge.score
        at: Path_ = ("score", "explanation")
        for tag, words in score.explanation.root.items():
            if re.search(r"[=∑√]|\n\s*\n", words):
                yield self.told(
                    case,
                    (*at, tag),
                    f"this is no plain paragraph [{tag}]",
                    "say it as you would to a neighbour; signs go to score.formula",
                )
        for tag, words in too_short(score.explanation):
            yield self.told(
                case,
                (*at, tag),
                f"this explains nothing [{tag}]",
                "say what counts, what does not, and what a mistake costs",
                found=words,
            )


class Baseline(Rule):
    code = "C06"
    title = "Today's practice is a number with its source and a day that has been"

    def wrong(self, case: Case) -> Iterator[Problem]:
        baseline = case.challenge.baseline
        if baseline.date > clock.now().date():
            what, fix = "the baseline is of a day to come", "write the day that the number is of"
            yield self.told(case, ("baseline", "date"), what, fix, found=str(baseline.date))
        if same(baseline.source, baseline.what):
            what, fix = "the source only repeats the number", "say who counted, what, and when"
            yield self.told(case, ("baseline", "source"), what, fix)


class Guardrails(Rule):
    code = "C07"
    title = "There are guardrails: what an answer must never do"

    def wrong(self, case: Case) -> Iterator[Problem]:
        if not case.challenge.guardrails:
            yield self.told(
                case,
                ("guardrails",),
                "there are no guardrails",
                "say what an answer must never do, and to whom",
            )


class Lawful(Rule):
    code = "C08"
    title = "The lawful purpose says what the data may be used for"

    def wrong(self, case: Case) -> Iterator[Problem]:
        purpose = case.challenge.lawful_purpose
        if same(purpose, case.challenge.outcome):
            yield self.told(
                case,
                ("lawful_purpose",),
                "the purpose only repeats the outcome",
                "say what the data may be used for, and what not",
            )
        for tag, words in too_short(purpose):
            yield self.told(
                case,
                ("lawful_purpose", tag),
                f"the purpose is no sentence [{tag}]",
                "say what the data may be used for, and what not",
                found=words,
            )


class Afterwards(Rule):
    code = "C09"
    title = "After the event each check-in asks for something of its own"

    def wrong(self, case: Case) -> Iterator[Problem]:
        checks = case.challenge.afterwards.check_ins
        for place, check in enumerate(checks):
            for before in checks[:place]:
                if same(check.what, before.what):
                    at: Path_ = ("afterwards", "check_ins", place, "what")
                    what = f"after {check.days} days the same is asked as after {before.days}"
                    yield self.told(case, at, what, "ask for what can be known by then")


class Parts(Rule):
    code = "C10"
    title = "A brief has one title, sections that say something, and the same ones in each language"

    def wrong(self, case: Case) -> Iterator[Problem]:
        for brief in case.briefs:
            if brief.titles != 1:
                yield self.told_of(
                    brief,
                    1,
                    "a brief has one title",
                    "begin with a line such as: # What is asked",
                    found=f"{brief.titles} lines with one #",
                )
            if not brief.sections:
                yield self.told_of(
                    brief,
                    1,
                    "the brief has no sections",
                    "give each part a heading such as: ## What you have",
                )
            for section in brief.sections:
                if not section.length:
                    yield self.told_of(
                        brief,
                        section.line,
                        "nothing stands below this heading",
                        "write it, or delete the heading",
                        found=section.title,
                    )
        yield from self._unlike(case.briefs)

    def _unlike(self, told: tuple[Brief, ...]) -> Iterator[Problem]:
        for brief in told[1:]:
            here, there = len(brief.sections), len(told[0].sections)
            if here != there:
                yield self.told_of(
                    brief,
                    1,
                    "the brief has other parts than in English",
                    "translate every section",
                    found=f"{here} sections",
                    expected=f"{there}, as in {told[0].file}",
                )


RULES: tuple[Rule, ...] = (
    User(),
    Outcome(),
    Decision(),
    Data(),
    Measure(),
    Baseline(),
    Guardrails(),
    Lawful(),
    Afterwards(),
    Parts(),
)


def brief_problems(d: Described, content: Content) -> Iterator[Problem]:
    """What a challenge, right in itself, does against the rules."""
    case = Case(d, tuple(briefs(d.folder, d.shown)), content)
    for rule in RULES:
        yield from rule.wrong(case)


def same(one: Text, other: Text) -> bool:
    """Whether both say the same in a language that both are in."""
    both = one.root.keys() & other.root.keys()
    return any(one.root[tag].casefold() == other.root[tag].casefold() for tag in both)


def too_short(text: Text) -> Iterator[tuple[str, str]]:
    """(language, words) where they are too few to say something."""
    for tag, words in text.root.items():
        if len(words) < SHORTEST:
            yield tag, words


def _names(case: Case) -> set[str]:
    """Everything that a brief may put in backticks: of any data, and of the answers asked for."""
    answers = case.challenge.answers
    found = {answers.key, *answers.columns, *_codes(answers.columns)}
    for d in case.content.datasets.values():
        for name, table in d.model.tables.items():
            found |= {name, *table.columns, *_codes(table.columns)}
    return found


def _codes(columns: Mapping[str, AnswerColumn | Column]) -> set[str]:
    return {code for column in columns.values() for code in column.codes or ()}


def _meant(word: str, known: set[str]) -> str | None:
    """The name that a word in backticks was to be; None for what was to be no name at all."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{3,}", word):
        return None
    close = difflib.get_close_matches(word.lower(), sorted(known), n=1, cutoff=ALIKE)
    return close[0] if close else None
