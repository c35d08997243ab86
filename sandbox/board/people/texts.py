"""The texts that people read before they join: shipped with the kit, or published at the desk.

A kind's newest published version holds; as long as none has been published, the kit's own text is
version 1, and becomes a row of the database when the first person accepts it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session, defer

from sandbox import clock
from sandbox.board.words import N_
from sandbox.descriptors import FALLBACK, LANGUAGES
from sandbox.state.people import Acceptance, Document

FOLDER = Path(__file__).parents[1] / "texts"
WRITTEN = datetime(2026, 11, 26, tzinfo=UTC)  # the kit's own texts; change it with them
MUST_BE_ACCEPTED = ("terms", "code_of_conduct")


class Kind(NamedTuple):
    """A text's address below / and what it is called."""

    address: str
    title: str


KINDS = {
    "terms": Kind("terms", N_("Terms for taking part")),
    "code_of_conduct": Kind("code-of-conduct", N_("Code of conduct")),
    "privacy": Kind("privacy", N_("Privacy")),
    "accessibility": Kind("accessibility", N_("Accessibility")),
}


class Unread(NamedTuple):
    """A text that somebody has yet to accept; without a number it is the kit's, not yet a row."""

    kind: str
    document_id: int | None


@cache
def shipped(kind: str) -> dict[str, str]:
    """Language → the kit's own text."""
    return {tag: (FOLDER / f"{kind}.{tag}.md").read_text("utf-8") for tag in LANGUAGES}


def digest(texts: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(texts), sort_keys=True).encode()).hexdigest()


def current(reader: Session, kind: str) -> Document:
    """The version that holds; the kit's own, which is in no session, if none was published."""
    return _newest(reader, kind) or _first(kind)


def currents(reader: Session, kinds: Iterable[str]) -> list[Document]:
    """The versions of several kinds that hold, in that order, by one query."""
    wanted = list(kinds)
    newest = _newest_of(wanted)
    rows = reader.scalars(
        select(Document).join(
            newest, (Document.kind == newest.c.kind) & (Document.version == newest.c.version)
        )
    )
    found = {document.kind: document for document in rows}
    return [found.get(kind) or _first(kind) for kind in wanted]


def _newest_of(kinds: Iterable[str]) -> Subquery:
    """Kind → its highest version."""
    return (
        select(Document.kind, func.max(Document.version).label("version"))
        .where(Document.kind.in_(kinds))
        .group_by(Document.kind)
        .subquery()
    )


def version(reader: Session, kind: str, number: int) -> Document | None:
    """A version as it was published; None if there is none of that number."""
    found = reader.scalar(select(Document).where(Document.kind == kind, Document.version == number))
    if found is None and number == 1 and _newest(reader, kind) is None:
        return _first(kind)
    return found


def versions(reader: Session, kind: str) -> list[Document]:
    """All versions, the newest first, without what they say."""
    listed = select(Document).where(Document.kind == kind).options(defer(Document.texts))
    return list(reader.scalars(listed.order_by(Document.version.desc()))) or [_first(kind)]


def publish(
    writer: Session, kind: str, texts: Mapping[str, str], note: str, by: int | None
) -> Document:
    """The next version of a kind, from now on; those who had accepted the last one are asked again.

    What the kit ships is kept as version 1 first, so that it can always be read what held before.
    """
    before = kept(writer, kind)
    made = Document(
        kind=kind,
        version=before.version + 1,
        texts=dict(texts),
        digest=digest(texts),
        note=note,
        published_at=clock.now(),
        published_by=by,
    )
    writer.add(made)
    writer.flush()
    return made


def kept(writer: Session, kind: str) -> Document:
    """The version that holds, as a row."""
    found = _newest(writer, kind)
    if found is None:
        found = _first(kind)
        writer.add(found)
        writer.flush()
    return found


def unread(reader: Session, account_id: int) -> list[Unread]:
    """What must be accepted and has not been by this account, by one query."""
    newest = _newest_of(MUST_BE_ACCEPTED)
    rows = reader.execute(
        select(Document.kind, Document.id, Acceptance.id)
        .join(newest, (Document.kind == newest.c.kind) & (Document.version == newest.c.version))
        .outerjoin(
            Acceptance,
            (Acceptance.document_id == Document.id) & (Acceptance.account_id == account_id),
        )
    )
    found = {kind: (document_id, accepted) for kind, document_id, accepted in rows}
    asked = ((kind, *found.get(kind, (None, None))) for kind in MUST_BE_ACCEPTED)
    return [Unread(kind, document_id) for kind, document_id, accepted in asked if accepted is None]


def accept(writer: Session, account_id: int, kinds: Iterable[str], language: str) -> None:
    """Keep that an account has read and accepted these kinds as they are now."""
    for kind in kinds:
        document = kept(writer, kind)
        writer.add(
            Acceptance(
                account_id=account_id,
                document_id=document.id,
                language=in_language(document, language)[1],
                at=clock.now(),
            )
        )


def in_language(document: Document, language: str) -> tuple[str, str]:
    """What a document says to a reader of `language`, and in which language it says it."""
    for tag in (*FALLBACK.get(language, (language,)), "en", *document.texts):
        if text := document.texts.get(tag):
            return str(text), tag
    return "", language


def _newest(reader: Session, kind: str) -> Document | None:
    return reader.scalar(
        select(Document).where(Document.kind == kind).order_by(Document.version.desc()).limit(1)
    )


def _first(kind: str) -> Document:
    texts = shipped(kind)
    return Document(
        kind=kind,
        version=1,
        texts=texts,
        digest=digest(texts),
        note="",
        published_at=WRITTEN,
    )
