"""The one act of submitting: what counts from then on, under a receipt, done once however often
it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import receipts
from sandbox.projects.fields import FIELDS, is_asked
from sandbox.state.projects import Image, Project, Submission


def content_of(project: Project, language: str) -> dict[str, Any]:
    """What is submitted of a draft as it is now: its fields, its challenge, its images.

    Fields that are empty or not asked for are left out: an AI card that somebody began, before the
    team said that no model is part of it, is not made public.
    """
    images = [image for image in project.images if image.removed_at is None]
    written = {field.name: project.fields.get(field.name) for field in FIELDS
               if is_asked(field, project.fields)}  # fmt: skip
    return {
        "challenge": project.team.challenge,
        "language": language,
        "fields": {name: value for name, value in written.items() if value},
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


def withdraw(writer: Session, project_id: int, number: int, by: int | None) -> bool:
    """Take back submission `number` if it is the one that counts; then nothing counts.

    Those before it do not come back. Whoever withdraws wants nothing shown and nothing judged; a
    version that the team itself has replaced, hours ago perhaps, would do both without being asked.
    """
    there = counting(writer, project_id)
    if there is None or there.number != number:
        return False
    now = clock.now()
    for one in writer.scalars(
        select(Submission).where(
            Submission.project_id == project_id, Submission.withdrawn_at.is_(None)
        )
    ):
        one.withdrawn_at, one.withdrawn_by = now, by
    writer.flush()
    return True


class Fate(StrEnum):
    """What has become of a submission."""

    COUNTS = "counts"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


def fates(submissions: Sequence[Submission]) -> dict[int, Fate]:
    """Number → what has become of it; `submissions` are all of a project."""
    standing = [one.number for one in submissions if one.withdrawn_at is None]
    newest = max(standing, default=0)
    found = {}
    for one in submissions:
        until = one.withdrawn_at
        after = any(later.number > one.number and (until is None or later.received_at <= until)
                    for later in submissions)  # fmt: skip
        found[one.number] = Fate.REPLACED if after else Fate.WITHDRAWN
    return found | ({newest: Fate.COUNTS} if newest else {})


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs between two contents: names of fields, "challenge" and "images"."""
    said = [field.name for field in FIELDS
            if before["fields"].get(field.name) != after["fields"].get(field.name)]  # fmt: skip
    return said + [part for part in ("challenge", "images") if before[part] != after[part]]
