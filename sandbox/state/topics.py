"""Challenges' states and drafts, questions and answers, announcements, the mentors' queue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sandbox.state.base import Base
from sandbox.state.people import Account


class ChallengeState(Base):
    """Where a challenge of the bundle stands: what has been decided about it, and when it opens."""

    __tablename__ = "challenge_states"

    slug: Mapped[str] = mapped_column(primary_key=True)
    published_at: Mapped[datetime | None]  # from when on it may be seen
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_why: Mapped[str] = mapped_column(default="")
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reviewed_digest: Mapped[str | None]  # of what was reviewed: a later change needs another look
    owner_confirmed_at: Mapped[datetime | None]
    owner_confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    owner_confirmed_digest: Mapped[str | None]
    previewed_at: Mapped[datetime | None]
    previewed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    previewed_digest: Mapped[str | None]
    written_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # last, in a browser


class ChallengeDraft(Base):
    """A challenge as it is being written in the browser, until it becomes a folder of the event.

    `files` maps names in the folder (challenge.yml, brief.md …) to their text. Code is not among
    them: answers.sql and baseline.py are copied from the folder of the challenge `code_from`, or
    from the template where that is empty, so that nothing a browser sent is ever run.
    """

    __tablename__ = "challenge_drafts"

    slug: Mapped[str] = mapped_column(primary_key=True)
    files: Mapped[dict[str, Any]]
    made_from: Mapped[str | None]  # digest of the folder it was begun from, None if it is new
    code_from: Mapped[str] = mapped_column(default="")
    edited_at: Mapped[datetime]
    edited_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class Question(Base):
    """What somebody asks about the event, a challenge, a dataset, one of its tables or columns.

    `about` is event, challenge or dataset; `slug` says which; `place` is "table" or "table.column".
    """

    __tablename__ = "questions"
    __table_args__ = (Index(None, "about", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[str]
    slug: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")
    text: Mapped[str]
    language: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    edited_at: Mapped[datetime | None]
    pinned_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    hidden_why: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]  # when the first answer of somebody responsible came

    asker: Mapped[Account | None] = relationship(foreign_keys=[asked_by])
    answers: Mapped[list[Answer]] = relationship(
        back_populates="question", order_by="Answer.at", cascade="all, delete-orphan"
    )


class Answer(Base):
    """A reply; `as_role` is the role that made it the responsible one's, empty for anybody's."""

    __tablename__ = "answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(
        ForeignKey("questions.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str]
    language: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    as_role: Mapped[str] = mapped_column(default="")
    hidden_at: Mapped[datetime | None]
    hidden_why: Mapped[str] = mapped_column(default="")

    question: Mapped[Question] = relationship(back_populates="answers")
    author: Mapped[Account | None] = relationship(foreign_keys=[by])


class Announcement(Base):
    """What organisers tell everybody: on its page, in the feed, by e-mail, as a banner for a while.

    `titles` and `texts` map language tags to words and Markdown.
    """

    __tablename__ = "announcements"

    id: Mapped[int] = mapped_column(primary_key=True)
    titles: Mapped[dict[str, Any]]
    texts: Mapped[dict[str, Any]]
    urgent: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime] = mapped_column(index=True)  # may lie ahead
    banner_until: Mapped[datetime | None]
    by_mail: Mapped[bool] = mapped_column(default=False)
    mailed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    changed_at: Mapped[datetime]


class HelpRequest(Base):
    """Somebody waits for a mentor: for which challenge and skill, in which language, and where."""

    __tablename__ = "help_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    challenge: Mapped[str] = mapped_column(default="")
    skill: Mapped[str] = mapped_column(default="")
    language: Mapped[str]
    text: Mapped[str]
    place: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime] = mapped_column(index=True)
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")  # for the mentor who comes next

    asker: Mapped[Account | None] = relationship(foreign_keys=[asked_by])
    mentor: Mapped[Account | None] = relationship(foreign_keys=[taken_by])
