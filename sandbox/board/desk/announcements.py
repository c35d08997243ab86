"""The organisers' announcements: written in each language, seen before, scheduled, withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField, Field, StringField, SubmitField, TextAreaField
from wtforms import Form as PlainForm
from wtforms.validators import StopValidation

from sandbox import clock
from sandbox.board import mail, moments
from sandbox.board.access import only
from sandbox.board.forms import N_, Form, at_most, tidy, tidy_lines
from sandbox.board.people.visitor import myself
from sandbox.board.served import event
from sandbox.board.store import db
from sandbox.board.talk import announcements, said
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import Role
from sandbox.state.topics import Announcement
from sandbox.ui.languages import NAMES

pages = Blueprint("desk_announcements", __name__, url_prefix="/organiser/announcements")
Shown = str | tuple[str, int] | Response


class MomentField(StringField):  # type: ignore[misc]
    """A date and a time on the event's clocks; `moment` is what they mean, None if empty."""

    moment: datetime | None = None

    def pre_validate(self, form: PlainForm) -> None:
        """Refuse what is no moment."""
        self.moment = None
        if not self.data:
            return
        try:
            self.moment = moments.parse(self.data, event().zone)
        except moments.NoSuchMoment as error:
            raise StopValidation(str(error)) from None


def _moment_field(label: str) -> MomentField:
    return MomentField(label, filters=[tidy], render_kw={"type": "datetime-local"})


class AnnouncementForm(Form):
    """How and when something is told; `form_for` adds a title and a text in each language."""

    published = _moment_field(N_("When shall it be told?"))
    banner_until = _moment_field(N_("Banner on every page until"))
    urgent = BooleanField(N_("It is urgent"))
    by_mail = BooleanField(N_("Send it by e-mail too"))
    preview = SubmitField(N_("Preview"))
    save = SubmitField(N_("Save and tell"))

    def written(self) -> dict[str, tuple[str, str]]:
        """Language → title and text, of those in which anything is written."""
        pairs = {
            tag: (str(self[f"title_{tag}"].data or ""), str(self[f"text_{tag}"].data or ""))
            for tag in event().languages
        }
        return {tag: pair for tag, pair in pairs.items() if any(pair)}

    def validate(self, extra_validators: Any = None) -> bool:
        """A language is written in whole or not at all, and one at least."""
        fine = bool(super().validate(extra_validators))
        written = self.written()
        if not written:
            first = self[f"title_{event().languages[0]}"]
            first.errors = [gettext("Write a title and a text in one language at least.")]
            return False
        for tag, (title, text) in written.items():
            if not title:
                self[f"title_{tag}"].errors = [gettext("Write a title in this language, too.")]
            if not text:
                self[f"text_{tag}"].errors = [gettext("Write a text in this language, too.")]
            fine = fine and bool(title and text)
        until, told = self.banner_until.moment, self.published and self.published.moment
        if until and until <= (told or clock.now()):
            self.banner_until.errors = [gettext("The banner would end before it begins.")]
            return False
        return fine


def form_for(found: Announcement | None) -> AnnouncementForm:
    """A form with the event's languages, filled from `found` when it is first shown."""
    fields: dict[str, Field] = {}
    for tag in event().languages:
        named = {"language": NAMES[tag]}
        fields[f"title_{tag}"] = StringField(
            gettext("Title (%(language)s)") % named, [at_most(120)], [tidy], render_kw={"lang": tag}
        )
        fields[f"text_{tag}"] = TextAreaField(
            gettext("Text (%(language)s)") % named,
            [at_most(5_000)],
            [tidy_lines],
            render_kw={"lang": tag},
        )
    form: AnnouncementForm = type("Form", (AnnouncementForm,), fields)()
    if found is not None and request.method == "GET":
        for tag in event().languages:
            form[f"title_{tag}"].data = found.titles.get(tag, "")
            form[f"text_{tag}"].data = found.texts.get(tag, "")
        form.published.data = moments.as_typed(found.published_at, event().zone)
        form.banner_until.data = moments.as_typed(found.banner_until, event().zone)
        form.urgent.data, form.by_mail.data = found.urgent, found.by_mail
    if found is not None and found.published_at <= clock.now():
        del form.published  # what has been told cannot be told later
    return form


@pages.get("/")
@only(Role.ORGANISER)
def index() -> str:
    return render_template(
        "board/desk/announcements.html",
        found=announcements.upcoming(db()),
        now=clock.now(),
    )


@pages.route("/new", methods=["GET", "POST"])
@only(Role.ORGANISER)
def new() -> Shown:
    return _written(None)


@pages.route("/<int:number>/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def edit(number: int) -> Shown:
    found = db().get(Announcement, number) or abort(404)
    if found.withdrawn_at:
        abort(404)
    return _written(found)


def _written(found: Announcement | None) -> Shown:
    form = form_for(found)
    if not form.validate_on_submit():
        return _form_page(form, found), 422 if form.errors else 200
    if form.preview.data:
        return _form_page(form, found, seen=form.written())
    told = found or Announcement(made_by=myself().id, published_at=clock.now())
    _fill(told, form)
    said.announce(db(), told)
    act = "announcement.change" if found else "announcement.write"
    detail = {"urgent": told.urgent, "by_mail": told.by_mail, "at": told.published_at.isoformat()}
    audit.record(db(), act, f"announcement {told.id}", actor_id=myself().id, **detail)
    db().commit()
    if told.published_at > clock.now():
        flash(gettext("Saved. It is told when its time comes; nobody sees it before."))
    else:
        flash(gettext("It is told: on its page, and wherever else you chose."))
    return redirect(url_for("desk_announcements.index"))


def _fill(told: Announcement, form: AnnouncementForm) -> None:
    now, written = clock.now(), form.written()
    told.titles = {tag: title for tag, (title, _) in written.items()}
    told.texts = {tag: text for tag, (_, text) in written.items()}
    told.urgent, told.by_mail = bool(form.urgent.data), bool(form.by_mail.data)
    told.banner_until = form.banner_until.moment
    if form.published:
        told.published_at = max(form.published.moment or now, now)
        told.changed_at = told.published_at  # nobody has read another version
    else:
        told.changed_at = now


def _form_page(
    form: AnnouncementForm,
    found: Announcement | None,
    seen: dict[str, tuple[str, str]] | None = None,
) -> str:
    return render_template(
        "board/desk/announcement.html",
        form=form,
        found=found,
        seen=seen,
        languages=[(tag, NAMES[tag]) for tag in event().languages],
        mail_possible=mail.possible(),
        everybody=len(announcements.recipients(db(), urgent=True)),
        wanting=len(announcements.recipients(db(), urgent=False)),
    )


@pages.post("/<int:number>/withdraw")
@only(Role.ORGANISER)
def withdraw(number: int) -> Response:
    found = db().get(Announcement, number) or abort(404)
    if found.withdrawn_at is None:
        found.withdrawn_at = clock.now()
        audit.record(db(), "announcement.withdraw", f"announcement {number}", actor_id=myself().id)
        db().commit()
        flash(
            gettext("It is withdrawn. Its page and the feed say so; mails cannot be called back.")
        )
    return redirect(url_for("desk_announcements.index"))
