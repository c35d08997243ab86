"""One's own account: what is kept and why, changing it, taking it along, and the way out."""

from __future__ import annotations

import json

from flask import Blueprint, Response, flash, redirect, render_template, session, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField, SubmitField

from sandbox.board import retention
from sandbox.board.access import signed_in
from sandbox.board.forms import N_, Form, required
from sandbox.board.people import details, rights, roles, texts
from sandbox.board.people.profile import SHORT, ProfileForm
from sandbox.board.people.visitor import myself
from sandbox.board.served import event
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.state.people import Acceptance, Document
from sandbox.ui import languages

pages = Blueprint("account", __name__, url_prefix="/account")


class SignOutForm(Form):
    """One button."""

    submit = SubmitField(N_("Sign out"))


class EditForm(ProfileForm):
    """What people tell of themselves, to be changed."""

    submit = SubmitField(N_("Save"))


class ConsentForm(Form):
    """One button each way: to take back is as easy as to give."""

    give = SubmitField(N_("Yes, write to me"))
    withdraw = SubmitField(N_("Take it back"))


class DeleteForm(Form):
    """A yes that cannot be given by accident."""

    sure = BooleanField(
        N_("I understand that this cannot be undone."),
        [required(N_("Tick the box if you want to delete your account."))],
    )
    submit = SubmitField(N_("Delete my account"))


@pages.get("/")
@signed_in
def overview() -> str:
    person = myself()
    accepted = (
        select(Document.kind, Document.version, Acceptance.language, Acceptance.at)
        .join(Document, Document.id == Acceptance.document_id)
        .where(Acceptance.account_id == person.id)
        .order_by(Acceptance.id)
    )
    given = details.consents(db(), person.id)
    return render_template(
        "board/people/account.html",
        account=person,
        details=details.of(db(), person.id),
        asked=details.ASKED,
        skills=[SHORT[skill] for skill in SHORT if skill in {h.skill for h in person.skills}],
        consent=details.consented(given, details.FOLLOW_UP),
        consents=given,
        accepted=db().execute(accepted).all(),
        kinds=texts.KINDS,
        languages=languages.NAMES,
        kept=retention.kept(db(), event().ends_at),
        sign_out=SignOutForm(formdata=None),
        consent_form=ConsentForm(formdata=None),
    )


@pages.route("/edit", methods=["GET", "POST"])
@signed_in
def edit() -> str | tuple[str, int] | Answer:
    person, known = myself(), details.of(db(), myself().id)
    # What was once asked can be changed as long as it is kept.
    asked = [name for name in details.ASKED if name in event().ask or name in known]
    form = EditForm()
    form.fit(asked)
    if form.validate_on_submit():
        form.store(db(), person)
        db().commit()
        flash(gettext("Your changes are saved."))
        return redirect(url_for("account.overview"))
    if not form.is_submitted():
        form.fill(person, known, page().language)
    kept = retention.kept(db(), event().ends_at)
    shown = render_template("board/people/edit.html", form=form, asked=asked, kept=kept,
                            details=details.ASKED)  # fmt: skip
    return shown, 422 if form.errors else 200


@pages.post("/consent")
@signed_in
def consent() -> Answer:
    form = ConsentForm()
    details.set_consent(db(), myself().id, details.FOLLOW_UP, yes=bool(form.give.data))
    db().commit()
    flash(gettext("Saved. You can change it whenever you want."))
    return redirect(url_for("account.overview"))


@pages.get("/data.json")
@signed_in
def export() -> Response:
    """Everything about the visitor, for nobody else and for no cache."""
    text = json.dumps(rights.copy_of(db(), myself()), ensure_ascii=False, indent=2) + "\n"
    answer = Response(text, mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.route("/delete", methods=["GET", "POST"])
@signed_in
def delete() -> str | tuple[str, int] | Answer:
    person, form = myself(), DeleteForm()
    alone = roles.is_last_organiser(db(), person)
    if alone or not form.validate_on_submit():
        refused = form.is_submitted()
        shown = render_template("board/people/delete.html", form=form, alone=alone)
        return shown, 422 if refused else 200
    rights.erase(db(), person, "account.request", actor_id=person.id)
    db().commit()
    session.clear()
    flash(gettext("Your account is deleted. Thank you for having been here."))
    return redirect(url_for("home.home"))
