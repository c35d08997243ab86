"""The mentors' queue: members ask for somebody to come, mentors take the one who waits longest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, and_, func, or_, select, true
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, SubmitField, TextAreaField

from sandbox import clock
from sandbox.board.access import members, only
from sandbox.board.forms import N_, Form, at_most, required, tidy, tidy_lines
from sandbox.board.people.visitor import myself
from sandbox.board.served import event
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.talk import places
from sandbox.board.talk.languages import language_of, offer_languages
from sandbox.board.talk.names import names
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import Account, Role, Skill
from sandbox.state.topics import HelpRequest
from sandbox.ui.languages import NAMES

pages = Blueprint("help", __name__, url_prefix="/help")
Shown = str | tuple[str, int] | Response
SKILLS = {
    Skill.DEVELOPER: N_("Developer"),
    Skill.DOMAIN_EXPERT: N_("Domain expert"),
    Skill.USER: N_("User of the service"),
    Skill.DECISION_MAKER: N_("Decision maker"),
}


class HelpForm(Form):
    """What a mentor needs to know before coming."""

    text = TextAreaField(
        N_("What do you need help with?"),
        [required(N_("Say in a sentence what you are stuck with.")), at_most(1_000)],
        [tidy_lines],
    )
    place = StringField(
        N_("Where do you sit?"),
        [
            required(N_("Say where a mentor finds you: a room, a table, a video link.")),
            at_most(120),
        ],
        [tidy],
    )
    challenge = SelectField(N_("For which challenge?"))
    skill = SelectField(N_("Who could help?"))
    language = SelectField(N_("In which language?"), [required(N_("Choose a language."))])
    submit = SubmitField(N_("Ask for a mentor"))


class BackForm(Form):
    """What the next mentor should know."""

    note = TextAreaField(
        N_("Note for the next mentor"),
        [required(N_("Write what you found, so that nobody begins anew.")), at_most(1_000)],
        [tidy_lines],
    )
    submit = SubmitField(N_("Hand back"))


# --- who waits ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What a mentor looks for; empty is anything."""

    challenge: str = ""
    skill: str = ""
    language: str = ""

    @classmethod
    def of(cls, arguments: MultiDict[str, str]) -> Wanted:
        """From an address; whatever does not exist is left out."""
        challenge = arguments.get("challenge", "")
        skill, language = arguments.get("skill", ""), arguments.get("language", "")
        return cls(
            challenge if challenge in places.challenges() else "",
            skill if skill in set(Skill) else "",
            language if language in event().languages else "",
        )

    @property
    def query(self) -> str:
        said = {"challenge": self.challenge, "skill": self.skill, "language": self.language}
        parts = {name: value for name, value in said.items() if value}
        return f"?{urlencode(parts)}" if parts else ""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """A request that names no challenge or skill is for anybody."""
        met: list[ColumnElement[bool]] = []
        if self.challenge:
            met.append(HelpRequest.challenge.in_(["", self.challenge]))
        if self.skill:
            met.append(HelpRequest.skill.in_(["", self.skill]))
        if self.language:
            met.append(HelpRequest.language == self.language)
        return met


def _mentors(person: Account) -> bool:
    return person.has(Role.MENTOR, Role.ORGANISER)


def _open() -> ColumnElement[bool]:
    return HelpRequest.ended_at.is_(None)


def _own(person: Account) -> HelpRequest | None:
    """The one open request of a member."""
    return db().scalar(select(HelpRequest).where(HelpRequest.asked_by == person.id, _open()))


def _status(person: Account) -> dict[str, Any]:
    """A member's own request, and how many wait before it."""
    own = _own(person)
    before = 0
    if own is not None and own.taken_at is None:
        earlier = or_(
            HelpRequest.asked_at < own.asked_at,
            and_(HelpRequest.asked_at == own.asked_at, HelpRequest.id < own.id),
        )
        waits = select(func.count()).select_from(HelpRequest)
        before = db().scalar(waits.where(_open(), HelpRequest.taken_at.is_(None), earlier)) or 0
    return {"own": own, "before": before, "names": names([own.taken_by] if own else [])}


def _queue(wanted: Wanted) -> dict[str, Any]:
    """What mentors see: theirs first, then all who wait by how long, then whom others help."""
    person, is_open = myself(), select(HelpRequest).where(_open())
    found = list(
        db().scalars(
            is_open.where(
                or_(HelpRequest.taken_by == person.id, and_(true(), *wanted.conditions))
            ).order_by(HelpRequest.asked_at, HelpRequest.id)
        )
    )
    return {
        "wanted": wanted,
        "mine": [each for each in found if each.taken_by == person.id],
        "waiting": [each for each in found if each.taken_by is None],
        "helped": [each for each in found if each.taken_by not in (None, person.id)],
        "names": names(n for each in found for n in (each.asked_by, each.taken_by)),
        "titles": {slug: each.title for slug, each in places.challenges().items()},
        "language_names": NAMES,
        "own_id": person.id,
    }


