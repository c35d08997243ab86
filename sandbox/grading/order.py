"""What goes to the judge and what comes back, as the two processes write it."""

from __future__ import annotations

from sandbox.catalog.models import Challenge
from sandbox.descriptors import Descriptor
from sandbox.errors import Problem
from sandbox.grading.verdict import Verdict


class Order(Descriptor):
    """Score the file `answers` (shown to its author as `shown_as`) with the `truth` folder."""

    slug: str
    challenge: Challenge
    answers: str
    shown_as: str
    truth: str
    mebibytes: int


class Told(Descriptor):
    """A Problem, on its way between processes."""

    what: str
    file: str
    line: int | None
    found: str | None
    expected: str | None
    fix: str | None

    @classmethod
    def of(cls, problem: Problem) -> Told:
        return cls(**{name: getattr(problem, name) for name in cls.model_fields})

    def problem(self) -> Problem:
        return Problem(**self.model_dump())


class Outcome(Descriptor):
    """Exactly one of: a verdict, the problems of the file, an error's sentence, no memory left."""

    verdict: Verdict | None = None
    title: str = ""
    problems: tuple[Told, ...] = ()
    error: str | None = None
    out_of_memory: bool = False
