"""Accounts and what belongs to them: roles, skills, sessions, one-time links, consents."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sandbox.state.base import Base

FORMER = "former member"
UNDER = "under "  # how the age band of a young person begins


class Role(StrEnum):
    """What somebody may do beyond taking part."""

    ORGANISER = "organiser"
    JUDGE = "judge"
    MENTOR = "mentor"
    OWNER = "owner"  # of a challenge, which the scope names
    STEWARD = "steward"  # of data; the scope names a dataset, or none for all
    DECISION_MAKER = "decision_maker"
    RESPONDER = "responder"  # to whom reports under the code of conduct go
    PARTICIPANT = "participant"


class Skill(StrEnum):
    """What a team needs to have among its members."""

    DEVELOPER = "developer"
    DOMAIN_EXPERT = "domain_expert"
    USER = "user"
    DECISION_MAKER = "decision_maker"


class Account(Base):
    """A person; once deleted only the number is left, so that what they did has somebody."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(unique=True)  # normalised, see normal_address
    email_confirmed_at: Mapped[datetime | None]
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    language: Mapped[str | None]
    age_band: Mapped[str | None]
    created_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]  # registered, with all that had to be read accepted
    last_seen_at: Mapped[datetime | None]
    blocked_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    roles: Mapped[list[RoleHeld]] = relationship(
        back_populates="account", cascade="all, delete-orphan", lazy="selectin",
        foreign_keys="RoleHeld.account_id",
    )  # fmt: skip
    skills: Mapped[list[SkillHeld]] = relationship(cascade="all, delete-orphan")

    @property
    def shown_name(self) -> str:
        """The name that others see."""
        return FORMER if self.deleted_at else self.name

    @property
    def young(self) -> bool:
        """Whether a guardian must agree to this person taking part."""
        return (self.age_band or "").startswith(UNDER)

    @property
    def public_name(self) -> str:
        """The name that strangers may see: that of a young person stays among the members."""
        return "" if self.young and not self.deleted_at else self.shown_name

    def has(self, *roles: Role, scope: str | None = None) -> bool:
        """Whether one of `roles` is held, for `scope` if one is named (or for everything)."""
        return any(
            held.role in roles and (scope is None or held.scope in ("", scope))
            for held in self.roles
        )


class RoleHeld(Base):
    """A role of an account, for all or for the challenge or dataset that `scope` names."""

    __tablename__ = "roles"
    __table_args__ = (UniqueConstraint("account_id", "role", "scope"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    role: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")
    granted_at: Mapped[datetime]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    account: Mapped[Account] = relationship(back_populates="roles", foreign_keys=[account_id])


class SkillHeld(Base):
    """A skill that somebody says they bring."""

    __tablename__ = "skills"
    __table_args__ = (UniqueConstraint("account_id", "skill"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    skill: Mapped[str]


class Detail(Base):
    """A piece of personal data that one purpose needs, and that goes when the purpose does."""

    __tablename__ = "details"
    __table_args__ = (UniqueConstraint("account_id", "field"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    field: Mapped[str]
    value: Mapped[str]
    given_at: Mapped[datetime]


class Consent(Base):
    """A yes to one purpose, and the moment it was taken back."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    purpose: Mapped[str]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Identity(Base):
    """Who an OpenID provider says somebody is."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    issuer: Mapped[str]
    subject: Mapped[str]
    linked_at: Mapped[datetime]


class SignIn(Base):
    """A signed-in browser. Its cookie holds a token of which only the hash is kept here."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    device: Mapped[str]
    began_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class Pass(Base):
    """A secret that lets somebody in: an invite for many, or a link for one; see `kind`.

    `kind` is invite, link (signs in `account_id`), confirm (sent to `email`, which it proves) or
    card (printed; nobody's until it is first used). `through` is the invite that a mail was asked
    for with.
    """

    __tablename__ = "passes"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    email: Mapped[str | None]
    role: Mapped[str | None]
    scope: Mapped[str] = mapped_column(default="")
    label: Mapped[str] = mapped_column(default="")
    uses_left: Mapped[int | None]  # None: any number
    used: Mapped[int] = mapped_column(default=0)
    through: Mapped[int | None]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Attempt(Base):
    """Something that is limited and was tried: `key` is a keyed hash of what is counted by."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Document(Base):
    """A text that must be read and accepted (terms, code_of_conduct) or can be read (privacy …).

    Versions count from 1 for each kind; `texts` maps language tags to Markdown.
    """

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("kind", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    version: Mapped[int]
    texts: Mapped[dict[str, Any]]
    digest: Mapped[str]
    note: Mapped[str] = mapped_column(default="")  # what is new, for those who are asked again
    published_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class Acceptance(Base):
    """Who accepted which version of a document, in which language it was read, and when."""

    __tablename__ = "acceptances"
    __table_args__ = (UniqueConstraint("account_id", "document_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    language: Mapped[str]
    at: Mapped[datetime]


def normal_address(email: str) -> str:
    """An e-mail address as it is compared: without spaces around it and without capitals."""
    return email.strip().casefold()
