"""Terms, code of conduct, privacy and accessibility, as the event wants them: edit and publish."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response
from wtforms import HiddenField, StringField, SubmitField, TextAreaField

from sandbox.board import documents
from sandbox.board.access import only
from sandbox.board.forms import N_, Form, at_most, required, tidy, tidy_lines
from sandbox.board.people import texts
from sandbox.board.people.visitor import myself
from sandbox.board.served import event
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import Acceptance, Account, Document, Role
from sandbox.ui import languages

pages = Blueprint("desk_texts", __name__, url_prefix="/organiser/texts")
KIND = f"<any({','.join(texts.KINDS)}):kind>"


class TextsForm(Form):
    """A text in each language of the event; the fields are added for those."""

    note = StringField(
        N_("What is new"),
        [required(N_("Say in a sentence what is new, for those who are asked again.")),
         at_most(300)],
        [tidy],
    )  # fmt: skip
    based_on = HiddenField()
    preview = SubmitField(N_("Preview"))
    publish = SubmitField(N_("Publish"))

    @property
    def texts(self) -> dict[str, Any]:
        """Language → its field."""
        return {tag: self[f"text_{tag}"] for tag in event().languages}


def _form() -> TextsForm:
    """A form whose fields are the event's languages."""
    fields = {
        f"text_{tag}": TextAreaField(
            languages.NAMES[tag],
            [required(N_("Write the text in every language of the event.")), at_most(20_000)],
            [tidy_lines],
            render_kw={"lang": tag},
        )
        for tag in event().languages
    }
    made: TextsForm = type("EventTexts", (TextsForm,), fields)()
    return made


@pages.get("/")
@only(Role.ORGANISER)
def index() -> str:
    current = {kind: texts.current(db(), kind) for kind in texts.KINDS}
    return render_template(
        "board/desk/texts.html",
        kinds=texts.KINDS,
        current=current,
        accepted=_accepted(current),
        joined=db().scalar(
            select(func.count(Account.id)).where(
                Account.joined_at.is_not(None), Account.deleted_at.is_(None)
            )
        ),
        must=texts.MUST_BE_ACCEPTED,
        contacts=(event().contact, event().conduct_contact),
    )


def _accepted(current: dict[str, Document]) -> dict[int, int]:
    """Document → how many people who are still here have accepted it."""
    counted = (
        select(Acceptance.document_id, func.count())
        .join(Account, Account.id == Acceptance.account_id)
        .where(Account.deleted_at.is_(None))
        .where(Acceptance.document_id.in_([d.id for d in current.values() if d.id]))
        .group_by(Acceptance.document_id)
    )
    return {int(number): int(count) for number, count in db().execute(counted)}


@pages.route(f"/{KIND}/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def edit(kind: str) -> str | tuple[str, int] | Response:
    now, form = texts.current(db(), kind), _form()
    right = form.validate_on_submit()
    if right and form.publish.data and form.based_on.data == str(now.version):
        return _publish(kind, form, now)
    if right and form.based_on.data != str(now.version):
        told = gettext(
            "Somebody has published version %(number)s meanwhile. Compare, and send again."
        )
        form.note.errors = [told % {"number": now.version}]
    if not form.is_submitted():
        for tag, field in form.texts.items():
            field.data = texts.in_language(now, tag)[0]
    form.based_on.data = str(now.version)
    written = {tag: documents.filled(str(f.data), tag) for tag, f in form.texts.items()}
    shown = render_template(
        "board/desk/text.html",
        kind=kind,
        title=texts.KINDS[kind].title,
        address=texts.KINDS[kind].address,
        form=form,
        now=now,
        gaps=sorted(documents.FACTS),
        preview=written if right else None,
        names=languages.NAMES,
        country=event().country,
        must=kind in texts.MUST_BE_ACCEPTED,
    )
    return shown, 422 if form.errors else 200


def _publish(kind: str, form: TextsForm, now: Document) -> Response:
    """The event's languages become the next version, in which the others stay as they are."""
    written = {tag: f"{field.data}\n" for tag, field in form.texts.items()}
    me = myself().id
    made = texts.publish(db(), kind, now.texts | written, str(form.note.data), by=me)
    audit.record(db(), "text.publish", kind, actor_id=me, version=made.version, digest=made.digest)
    db().commit()
    flash(gettext("Version %(number)s is published.") % {"number": made.version})
    return redirect(url_for("desk_texts.index"))
