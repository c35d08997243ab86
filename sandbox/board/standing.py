"""Where each challenge stands: draft, announced, open, closed or withdrawn; and who may see it.

The state follows from a row of the board's database and the clock, so that nothing has to run when
an hour strikes. Every page asks here, and the rows are read once per page. The demo's challenges
are open without a row; those of a real event are drafts until somebody publishes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import Flask, g
from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.people.visitor import me
from sandbox.board.served import Generation, event, generation
from sandbox.board.store import db
from sandbox.state.people import Account, Role
from sandbox.state.topics import ChallengeState


class Stage(StrEnum):
    """What can be said of a challenge at a moment."""

    DRAFT = "draft"  # for organisers and its owner alone
    ANNOUNCED = "announced"  # to be read; answers do not count yet
    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"  # its page tells why, and nothing else


LISTED = (Stage.ANNOUNCED, Stage.OPEN, Stage.CLOSED)


@dataclass(frozen=True)
class Standing:
    """A challenge's stage now, and the moments (aware, UTC) that it follows from."""

    stage: Stage
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    why: str = ""

    @property
    def listed(self) -> bool:
        """Whether participants find it on pages."""
        return self.stage in LISTED

    @property
    def takes_answers(self) -> bool:
        return self.stage is Stage.OPEN

    @property
    def next_change(self) -> datetime | None:
        """When it opens, or closes, by itself."""
        if self.stage is Stage.ANNOUNCED:
            return self.opens_at
        return self.closes_at if self.stage is Stage.OPEN else None


def of(row: ChallengeState | None, *, is_demo: bool, now: datetime | None = None) -> Standing:
    """What `row` means at `now`: each end of a period is the first moment after it."""
    now = now or clock.now()
    if row is None:
        return Standing(Stage.OPEN if is_demo else Stage.DRAFT)
    times = row.opens_at, row.closes_at
    if row.published_at is None or row.published_at > now:
        return Standing(Stage.DRAFT, *times)
    if row.withdrawn_at is not None and row.withdrawn_at <= now:
        return Standing(Stage.WITHDRAWN, *times, why=row.withdrawn_why)
    if row.opens_at is None or row.opens_at > now:
        return Standing(Stage.ANNOUNCED, *times)
    if row.closes_at is not None and row.closes_at <= now:
        return Standing(Stage.CLOSED, *times)
    return Standing(Stage.OPEN, *times)


def row_of(session: Session, slug: str) -> ChallengeState | None:
    """The challenge's row; not asked for again where this session has read them all for a page."""
    if session is g.get("db") and "challenge_rows" in g:
        found: ChallengeState | None = g.challenge_rows.get(slug)
        return found
    return session.get(ChallengeState, slug)


def rows(session: Session) -> dict[str, ChallengeState]:
    return {row.slug: row for row in session.scalars(select(ChallengeState))}


def attach(app: Flask) -> None:
    """Templates may ask, too: lists say beside each challenge where it stands."""
    app.jinja_env.globals["standing"] = standing


# --- on a page ------------------------------------------------------------------------------------


def standing(slug: str) -> Standing:
    """Where the challenge stands at the moment of this request."""
    return standings([slug])[slug]


def standings(slugs: Iterable[str] | None = None) -> Mapping[str, Standing]:
    """Those of `slugs`, by default of all challenges in the bundle; one query for a page."""
    if "challenge_rows" not in g:
        g.challenge_rows = rows(db())
    is_demo, now = event().public_seed is not None, clock.now()
    wanted = generation().catalog.challenges if slugs is None else slugs
    return {slug: of(g.challenge_rows.get(slug), is_demo=is_demo, now=now) for slug in wanted}


def forget() -> None:
    """After a change: the next who asks in this request reads the rows anew."""
    g.pop("challenge_rows", None)
    g.pop("visible_challenges", None)


def looks_after(person: Account | None, slug: str) -> bool:
    """Whether `person` sees the challenge in every state: organisers do, and its owner."""
    return person is not None and (person.has(Role.ORGANISER) or person.has(Role.OWNER, scope=slug))


def readable(slug: str) -> bool:
    """Whether the visitor may have what belongs to the challenge of the bundle.

    Whoever looks after it may in every state; nobody else may once it is withdrawn.
    """
    there = slug in generation().catalog.challenges
    return there and (standing(slug).listed or looks_after(me(), slug))


def visible() -> tuple[str, ...]:
    """The challenges of the bundle that this visitor finds on pages, in the catalog's order."""
    known: dict[Account | None, tuple[str, ...]] = g.setdefault("visible_challenges", {})
    if (person := me()) not in known:  # a list of questions asks for each of them
        found = (slug for slug, one in standings().items() if _found(one, slug))
        known[person] = tuple(found)
    return known[person]


def _found(one: Standing, slug: str) -> bool:
    return one.listed or (one.stage is Stage.DRAFT and looks_after(me(), slug))


def seen() -> Generation:
    """The generation that is served, with those challenges alone that this visitor may see."""
    return generation().with_challenges(visible())
