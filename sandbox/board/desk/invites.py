"""Invites at the organisers' desk: a code for many people, with the role that it gives."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import IntegerField, SelectChoice, SelectField, StringField, SubmitField
from wtforms.validators import NumberRange, Optional

from sandbox import clock
from sandbox.board import addresses
from sandbox.board.access import only
from sandbox.board.desk.people import RoleForm
from sandbox.board.forms import N_, Form, at_most, tidy
from sandbox.board.people import passes, roles
from sandbox.board.people.visitor import myself
from sandbox.board.served import event
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import Pass, Role

pages = Blueprint("desk_invites", __name__, url_prefix="/organiser/invites")
Answer = str | tuple[str, int] | Response
MOST_SHOWN = 100
MOST_USES = 5000
LASTS = {
    "day": (N_("In a day"), timedelta(days=1)),
    "week": (N_("In a week"), timedelta(days=7)),
    "month": (N_("In a month"), timedelta(days=30)),
}


class InviteForm(RoleForm):
    """What an invite gives, to how many, for how long."""

    uses = IntegerField(
        N_("How many people can use it"),
        [Optional(), NumberRange(1, MOST_USES, N_("Write a number from 1 to 5000, or nothing."))],
        render_kw={"inputmode": "numeric"},
    )
    lasts = SelectField(N_("When it ends"))
    label = StringField(N_("What it is for, for you alone"), [Optional(), at_most(80)], [tidy])
    submit = SubmitField(N_("Make the invite"))

    def __init__(self, **more: object):
        super().__init__(**more)
        ends = [SelectChoice(key, gettext(words)) for key, (words, _) in LASTS.items()]
        if _until_the_end():
            ends.insert(0, SelectChoice("event", gettext("When the event ends")))
        self.lasts.choices = ends


class EndForm(Form):
    """One button."""

    submit = SubmitField(N_("End this invite"))


@pages.get("/")
@only(Role.ORGANISER)
def overview() -> str:
    found = db().scalars(
        select(Pass).where(Pass.kind == "invite").order_by(Pass.id.desc()).limit(MOST_SHOWN)
    )
    return render_template(
        "board/desk/invites.html", invites=list(found), usable=passes.usable, shown=roles.shown
    )


@pages.route("/new", methods=["GET", "POST"])
@only(Role.ORGANISER)
def new() -> Answer:
    asked = InviteForm()
    if asked.validate_on_submit() and asked.fits():
        chosen = str(asked.lasts.data)
        made = passes.invite(
            db(),
            myself().id,
            Role(asked.role.data),
            asked.slug,
            label=str(asked.label.data or ""),
            uses=asked.uses.data,
            lasts=_until_the_end() if chosen == "event" else LASTS[chosen][1],
        )
        db().commit()
        return redirect(url_for(".invite", number=made.id))
    shown = render_template("board/desk/invite_new.html", form=asked)
    return shown, 422 if asked.errors else 200


@pages.get("/<int:number>")
@only(Role.ORGANISER)
def invite(number: int) -> str:
    found = _invite(number)
    code = passes.code_of(found) if passes.usable(found) else None
    address = addresses.absolute(url_for("codes.code", code=code)) if code else ""
    return render_template(
        "board/desk/invite.html",
        invite=found,
        code=code,
        address=address,
        qr=addresses.qr(address) if code else "",
        home=addresses.absolute(url_for("codes.form")),
        elsewhere=addresses.works_elsewhere(),
        role=roles.shown(found.role or Role.PARTICIPANT, found.scope),
        end=EndForm(formdata=None),
    )


@pages.post("/<int:number>/end")
@only(Role.ORGANISER)
def end(number: int) -> Answer:
    found = _invite(number)
    if not found.ended_at:
        found.ended_at = clock.now()
        audit.record(db(), "invite.end", f"invite {found.id}", myself().id)
        db().commit()
    flash(gettext("The invite has ended. Whoever came in with it stays."))
    return redirect(url_for(".overview"))


def _invite(number: int) -> Pass:
    found = db().get(Pass, number)
    return found if found and found.kind == "invite" else abort(404)


def _until_the_end() -> timedelta | None:
    """How long the event still goes on; None in an open lab, and when it is over."""
    ends = event().ends_at
    left = ends - clock.now() if ends else timedelta(0)
    return left if left > timedelta(0) else None
