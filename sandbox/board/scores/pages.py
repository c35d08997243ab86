"""A team's own files of answers: hand one in, see where it stands, choose the finals."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_wtf.file import FileField, FileRequired
from werkzeug.wrappers import Response
from wtforms import HiddenField, SubmitField

from sandbox import clock
from sandbox.board import deadlines, receipts, uploads
from sandbox.board.access import members
from sandbox.board.arrival import arrived
from sandbox.board.deadlines import Deadline
from sandbox.board.forms import N_, Form
from sandbox.board.people import limits
from sandbox.board.people.visitor import myself
from sandbox.board.scores import answers, boards, scoring
from sandbox.board.scores.answers import WAITING, Attempts
from sandbox.board.served import generation
from sandbox.board.site import at_most_bytes
from sandbox.board.standing import readable
from sandbox.board.store import db, release
from sandbox.board.teams.own import my_team
from sandbox.board.words import gettext
from sandbox.catalog import Challenge
from sandbox.state.scores import AnswerFile, Leaderboard, Scoring
from sandbox.state.teams import Team

pages = Blueprint("answers", __name__, url_prefix="/challenges/<slug>/answers")
Answer = str | tuple[str, int] | Response


class HandInForm(Form):
    """A file, and what makes sending it twice do it once."""

    file = FileField(N_("Your file of answers"), [FileRequired(N_("Choose a file first."))])
    nonce = HiddenField()
    submit = SubmitField(N_("Hand it in"))


# --- what other pages show of it ------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """What a team can do in a challenge now."""

    team: Team
    attempts: Attempts
    deadline: Deadline


# --- handing in -----------------------------------------------------------------------------------


@pages.get("/")
@members
def own(slug: str) -> str:
    _challenge(slug)
    form = HandInForm(formdata=None)
    return _shown(slug, my_team(), form)


@pages.post("/")
@members
@at_most_bytes(answers.most_bytes)
def hand_in(slug: str) -> Answer:
    _challenge(slug)
    form, team, person = HandInForm(), my_team(), myself()
    if not form.validate_on_submit():
        return _shown(slug, team, form), 422
    content = form.file.data.read()
    release()  # others may write while the file is kept
    try:
        made = answers.receive(
            team_id=team.id,
            challenge=slug,
            name=form.file.data.filename or "",
            content=content,
            nonce=form.nonce.data or receipts.nonce(),
            arrived=arrived(),
            by=person.id,
            tries=answers.TRIES,
        )
    except answers.Same as same:
        told = gettext("This very file was handed in before, so no attempt was spent: here it is.")
        flash(told)
        return redirect(url_for("answers.one", slug=slug, number=same.there.number))
    except answers.NoneLeft as none:
        form.file.errors = [_none_left(none.attempts)]
        return _shown(slug, team, form), 422
    except answers.Closed:
        form.file.errors = [gettext("It came when answers are not taken. It does not count.")]
        return _shown(slug, team, form), 422
    except answers.TooMany as many:
        not_taken = gettext("This file was not taken. It spent no attempt.")
        form.file.errors = [f"{not_taken} {limits.told(many.wait)}"]
        return _shown(slug, team, form), 429
    return redirect(url_for("answers.one", slug=slug, number=made.number))


def _none_left(attempts: Attempts) -> str:
    told = gettext(
        "Your team has used all %(count)s attempts of today, so this file was not taken. "
        "Files that were refused or failed are not counted."
    )
    return told % {"count": attempts.daily}


def _shown(slug: str, team: Team, form: HandInForm) -> str:
    form.nonce.data = receipts.nonce()
    files = list(db().scalars(answers.of_team(team.id, slug)))
    rules, now = answers.rules(db(), slug), clock.now()
    attempts = Attempts.of(files, rules.daily, now)
    return render_template(
        "board/answers/own.html",
        **_facts(slug, rules),
        form=form,
        offer=Offer(team, attempts, deadlines.of(db(), slug, team.id, now)),
        files=[Told(file, rules) for file in files],
        chosen=[file.number for file in answers.finals(files)],
        most_bytes=answers.most_bytes(),
    )


# --- one file -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A file as its team may see it; nothing here knows its private part.

    While the Ladder holds, the number of a file that is not better than the best beyond chance is
    not told: many small differences would tell the hidden answers.
    """

    file: AnswerFile
    rules: Leaderboard

    @property
    def waits(self) -> bool:
        return self.file.state in WAITING

    @property
    def scored(self) -> bool:
        return self.file.state == Scoring.SCORED

    @property
    def is_current(self) -> bool:
        return scoring.is_current(self.file)

    @property
    def public(self) -> dict[str, Any] | None:
        """Score, and its interval where there is one; None while it is not to be told."""
        if not self.scored or (self.rules.ladder and not self.file.improves):
            return None
        part = scoring.measure(self.file.public)
        has_interval = part.low is not None and part.high is not None
        ends = {"low": part.low, "high": part.high} if has_interval else {}
        return {"score": part.without_gates, "rows": part.rows, **ends}

    @property
    def gates(self) -> list[tuple[Any, bool]]:
        """Each gate of the whole, and whether it was passed; its number stays untold."""
        if not self.scored:
            return []
        return [(gate.title, gate.passed) for gate in scoring.measure(self.file.whole).gates]


