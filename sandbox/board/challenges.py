"""Challenges: what is asked, for whom, and how well it is done today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, render_template
from sqlalchemy import select

from sandbox.board import practice
from sandbox.board.access import everyone
from sandbox.board.people.visitor import me
from sandbox.board.scores import boards
from sandbox.board.served import Generation, event, generation, served
from sandbox.board.site import page
from sandbox.board.standing import Stage, looks_after, seen, standing
from sandbox.board.store import db
from sandbox.board.talk import places, questions
from sandbox.board.teams.own import own_slug
from sandbox.catalog import Challenge
from sandbox.descriptors import FALLBACK
from sandbox.state.records import Audit

pages = Blueprint("challenges", __name__, url_prefix="/challenges")
LEVELS = ("first", "intermediate", "advanced")
TIMES_CHANGED = "challenge.times_changed"  # an act that participants are told of


@pages.get("/")
@everyone
def index() -> str:
    here = seen()
    ranked = sorted(here.catalog.challenges.items(), key=lambda item: LEVELS.index(item[1].level))
    return render_template("board/challenges.html", here=here, challenges=ranked)


@pages.get("/<slug>/")
@everyone
def challenge(slug: str) -> str | tuple[str, int]:
    here = generation()
    found = here.catalog.challenges.get(slug) or abort(404)
    stands, is_ours = standing(slug), looks_after(me(), slug)
    if stands.stage is Stage.DRAFT and not is_ours:
        abort(404)
    if stands.stage is Stage.WITHDRAWN:
        return _withdrawn(slug, found, stands.why, is_ours=is_ours)
    return render_template(
        "board/challenge.html",
        **bundled(slug),
        is_ours=is_ours,
        stands=stands,
        changes=changes_of_times(slug),
        leaderboard=boards.public(db(), slug),
        mine=own_slug(),
        talk=questions.about(places.Place("challenge", slug, title=found.title)),
    )


def bundled(slug: str) -> dict[str, Any]:
    """What the page of a challenge of the bundle tells, in the reader's language."""
    here = generation()
    brief, tag = _brief(here, slug, page().language)
    return told(here, slug, here.catalog.challenges[slug], brief, tag)


def told(
    here: Generation, slug: str, found: Challenge, brief: str, brief_language: str
) -> dict[str, Any]:
    """What a challenge's page tells, of the bundle or of a draft."""
    return {
        "here": here,
        "slug": slug,
        "challenge": found,
        "practice": practice.rows(here, slug),
        "between": practice.between_groups(here, slug),
        "picture": practice.picture(here, slug),
        "questions": _questions(here, found),
        "decided_by": _decided_by(found),
        "brief": brief,
        "brief_language": brief_language,
        "is_demo": event().public_seed is not None,
        "command": _command(slug),
    }


def _withdrawn(slug: str, found: Challenge, why: str, *, is_ours: bool) -> tuple[str, int]:
    """Gone, which is no mistake of the reader's: what it was, and why it is no more."""
    shown = render_template(
        "board/challenges/withdrawn.html", slug=slug, challenge=found, why=why, is_ours=is_ours
    )
    return shown, 410


@dataclass(frozen=True)
class Change:
    """A change of times after the challenge was published."""

    at: datetime
    opens_at: datetime | None
    closes_at: datetime | None


def changes_of_times(slug: str) -> list[Change]:
    """What was changed about its times since people could read it, the newest first."""
    acts = db().scalars(
        select(Audit)
        .where(Audit.act == TIMES_CHANGED, Audit.about == slug)
        .order_by(Audit.id.desc())
        .limit(10)
    )
    return [
        Change(act.at, _moment(act.detail.get("opens_at")), _moment(act.detail.get("closes_at")))
        for act in acts
    ]


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def _command(slug: str) -> str:
    return served().workspace.command(f"grade {slug} answers.csv").partition(" --event")[0]


def _brief(here: Generation, slug: str, language: str) -> tuple[str, str]:
    """The text participants read and its language, the reader's if there is one."""
    for tag in (*FALLBACK.get(language, (language,)), "en"):
        if here.bundle.has(file := f"challenges/{slug}/{brief_name(tag)}"):
            return here.bundle.file(file).read_text(encoding="utf-8"), tag
    return "", "en"


def brief_name(tag: str) -> str:
    """The file that holds the brief in a language."""
    return "brief.md" if tag == "en" else f"brief.{tag}.md"


def _decided_by(found: Challenge) -> date | None:
    """The day of the decision, if the event has an end that it can be counted from."""
    ends, days = event().ends_at, found.decision.within_days
    return None if ends is None or days is None else (ends + timedelta(days=days)).date()


def _questions(here: Generation, found: Challenge) -> dict[str, Any]:
    """The challenge's stored questions; if it names none, those of its datasets."""
    known = {name: question for name, (_, question) in here.catalog.questions.items()}
    named = found.questions or [
        name for name, (slug, _) in here.catalog.questions.items() if slug in found.datasets
    ]
    return {name: known[name] for name in named if name in known}
