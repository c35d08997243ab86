"""Sheets of cards at the organisers' desk: printed keys, where no e-mail reaches people."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy import ColumnElement, exists, func, select, update
from werkzeug.wrappers import Response
from wtforms import IntegerField, RadioField, SelectChoice, SubmitField
from wtforms.validators import NumberRange, Optional

from sandbox import clock
from sandbox.board import addresses
from sandbox.board.access import only
from sandbox.board.desk.people import drawn
from sandbox.board.forms import N_, Form
from sandbox.board.people import passes
from sandbox.board.people.visitor import myself
from sandbox.board.store import db
from sandbox.board.words import gettext, ngettext
from sandbox.state import audit
from sandbox.state.people import Account, Pass, Role, RoleHeld

pages = Blueprint("desk_cards", __name__, url_prefix="/organiser/cards")
Answer = str | tuple[str, int] | Response
MOST_CARDS = 30  # three pages of paper, and one of the board that loads quickly


class SheetForm(Form):
    """Cards for whom, and how many."""

    whom = RadioField(
        N_("For whom"),
        choices=[
            SelectChoice(
                "new", N_("For newcomers: blank, each becomes the card of whoever uses it first")
            ),
            SelectChoice("here", N_("For participants who are here and have no card yet")),
        ],
        default="new",
    )
    count = IntegerField(
        N_("How many"),
        [Optional(), NumberRange(1, MOST_CARDS, N_("Write a number from 1 to 30."))],
        default=10,
        render_kw={"inputmode": "numeric"},
    )
    submit = SubmitField(N_("Make a sheet to print"))


class EndForm(Form):
    """One button."""

    submit = SubmitField(N_("End all blank cards"))


@pages.route("/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def overview() -> Answer:
    asked = SheetForm()
    if asked.validate_on_submit():
        count = asked.count.data or MOST_CARDS
        codes = _blank(count) if asked.whom.data == "new" else _for_those_without(count)
        if codes:
            return _sheet(codes)
        asked.whom.errors = [gettext("Every participant who is here has a card.")]
    return _form(asked), 422 if asked.errors else 200


@pages.post("/end")
@only(Role.ORGANISER)
def end() -> Answer:
    """End the cards that nobody has used: a sheet was lost, or the doors close."""
    found = db().scalar(select(func.count()).where(*_unused())) or 0
    db().execute(update(Pass).where(*_unused()).values(ended_at=clock.now()))
    if found:
        audit.record(db(), "card.end", "blank cards", myself().id, count=found)
    db().commit()
    told = ngettext("%(count)s blank card has ended.", "%(count)s blank cards have ended.", found)
    flash(told % {"count": found})
    return redirect(url_for(".overview"))


def _form(asked: SheetForm) -> str:
    return render_template(
        "board/desk/cards.html",
        form=asked,
        unused=db().scalar(select(func.count()).where(*_unused())),
        end=EndForm(formdata=None),
    )


def _unused() -> tuple[ColumnElement[bool], ...]:
    return (Pass.kind == "card", Pass.account_id.is_(None), Pass.ended_at.is_(None))


def _sheet(cards: list[tuple[str, str]]) -> str:
    """The cards are shown in this answer and never again, so there is no page to go on to."""
    audit.record(db(), "card.make", "sheet", myself().id, count=len(cards))
    db().commit()
    return render_template(
        "board/desk/card_sheet.html",
        account=None,
        cards=drawn(cards),
        home=addresses.absolute(url_for("codes.form")),
        elsewhere=addresses.works_elsewhere(),
    )


def _blank(count: int) -> list[tuple[str, str]]:
    return [("", passes.blank_card(db(), myself().id)) for _ in range(count)]


def _for_those_without(count: int) -> list[tuple[str, str]]:
    """Cards for people who have joined, have none, and are no organisers, in the order of names."""
    has_card = exists().where(
        Pass.account_id == Account.id, Pass.kind == "card", Pass.ended_at.is_(None),
        Pass.expires_at > clock.now(),
    )  # fmt: skip
    organises = exists().where(RoleHeld.account_id == Account.id, RoleHeld.role == Role.ORGANISER)
    people = (
        db()
        .scalars(
            select(Account)
            .where(Account.joined_at.is_not(None), Account.deleted_at.is_(None))
            .where(Account.blocked_at.is_(None), ~has_card, ~organises)
            .order_by(func.lower(Account.name), Account.id)
            .limit(count)
        )
        .all()
    )
    return [(person.name, passes.card_for(db(), person, myself().id)) for person in people]
