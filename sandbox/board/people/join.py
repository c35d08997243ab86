"""Joining: a name, an age band, what the organiser asks for, and a yes to each text as it is read.

Whoever is below the age at which one agrees for oneself gives a guardian's name, and waits until
an organiser has the guardian's consent on paper.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    SelectChoice,
    StringField,
    SubmitField,
)
from wtforms.validators import ValidationError

from sandbox import clock
from sandbox.board import documents, retention
from sandbox.board.access import local, signed_in
from sandbox.board.forms import N_, at_most, required, tidy
from sandbox.board.people import ages, details, texts
from sandbox.board.people.profile import ProfileForm
from sandbox.board.people.visitor import myself
from sandbox.board.served import event
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.webhooks import emit
from sandbox.board.words import gettext
from sandbox.state.people import Account

pages = Blueprint("join", __name__, url_prefix="/join")
YOUNG, OLD_ENOUGH = "younger", "old_enough"
CHANGED = N_("This text has changed since you opened the page. Read it again.")


class JoinForm(ProfileForm):
    """What is needed to take part; fields that do not apply to this person are taken out."""

    age = RadioField(
        N_("Your age"),
        [required(N_("Say how old you are: one of the two."))],
    )
    guardian_name = StringField(N_("Your guardian’s name"), [at_most(80)], [tidy])
    guardian_contact = StringField(
        N_("Your guardian’s telephone number or e-mail address"), [at_most(120)], [tidy]
    )
    follow_up = BooleanField(N_("Write to me after the event about what comes next."))
    terms = BooleanField(N_("I have read and accept the terms."))
    code_of_conduct = BooleanField(N_("I have read and accept the code of conduct."))
    read = HiddenField()
    submit = SubmitField(N_("Join"))

    def validate_guardian_name(self, field: Field) -> None:
        if self.age and self.age.data == YOUNG and not field.data:
            raise ValidationError(gettext("Write who agrees to your taking part."))

    def validate_guardian_contact(self, field: Field) -> None:
        if self.age and self.age.data == YOUNG and not field.data:
            raise ValidationError(gettext("Write how the organisers can reach your guardian."))

    def validate_terms(self, field: Field) -> None:
        self._accepted(field, N_("Accept the terms, or you cannot take part."))

    def validate_code_of_conduct(self, field: Field) -> None:
        self._accepted(field, N_("Accept the code of conduct, or you cannot take part."))

    def _accepted(self, field: Field, message: str) -> None:
        """A yes counts for the version that was shown, and for no other."""
        if f"{field.name}:{self.versions[field.name]}" not in str(self.read.data).split():
            field.data = False
            raise ValidationError(gettext(CHANGED))
        if not field.data:
            raise ValidationError(gettext(message))

    years = 0  # from which nobody else has to agree
    versions: dict[str, int]  # kind → the version that holds, for each that is to be accepted


@pages.route("/", methods=["GET", "POST"])
@signed_in
def form() -> str | tuple[str, int] | Response:
    person = myself()
    unread = [one.kind for one in texts.unread(db(), person.id)]
    to_read = texts.currents(db(), unread) if unread else []
    if _waits(person) and not to_read:
        return render_template("board/people/waiting.html", account=person, **_guardian(person))
    if person.joined_at and not to_read:
        return redirect(local(request.args.get("next")))
    asked = _fitted(JoinForm(), person, {d.kind: d.version for d in to_read})
    if not asked.validate_on_submit():
        return _shown(asked, person, [documents.shown(d) for d in to_read])
    _join(person, asked)
    db().commit()
    return redirect(local(request.args.get("next")))


def _waits(person: Account) -> bool:
    """Whether only a guardian's consent is missing."""
    return person.young and person.joined_at is None


def _guardian(person: Account) -> dict[str, str]:
    known = details.of(db(), person.id)
    return {name: known.get(name, "") for name in ages.GUARDIAN_FIELDS}


def _fitted(asked: JoinForm, person: Account, versions: dict[str, int]) -> JoinForm:
    """The form with the fields that this person still has to fill in, and no others."""
    asked.versions = versions
    for kind in texts.MUST_BE_ACCEPTED:
        if kind not in versions:
            delattr(asked, kind)
    known = person.joined_at or _waits(person)
    asked.fit(event().ask, known=bool(known))
    if known:
        for name in ("age", *ages.GUARDIAN_FIELDS, "follow_up"):
            delattr(asked, name)
        return asked
    years = asked.years = ages.limit(db(), event().country)
    asked.age.choices = [
        SelectChoice(OLD_ENOUGH, gettext("I am %(years)s or older") % {"years": years}),
        SelectChoice(YOUNG, gettext("I am younger than %(years)s") % {"years": years}),
    ]
    return asked


def _shown(
    asked: JoinForm, person: Account, to_read: list[documents.Shown]
) -> str | tuple[str, int]:
    if request.method == "GET":
        asked.fill(person, details.of(db(), person.id), page().language)
    asked.read.data = " ".join(f"{kind}:{number}" for kind, number in asked.versions.items())
    told = render_template(
        "board/people/join.html",
        form=asked,
        to_read=to_read,
        kinds=texts.KINDS,
        details=details.ASKED,
        years=asked.years,
        kept=retention.kept(db(), event().ends_at),
        again=bool(person.joined_at),
    )
    return told, 422 if asked.errors else 200


def come_in(writer: Session, person: Account) -> None:
    """From now on `person` takes part; programs that asked are told how many do."""
    person.joined_at = clock.now()
    writer.flush()
    there = Account.joined_at.is_not(None), Account.deleted_at.is_(None)
    people = writer.scalar(select(func.count()).select_from(Account).where(*there))
    emit(writer, "person.joined", {"people": people})


def _join(person: Account, asked: JoinForm) -> None:
    texts.accept(db(), person.id, asked.versions, page().language)
    if asked.age is None:
        return
    asked.store(db(), person)
    old_enough = asked.age.data == OLD_ENOUGH
    person.age_band = ages.band(asked.years, old_enough=old_enough)
    details.set_consent(db(), person.id, details.FOLLOW_UP, yes=bool(asked.follow_up.data))
    if old_enough:
        come_in(db(), person)
    else:
        named = {name: str(asked[name].data or "") for name in ages.GUARDIAN_FIELDS}
        details.keep(db(), person.id, named)
