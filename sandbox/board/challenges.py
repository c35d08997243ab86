"""Challenges: what is asked, for whom, and how well it is done today."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template

from sandbox.board.served import Generation, event, generation, served
from sandbox.board.site import page
from sandbox.catalog import Challenge
from sandbox.descriptors import FALLBACK

pages = Blueprint("challenges", __name__, url_prefix="/challenges")
LEVELS = ("first", "intermediate", "advanced")


@pages.get("/")
def index() -> str:
    here = generation()
    ranked = sorted(here.catalog.challenges.items(), key=lambda item: LEVELS.index(item[1].level))
    return render_template("board/challenges.html", here=here, challenges=ranked)


@pages.get("/<slug>/")
def challenge(slug: str) -> str:
    here = generation()
    found = here.catalog.challenges.get(slug) or abort(404)
    brief, brief_language = _brief(here, slug, page().language)
    return render_template(
        "board/challenge.html",
        here=here,
        slug=slug,
        challenge=found,
        practice=_practice(here, slug),
        questions=_questions(here, found),
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


def _practice(here: Generation, slug: str) -> list[dict[str, Any]]:
    """The judged baselines, and on which scale their bars are drawn."""
    rows = here.scores[slug]["rows"]
    unit = here.scores[slug].get("unit", "")
    most = 100 if unit.startswith("%") else max((row["score"] for row in rows), default=0)
    return [{**row, "most": most} for row in rows]


def _questions(here: Generation, found: Challenge) -> dict[str, Any]:
    """The challenge's stored questions; if it names none, those of its datasets."""
    known = {name: question for name, (_, question) in here.catalog.questions.items()}
    named = found.questions or [
        name for name, (slug, _) in here.catalog.questions.items() if slug in found.datasets
    ]
    return {name: known[name] for name in named}
