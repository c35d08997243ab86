"""Until when a team may hand something in for a challenge; the server's clock alone decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.board import standing
from sandbox.board.served import event, generation
from sandbox.board.standing import Stage, Standing
from sandbox.state.teams import Grace


@dataclass(frozen=True)
class Deadline:
    """`closes_at` is everybody's, `until` this team's own where it was given more time."""

    stands: Standing  # at the moment that was asked about
    moment: datetime
    until: datetime | None = None

    @property
    def at(self) -> datetime | None:
        """The last moment before which something counts, None while there is no end."""
        closes = self.stands.closes_at
        return max(closes, self.until) if closes and self.until else closes

    @property
    def has_grace(self) -> bool:
        return self.at is not None and self.at != self.stands.closes_at

    @property
    def open(self) -> bool:
        """Whether something handed in at `moment` counts."""
        if self.stands.stage is Stage.OPEN:
            return True
        late = self.stands.stage is Stage.CLOSED and self.at is not None
        return late and self.moment < (self.at or self.moment)


def of(session: Session, slug: str, team_id: int | None, moment: datetime) -> Deadline:
    """What holds for the team in the challenge at `moment`, as `session` sees it.

    In a writing session that is what holds until it commits: nobody can close in between.
    """
    row = standing.row_of(session, slug)
    stands = standing.of(row, is_demo=event().public_seed is not None, now=moment)
    if slug not in generation().catalog.challenges:
        stands = Standing(Stage.DRAFT)
    return Deadline(stands, moment, _grace(session, slug, team_id))


def _grace(session: Session, slug: str, team_id: int | None) -> datetime | None:
    if team_id is None:
        return None
    return session.scalar(
        select(Grace.until)
        .where(Grace.team_id == team_id, Grace.challenge == slug, Grace.ended_at.is_(None))
        .order_by(Grace.until.desc())
        .limit(1)
    )