# --- pages ----------------------------------------------------------------------------------------


@pages.route("/", methods=["GET", "POST"])
@members
def ask() -> Shown:
    form, person = HelpForm(), myself()
    offer_languages(form, page().language)
    title = {
        slug: each.title.best(page().language)[0] for slug, each in places.challenges().items()
    }
    form.challenge.choices = [("", gettext("None in particular")), *title.items()]
    form.skill.choices = [("", gettext("Anybody")), *((s, gettext(w)) for s, w in SKILLS.items())]
    if not form.validate_on_submit():
        if request.method == "GET" and (slug := request.args.get("challenge")) in title:
            form.challenge.data = slug
        return _ask_page(form), 422 if form.errors else 200
    if _own(person) is not None:
        flash(gettext("You are in the line already."))
        return redirect(url_for("help.ask"))
    db().add(
        HelpRequest(
            asked_by=person.id,
            challenge=form.challenge.data,
            skill=form.skill.data,
            language=language_of(form),
            text=form.text.data,
            place=form.place.data,
            asked_at=clock.now(),
        )
    )
    db().commit()
    flash(gettext("You are in the line. A mentor comes to where you sit."))
    return redirect(url_for("help.ask"))


def _ask_page(form: HelpForm) -> str:
    person = myself()
    return render_template(
        "board/talk/help.html",
        form=form,
        mentors=_mentors(person),
        **_status(person),
    )


@pages.get("/mine")
@members
def live_mine() -> str:
    return render_template("board/talk/_help.html", **_status(myself()))


@pages.get("/queue/")
@only(Role.MENTOR, Role.ORGANISER)
def queue() -> str:
    return render_template(
        "board/talk/queue.html",
        skills=SKILLS,
        languages=[(tag, NAMES[tag]) for tag in event().languages],
        **_queue(Wanted.of(request.args)),
    )


@pages.get("/queue/live")
@only(Role.MENTOR, Role.ORGANISER)
def live_queue() -> str:
    return render_template("board/talk/_queue.html", **_queue(Wanted.of(request.args)))


# --- acts -----------------------------------------------------------------------------------------


@pages.post("/<int:number>/take")
@only(Role.MENTOR, Role.ORGANISER)
def take(number: int) -> Response:
    """Writers take turns, so of two mentors who tap at once the second finds it taken."""
    found, person = _request(number), myself()
    if found.taken_by == person.id:
        pass  # tapped twice
    elif found.asked_by == person.id:
        flash(gettext("This is your own request; somebody else has to come."))
    elif found.ended_at:
        flash(gettext("They do not need help any more."))
    elif found.taken_by is not None:
        who = names([found.taken_by]).get(found.taken_by, "?")
        flash(gettext("%(who)s was quicker and is on the way there.") % {"who": who})
    else:
        found.taken_by, found.taken_at = person.id, clock.now()
        audit.record(db(), "help.take", f"help request {number}", actor_id=person.id)
        db().commit()
        flash(gettext("It is yours. Go to: %(place)s") % {"place": found.place})
    return redirect(url_for("help.queue"))


@pages.route("/<int:number>/back", methods=["GET", "POST"])
@only(Role.MENTOR, Role.ORGANISER)
def back(number: int) -> Shown:
    """Back into the line, where it keeps the place that its waiting time gives it."""
    found, form, person = _request(number), BackForm(), myself()
    if found.ended_at or found.taken_by != person.id:
        flash(gettext("This request is not yours, so there is nothing to hand back."))
        return redirect(url_for("help.queue"))
    if not form.validate_on_submit():
        if request.method == "GET":
            form.note.data = found.note
        shown = render_template("board/talk/back.html", form=form, found=found)
        return shown, 422 if form.errors else 200
    found.note, found.taken_by, found.taken_at = form.note.data, None, None
    audit.record(db(), "help.back", f"help request {number}", actor_id=person.id)
    db().commit()
    flash(gettext("It is back in the line, with your note."))
    return redirect(url_for("help.queue"))


@pages.post("/<int:number>/end")
@members
def end(number: int) -> Response:
    """By whoever asked, whoever helps, or an organiser."""
    found, person = _request(number), myself()
    if person.id not in (found.asked_by, found.taken_by) and not person.has(Role.ORGANISER):
        abort(403)
    if found.ended_at is None:
        found.ended_at = clock.now()
        if person.id != found.asked_by:
            audit.record(db(), "help.end", f"help request {number}", actor_id=person.id)
        db().commit()
        flash(gettext("Done."))
    return redirect(url_for("help.ask" if person.id == found.asked_by else "help.queue"))


def _request(number: int) -> HelpRequest:
    return db().get(HelpRequest, number) or abort(404)
