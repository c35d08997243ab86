"""Challenges: what is asked, for whom, and how well it is done today."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, render_template

from sandbox.board import practice
from sandbox.board.access import everyone
from sandbox.board.served import Generation, event, generation, served
from sandbox.board.site import page
from sandbox.board.talk import places, questions
from sandbox.catalog import Challenge
from sandbox.descriptors import FALLBACK

pages = Blueprint("challenges", __name__, url_prefix="/challenges")
LEVELS = ("first", "intermediate", "advanced")


@pages.get("/")
@everyone
def index() -> str:
    here = generation()
    ranked = sorted(here.catalog.challenges.items(), key=lambda item: LEVELS.index(item[1].level))
    return render_template("board/challenges.html", here=here, challenges=ranked)


@pages.get("/<slug>/")
@everyone
def challenge(slug: str) -> str:
    here = generation()
    found = here.catalog.challenges.get(slug) or abort(404)
    brief, brief_language = _brief(here, slug, page().language)
    return render_template(
        "board/challenge.html",
        here=here,
        slug=slug,
        challenge=found,
        practice=practice.rows(here, slug),
        between=practice.between_groups(here, slug),
        picture=practice.picture(here, slug),
        questions=_questions(here, found),
        talk=questions.about(places.Place("challenge", slug, title=found.title)),
        decided_by=_decided_by(found),
        brief=brief,
        brief_language=brief_language,
        is_demo=event().public_seed is not None,
        command=served().workspace.command(f"grade {slug} answers.csv").partition(" --event")[0],
    )


def _brief(here: Generation, slug: str, language: str) -> tuple[str, str]:
    """The text participants read and its language, the reader's if there is one."""
    for tag in (*FALLBACK.get(language, (language,)), "en"):
        name = "brief.md" if tag == "en" else f"brief.{tag}.md"
        if here.bundle.has(file := f"challenges/{slug}/{name}"):
            return here.bundle.file(file).read_text(encoding="utf-8"), tag
    return "", "en"


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
    return {name: known[name] for name in named}
