"""Who belongs to a team: let in, leave, hand over. Called in a writing session, which is the only
one until it commits: what is asked here cannot be raced."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.teams import sizes
from sandbox.board.words import N_, gettext
from sandbox.errors import SandboxError
from sandbox.state.people import Account
from sandbox.state.teams import Membership, Seeker, Team, TeamRequest


class No(StrEnum):
    """Why somebody cannot be let in."""

    ENDED = "ended"
    GONE = "gone"
    ELSEWHERE = "elsewhere"
    FULL = "full"


WORDS = {
    No.ENDED: N_("This team has ended."),
    No.GONE: N_("They do not take part any more."),
    No.ELSEWHERE: N_("They are in a team already. One is in one team at a time."),
    No.FULL: N_("The team is full: it has %(size)s members, and at most %(most)s are allowed."),
}


class NotLetIn(SandboxError):
    """Nothing was changed; `told()` says why in the reader's language."""

    def __init__(self, no: No, **words: int):
        super().__init__(no.value)
        self.no, self.words = no, words

    def told(self) -> str:
        return gettext(WORDS[self.no]) % self.words


def let_in(writer: Session, team: Team, account_id: int, *, leads: bool = False) -> Membership:
    """A new membership; whatever else the person had asked for, or was asked, is withdrawn.

    Raises NotLetIn.
    """
    if team.ended_at is not None:
        raise NotLetIn(No.ENDED)
    person = writer.get(Account, account_id)
    if person is None or person.joined_at is None or person.blocked_at or person.deleted_at:
        raise NotLetIn(No.GONE)
    if writer.scalar(select(Membership.id).where(*_here(account_id=account_id)).limit(1)):
        raise NotLetIn(No.ELSEWHERE)
    there, most = size(writer, team.id), sizes.of(writer).most
    if there >= most:
        raise NotLetIn(No.FULL, size=there, most=most)
    return enter(writer, team, account_id, leads=leads or not there)


def enter(writer: Session, team: Team, account_id: int, *, leads: bool) -> Membership:
    """The membership itself, of somebody who is in no team."""
    now = clock.now()
    made = Membership(account_id=account_id, joined_at=now, leads=leads)
    team.members.append(made)
    waiting = TeamRequest.answered_at.is_(None), TeamRequest.withdrawn_at.is_(None)
    writer.execute(
        update(TeamRequest)
        .where(TeamRequest.account_id == account_id, *waiting)
        .values(withdrawn_at=now)
    )
    writer.execute(
        update(Seeker)
        .where(Seeker.account_id == account_id, Seeker.ended_at.is_(None))
        .values(ended_at=now)
    )
    writer.flush()
    return made


def size(session: Session, team_id: int) -> int:
    """How many belong to the team now."""
    found = session.scalar(select(func.count()).select_from(Membership).where(*_here(team_id)))
    return found or 0


def leader(session: Session, team_id: int) -> int | None:
    """The account that leads the team."""
    leads = select(Membership.account_id).where(*_here(team_id), Membership.leads)
    return session.scalar(leads.order_by(Membership.id).limit(1))


def leave(writer: Session, team_id: int, account_id: int) -> None:
    """End a membership; the longest member leads on, and a team without members ends."""
    here = list(
        writer.scalars(
            select(Membership).where(*_here(team_id)).order_by(Membership.joined_at, Membership.id)
        )
    )
    for membership in here:
        if membership.account_id == account_id:
            membership.left_at, membership.leads = clock.now(), False
    left = [m for m in here if m.left_at is None]
    if not left:
        end(writer, writer.get_one(Team, team_id))
    elif not any(m.leads for m in left):
        left[0].leads = True
    writer.flush()


def leave_all(writer: Session, account_id: int) -> None:
    """The same, from whatever team somebody is in."""
    inside = select(Membership.team_id).where(*_here(account_id=account_id))
    for team_id in list(writer.scalars(inside)):
        leave(writer, team_id, account_id)


def hand_over(writer: Session, team_id: int, account_id: int) -> None:
    """From now on this member leads, and nobody else; nothing happens if it is no member."""
    here = list(writer.scalars(select(Membership).where(*_here(team_id))))
    if any(m.account_id == account_id for m in here):
        for membership in here:
            membership.leads = membership.account_id == account_id
        writer.flush()


def end(writer: Session, team: Team) -> None:
    """Nobody gets in any more; what the team has made and submitted stays."""
    now = clock.now()
    team.ended_at = team.ended_at or now
    waiting = TeamRequest.answered_at.is_(None), TeamRequest.withdrawn_at.is_(None)
    writer.execute(
        update(TeamRequest).where(TeamRequest.team_id == team.id, *waiting).values(withdrawn_at=now)
    )
    writer.flush()


def _here(team_id: int | None = None, account_id: int | None = None) -> list[ColumnElement[bool]]:
    """Memberships that hold, of a team, an account, or both."""
    found: list[ColumnElement[bool]] = [Membership.left_at.is_(None)]
    if team_id is not None:
        found.append(Membership.team_id == team_id)
    if account_id is not None:
        found.append(Membership.account_id == account_id)
    return found
