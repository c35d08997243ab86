"""Which mails somebody wants: given and taken back as consents, on a page of their own.

A yes is a Consent. Whoever is responsible for answers is told of new questions without one, since
that is their task, and members are told of what others ask of their team, since these wait; their
no is a consent that was taken back when it was given.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, SubmitField

from sandbox import clock
from sandbox.board import mail
from sandbox.board.access import signed_in
from sandbox.board.forms import N_, Form
from sandbox.board.people.visitor import myself
from sandbox.board.store import db
from sandbox.board.talk import duty
from sandbox.board.words import gettext
from sandbox.state.people import Account, Consent

pages = Blueprint("wishes", __name__, url_prefix="/account/mail")
# Answers to what one asked; new questions that are one's own to answer; what organisers announce;
# who wants to join one's team, or wants one in theirs.
QUESTIONS, DUTIES, ANNOUNCEMENTS = "mail.questions", "mail.duties", "mail.announcements"
TEAMS = "mail.teams"
WITHOUT_ASKING = (DUTIES, TEAMS)  # others wait for these answers


class WishesForm(Form):
    """A box for each kind of mail."""

    questions = BooleanField(N_("When somebody answers a question of mine"))
    duties = BooleanField(N_("When there is a question that is mine to answer"))
    teams = BooleanField(N_("When somebody asks to join my team, invites me, or answers me"))
    announcements = BooleanField(N_("What the organisers announce"))
    submit = SubmitField(N_("Save"))


@pages.route("/", methods=["GET", "POST"])
@signed_in
def form() -> str | Response:
    person, asked = myself(), WishesForm()
    if duty.duties(person) is None:
        del asked.duties
    boxes = {
        QUESTIONS: asked.questions,
        DUTIES: asked.duties,
        TEAMS: asked.teams,
        ANNOUNCEMENTS: asked.announcements,
    }
    shown = {purpose: box for purpose, box in boxes.items() if box is not None}
    if not asked.validate_on_submit():
        if request.method == "GET":
            for purpose, box in shown.items():
                box.data = wanted(db(), person.id, purpose)
        return render_template(
            "board/talk/wishes.html", form=asked, email=person.email, possible=mail.possible()
        )
    for purpose, box in shown.items():
        keep(db(), person.id, purpose, yes=bool(box.data))
    db().commit()
    flash(gettext("Saved."))
    return redirect(url_for("wishes.form"))


def wishes(session: Session, account_ids: Iterable[int], purpose: str) -> dict[int, bool]:
    """What each account last said to `purpose`; those who never said anything are left out."""
    given = select(Consent.account_id, Consent.withdrawn_at).where(
        Consent.purpose == purpose, Consent.account_id.in_(list(account_ids))
    )
    rows = session.execute(given.order_by(Consent.id))
    return {account: withdrawn is None for account, withdrawn in rows}


def wanted(session: Session, account_id: int, purpose: str) -> bool:
    """Whether the account wants these mails, where nothing was said: those that others wait for."""
    return wishes(session, [account_id], purpose).get(account_id, purpose in WITHOUT_ASKING)


def keep(writer: Session, account_id: int, purpose: str, *, yes: bool) -> None:
    """Note a yes or a no, if it is another than before."""
    if wanted(writer, account_id, purpose) is yes:
        return
    now = clock.now()
    held = writer.scalars(
        select(Consent).where(
            Consent.account_id == account_id,
            Consent.purpose == purpose,
            Consent.withdrawn_at.is_(None),
        )
    )
    for consent in held:
        consent.withdrawn_at = now
        if not yes:
            return
    writer.add(
        Consent(
            account_id=account_id,
            purpose=purpose,
            given_at=now,
            withdrawn_at=None if yes else now,
        )
    )


def language(account: Account, offered: tuple[str, ...]) -> str:
    """In which language somebody is written to."""
    return account.language if account.language in offered else offered[0]
