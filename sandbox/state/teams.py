"""Teams: who belongs to them, who asks to, who looks for one, and how much longer one has."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sandbox.state.base import Base
from sandbox.state.people import Account


class Team(Base):
    """People who work on one thing together; others join by its code, or ask to.

    `public_key` is the Ed25519 key (base64) that submissions packed offline are signed for, since
    `key_made_at`, when the member `key_made_by` was handed its private half.
    """

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    challenge: Mapped[str] = mapped_column(default="")
    pitch: Mapped[str] = mapped_column(default="")  # what it is about, and whom it looks for
    skills: Mapped[list[str]] = mapped_column(default=list)  # those it looks for
    open_to_requests: Mapped[bool] = mapped_column(default=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    public_key: Mapped[str | None]
    key_made_at: Mapped[datetime | None]
    key_made_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    members: Mapped[list[Membership]] = relationship(
        back_populates="team", order_by="Membership.joined_at"
    )


class Membership(Base):
    """Who belongs to which team, from when until when."""

    __tablename__ = "memberships"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    leads: Mapped[bool] = mapped_column(default=False)

    team: Mapped[Team] = relationship(back_populates="members")
    account: Mapped[Account] = relationship()


class TeamRequest(Base):
    """Somebody asks to join a team, and whoever leads it says yes or no.

    With `invited_by` it is the other way round: the team asks, and the account says yes or no.
    """

    __tablename__ = "team_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime]
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    accepted: Mapped[bool | None]
    withdrawn_at: Mapped[datetime | None]

    team: Mapped[Team] = relationship()
    account: Mapped[Account] = relationship(foreign_keys=[account_id])


class Seeker(Base):
    """Somebody who looks for a team, as long as `ended_at` is empty; their skills are theirs."""

    __tablename__ = "seekers"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), unique=True
    )
    challenge: Mapped[str] = mapped_column(default="")
    languages: Mapped[list[str]]
    text: Mapped[str] = mapped_column(default="")
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class Grace(Base):
    """More time for one team in one challenge, and why; the one with the latest `until` counts."""

    __tablename__ = "graces"
    __table_args__ = (Index(None, "team_id", "challenge"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    challenge: Mapped[str]
    until: Mapped[datetime]
    why: Mapped[str]
    given_at: Mapped[datetime]
    given_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None]  # taken back
