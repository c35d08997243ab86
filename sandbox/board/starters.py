"""Starters: what each one is for, its few questions, and the project as a zip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from sandbox import starters
from sandbox.board.access import everyone
from sandbox.board.served import event, generation
from sandbox.board.site import page
from sandbox.errors import Problem, StarterError

pages = Blueprint("starters", __name__, url_prefix="/starters")


@pages.get("/")
@everyone
def index() -> str:
    return render_template("board/starters.html", here=generation())


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
        name, content = starters.zip_bytes(_folder(slug), answers, sandbox_url=_address())
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
    here, folder = generation(), _folder(slug)
    wrong = {problem.file: problem for problem in problems}
    questions: list[dict[str, Any]] = [
        {
            "question": question,
            "value": request.args.get(question.name, _default(question)),
            "problem": wrong.get(question.name),
        }
        for question in starters.questions(folder, page().language)
    ]
    return render_template(
        "board/starter.html",
        here=here,
        slug=slug,
        starter=here.catalog.starters[slug],
        questions=questions,
        problems=problems,
        elsewhere=[p for p in problems if p.file not in {q["question"].name for q in questions}],
    )


def _default(question: starters.Question) -> str:
    return _address() if question.name == "sandbox_url" else question.default


def _address() -> str:
    """Where a project finds this sandbox: the address participants type, else this very one."""
    return (event().public_url or request.host_url).rstrip("/")


def _folder(slug: str) -> Path:
    here = generation()
    if slug not in here.catalog.starters:
        abort(404)
    return here.bundle.path / "starters" / slug
