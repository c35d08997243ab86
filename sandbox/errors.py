"""Every error the kit raises, each a sentence its reader can act on.

SandboxError
├── ProblemsFound          a list: everything wrong at once, with file and line
│   ├── CatalogError         a descriptor says something that cannot be
│   ├── EventError           event.toml or secret.toml does
│   ├── RecipeError          recipe.yml does
│   ├── SourceError          a file of open data is not what its descriptor says
│   ├── ExpectationsMissed   built tables differ from what the descriptor promises
│   ├── AnswersRejected      a file of answers cannot be scored
│   ├── StarterError         a project cannot be made from these answers
│   ├── PlanError            a trial's plan says something that cannot be
│   ├── TableError           a CSV file of a trial is not what its plan says
│   ├── PackError            a submission cannot be packed, or a key cannot be used
│   ├── BundleDamaged        files of a bundle are not those that its manifest lists
│   └── RevealRefused        seed and answers cannot be published, or not yet
├── BuildError             a step of the build failed
├── BundleError            there is no bundle to read, or it is damaged
├── TruthError             the hidden answers are missing or damaged
├── VerifyError            what was revealed is not what the bundle promised, or cannot be tried
├── StateError             the board's database cannot be used
├── BackupError            a backup cannot be made, or cannot be put back
└── ServeError             the server cannot start
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_NAMES = 30  # in one message; more are not read
MOST_CHARACTERS = 1_000  # of one part of a message


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: what, where, found, expected, and the way out.

    `file` is the path as its author knows it; `line` counts from 1, None when no line can be named.
    """

    what: str
    file: str = ""
    line: int | None = None
    found: str | None = None
    expected: str | None = None
    fix: str | None = None

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        head = f"{self.where}: {_short(self.what)}" if self.file else self.what
        details = (("found", self.found), ("expected", self.expected), ("way out", self.fix))
        return "\n".join([head, *(f"    {name}: {_short(text)}" for name, text in details if text)])


def _short(text: str) -> str:
    """A name or value may be as long as its author pleases; what is told of it is not."""
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


class SandboxError(Exception):
    """What the kit raises on purpose; the command line prints it without a traceback."""


class ProblemsFound(SandboxError):
    """Everything that is wrong, in the order of files and lines."""

    title = "These problems were found"

    def __init__(self, problems: Iterable[Problem], title: str | None = None):
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line or 0, p.what)))
        self.title = title or self.title
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{self.title} ({count} problem{'s' if count != 1 else ''}):"
        return "\n\n".join([head, *map(str, self.problems)])


class CatalogError(ProblemsFound):
    title = "The descriptors cannot be used"


class EventError(ProblemsFound):
    title = "The event's settings cannot be used"


class RecipeError(ProblemsFound):
    title = "The recipe cannot be used"


class SourceError(ProblemsFound):
    title = "The open data is not what its descriptor says"


class ExpectationsMissed(ProblemsFound):
    title = "The tables are not what their descriptors promise"


class AnswersRejected(ProblemsFound):
    title = "The answers cannot be scored"


class StarterError(ProblemsFound):
    title = "The project cannot be made"


class PlanError(ProblemsFound):
    title = "The plan cannot be used"


class TableError(ProblemsFound):
    title = "The table is not what the plan says"


class PackError(ProblemsFound):
    title = "The submission cannot be packed"


class BundleDamaged(ProblemsFound):
    title = "The bundle is not as its manifest says"


class RevealRefused(ProblemsFound):
    title = "The event is not revealed"


class BuildError(SandboxError):
    pass


class BundleError(SandboxError):
    pass


class TruthError(SandboxError):
    pass


class VerifyError(SandboxError):
    pass


class StateError(SandboxError):
    pass


class BackupError(SandboxError):
    pass


class ServeError(SandboxError):
    pass


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The name that was probably meant, or None; case matters only between equal names."""
    by_lower: dict[str, list[str]] = {}
    for known in words:
        by_lower.setdefault(known.lower(), []).append(known)
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    if not close:
        return None
    return max(by_lower[close[0]], key=lambda k: difflib.SequenceMatcher(None, word, k).ratio())


def did_you_mean(word: str, words: Sequence[str]) -> str:
    """The way out for a name that does not exist, with those that do."""
    close = nearest(word, words)
    known = ", ".join(words[:MOST_NAMES]) or "none"
    if len(words) > MOST_NAMES:
        known += f" and {len(words) - MOST_NAMES} more"
    return f"did you mean {close}? Known: {known}" if close else f"known: {known}"
