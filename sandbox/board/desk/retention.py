"""How long personal data is kept: the rules, what is due, and the proof of what was erased."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import IntegerField, SubmitField
from wtforms.validators import NumberRange

from sandbox.board import retention
from sandbox.board.access import only
from sandbox.board.forms import N_, Form, required
from sandbox.board.jobs import enqueue
from sandbox.board.people import rights
from sandbox.board.people.visitor import myself
from sandbox.board.served import event, served
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import Role
from sandbox.state.records import Job

pages = Blueprint("desk_retention", __name__, url_prefix="/organiser/retention")


class DaysForm(Form):
    """A number of days for each rule; the fields are added for those."""

    submit = SubmitField(N_("Save"))


class RunForm(Form):
    """One button."""

    now = SubmitField(N_("Erase what is due now"))


def _form() -> Any:
    wrong = N_("Write a number of days from 0 to 3650.")
    fields = {
        rule.name: IntegerField(
            rule.what,
            [required(wrong), NumberRange(0, retention.LONGEST, wrong)],
            render_kw={"inputmode": "numeric"},
        )
        for rule in retention.BY_NAME.values()
    }
    return type("RulesForm", (DaysForm,), fields)()


@pages.route("/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def index() -> str | tuple[str, int] | Response:
    form, before = _form(), retention.days_of(db())
    if form.validate_on_submit():
        return _changed(before, {name: int(form[name].data) for name in before})
    if not form.is_submitted():
        for name, days in before.items():
            form[name].data = days
    ends = event().ends_at
    shown = render_template(
        "board/desk/retention.html",
        form=form,
        run=RunForm(formdata=None),
        outcomes=retention.due(db(), served().workspace),
        ends=ends,
        erased=list(rights.erased_since(db())),
        rules=retention.BY_NAME,
        last=db().scalar(
            select(Job.done_at)
            .where(Job.kind == "retention", Job.done_at.is_not(None))
            .order_by(Job.done_at.desc())
            .limit(1)
        ),
    )
    return shown, 422 if form.errors else 200


def _changed(before: dict[str, int], after: dict[str, int]) -> Response:
    changed = {name: days for name, days in after.items() if days != before[name]}
    if changed:
        retention.choose(db(), after)
        audit.record(db(), "retention.change", "", actor_id=myself().id, days=changed)
        db().commit()
    flash(gettext("Saved. The privacy page says the same from now on."))
    return redirect(url_for("desk_retention.index"))


@pages.post("/now")
@only(Role.ORGANISER)
def now() -> Response:
    audit.record(db(), "retention.run", "", actor_id=myself().id)
    enqueue(db(), "retention")
    db().commit()
    flash(gettext("It is being erased. Load this page again in a moment to see the proof."))
    return redirect(url_for("desk_retention.index"))
