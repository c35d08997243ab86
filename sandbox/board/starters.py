"""Starters: what each one is for, its few questions, and the project as a zip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from sandbox import starters
from sandbox.board.access import everyone
from sandbox.board.served import address, generation
from sandbox.board.site import page
from sandbox.board.standing import readable, seen, visible
from sandbox.errors import Problem, StarterError

pages = Blueprint("starters", __name__, url_prefix="/starters")
CHALLENGE = "challenge"  # the question that names one


@pages.get("/")
@everyone
def index() -> str:
    return render_template("board/starters.html", here=seen())


@pages.get("/<slug>/")
@everyone
def starter(slug: str) -> str:
    return _form(slug)


@pages.get("/<slug>.zip")
@everyone
def download(slug: str) -> Response | tuple[str, int]:
    """Making a project changes nothing here, so it is a GET and its address can be shared."""
    answers = {name: value for name, value in request.args.items() if name != "lang"}
    try:
        answers = _for_a_published_challenge(_folder(slug), answers)
        name, content = starters.zip_bytes(_folder(slug), answers, sandbox_url=address(""))
    except StarterError as error:
        return _form(slug, error.problems), 400
    response = Response(content, mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _form(slug: str, problems: tuple[Problem, ...] = ()) -> str:
    """The starter's page with its questions, answered as far as the address says."""
    here, folder = seen(), _folder(slug)
    wrong = {problem.file: problem for problem in problems}
    questions: list[dict[str, Any]] = [
        {
            "question": question,
            "value": request.args.get(question.name, _default(question)),
            "problem": wrong.get(question.name),
        }
        for question in _asked(folder, page().language)
    ]
    return render_template(
        "board/starter.html",
        here=here,
        slug=slug,
        starter=here.catalog.starters[slug],
        questions=questions,
        problems=problems,
        too_early=any(
            q["question"].name == CHALLENGE and not q["question"].choices for q in questions
        ),
        elsewhere=[p for p in problems if p.file not in {q["question"].name for q in questions}],
    )


def _asked(folder: Path, language: str) -> list[starters.Question]:
    """The starter's questions; of challenges those alone that the visitor may see."""
    hidden = generation().catalog.challenges.keys() - set(visible())
    asked = []
    for question in starters.questions(folder, language):
        if question.name == CHALLENGE and question.choices and hidden:
            choices = {v: words for v, words in question.choices.items() if v not in hidden}
            question = replace(question, choices=choices, default=next(iter(choices), ""))
        asked.append(question)
    return asked


def _for_a_published_challenge(folder: Path, answers: dict[str, str]) -> dict[str, str]:
    """The answers, the challenge among them where it is asked for; StarterError if it is hidden."""
    asked = next((q for q in _asked(folder, page().language) if q.name == CHALLENGE), None)
    if asked is None:
        return answers
    chosen = answers.get(CHALLENGE, asked.default)
    if readable(chosen):
        return {**answers, CHALLENGE: chosen}
    if not asked.choices:
        raise StarterError([Problem("no challenge is published yet", CHALLENGE, fix="come back")])
    if chosen in generation().catalog.challenges and chosen not in asked.choices:
        told = Problem("not one of the choices", CHALLENGE, None, chosen, ", ".join(asked.choices))
        raise StarterError([told])
    return {**answers, CHALLENGE: chosen}


def _default(question: starters.Question) -> str:
    return address("") if question.name == "sandbox_url" else question.default


def _folder(slug: str) -> Path:
    here = generation()
    if slug not in here.catalog.starters:
        abort(404)
    return here.bundle.path / "starters" / slug
