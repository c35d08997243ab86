"""The team that somebody is in, and how one begins and ends."""

from __future__ import annotations

from flask import abort, flash, redirect, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import receipts
from sandbox.board.people.visitor import keyed, me, myself
from sandbox.board.store import db
from sandbox.board.teams import membership
from sandbox.board.words import gettext
from sandbox.state.people import Account
from sandbox.state.projects import Project
from sandbox.state.teams import Membership, Team

LENGTH = 8


def own_team(session: Session, person: Account | None) -> Team | None:
    """The team that somebody is in now; there is one at a time."""
    if person is None:
        return None
    return session.scalar(
        select(Team)
        .join(Membership, Membership.team_id == Team.id)
        .where(Membership.account_id == person.id, Membership.left_at.is_(None))
        .where(Team.ended_at.is_(None))
    )


def my_team() -> Team:
    """The visitor's team, in views for members; whoever has none is led to where teams are."""
    found = own_team(db(), myself())
    if found is None:
        flash(gettext("This belongs to a team. Make one, or join one."))
        abort(redirect(url_for("teams.index")))
    return found


def is_mine(team_id: int) -> bool:
    """Whether the visitor is in that team."""
    found = own_team(db(), me())
    return found is not None and found.id == team_id


def own_slug() -> str:
    """The visitor's team by its slug, whose line is marked in lists; empty for others."""
    found = own_team(db(), me())
    return found.slug if found else ""


def begin(
    writer: Session, name: str, slug: str, challenge: str, account_id: int
) -> tuple[Team, str]:
    """A new team with its first member and its project's draft; and the code to join it by."""
    now = clock.now()
    made = Team(name=name, slug=slug, challenge=challenge, code_hash="", made_at=now)
    code = new_code(made)
    writer.add(made)
    writer.flush()
    membership.enter(writer, made, account_id, leads=True)
    writer.add(Project(team_id=made.id, fields={}, field_revisions={}, made_at=now, changed_at=now))
    return made, code


def new_code(found: Team) -> str:
    """Another code for the team, which ends the one before."""
    code = receipts.new(LENGTH)
    found.code_hash = code_hash(code)
    return code


def code_hash(typed: str) -> str:
    """Codes are short enough to be guessed from a plain hash, so the event's key is in it."""
    return keyed("team code:" + "".join(c for c in typed.upper() if c not in " -\t\n"))
