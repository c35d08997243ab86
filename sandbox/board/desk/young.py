"""Young participants: who waits for a guardian's consent, and from which age nobody needs one."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import IntegerField, SubmitField
from wtforms.validators import NumberRange

from sandbox.board.access import only
from sandbox.board.forms import N_, Form, required
from sandbox.board.people import ages, details, rights
from sandbox.board.people.join import come_in
from sandbox.board.people.visitor import myself
from sandbox.board.served import event
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import UNDER, Account, Detail, Role

pages = Blueprint("desk_young", __name__, url_prefix="/organiser/young")


class AgeForm(Form):
    """The age from which on people agree for themselves."""

    years = IntegerField(
        N_("From this age on nobody else has to agree"),
        [required(N_("Write an age in years."))],
        render_kw={"inputmode": "numeric"},
    )
    submit = SubmitField(N_("Save"))


class DecideForm(Form):
    """A guardian's answer, as it stands on paper."""

    agreed = SubmitField(N_("I have the signed consent"))
    refused = SubmitField(N_("They do not agree: delete the account"))


@pages.route("/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def index() -> str | tuple[str, int] | Response:
    lawful, form = ages.LAWFUL[event().country], AgeForm()
    told = gettext("Write an age from %(from)s, which the country's law asks for, to %(to)s.")
    message = told % {"from": lawful, "to": ages.HIGHEST}
    limits = NumberRange(lawful, ages.HIGHEST, message)
    if form.validate_on_submit(extra_validators={"years": [limits]}):
        ages.raise_to(db(), int(form.years.data))
        audit.record(db(), "age.set", "", actor_id=myself().id, years=form.years.data)
        db().commit()
        flash(gettext("Saved. It holds for those who join from now on."))
        return redirect(url_for("desk_young.index"))
    if not form.is_submitted():
        form.years.data = ages.limit(db(), event().country)
    shown = render_template(
        "board/desk/young.html",
        form=form,
        decide=DecideForm(formdata=None),
        waiting=_waiting(),
        lawful=lawful,
        country=event().country,
    )
    return shown, 422 if form.errors else 200


def _waiting() -> list[tuple[Account, dict[str, str]]]:
    """Who waits, with the guardian's name and how to reach them, first come first."""
    people = db().scalars(
        select(Account)
        .where(Account.age_band.startswith(UNDER), Account.joined_at.is_(None))
        .where(Account.deleted_at.is_(None), Account.blocked_at.is_(None))
        .order_by(Account.created_at, Account.id)
    )
    found: dict[int, tuple[Account, dict[str, str]]] = {p.id: (p, {}) for p in people}
    rows = select(Detail).where(
        Detail.account_id.in_(found), Detail.field.in_(ages.GUARDIAN_FIELDS)
    )
    for row in db().scalars(rows):
        found[row.account_id][1][row.field] = row.value
    return list(found.values())


@pages.post("/<int:number>")
@only(Role.ORGANISER)
def decide(number: int) -> Response:
    person, form = db().get(Account, number), DecideForm()
    if person is None or not person.young or person.joined_at or person.deleted_at:
        abort(404)
    if form.agreed.data:
        details.set_consent(db(), person.id, ages.GUARDIAN, yes=True)
        come_in(db(), person)
        audit.record(db(), "guardian.agreed", f"account {number}", actor_id=myself().id)
        flash(gettext("They are in."))
    elif form.refused.data:
        rights.erase(db(), person, "guardian.refused", actor_id=myself().id)
        flash(gettext("The account is deleted."))
    db().commit()
    return redirect(url_for("desk_young.index"))
