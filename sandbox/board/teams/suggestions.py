"""Which team fits somebody, and who fits a team, with the reasons: a rule anybody can check.

What counts, in this order: a skill that the team asks for or lacks; the same challenge, with
"not decided yet" between the same and another one; a language in common; and then the smallest
team, or whoever has looked the longest. Nobody is ranked by worth: every skill counts the same,
one that is missing as much as several.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar


class Why(StrEnum):
    """A reason; `of` says which skills, languages or how many seats."""

    WANTED = "wanted"  # brings skills that the team asks for
    LACKING = "lacking"  # brings skills that nobody in the team has
    CHALLENGE = "challenge"  # both want the same one
    LANGUAGE = "language"  # in common with somebody of the team
    ROOM = "room"  # seats that are left


@dataclass(frozen=True)
class Person:
    """Somebody who looks for a team. `place` is the order in which they began to look."""

    number: int
    skills: frozenset[str]
    languages: frozenset[str]
    challenge: str = ""
    place: int = 0


@dataclass(frozen=True)
class Group:
    """A team that looks for people: what its members bring, what it asks for, and its seats."""

    slug: str
    brings: frozenset[str]
    asks: frozenset[str]
    languages: frozenset[str]
    challenge: str
    size: int
    most: int

    @property
    def room(self) -> int:
        return max(self.most - self.size, 0)


@dataclass(frozen=True)
class Reason:
    """One of the reasons, and of what: skills or languages, in order of their names."""

    why: Why
    of: tuple[str, ...] = ()


Found = TypeVar("Found", Person, Group)


@dataclass(frozen=True)
class Suggestion(Generic[Found]):
    """Somebody or a team, and every reason that there is, in the order in which they count."""

    found: Found
    reasons: tuple[Reason, ...]


def teams_for(person: Person, groups: Iterable[Group]) -> list[Suggestion[Group]]:
    """Every team with room, the best fit first."""
    fits = [Suggestion(group, reasons(person, group)) for group in groups if group.room]
    return sorted(fits, key=lambda s: (*_rank(person, s.found), s.found.size, s.found.slug))


def people_for(group: Group, people: Iterable[Person]) -> list[Suggestion[Person]]:
    """Everybody who looks, the best fit first; nobody for a team that is full."""
    fits = [Suggestion(person, reasons(person, group)) for person in people if group.room]
    return sorted(fits, key=lambda s: (*_rank(s.found, group), s.found.place, s.found.number))


def reasons(person: Person, group: Group) -> tuple[Reason, ...]:
    """What speaks for this person in this team."""
    wanted = person.skills & group.asks
    found = {
        Why.WANTED: wanted,
        Why.LACKING: person.skills - group.brings - wanted,
        Why.CHALLENGE: _common(person, group),
        Why.LANGUAGE: person.languages & group.languages,
        Why.ROOM: {str(group.room)} if group.room else set(),
    }
    return tuple(Reason(why, tuple(sorted(of))) for why, of in found.items() if of)


def _common(person: Person, group: Group) -> set[str]:
    return {group.challenge} if group.challenge and group.challenge == person.challenge else set()


def _rank(person: Person, group: Group) -> tuple[int, int, int]:
    """Lower is a better fit."""
    skill = bool(person.skills & group.asks or person.skills - group.brings)
    undecided = not (person.challenge and group.challenge)
    challenge = 0 if _common(person, group) else 1 if undecided else 2
    return (0 if skill else 1, challenge, 0 if person.languages & group.languages else 1)
