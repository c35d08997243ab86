"""More time for a team: given and taken back by organisers, shown to everybody on its page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.state import audit
from sandbox.state.teams import Grace


def holding(session: Session, team_ids: Collection[int]) -> list[Grace]:
    """What these teams were given and still have, the latest first."""
    asked = select(Grace).where(Grace.team_id.in_(list(team_ids)), Grace.ended_at.is_(None))
    return list(session.scalars(asked.order_by(Grace.until.desc(), Grace.id.desc())))


def ever(session: Session, team_id: int) -> list[Grace]:
    """What a team was ever given, the newest first, with what was taken back."""
    asked = select(Grace).where(Grace.team_id == team_id)
    return list(session.scalars(asked.order_by(Grace.given_at.desc(), Grace.id.desc())))


def give(
    writer: Session, team_id: int, challenge: str, until: datetime, why: str, by: int | None
) -> Grace:
    """Let a team submit for `challenge` until then. The log has all but the words."""
    made = Grace(
        team_id=team_id,
        challenge=challenge,
        until=until,
        why=why,
        given_at=clock.now(),
        given_by=by,
    )
    writer.add(made)
    writer.flush()
    detail = {"grace": made.id, "challenge": challenge, "until": until.isoformat()}
    audit.record(writer, "team.grace", f"team {team_id}", actor_id=by, **detail)
    return made


def take_back(writer: Session, grace: Grace, by: int | None) -> None:
    """What was submitted meanwhile stays submitted."""
    if grace.ended_at is None:
        grace.ended_at = clock.now()
        detail = {"grace": grace.id, "challenge": grace.challenge}
        audit.record(writer, "team.grace_ended", f"team {grace.team_id}", actor_id=by, **detail)
