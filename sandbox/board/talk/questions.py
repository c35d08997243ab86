"""Questions and answers, tied to what they are about; anybody may read them, members write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import ColumnElement, and_, false, func, or_, select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField, SubmitField, TextAreaField

from sandbox import clock
from sandbox.board import mail
from sandbox.board.access import everyone, members, only
from sandbox.board.forms import N_, Form, at_most, required, tidy, tidy_lines
from sandbox.board.people import limits
from sandbox.board.people.visitor import me, myself
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.talk import duty, places, said, wishes
from sandbox.board.talk.languages import language_of, offer_languages
from sandbox.board.talk.names import names
from sandbox.board.talk.places import Place
from sandbox.board.words import gettext, ngettext
from sandbox.state import audit
from sandbox.state.people import Role
from sandbox.state.topics import Answer, Question
from sandbox.ui import markdown

pages = Blueprint("questions", __name__, url_prefix="/questions")
Shown = str | tuple[str, int] | Response
PER_PAGE = 20
LONGEST = 4_000
HEADLINE = 100  # characters of a question that stand for it in lists
PINNED_ELSEWHERE = 3
EVENT = places.EVENT
ASK = (limits.Limit("ask", "account", 30, timedelta(hours=1)),)


# --- which ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What a reader asked the list for. `mine`: asked by me, or answer: those that wait for me."""

    show: str = ""  # open or answered
    about: str = ""  # a place's key
    text: str = ""
    mine: str = ""
    number: int = 1  # of the page

    @classmethod
    def of(cls, arguments: MultiDict[str, str]) -> Wanted:
        """From an address; whatever makes no sense is left out."""
        show, mine = arguments.get("show", ""), arguments.get("mine", "")
        about = arguments.get("about", "")
        return cls(
            show if show in ("open", "answered") else "",
            about if places.found(about) else "",
            tidy(arguments.get("q", ""))[:100],
            mine if mine in ("asked", "answer") and me() else "",
            min(max(arguments.get("page", 1, type=int), 1), 10_000),
        )

    @property
    def query(self) -> str:
        """The same as part of an address."""
        said = {"show": self.show, "about": self.about, "q": self.text, "mine": self.mine}
        parts = {name: value for name, value in said.items() if value}
        if self.number > 1:
            parts["page"] = str(self.number)
        return f"?{urlencode(parts)}" if parts else ""

    def at(self, number: int) -> str:
        """The address of another page of the same list."""
        return url_for("questions.index") + replace(self, number=number).query


def _may_see() -> ColumnElement[bool]:
    """Nobody sees what is about a challenge they may not see; organisers see what is hidden."""
    seen = or_(Question.about != "challenge", Question.slug.in_(list(places.challenges())))
    person = me()
    if person is not None and person.has(Role.ORGANISER):
        return seen
    open_to_all = Question.hidden_at.is_(None)
    if person is None:
        return and_(seen, open_to_all)
    return and_(seen, or_(open_to_all, Question.asked_by == person.id))


def _meant(wanted: Wanted) -> list[ColumnElement[bool]]:
    """The conditions of everything in the list but its filter by open and answered."""
    meant, person = [_may_see()], me()
    if place := places.found(wanted.about):
        meant += [Question.about == place.about, Question.slug == place.slug]
        if place.place:
            meant.append(Question.place == place.place)
    if wanted.text:
        # SQLite knows capitals of ASCII alone.
        forms = {wanted.text, wanted.text.lower(), wanted.text.upper(), wanted.text.capitalize()}
        said = [Question.text.icontains(form, autoescape=True) for form in sorted(forms)]
        answered = [Answer.text.icontains(form, autoescape=True) for form in sorted(forms)]
        shown = and_(Answer.hidden_at.is_(None), or_(*answered))
        meant.append(or_(*said, Question.answers.any(shown)))
    if wanted.mine == "asked" and person:
        meant.append(Question.asked_by == person.id)
    if wanted.mine == "answer" and person:
        theirs = duty.duties(person)
        meant += [
            false() if theirs is None else theirs,
            Question.answered_at.is_(None),
            Question.hidden_at.is_(None),
        ]
    return meant


