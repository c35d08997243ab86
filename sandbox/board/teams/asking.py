"""Asking to join a team, and being invited into one: two sides of the same row, each with a yes,
a no, and a way to take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.people import limits
from sandbox.board.talk import mails, wishes
from sandbox.board.teams import membership, rosters, sizes
from sandbox.board.words import gettext
from sandbox.errors import SandboxError
from sandbox.state.people import Account, SkillHeld
from sandbox.state.teams import Membership, Seeker, Team, TeamRequest

MOST_WAITING = 5  # requests of one person, and no more than that at once
LONGEST = 300  # characters of the line that goes with a request
ASKING = (limits.Limit("team request", "account", 10, timedelta(hours=1)),)
INVITING = (limits.Limit("team invitation", "account", 30, timedelta(hours=1)),)


class Refused(SandboxError):
    """What was wanted cannot be; the message says why, in the reader's language."""


@dataclass(frozen=True)
class Asked:
    """A request or an invitation that waits, with who it is about."""

    request: TeamRequest
    number: int
    name: str  # as everybody who takes part may see it; empty for the young
    skills: tuple[str, ...]


def waiting() -> Select[TeamRequest]:
    return (
        select(TeamRequest)
        .where(TeamRequest.answered_at.is_(None), TeamRequest.withdrawn_at.is_(None))
        .order_by(TeamRequest.asked_at, TeamRequest.id)
    )


def of_team(session: Session, team_id: int) -> list[Asked]:
    """Who waits for the team's answer, and whose answer it waits for, the longest first."""
    asked = (
        waiting()
        .add_columns(Account.id, *rosters.COLUMNS, SkillHeld.skill)
        .join(Account, TeamRequest.account_id == Account.id)
        .outerjoin(SkillHeld, SkillHeld.account_id == Account.id)
        .where(TeamRequest.team_id == team_id)
        .where(Account.blocked_at.is_(None), Account.deleted_at.is_(None))
    )
    found: dict[int, Asked] = {}
    for row in session.execute(asked):
        request, skill = row[0], row.skill
        before = found[request.id].skills if request.id in found else ()
        _, name = rosters.named(row.name, row.age_band, row.deleted_at)
        skills = rosters.ordered([*before, *([skill] if skill else [])])
        found[request.id] = Asked(request, row.id, name, tuple(skills))
    return list(found.values())


def of_person(session: Session, account_id: int) -> list[tuple[TeamRequest, Team]]:
    """What somebody asked for or was asked, and waits, the longest first."""
    asked = waiting().add_columns(Team).join(Team, TeamRequest.team_id == Team.id)
    rows = session.execute(asked.where(TeamRequest.account_id == account_id))
    return [(row[0], row[1]) for row in rows]


def ask(writer: Session, team: Team, person: Account, text: str) -> TeamRequest:
    """A request of `person`; whoever leads is told. The caller commits, also after Refused."""
    earlier = _between(writer, team, person.id)
    if _is_in_one(writer, person.id):
        raise Refused(gettext("You are in a team already. Leave it before you ask another one."))
    if not team.open_to_requests:
        raise Refused(
            gettext("This team takes nobody by request. Ask one of its members for the code.")
        )
    _needs_room(writer, team)
    for one in earlier:
        if one.answered_at is None and one.withdrawn_at is None:
            raise Refused(
                gettext("They have invited you: say yes to that.") if one.invited_by
                else gettext("You have asked already, and wait for their answer.")
            )  # fmt: skip
        if one.accepted is False and one.invited_by is None:
            raise Refused(gettext("They have said no. Look for another team, or talk to them."))
    asked = waiting().where(TeamRequest.account_id == person.id, TeamRequest.invited_by.is_(None))
    if _count(writer, asked) >= MOST_WAITING:
        told = gettext("You wait for %(most)s teams already. Withdraw one request first.")
        raise Refused(told % {"most": MOST_WAITING})
    _spend(writer, ASKING, person)
    made = TeamRequest(team_id=team.id, account_id=person.id, text=text, asked_at=clock.now())
    writer.add(made)
    writer.flush()
    _tell(writer, membership.leader(writer, team.id), "team_request", team, person, text=text)
    return made


def invite(writer: Session, team: Team, leader: Account, account_id: int) -> TeamRequest:
    """An invitation of somebody who looks for a team; they are told. The caller commits."""
    looks = select(Seeker.id).where(Seeker.account_id == account_id, Seeker.ended_at.is_(None))
    person = writer.get(Account, account_id)
    if person is None or person.blocked_at or writer.scalar(looks) is None:
        raise Refused(gettext("They do not look for a team any more."))
    if _is_in_one(writer, account_id):
        raise Refused(gettext("They have found a team meanwhile."))
    _needs_room(writer, team)
    for one in _between(writer, team, account_id):
        if one.answered_at is None and one.withdrawn_at is None:
            raise Refused(
                gettext("You have invited them already, and wait for their answer.")
                if one.invited_by
                else gettext("They have asked to join: say yes to that.")
            )
        if one.accepted is False and one.invited_by is not None:
            raise Refused(gettext("They have said no to your invitation."))
    _spend(writer, INVITING, leader)
    made = TeamRequest(
        team_id=team.id, account_id=account_id, asked_at=clock.now(), invited_by=leader.id
    )
    writer.add(made)
    writer.flush()
    _tell(writer, account_id, "team_invitation", team, person)
    return made


def answer(writer: Session, request: TeamRequest, by: Account, *, yes: bool) -> None:
    """The answer of the side that was asked; a yes lets the person in, if there is room.

    Raises membership.NotLetIn, after which nothing may be committed.
    """
    person, team = writer.get_one(Account, request.account_id), request.team
    request.answered_at, request.answered_by, request.accepted = clock.now(), by.id, yes
    writer.flush()
    if yes:
        membership.let_in(writer, team, person.id)
    if request.invited_by is None:
        _tell(writer, person.id, "team_answer", team, person, yes=yes)
    else:
        leader = membership.leader(writer, team.id)
        _tell(writer, leader, "team_invitation_answer", team, person, yes=yes)


def _between(session: Session, team: Team, account_id: int) -> list[TeamRequest]:
    """Everything that these two have asked each other, the newest last."""
    both = TeamRequest.team_id == team.id, TeamRequest.account_id == account_id
    return list(session.scalars(select(TeamRequest).where(*both).order_by(TeamRequest.id)))


def _is_in_one(session: Session, account_id: int) -> bool:
    here = Membership.account_id == account_id, Membership.left_at.is_(None)
    return session.scalar(select(Membership.id).where(*here).limit(1)) is not None


def _needs_room(session: Session, team: Team) -> None:
    there, most = membership.size(session, team.id), sizes.of(session).most
    if there >= most:
        raise Refused(membership.NotLetIn(membership.No.FULL, size=there, most=most).told())


def _count(session: Session, asked: Select[TeamRequest]) -> int:
    return session.scalar(select(func.count()).select_from(asked.order_by(None).subquery())) or 0


def _spend(writer: Session, limit: tuple[limits.Limit, ...], person: Account) -> None:
    if wait := limits.spend(writer, limit, str(person.id)):
        raise Refused(limits.told(wait))


def _tell(
    writer: Session,
    number: int | None,
    template: str,
    team: Team,
    person: Account,
    **words: object,
) -> None:
    """Mail whoever it is about, with no name of a young person in it."""
    if number is not None and (to := writer.get(Account, number)) is not None:
        mails.tell(writer, to, wishes.TEAMS, template, team=team, who=person.public_name, **words)
