"""The one act of submitting: what counts from then on, under a receipt, done once however often
it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import receipts
from sandbox.state.projects import Image, Project, Submission


def content_of(project: Project, language: str) -> dict[str, Any]:
    """What is submitted of a draft as it is now: its fields, its challenge, its images."""
    images = [image for image in project.images if image.removed_at is None]
    return {
        "challenge": project.team.challenge,
        "language": language,
        "fields": dict(project.fields),
        "images": [_image(image) for image in images],
    }


def _image(image: Image) -> dict[str, Any]:
    return {
        "digest": image.digest,
        "width": image.width,
        "height": image.height,
        "alt": image.alt,
        "caption": image.caption,
    }


def submit(
    writer: Session,
    project: Project,
    content: Mapping[str, Any],
    *,
    nonce: str,
    at: datetime,
    by: int | None,
    through: Literal["web", "pack"] = "web",
) -> Submission:
    """Record a submission; the same `nonce` of the same project again gives the one that there is.

    Whether it comes in time and is complete, the caller has asked in the same transaction.
    """
    there = writer.scalar(
        select(Submission).where(Submission.nonce == nonce, Submission.project_id == project.id)
    )
    if there is not None:
        return there
    last = writer.scalar(
        select(func.max(Submission.number)).where(Submission.project_id == project.id)
    )
    made = Submission(
        project_id=project.id,
        number=(last or 0) + 1,
        receipt=receipts.new(),
        nonce=nonce,
        challenge=str(content["challenge"]),
        content=dict(content),
        digest=receipts.digest(content),
        at=at,
        received_at=clock.now(),
        by=by,
        through=through,
    )
    writer.add(made)
    writer.flush()
    return made


def counting(session: Session, project_id: int) -> Submission | None:
    """The submission that counts: the newest that is not withdrawn."""
    return session.scalar(
        select(Submission)
        .where(Submission.project_id == project_id, Submission.withdrawn_at.is_(None))
        .order_by(Submission.number.desc())
        .limit(1)
    )