@pages.get("/<int:number>/")
@members
def one(slug: str, number: int) -> str:
    return render_template("board/answers/one.html", **_one(slug, number))


@pages.get("/<int:number>/now")
@members
def now(slug: str, number: int) -> str:
    """Where a file stands, as a part of the page that renews itself."""
    return render_template("board/answers/now.html", **_one(slug, number))


def _one(slug: str, number: int) -> dict[str, Any]:
    """What a file's page needs; of one that waits, only what it waits for."""
    _challenge(slug)
    team = my_team()
    files = list(db().scalars(answers.of_team(team.id, slug)))
    file = next((file for file in files if file.number == number), None) or abort(404)
    if file.state in WAITING:
        defaults = Leaderboard(challenge=slug)
        wait = scoring.wait_of(db(), file)
        return {**_facts(slug, defaults), "file": file, "told": Told(file, defaults), "wait": wait}
    rules = answers.rules(db(), slug)
    return {
        **_facts(slug, rules),
        "file": file,
        "told": Told(file, rules),
        "chosen": answers.finals(files),
        "open": deadlines.of(db(), slug, team.id, clock.now()).open,
        "held_by_gate": _held_by_gate(file, files),
        "first": not any(_was_scored_before(other, file) for other in files),
    }


def _held_by_gate(file: AnswerFile, files: list[AnswerFile]) -> bool:
    """Whether a gate alone kept the file from its team's place: one that passes them all has it."""
    if file.state != Scoring.SCORED or scoring.measure(file.whole).passed_gates:
        return False
    ahead = (one for one in files if one.improves and _was_scored_before(one, file))
    return any(scoring.measure(one.whole).passed_gates for one in ahead)


def _was_scored_before(other: AnswerFile, file: AnswerFile) -> bool:
    if other.scored_at is None or file.scored_at is None:
        return False
    return other.state == Scoring.SCORED and other.scored_at < file.scored_at


@pages.get("/<int:number>/file")
@members
def file(slug: str, number: int) -> Response:
    """The file back, byte by byte as it was handed in."""
    _challenge(slug)
    found = _found(my_team(), slug, number)
    path = uploads.path(found.digest)
    if not path.is_file():
        abort(404)
    response = send_file(
        BytesIO(path.read_bytes()),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=found.name,
        etag=found.digest,
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@pages.post("/<int:number>/final")
@members
def final(slug: str, number: int) -> Response:
    """Choose the file as a final, in place of another if the form says so, or not any more."""
    _challenge(slug)
    found, at = _found(my_team(), slug, number), arrived()
    instead_of = request.form.get("instead_of", type=int)
    try:
        if "unchoose" in request.form:
            answers.unchoose(db(), found, at=at)
            said = gettext("No. %(number)s is no final any more.")
        else:
            answers.choose(db(), found, by=myself().id, at=at, instead_of=instead_of)
            said = gettext("No. %(number)s is one of your finals.")
        db().commit()
        flash(said % {"number": number})
    except answers.AllChosen as all_:
        told = gettext(
            "Your finals are chosen: no. %(numbers)s. "
            "To choose this one, say below which of them it replaces."
        )
        flash(told % {"numbers": ", ".join(str(one.number) for one in all_.chosen)})
    except answers.Closed:
        flash(gettext("Finals could be chosen until the deadline. What was chosen then counts."))
    except answers.NotToBeChosen:
        flash(gettext("Only a file that is scored, and not set aside, can be a final."))
    return redirect(url_for("answers.one", slug=slug, number=number))


# --- what they rest on ----------------------------------------------------------------------------


def _challenge(slug: str) -> Challenge:
    if not readable(slug):
        abort(404)
    return generation().catalog.challenges[slug]


def _found(team: Team, slug: str, number: int) -> AnswerFile:
    """The own team's file of that number; those of others do not exist here."""
    found: AnswerFile | None = db().scalar(
        answers.of_team(team.id, slug).where(AnswerFile.number == number)
    )
    return found or abort(404)


def _facts(slug: str, rules: Leaderboard) -> dict[str, Any]:
    here = generation()
    return {
        "slug": slug,
        "challenge": here.catalog.challenges[slug],
        "template": here.bundle.has(f"challenges/{slug}/answers-template.csv"),
        "rules": rules,
        "frozen_since": boards.means(rules).frozen_since,
    }
