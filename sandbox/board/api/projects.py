"""The endpoints of projects: what is in the open gallery, and the own team's at any time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request

from sandbox.board.api import shapes
from sandbox.board.api.problems import Refused
from sandbox.board.api.registry import endpoint
from sandbox.board.people import tokens
from sandbox.board.people.visitor import me
from sandbox.board.projects import showing
from sandbox.board.projects.showing import Shown
from sandbox.board.served import address
from sandbox.board.store import db
from sandbox.board.teams.own import is_mine
from sandbox.projects import fields

LANGUAGE = "en"  # of a draft, as far as is known before it is submitted


@endpoint(
    "GET", "/projects", shapes.Projects, query=shapes.ProjectQuery, example="/projects?limit=10"
)  # fmt: skip
def list_projects(query: shapes.ProjectQuery) -> shapes.Projects:
    """What was submitted, by team; none before the organisers open the gallery."""
    found = showing.public(db(), query.challenge or "")
    ahead = sorted(
        (shown for shown in found if shown.team.slug > (query.after or "")),
        key=lambda shown: shown.team.slug,
    )
    items = ahead[: query.limit]
    following = None
    if len(ahead) > len(items):
        kept = {**request.args.to_dict(), "after": items[-1].team.slug}
        following = f"{request.path}?{urlencode(kept)}"
    return shapes.Projects(
        items=tuple(shapes.Project(**_project(shown)) for shown in items), next=following
    )


@endpoint("GET", "/projects/{slug}", shapes.ProjectPage, example="/projects/night-owls")
def get_project(slug: str) -> shapes.ProjectPage:
    """One project, by its team.

    A token with the scope read shows its owner's own team what it has submitted before others see
    it, and its draft as long as it has submitted nothing.
    """
    shown = showing.one(db(), slug, LANGUAGE)
    state = _state(shown) if shown else ""
    if shown is None or not (state == "public" or _is_own(shown)):
        raise Refused(404, "There is no such project, or it is not public.")
    return shapes.ProjectPage(
        **_project(shown),
        state=state,  # type: ignore[arg-type]  # one of the three
        texts={
            one.name: text
            for one in fields.FIELDS
            if one.kind != "links" and (text := shown.text(one.name))
        },
        links=tuple(shapes.ProjectLink(url=url, words=words) for url, words in shown.links),
    )


def _state(shown: Shown) -> str:
    if shown.submission is None:
        return "draft"
    public = shown.project.hidden_at is None and showing.is_open(db())
    return "public" if public else "submitted"


def _is_own(shown: Shown) -> bool:
    token = tokens.current()
    may_read = token is None or "read" in token.scopes
    return may_read and me() is not None and is_mine(shown.team.id)


def _project(shown: Shown) -> Mapping[str, Any]:
    sent = shown.submission
    return {
        "team": shown.team.slug,
        "team_name": shown.team.name,
        "challenge": shown.challenge or None,
        "title": shown.text("title"),
        "summary": shown.text("summary"),
        "language": shown.language,
        "licence": shown.text("licence") or None,
        "prototype": shown.prototype or None,
        "pictures": tuple(
            shapes.ProjectPicture(
                url=address(f"/images/{one.digest}.webp"),
                width=one.width,
                height=one.height,
                alt=one.alt,
                caption=one.caption,
            )
            for one in shown.pictures
        ),
        "submitted": sent.at if sent else None,
        "digest": sent.digest if sent else None,
        "url": address(f"/projects/{shown.team.slug}/"),
    }
