"""What the API shows: the same as pages show to a stranger, and nothing else, whoever asks.

So an answer that is kept by a proxy or a script never holds what is hidden or not yet open.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import ColumnElement, and_, or_

from sandbox import clock
from sandbox.board.served import generation
from sandbox.board.standing import Standing, standings
from sandbox.state.topics import Announcement, Question

Stage = Literal["announced", "open", "closed"]


def challenges() -> dict[str, Standing]:
    """Those that everybody finds on pages, by slug."""
    return {slug: one for slug, one in standings().items() if one.listed}


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
