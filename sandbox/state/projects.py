"""What teams make: a draft with its history, its images, and what was submitted of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sandbox.state.base import Base
from sandbox.state.teams import Team


class Project(Base):
    """A team's draft, there from the team's first minute; `fields` maps names to what was written.

    `revision` counts saves; `field_revisions` says at which of them each field was last changed, so
    that two people who write in different fields do not get in each other's way.
    """

    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), unique=True)
    fields: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(default=0)
    field_revisions: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    hidden_at: Mapped[datetime | None]  # from the gallery, by an organiser
    hidden_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    hidden_why: Mapped[str] = mapped_column(default="")
    asked_for: Mapped[str] = mapped_column(default="")  # the address of its prototype …
    asked_for_at: Mapped[datetime | None]  # … when it was last asked for …
    reached_at: Mapped[datetime | None]  # … when it last answered …
    reached_said: Mapped[str] = mapped_column(default="")  # … and what came of it the last time

    team: Mapped[Team] = relationship()
    images: Mapped[list[Image]] = relationship(
        back_populates="project", order_by="Image.position, Image.id"
    )
    submissions: Mapped[list[Submission]] = relationship(
        back_populates="project", order_by="Submission.number"
    )


class Revision(Base):
    """One save of a draft: the fields that it changed, with what they held from then on.

    `pen` names the open page that it was written on: saved from there again, after an answer that
    was lost on the way, it is nobody else's change.
    """

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("project_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    revision: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    pen: Mapped[str] = mapped_column(default="")
    fields: Mapped[dict[str, Any]]


class Image(Base):
    """A picture of a project: a file of uploads/ by the SHA-256 of what we encoded ourselves.

    `small` names a smaller one of the same, for lists; it is empty where the picture is small.
    """

    __tablename__ = "images"
    __table_args__ = (Index(None, "digest"), Index(None, "small"))

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    digest: Mapped[str]
    small: Mapped[str] = mapped_column(default="")
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int]
    alt: Mapped[str] = mapped_column(default="")
    caption: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    added_at: Mapped[datetime]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    removed_at: Mapped[datetime | None]  # from the draft; what was submitted with it keeps it

    project: Mapped[Project] = relationship(back_populates="images")


class Submission(Base):
    """What a team submitted, never changed: the newest one that is not withdrawn counts.

    `content` holds fields, language, challenge and images (digest, alt, caption); `digest` is the
    SHA-256 of its canonical JSON, which the receipt names. `nonce` came with the form, so that a
    form that is sent again after a lost answer is the same submission. `at` is when it counts:
    when it began to arrive. `through` is "web" or "pack".
    """

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    number: Mapped[int]
    receipt: Mapped[str] = mapped_column(unique=True)
    nonce: Mapped[str] = mapped_column(unique=True)
    challenge: Mapped[str]
    content: Mapped[dict[str, Any]]
    digest: Mapped[str]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    through: Mapped[str] = mapped_column(default="web")
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    project: Mapped[Project] = relationship(back_populates="submissions")


class Noted(Base):
    """What a team told the board of a pack before it could bring the pack: its short code."""

    __tablename__ = "noted"
    __table_args__ = (UniqueConstraint("team_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    digest: Mapped[str]  # the short code: of a digest that was told, it is computed
    at: Mapped[datetime]
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class Pack(Base):
    """A submission made offline, as it came: its file is in uploads/ under `file`.

    `state` is accepted, superseded (it counts from its note on, and something submitted after that
    goes before it), waiting (it came too late and nobody had told of it: an organiser decides) or
    refused: by an organiser where `decided_at` says when, else for what `faults` lists
    (sandbox.projects.faults.Fault as JSON).
    """

    __tablename__ = "packs"
    __table_args__ = (UniqueConstraint("team_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))  # None: nobody can tell
    digest: Mapped[str]  # of what was signed; of the file where it is no pack
    file: Mapped[str]
    made_at: Mapped[datetime | None]  # as the pack itself says
    arrived_at: Mapped[datetime]
    brought_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[str]
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    why: Mapped[str] = mapped_column(default="")
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))

    team: Mapped[Team | None] = relationship()
