"""Files of answers, what the judge said of each, and what is decided about a leaderboard."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sandbox.state.base import Base
from sandbox.state.teams import Team


class Scoring(StrEnum):
    """Where a file of answers stands. Only received, scoring and scored ones count as attempts."""

    RECEIVED = "received"
    SCORING = "scoring"
    SCORED = "scored"
    REFUSED = "refused"  # something is wrong in the file: `told` says what, by line
    FAILED = "failed"  # nothing is wrong in the file as far as is known: `told` says what happened


COUNTING = (Scoring.RECEIVED, Scoring.SCORING, Scoring.SCORED)


class AnswerFile(Base):
    """A file of answers that a team handed in; `digest` names it in uploads/.

    `public`, `private` and `whole` are the judge's measures (sandbox.grading.Measure as JSON; empty
    until it is scored); only
    `public`, and of `whole` the gates, may be shown before results are published. `truth` is the
    bundle's salted hash of the hidden answers it was scored with. `improves` says whether it beat
    the team's best so far by more than chance would, at the moment it was scored.
    """

    __tablename__ = "answer_files"
    __table_args__ = (
        UniqueConstraint("team_id", "challenge", "number"),
        Index(None, "challenge", "state"),
        Index(None, "state", "arrived_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    challenge: Mapped[str]
    number: Mapped[int]  # 1, 2, … of this team in this challenge
    receipt: Mapped[str] = mapped_column(unique=True)
    nonce: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]  # as its sender's machine called it
    digest: Mapped[str]
    bytes: Mapped[int]
    arrived_at: Mapped[datetime]  # began to arrive: what deadline and daily cap ask
    received_at: Mapped[datetime]
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[str] = mapped_column(default=Scoring.RECEIVED)
    scored_at: Mapped[datetime | None]
    truth: Mapped[str] = mapped_column(default="")
    told: Mapped[dict[str, Any]] = mapped_column(default=dict)
    public: Mapped[dict[str, Any]] = mapped_column(default=dict)
    private: Mapped[dict[str, Any]] = mapped_column(default=dict)
    whole: Mapped[dict[str, Any]] = mapped_column(default=dict)
    improves: Mapped[bool] = mapped_column(default=False)
    final_at: Mapped[datetime | None]  # chosen as one of the team's finals
    final_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    set_aside_at: Mapped[datetime | None]  # by an organiser: it is on no list, and its team knows
    set_aside_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    set_aside_why: Mapped[str] = mapped_column(default="")

    team: Mapped[Team] = relationship()


class Leaderboard(Base):
    """What is decided about a challenge's leaderboard; without a row the defaults hold."""

    __tablename__ = "leaderboards"

    challenge: Mapped[str] = mapped_column(primary_key=True)
    daily: Mapped[int] = mapped_column(default=10)  # attempts of a team a day, in the event's zone
    finals: Mapped[int] = mapped_column(default=2)
    ladder: Mapped[bool] = mapped_column(default=True)
    frozen_at: Mapped[datetime | None]  # from when on nothing new is shown; may lie ahead
    thaws_at: Mapped[datetime | None]  # until when; empty: until somebody ends it
    results_at: Mapped[datetime | None]  # from when on the private part is public
    panel: Mapped[str] = mapped_column(default="")  # what people decided among equals, and why
    changed_at: Mapped[datetime]
