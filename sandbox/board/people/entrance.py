"""Coming in: what every way has in common, whether by mail, code, card or somebody else's word."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from sandbox import clock
from sandbox.board.access import local
from sandbox.board.people import passes, roles
from sandbox.board.people.visitor import end_sign_ins, enter, me, must_join
from sandbox.board.served import event
from sandbox.board.words import gettext
from sandbox.state.people import Account, Pass, Role


def is_open() -> bool:
    """Whether a proven e-mail address is all that a newcomer needs."""
    return event().registration == "open"


def barred(account: Account | None) -> bool:
    return account is not None and bool(account.blocked_at or account.deleted_at)


def newcomer(writer: Session, email: str | None = None) -> Account:
    """A new account, which has yet to join."""
    made = Account(email=email, created_at=clock.now())
    writer.add(made)
    writer.flush()
    return made


def accept(writer: Session, invite: Pass, account: Account) -> bool:
    """Give `account` what the invite gives; whether that was news, which alone uses it up."""
    role = invite.role or Role.PARTICIPANT
    if not roles.grant(writer, account, role, invite.scope, account.id, invite=invite.id):
        return False
    passes.use(invite)
    return True


def proven(writer: Session, account: Account) -> None:
    """Note that `account` reads its address.

    Somebody else may have typed that address before its owner came. Their keys end with this,
    unless this browser is signed in as that account, and so is its owner's.
    """
    if account.email_confirmed_at:
        return
    account.email_confirmed_at = clock.now()
    if (known := me()) is not None and known.id == account.id:
        return
    passes.end_passes(writer, account, "link", "card")
    end_sign_ins(writer, account.id)
    if account.password_hash:
        account.password_hash = None
        flash(gettext("Your address is confirmed. The password set before has ended."))


def come_in(writer: Session, account: Account, onward: str | None = None) -> Response:
    """Sign this browser in, keep all that was written, and lead on: to joining, if that is due."""
    must = must_join(account)
    enter(account, writer)
    writer.commit()
    onward = local(onward or request.args.get("next"))
    return redirect(url_for("join.form", next=onward) if must else onward)