def _listed(wanted: Wanted) -> dict[str, Any]:
    """What the list's piece of a page needs: a page of questions, and how many there are."""
    meant = _meant(wanted)
    if wanted.show == "open":
        meant.append(Question.answered_at.is_(None))
    if wanted.show == "answered":
        meant.append(Question.answered_at.is_not(None))
    replies = select(func.count()).where(
        Answer.question_id == Question.id, Answer.hidden_at.is_(None)
    )
    total = db().scalar(select(func.count()).select_from(Question).where(*meant)) or 0
    newest = (Question.pinned_at.is_(None), Question.asked_at.desc(), Question.id.desc())
    order = (Question.asked_at, Question.id) if wanted.mine == "answer" else newest
    rows = db().execute(
        select(Question, replies.scalar_subquery())
        .where(*meant)
        .order_by(*order)
        .limit(PER_PAGE)
        .offset((wanted.number - 1) * PER_PAGE)
    )
    found = [(question, places.of(question), count) for question, count in rows]
    return {
        "wanted": wanted,
        "found": found,
        "total": total,
        "last": max(-(-total // PER_PAGE), 1),
        "names": names(question.asked_by for question, _, _ in found),
        "headline": headline,
    }


def headline(question: Question) -> str:
    """The beginning of a question, to know it by: its first line without Markdown's marks."""
    lines = (markdown.render(line).striptags() for line in question.text.splitlines())
    first = next((line for line in lines if line), "…")
    return first if len(first) <= HEADLINE else first[: HEADLINE - 1].rstrip() + "…"


def _says_more(question: Question) -> bool:
    """Whether there is anything in a question that its headline does not show."""
    plain = Markup("<p>{}</p>").format(headline(question))
    return markdown.render(question.text).strip() != plain


# --- reading --------------------------------------------------------------------------------------


@pages.get("/")
@everyone
def index() -> str:
    wanted, person = Wanted.of(request.args), me()
    shown = _listed(wanted)
    return render_template(
        "board/talk/questions.html",
        **shown,
        offered=places.offered(),
        chosen=places.found(wanted.about),
        pace=_pace(replace(wanted, mine="", text="")),
        answers_some=person is not None and duty.duties(person) is not None,
    )


@pages.get("/live")
@everyone
def live() -> str:
    return render_template("board/talk/_questions.html", **_listed(Wanted.of(request.args)))


def _pace(wanted: Wanted) -> duty.Pace:
    times = select(Question.asked_at, Question.answered_at).where(
        *_meant(wanted), Question.hidden_at.is_(None)
    )
    return duty.pace((asked, answered) for asked, answered in db().execute(times))


def about(place: Place) -> dict[str, Any]:
    """For the page of a challenge or dataset: its pace, and what was pinned last, with answers."""
    there = Question.about == place.about, Question.slug == place.slug
    shown = *there, Question.hidden_at.is_(None)
    times = db().execute(select(Question.asked_at, Question.answered_at).where(*shown))
    latest = (
        select(Question.id)
        .where(*shown, Question.pinned_at.is_not(None), Question.answered_at.is_not(None))
        .order_by(Question.pinned_at.desc())
        .limit(PINNED_ELSEWHERE)
    )
    pinned = db().execute(
        select(Question, Answer)
        .join(Answer, Answer.question_id == Question.id)
        .where(Question.id.in_(latest), Answer.as_role != "", Answer.hidden_at.is_(None))
        .order_by(Question.pinned_at.desc(), Answer.at)
    )
    first: dict[int, tuple[Question, Answer]] = {}
    for question, reply in pinned:
        first.setdefault(question.id, (question, reply))
    return {
        "place": place,
        "pace": duty.pace((asked, answered) for asked, answered in times),
        "pinned": list(first.values()),
        "headline": headline,
    }


@pages.get("/<int:number>/")
@everyone
def one(number: int) -> str:
    return _page(_found(number), _reply_form())


@pages.get("/<int:number>/live")
@everyone
def live_answers(number: int) -> str:
    return render_template("board/talk/_answers.html", **_answers(_found(number)))


def _found(number: int) -> Question:
    question = db().scalar(select(Question).where(Question.id == number, _may_see()))
    return question or abort(404)


def _answers(question: Question) -> dict[str, Any]:
    person = me()
    organises = person is not None and person.has(Role.ORGANISER)
    rows = db().scalars(
        select(Answer).where(Answer.question_id == question.id).order_by(Answer.at, Answer.id)
    )
    shown = [a for a in rows if organises or not a.hidden_at or (person and a.by == person.id)]
    return {
        "question": question,
        "answers": shown,
        "organises": organises,
        "names": names([question.asked_by, *(a.by for a in shown)]),
    }


def _page(question: Question, form: ReplyForm) -> str:
    person, place = me(), places.of(question)
    answers = _answers(question)
    return render_template(
        "board/talk/question.html",
        **answers,
        place=place,
        title=headline(question),
        says_more=_says_more(question),
        form=form,
        role=duty.role_in(person, place) if person else None,
        may_pin=person is not None and duty.may_pin(person, place),
        may_edit=person is not None and person.id == question.asked_by and not answers["answers"],
    )


# --- writing --------------------------------------------------------------------------------------


class ReplyForm(Form):
    """An answer, and the language it is in."""

    text = TextAreaField(
        N_("Your answer"), [required(N_("Write an answer.")), at_most(LONGEST)], [tidy_lines]
    )
    language = SelectField(N_("The language you write in"), [required(N_("Choose a language."))])
    submit = SubmitField(N_("Answer"))


class QuestionForm(Form):
    """A question, what it is about, and the language it is in."""

    about = SelectField(
        N_("What is your question about?"), [required(N_("Choose what it is about."))]
    )
    text = TextAreaField(
        N_("Your question"),
        [required(N_("Write what you want to know.")), at_most(LONGEST)],
        [tidy_lines],
    )
    language = SelectField(N_("The language you write in"), [required(N_("Choose a language."))])
    tell_me = BooleanField(N_("Tell me by e-mail when my questions are answered"))
    submit = SubmitField(N_("Ask"))


class HideForm(Form):
    """Why something is not shown any more."""

    why = TextAreaField(
        N_("Why?"), [required(N_("Write why, for whoever wrote it.")), at_most(500)], [tidy_lines]
    )
    submit = SubmitField(N_("Hide"))


class ShowForm(Form):
    """One button."""

    submit = SubmitField(N_("Show again"))


def _reply_form() -> ReplyForm:
    form = ReplyForm()
    offer_languages(form, page().language)
    return form


@pages.route("/ask", methods=["GET", "POST"])
@members
def ask() -> Shown:
    place = places.named(request.args) or abort(404)
    form, person = QuestionForm(), myself()
    offer_languages(form, page().language)
    _offer_places(form, place)
    told = mail.possible() and person.email_confirmed_at is not None
    if not form.validate_on_submit():
        if request.method == "GET":
            form.about.data = place.key
            form.tell_me.data = wishes.wanted(db(), person.id, wishes.QUESTIONS)
        return _ask_page(form, place, told=told), 422 if form.errors else 200
    if (wait := limits.spend(db(), ASK, str(person.id))) is not None:
        minutes = -int(-wait // timedelta(minutes=1))
        words = ngettext(
            "That is a lot of questions. Wait a minute before the next one.",
            "That is a lot of questions. Wait %(minutes)s minutes before the next one.",
            minutes,
        )
        form.text.errors = [words % {"minutes": minutes}]
        return _ask_page(form, place, told=told), 422
    asked = places.found(form.about.data) or EVENT
    question = said.ask(db(), person.id, asked, str(form.text.data), language_of(form))
    if told:
        wishes.keep(db(), person.id, wishes.QUESTIONS, yes=bool(form.tell_me.data))
    db().commit()
    flash(gettext("Your question is asked. It stands here, and so will the answers."))
    return redirect(url_for("questions.one", number=question.id))


def _offer_places(form: QuestionForm, place: Place) -> None:
    offered = places.offered()
    if place.key not in {each.key for each in offered}:
        offered.insert(0, place)
    form.about.choices = [(each.key, _label(each)) for each in offered]


def _label(place: Place) -> str:
    if place.title is None:
        return gettext("The event")
    title = place.title.best(page().language)[0]
    if place.about == "challenge":
        return gettext("Challenge: %(title)s") % {"title": title}
    shown = gettext("Data: %(title)s") % {"title": title}
    return f"{shown} › {place.place}" if place.place else shown


def _ask_page(form: QuestionForm, place: Place, *, told: bool) -> str:
    """With the latest questions there, so that nobody asks what has been answered."""
    before = _listed(Wanted(about=place.key)) if place.about != "event" else _listed(Wanted())
    return render_template("board/talk/ask.html", form=form, place=place, told=told, **before)


@pages.route("/<int:number>/edit", methods=["GET", "POST"])
@members
def edit(number: int) -> Shown:
    question = _found(number)
    if question.asked_by != myself().id:
        abort(403)
    if _answers(question)["answers"] or question.hidden_at:
        flash(gettext("There is an answer by now, so the question stays as it is."))
        return redirect(url_for("questions.one", number=number))
    form = QuestionForm()
    offer_languages(form, question.language)
    place = places.of(question)
    _offer_places(form, place)
    if not form.validate_on_submit():
        if request.method == "GET":
            form.about.data, form.text.data = place.key, question.text
        shown = render_template("board/talk/edit.html", form=form, number=number)
        return shown, 422 if form.errors else 200
    about = places.found(form.about.data) or EVENT
    question.about, question.slug, question.place = about.about, about.slug, about.place
    question.text, question.language = form.text.data, language_of(form)
    question.edited_at = clock.now()
    db().commit()
    flash(gettext("Your question is changed."))
    return redirect(url_for("questions.one", number=number))


@pages.post("/<int:number>/answers")
@members
def answer(number: int) -> Shown:
    question, form, person = _found(number), _reply_form(), myself()
    if question.hidden_at:
        abort(403)
    if not form.validate_on_submit():
        return _page(question, form), 422
    if limits.spend(db(), ASK, str(person.id)) is not None:
        form.text.errors = [gettext("That is a lot in an hour. Wait a little before the next one.")]
        return _page(question, form), 422
    role = duty.role_in(person, places.of(question))
    said.answer(db(), question, person.id, role, str(form.text.data), language_of(form))
    db().commit()
    flash(gettext("Your answer stands below the question."))
    return redirect(url_for("questions.one", number=number))


@pages.post("/<int:number>/pin")
@members
def pin(number: int) -> Response:
    question, person = _found(number), myself()
    if not duty.may_pin(person, places.of(question)):
        abort(403)
    question.pinned_at = None if question.pinned_at else clock.now()
    act = "question.pin" if question.pinned_at else "question.unpin"
    audit.record(db(), act, f"question {number}", actor_id=person.id)
    db().commit()
    return redirect(url_for("questions.one", number=number))


@pages.route("/<int:number>/hide", methods=["GET", "POST"])
@only(Role.ORGANISER)
def hide(number: int) -> Shown:
    return _moderated(_found(number), number, f"question {number}")


@pages.route("/<int:number>/answers/<int:reply>/hide", methods=["GET", "POST"])
@only(Role.ORGANISER)
def hide_answer(number: int, reply: int) -> Shown:
    _found(number)
    answer = db().get(Answer, reply)
    if answer is None or answer.question_id != number:
        abort(404)
    return _moderated(answer, number, f"answer {reply}")


def _moderated(said: Question | Answer, number: int, name: str) -> Shown:
    """Hide what is shown, with a reason for its author; or show again what was hidden."""
    form = ShowForm() if said.hidden_at else HideForm()
    if not form.validate_on_submit():
        shown = render_template("board/talk/hide.html", form=form, said=said, number=number)
        return shown, 422 if form.errors else 200
    hidden = said.hidden_at is None
    said.hidden_at = clock.now() if hidden else None
    said.hidden_why = form.why.data if hidden else ""
    if isinstance(said, Question):
        said.hidden_by = myself().id if hidden else None
    else:
        settle(said.question)
    act = f"{name.partition(' ')[0]}.{'hide' if hidden else 'show'}"
    audit.record(db(), act, name, actor_id=myself().id)
    db().commit()
    return redirect(url_for("questions.one", number=number))


def settle(question: Question) -> None:
    """A question is answered when the first answer of somebody responsible that is shown came."""
    times = [a.at for a in question.answers if a.as_role and not a.hidden_at]
    question.answered_at = min(times, default=None)
