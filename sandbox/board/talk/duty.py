"""Who is responsible for an answer, and how long people have waited for one."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from sandbox.board.talk.places import Place
from sandbox.state.people import Account, Role, RoleHeld
from sandbox.state.topics import Question

# Whose the answers are, before any organiser's: owners know their challenge, stewards their data.
FIRST = {"challenge": Role.OWNER, "dataset": Role.STEWARD}


def role_in(person: Account, place: Place) -> Role | None:
    """The role as which `person` answers there; None answers as anybody."""
    first = FIRST.get(place.about)
    if first and person.has(first, scope=place.slug):
        return first
    return next((role for role in (Role.ORGANISER, Role.MENTOR) if person.has(role)), None)


def may_pin(person: Account, place: Place) -> bool:
    return role_in(person, place) not in (None, Role.MENTOR)


def duties(person: Account) -> ColumnElement[bool] | None:
    """Which questions are this person's to answer; None if none ever are."""
    if person.has(Role.ORGANISER):
        return true()
    parts = []
    for about, role in FIRST.items():
        scopes = {held.scope for held in person.roles if held.role == role}
        if scopes:
            one_of = true() if "" in scopes else Question.slug.in_(sorted(scopes))
            parts.append(and_(Question.about == about, one_of))
    return or_(*parts) if parts else None


def responsible(session: Session, place: Place) -> list[Account]:
    """Who is to be told of a question there: owners or stewards; organisers if there are none."""
    for role in (FIRST.get(place.about), Role.ORGANISER):
        holds = select(RoleHeld.account_id).where(
            RoleHeld.role == role, RoleHeld.scope.in_({"", place.slug})
        )
        able = Account.id.in_(holds), Account.deleted_at.is_(None), Account.blocked_at.is_(None)
        if told := list(session.scalars(select(Account).where(*able).order_by(Account.id))):
            return told
    return []


@dataclass(frozen=True)
class Pace:
    """How fast questions were answered by somebody responsible, and how many were not yet."""

    median: timedelta | None
    answered: int
    waiting: int

    @property
    def asked(self) -> int:
        return self.answered + self.waiting


def pace(times: Iterable[tuple[datetime, datetime | None]]) -> Pace:
    """From pairs (asked, answered or None); the median is of those that have an answer."""
    times = list(times)
    waits = [answered - asked for asked, answered in times if answered is not None]
    median = statistics.median(wait.total_seconds() for wait in waits) if waits else None
    waiting = len(times) - len(waits)
    return Pace(None if median is None else timedelta(seconds=median), len(waits), waiting)
