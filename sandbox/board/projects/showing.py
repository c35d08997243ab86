"""Projects as others see them: what was submitted, from when on, and to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from sandbox import clock
from sandbox.board.people.visitor import must_join
from sandbox.board.projects import decoder, submitting
from sandbox.projects import fields
from sandbox.state.people import Account, Role
from sandbox.state.projects import Image, Project, Submission
from sandbox.state.records import Setting
from sandbox.state.teams import Grace, Membership, Team

SETTING = "gallery"
LICENCE_NAMES = {
    "EUPL-1.2": "European Union Public Licence 1.2",
    "MIT": "MIT License",
    "Apache-2.0": "Apache License 2.0",
    "BSD-3-Clause": "BSD 3-Clause License",
    "GPL-3.0-or-later": "GNU General Public License 3.0 or later",
    "AGPL-3.0-or-later": "GNU Affero General Public License 3.0 or later",
    "CC-BY-4.0": "Creative Commons Attribution 4.0 International",
    "CC0-1.0": "Creative Commons Zero 1.0 Universal",
}


# --- when -----------------------------------------------------------------------------------------


def opened_at(session: Session) -> datetime | None:
    """From when on the gallery is open to all: a moment behind or ahead, None if none is named."""
    found = session.get(Setting, SETTING)
    said = found.value.get("opened_at") if found else None
    return datetime.fromisoformat(said) if said else None


def has_come(opens: datetime | None) -> bool:
    return opens is not None and opens <= clock.now()


def is_open(session: Session) -> bool:
    return has_come(opened_at(session))


# --- what -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """A picture with its words. `small` is a digest, too: that of the picture itself if need be."""

    digest: str
    small: str
    width: int  # of the picture itself, in pixels
    height: int
    alt: str
    caption: str

    @property
    def small_width(self) -> int:
        return self._in_small(self.width)

    @property
    def small_height(self) -> int:
        return self._in_small(self.height)

    def _in_small(self, side: int) -> int:
        if self.small == self.digest:
            return side
        return max(round(side * decoder.SMALL / max(self.width, self.height)), 1)


@dataclass(frozen=True)
class Shown:
    """A project as a page shows it: what was submitted, or the draft while nothing was."""

    project: Project
    team: Team
    submission: Submission | None
    content: Mapping[str, Any]
    twins: Mapping[str, str] = field(default_factory=dict)  # digest → that of its small twin
    grace: Grace | None = None  # more time that the team was given for it, on its own page alone

    @property
    def fields(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.content.get("fields") or {}
        return found

    def text(self, name: str) -> str:
        """What a field says; "" if it says nothing."""
        said = self.fields.get(name)
        return said if isinstance(said, str) else ""

    @property
    def title(self) -> str:
        return self.text("title") or self.team.name

    @property
    def language(self) -> str:
        return str(self.content.get("language") or "en")

    @property
    def challenge(self) -> str:
        return str(self.content.get("challenge") or "")

    @property
    def licence(self) -> str:
        said = self.text("licence")
        return LICENCE_NAMES.get(said, said)

    @property
    def prototype(self) -> str:
        said = self.text("prototype")
        return said if fields.is_address(said) else ""

    @cached_property
    def links(self) -> list[tuple[str, str]]:
        """Address and words of each link; what is no address of the web is left out."""
        said = self.fields.get("links") or []
        lines = said.splitlines() if isinstance(said, str) else list(said)
        pairs = [_link(one) for one in lines]
        return [(address, words) for address, words in pairs if fields.is_address(address)]

    @cached_property
    def pictures(self) -> list[Picture]:
        return [
            Picture(
                digest=str(one["digest"]),
                small=self.twins.get(one["digest"]) or str(one["digest"]),
                width=int(one["width"]),
                height=int(one["height"]),
                alt=str(one.get("alt", "")),
                caption=str(one.get("caption", "")),
            )
            for one in self.content.get("images") or []
        ]

    @property
    def used_ai(self) -> bool:
        return self.fields.get("ai") == fields.USED

    @property
    def ai_card(self) -> list[tuple[str, str]]:
        """The questions about a model that were answered, with the answers."""
        asked = [one for one in fields.FIELDS if one.ai]
        return [(one.label, said) for one in asked if (said := self.text(one.name))]

    @property
    def asked_at(self) -> datetime | None:
        """When the prototype shown here was last asked for; None if it has not been yet."""
        same = bool(self.prototype) and self.project.asked_for == self.prototype
        return self.project.asked_for_at if same else None


def recent(moment: datetime) -> bool:
    """Whether the time of day alone says when that was."""
    return clock.now() - moment < timedelta(hours=12)


def _link(one: Any) -> tuple[str, str]:
    if isinstance(one, Mapping):
        address = str(one.get("address") or one.get("url") or "")
        return address, str(one.get("title") or one.get("label") or one.get("words") or address)
    address = str(one).strip()
    return address, address


# --- which ----------------------------------------------------------------------------------------


def _counting() -> Any:
    """Submissions that count, each with its project and its team."""
    newest = (
        select(Submission.project_id, func.max(Submission.number).label("number"))
        .where(Submission.withdrawn_at.is_(None))
        .group_by(Submission.project_id)
        .subquery()
    )
    that = and_(newest.c.project_id == Submission.project_id, newest.c.number == Submission.number)
    return (
        select(Submission, Project, Team)
        .join(newest, that)
        .join(Project, Project.id == Submission.project_id)
        .join(Team, Team.id == Project.team_id)
        .order_by(Team.name, Team.id)
    )


def submitted(session: Session, challenge: str = "", *, hidden: bool = False) -> list[Shown]:
    """What was submitted and counts, by the teams' names; `hidden` ones only if asked for.

    Whether the gallery is open is for the caller to ask. Two queries.
    """
    asked = _counting()
    if challenge:
        asked = asked.where(Submission.challenge == challenge)
    if not hidden:
        asked = asked.where(Project.hidden_at.is_(None))
    rows = session.execute(asked).all()
    twins = _twins(session, [one for row in rows for one in row[0].content.get("images") or []])
    return [Shown(project, team, sent, sent.content, twins) for sent, project, team in rows]


def public(session: Session, challenge: str = "") -> list[Shown]:
    """What everybody may see: nothing before the gallery is open."""
    return submitted(session, challenge) if is_open(session) else []


def _twins(session: Session, images: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    digests = {str(one["digest"]) for one in images}
    if not digests:
        return {}
    rows = session.execute(
        select(Image.digest, Image.small).where(Image.digest.in_(digests), Image.small != "")
    )
    return {row[0]: row[1] for row in rows}


def one(session: Session, slug: str, language: str, *, draft: bool = False) -> Shown | None:
    """The project of the team: what was submitted, else (or if asked for) its draft.

    `language` is said to be the draft's. None if there is no such team. Two queries.
    """
    counts = and_(Submission.project_id == Project.id, Submission.withdrawn_at.is_(None))
    given = and_(
        Grace.team_id == Team.id,
        Grace.challenge == Submission.challenge,
        Grace.ended_at.is_(None),
    )
    row = session.execute(
        select(Project, Submission, Grace)
        .join(Team, Team.id == Project.team_id)
        .outerjoin(Submission, counts)
        .outerjoin(Grace, given)
        .where(Team.slug == slug.replace("\0", ""))
        .order_by(Submission.number.desc(), Grace.until.desc())
        .limit(1)
        .options(contains_eager(Project.team), selectinload(Project.images))
    ).first()
    if row is None:
        return None
    project, sent, grace = row
    twins = {image.digest: image.small for image in project.images}
    told = draft or sent is None
    content = submitting.content_of(project, language) if told else sent.content
    return Shown(project, project.team, sent, content, twins, grace)


def holders(session: Session, digest: str) -> list[tuple[int, bool]]:
    """Team and whether the public may see it, of each project that holds this picture."""
    rows = session.execute(
        select(Project.id, Project.team_id, Project.hidden_at, Image.digest)
        .join(Image, Image.project_id == Project.id)
        .where((Image.digest == digest) | (Image.small == digest))
    ).all()
    opened = bool(rows) and is_open(session)
    return [
        (team, opened and hidden is None and _holds(session, project, whole))
        for project, team, hidden, whole in rows
    ]


def _holds(session: Session, project_id: int, digest: str) -> bool:
    sent = submitting.counting(session, project_id)
    images = sent.content.get("images") or [] if sent else []
    return any(one["digest"] == digest for one in images)


# --- to whom --------------------------------------------------------------------------------------


def belonging(session: Session, team_id: int) -> list[Account]:
    """Who is in the team now, the longest first."""
    asked = (
        select(Membership)
        .where(Membership.team_id == team_id, Membership.left_at.is_(None))
        .order_by(Membership.joined_at, Membership.id)
        .options(joinedload(Membership.account).lazyload(Account.roles))
    )
    return [membership.account for membership in session.scalars(asked)]


def names(people: Iterable[Account], reader: Account | None, *, own: bool) -> list[str] | None:
    """Members' names as this reader may see them; None for strangers, who see none.

    An empty name is that of a young person, which is for the own team and for organisers.
    """
    if reader is None or must_join(reader):
        return None
    everything = own or reader.has(Role.ORGANISER)
    return [person.shown_name if everything else person.public_name for person in people]
