"""What goes to the judge and what comes back, as the two processes write it."""

from __future__ import annotations

from sandbox.catalog.models import Challenge
from sandbox.descriptors import Descriptor
from sandbox.errors import Problem
from sandbox.grading.verdict import Verdict


class Order(Descriptor):
    """Score the file `answers` (shown to its author as `shown_as`) with the `truth` folder.

    `best` is the file that it is compared with, if any. The judge may use `mebibytes` of address
    space and `seconds` of a processor; 0 is no limit.
    """

    slug: str
    challenge: Challenge
    answers: str
    shown_as: str
    truth: str
    mebibytes: int
    seconds: float = 0
    best: str | None = None


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
    no_truth: bool = False  # the error is that hidden answers are missing or damaged
    out_of_memory: bool = False
