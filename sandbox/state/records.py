"""What the board keeps about its own work: jobs, webhooks, tokens, the audit log, erasures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sandbox.state.base import Base
from sandbox.state.people import Account


class Job(Base):
    """Something to be done soon, by whichever worker claims it first: a mail, a call, a build.

    `payload` is emptied once the job is done, since mails name people. Jobs of the same `queue` are
    done one after the other; an empty one is none.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "done_at", "failed_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    queue: Mapped[str] = mapped_column(default="")
    payload: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]  # given up
    error: Mapped[str] = mapped_column(default="")
    progress: Mapped[str] = mapped_column(default="")


class Webhook(Base):
    """An address that is told of events, each call signed with its secret."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str]
    secret: Mapped[str]
    events: Mapped[list[str]]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None]
    last_called_at: Mapped[datetime | None]
    last_status: Mapped[str] = mapped_column(default="")


class Delivery(Base):
    """One event told to one webhook. A repeated call carries the same `message_id` and body.

    `said` is what came of the last attempt, in a few words.
    """

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("webhook_id", "message_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    message_id: Mapped[str]
    event: Mapped[str]
    body: Mapped[str]
    made_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    called_at: Mapped[datetime | None]
    said: Mapped[str] = mapped_column(default="")
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]


class Token(Base):
    """A key to the API that acts for its account, as far as its scopes go."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class Audit(Base):
    """An act of somebody with rights. Triggers refuse any change; each row seals the one before.

    `actor_id` names an account by its number alone (no foreign key: it outlives the account);
    None is the command line. `detail` holds what is needed to understand the act, no personal data.
    """

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    act: Mapped[str]
    about: Mapped[str]
    detail: Mapped[dict[str, Any]]
    digest: Mapped[str]


class Erasure(Base):
    """Proof that personal data was erased: by which rule, from where, how many, and when."""

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    rule: Mapped[str]
    place: Mapped[str]
    count: Mapped[int]


class Setting(Base):
    """A choice that is made in the browser and is no fact of event.toml."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
