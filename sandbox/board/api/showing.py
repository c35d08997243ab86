"""What the API shows: the same as pages show to a stranger, and nothing else, whoever asks.

So an answer that is kept by a proxy or a script never holds what is hidden or not yet open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.served import event, generation
from sandbox.board.store import db
from sandbox.state.topics import Announcement, ChallengeState, Question

Stage = Literal["announced", "open", "closed"]


@dataclass(frozen=True)
class Standing:
    """A challenge that is listed: its stage now, and the moments that it follows from."""

    stage: Stage
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def challenges() -> dict[str, Standing]:
    """Those that everybody finds on pages, by slug."""
    rows = _rows(db())
    now, is_demo = clock.now(), event().public_seed is not None
    found = {}
    for slug in generation().catalog.challenges:
        if (one := _standing(rows.get(slug), now, is_demo=is_demo)) is not None:
            found[slug] = one
    return found


def _rows(session: Session) -> dict[str, ChallengeState]:
    return {row.slug: row for row in session.scalars(select(ChallengeState))}


def _standing(row: ChallengeState | None, now: datetime, *, is_demo: bool) -> Standing | None:
    if row is None:
        return Standing("open") if is_demo else None
    if row.published_at is None or row.published_at > now:
        return None
    if row.withdrawn_at is not None and row.withdrawn_at <= now:
        return None
    times = row.opens_at, row.closes_at
    if row.opens_at is None or row.opens_at > now:
        return Standing("announced", *times)
    closed = row.closes_at is not None and row.closes_at <= now
    return Standing("closed" if closed else "open", *times)


def questions() -> ColumnElement[bool]:
    """The condition on questions: not hidden, and about what is shown."""
    shown = or_(
        Question.about == "event",
        and_(Question.about == "challenge", Question.slug.in_(sorted(challenges()))),
        and_(Question.about == "dataset", Question.slug.in_(sorted(generation().catalog.datasets))),
    )
    return and_(Question.hidden_at.is_(None), shown)


def announcements() -> ColumnElement[bool]:
    """The condition on announcements: published by now, and not withdrawn."""
    return and_(Announcement.published_at <= clock.now(), Announcement.withdrawn_at.is_(None))
