"""The gallery: what was submitted, a page for each project, and both as slides for a projector."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from sandbox.board import standing
from sandbox.board.access import everyone
from sandbox.board.addresses import qr
from sandbox.board.forms import tidy
from sandbox.board.people.visitor import me
from sandbox.board.projects import showing
from sandbox.board.projects.showing import Picture, Shown
from sandbox.board.scores import boards
from sandbox.board.served import address, generation
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.teams.own import own_team
from sandbox.board.words import N_
from sandbox.descriptors import Text
from sandbox.state.people import Account, Role

pages = Blueprint("projects", __name__, url_prefix="/projects")
Answer = str | Response
PER_PAGE = 24
SLIDES_PER_PAGE = 60
LONG, VERY_LONG = 280, 700  # characters from which on a slide is set smaller


@dataclass(frozen=True)
class Wanted:
    """What a reader asked the gallery for."""

    challenge: str = ""
    words: str = ""
    number: int = 1  # of the page

    @classmethod
    def of(cls, arguments: MultiDict[str, str]) -> Wanted:
        """From an address; whatever makes no sense is left out."""
        challenge = arguments.get("challenge", "")
        return cls(
            challenge if challenge in standing.visible() else "",
            tidy(arguments.get("q", ""))[:100],
            min(max(arguments.get("page", 1, type=int), 1), 10_000),
        )

    def at(self, number: int) -> str:
        """The address of another page of the same list."""
        said = {"challenge": self.challenge, "q": self.words, "page": number}
        return f"{url_for('projects.gallery')}?{urlencode({k: v for k, v in said.items() if v})}"

    def fits(self, shown: Shown) -> bool:
        """Whether each of the words stands in what the project says first of itself."""
        names = ("title", "summary", "outcome")
        said = " ".join([shown.team.name, *map(shown.text, names)]).casefold()
        return all(word in said for word in self.words.casefold().split())


@dataclass(frozen=True)
class Slide:
    """One screen: a heading with a text (Markdown), or a picture; a `kind` has its own template."""

    kind: str
    heading: str = ""
    text: str = ""
    picture: Picture | None = None

    @property
    def size(self) -> str:
        if len(self.text) > VERY_LONG:
            return "very-long"
        return "long" if len(self.text) > LONG else "short"


# --- pages ----------------------------------------------------------------------------------------


@pages.get("/")
@everyone
def gallery() -> str:
    wanted, reader, opens = Wanted.of(request.args), me(), showing.opened_at(db())
    mine = own_team(db(), reader)
    every = showing.public(db(), wanted.challenge)
    found = [shown for shown in every if wanted.fits(shown)]
    last = max(-(-len(found) // PER_PAGE), 1)
    wanted = replace(wanted, number=min(wanted.number, last))
    first = (wanted.number - 1) * PER_PAGE
    return render_template(
        "board/projects/gallery.html",
        found=found[first : first + PER_PAGE],
        total=len(found),
        wanted=wanted,
        last=last,
        opens=opens,
        opened=showing.has_come(opens),
        mine=mine,
        titles=titles(),
        organises=organises(),
    )


@pages.get("/<slug>/")
@everyone
def project(slug: str) -> Answer:
    seen = _seen(slug)
    if seen is None:
        return redirect(url_for("projects.gallery"))
    known = titles()
    return render_template(
        "board/projects/project.html",
        shown=seen.shown,
        inside=seen.inside,
        opens=seen.opens,
        opened=showing.has_come(seen.opens),
        titles=known,
        names=showing.names(seen.people, me(), own=seen.inside),
        organises=organises(),
        asks_draft=_asks_draft(),
        recent=showing.recent,
        given=[grace] if (grace := seen.shown.grace) and grace.challenge in known else [],
        challenges={slug: title.best(page().language)[0] for slug, title in known.items()},
        **_score(seen.shown),
    )


@pages.get("/<slug>/present")
@everyone
def present(slug: str) -> Answer:
    seen = _seen(slug)
    if seen is None:
        return redirect(url_for("projects.gallery"))
    return render_template(
        "board/projects/present.html",
        shown=seen.shown,
        slides=slides(seen.shown),
        titles=titles(),
        here=address(url_for("projects.project", slug=slug)),
        qr=qr,
    )


@pages.get("/present")
@everyone
def present_all() -> Answer:
    """One slide a project, in the gallery's order; each leads to the project's own slides."""
    wanted = Wanted.of(request.args)
    if not (showing.is_open(db()) or organises()):
        return redirect(url_for("projects.gallery"))
    found = showing.submitted(db(), wanted.challenge)
    first = (wanted.number - 1) * SLIDES_PER_PAGE
    more = len(found) > first + SLIDES_PER_PAGE
    following = url_for(
        "projects.present_all", challenge=wanted.challenge or None, page=wanted.number + 1
    )
    return render_template(
        "board/projects/present_all.html",
        found=found[first : first + SLIDES_PER_PAGE],
        total=len(found),
        titles=titles(),
        more=following if more else None,
    )


# --- what they rest on ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """A project as this reader may see it, and whether it is their own team's."""

    shown: Shown
    people: list[Account]  # of the team, now
    inside: bool
    opens: datetime | None


def _seen(slug: str) -> Seen | None:
    """None while the gallery is closed to this reader, whether there is such a project or not.

    There is no such page (404) where nothing was submitted, or an organiser has hidden it.
    """
    shown, reader, opens = _shown(slug), me(), showing.opened_at(db())
    people = showing.belonging(db(), shown.team.id) if shown else []
    inside = reader is not None and any(person.id == reader.id for person in people)
    if inside or organises():
        return Seen(shown, people, inside, opens) if shown else abort(404)
    if not showing.has_come(opens):
        return None
    if shown is None or shown.submission is None or shown.project.hidden_at is not None:
        abort(404)
    return abort(404) if _asks_draft() else Seen(shown, people, inside, opens)


def _shown(slug: str) -> Shown | None:
    return showing.one(db(), slug, page().language, draft=_asks_draft())


def _score(shown: Shown) -> dict[str, Any]:
    """Its team's line on the leaderboard of its challenge, as everybody may see it now."""
    slug = shown.challenge
    if slug not in titles():
        return {"score": None}
    row = boards.public(db(), slug).of(shown.team.slug)
    return {"score": row, "unit": generation().catalog.challenges[slug].score.unit}


def _asks_draft() -> bool:
    return request.args.get("show") == "draft"


def organises() -> bool:
    reader = me()
    return reader is not None and reader.has(Role.ORGANISER)


def titles() -> dict[str, Text]:
    """Challenge → its title, of those that this reader finds on pages."""
    found: dict[str, Any] = generation().catalog.challenges
    return {slug: found[slug].title for slug in standing.visible()}


def slides(shown: Shown) -> list[Slide]:
    """The project as it is told to a room: for whom, how it looks, how we know, how to try it."""
    made = [Slide("title")]
    made += _words(shown, "outcome", N_("What becomes better, and for whom"))
    made += [Slide("picture", picture=picture) for picture in shown.pictures]
    made += _words(shown, "evidence", N_("How we know that it helps"))
    if shown.text("how_to_try") or shown.prototype:
        made.append(Slide("try", N_("Try it"), shown.text("how_to_try")))
    if said := shown.text("people_made") + shown.text("tools_made"):
        made.append(Slide("made", N_("Who made what"), said))
    if shown.ai_card:
        made.append(Slide("ai", N_("The model in it")))
    return [*made, Slide("end", N_("Where to find it"))]


def _words(shown: Shown, name: str, heading: str) -> list[Slide]:
    return [Slide("words", heading, text)] if (text := shown.text(name)) else []
