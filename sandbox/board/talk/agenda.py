"""When challenges open and close, and by which names the outside world knows what happens."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox.board import standing
from sandbox.board.served import address, event, generation
from sandbox.descriptors import Text
from sandbox.state.records import Audit

SINCE = "2026"  # the year from which on this form of names has been in use (RFC 4151)


@dataclass(frozen=True)
class Times:
    """A challenge that everybody may see: its moments, and when these were last decided about."""

    title: Text
    opens_at: datetime | None
    closes_at: datetime | None
    changed_at: datetime | None


def times(session: Session) -> Mapping[str, Times]:
    """Of the challenges that strangers see: feed and calendar say the same to everybody."""
    rows, is_demo = standing.rows(session), event().public_seed is not None
    acts = (
        select(Audit.about, func.max(Audit.at))
        .where(Audit.act.startswith("challenge."))
        .group_by(Audit.about)
    )
    decided = dict(session.execute(acts).all())
    found = {}
    for slug, challenge in generation().catalog.challenges.items():
        one = standing.of(rows.get(slug), is_demo=is_demo)
        if one.listed:
            found[slug] = Times(challenge.title, one.opens_at, one.closes_at, decided.get(slug))
    return found


def kept_a_minute(response: Response) -> Response:
    """What programs fetch again and again: kept for a while, and then sent only if it changed."""
    response.headers["Cache-Control"] = "public, max-age=60"
    response.vary.update(("Accept-Language", "Cookie"))
    response.add_etag()
    response.make_conditional(request)
    return response


def home() -> str:
    """The board's own address as others reach it, without a slash at the end."""
    return address("")


def host() -> str:
    return urlsplit(home()).hostname or "localhost"


def identity() -> str:
    """What tells this event from others at the same address, and stays when it is built again."""
    seed = generation().bundle.manifest.seed_commitment
    return hashlib.sha256(seed.encode()).hexdigest()[:12]


def tag(name: str) -> str:
    """A name for good, such as tag:example.org,2026:1f2e3d4c5b6a/announcement/3 (RFC 4151)."""
    return f"tag:{host()},{SINCE}:{identity()}/{name}"
