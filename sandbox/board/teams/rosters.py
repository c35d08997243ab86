"""Who is and was in which team, with what others need to know of them: one query for any number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.state.people import FORMER, UNDER, Account, Skill, SkillHeld
from sandbox.state.teams import Membership

# What `named` needs of an account.
COLUMNS = (Account.name, Account.age_band, Account.deleted_at)


@dataclass(frozen=True)
class Member:
    """`name` is for the own team and organisers; `public_name`, empty for the young, for others."""

    number: int
    name: str
    public_name: str
    language: str | None
    skills: frozenset[str]
    leads: bool
    joined_at: datetime
    left_at: datetime | None


@dataclass(frozen=True)
class Roster:
    """A team's members now, the longest first, and those who were in it before."""

    here: tuple[Member, ...] = ()
    before: tuple[Member, ...] = ()

    @property
    def skills(self) -> frozenset[str]:
        return frozenset().union(*(member.skills for member in self.here))

    def member(self, number: int | None) -> Member | None:
        return next((member for member in self.here if member.number == number), None)

    def leads(self, number: int | None) -> bool:
        return any(member.leads for member in self.here if member.number == number)


def of(session: Session, team_ids: Collection[int] | None = None) -> Mapping[int, Roster]:
    """Team → its roster, of these teams or of all; a team without members is in it when named."""
    asked = (
        select(Membership, Account.id, Account.language, *COLUMNS, SkillHeld.skill)
        .join(Account, Membership.account_id == Account.id)
        .outerjoin(SkillHeld, SkillHeld.account_id == Account.id)
        .order_by(Membership.joined_at, Membership.id)
    )
    if team_ids is not None:
        asked = asked.where(Membership.team_id.in_(list(team_ids)))
    rows: dict[int, Any] = {}
    skills: dict[int, set[str]] = {}
    for row in session.execute(asked):
        rows[row[0].id] = row
        skills.setdefault(row.id, set()).update([row.skill] if row.skill else [])
    by_team: dict[int, list[Member]] = {number: [] for number in team_ids or ()}
    for row in rows.values():
        by_team.setdefault(row[0].team_id, []).append(_member(row, skills[row.id]))
    return {number: _roster(members) for number, members in by_team.items()}


def one(session: Session, team_id: int) -> Roster:
    return of(session, [team_id])[team_id]


def named(name: str, age_band: str | None, deleted_at: datetime | None) -> tuple[str, str]:
    """An account's name for its own team, and the one for everybody else who takes part."""
    if deleted_at is not None:
        return FORMER, FORMER
    return name, "" if (age_band or "").startswith(UNDER) else name


def ordered(skills: Iterable[str]) -> list[str]:
    """Skills in the order in which they are always told."""
    known = set(skills)
    return [skill for skill in Skill if skill in known]


def _member(row: Any, skills: Iterable[str]) -> Member:
    membership: Membership = row[0]
    name, public_name = named(row.name, row.age_band, row.deleted_at)
    return Member(
        number=row.id,
        name=name,
        public_name=public_name,
        language=row.language,
        skills=frozenset(skills),
        leads=membership.leads,
        joined_at=membership.joined_at,
        left_at=membership.left_at,
    )


def _roster(members: Iterable[Member]) -> Roster:
    """Whoever has come back is here, and not told of as somebody who was here before."""
    here = tuple(m for m in members if m.left_at is None)
    numbers = {m.number for m in here}
    before = {m.number: m for m in members if m.left_at is not None and m.number not in numbers}
    return Roster(here, tuple(before.values()))
