"""Signing in: by a link that comes by e-mail or from an organiser, by password; and signing out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField, SubmitField

from sandbox.board import mail
from sandbox.board.access import everyone, local, signed_in
from sandbox.board.forms import N_, Form, address, at_most, required, tidy
from sandbox.board.people import by_mail, entrance, limits, passes, passwords
from sandbox.board.people.visitor import leave, me
from sandbox.board.served import event
from sandbox.board.store import db, state
from sandbox.board.words import gettext
from sandbox.state.people import Account, Pass

pages = Blueprint("sign_in", __name__, url_prefix="/sign-in")
Answer = str | tuple[str, int] | Response


def email_field() -> StringField:
    """The field that asks for one's address."""
    return StringField(
        N_("E-mail address"),
        [required(N_("Write your e-mail address.")), address],
        [tidy],
        render_kw={"type": "email", "autocomplete": "username"},
    )


class MailForm(Form):
    """An address to send a link to."""

    email = email_field()
    submit = SubmitField(N_("Send me a link"))


class PasswordForm(Form):
    """Address and password."""

    email = email_field()
    password = PasswordField(
        N_("Password"),
        [required(N_("Write your password.")), at_most(passwords.LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )
    submit = SubmitField(N_("Sign in"))


class EnterForm(Form):
    """One button, so that what opens links to look at them (mail scanners) uses none up."""

    submit = SubmitField(N_("Sign in"))


@pages.route("/", methods=["GET", "POST"])
@everyone
def form() -> Answer:
    if request.method == "GET" and me():
        return redirect(_onward())
    asked = MailForm()
    if mail.possible() and asked.validate_on_submit():
        wait = by_mail.ask(db(), str(asked.email.data), _onward())
        db().commit()
        if wait is None:
            return redirect(url_for(".sent"))
        asked.email.errors = [limits.told(wait)]
    shown = _ways("sign_in", asked)
    return shown, 422 if asked.errors else 200


@pages.get("/sent")
@everyone
def sent() -> str:
    return render_template("board/people/sent.html")


@pages.route("/password", methods=["GET", "POST"])
@everyone
def password() -> Answer:
    asked = PasswordForm()
    if asked.validate_on_submit() and (answer := _by_password(asked)):
        return answer
    return _ways("password", asked), 422 if asked.errors else 200


def _ways(template: str, asked: Form) -> str:
    return render_template(
        f"board/people/{template}.html",
        form=asked,
        mailable=mail.possible(),
        is_open=entrance.is_open(),
        providers=event().sign_in,
        onward=_onward(),
    )


def _by_password(asked: PasswordForm) -> Response | None:
    """Sign in, or say on the form why not; an unknown address reads and takes as a wrong one."""
    email, typed = str(asked.email.data), str(asked.password.data)
    with state().write() as writer:
        wait = limits.spend(writer, limits.PASSWORD, email)
    if wait is not None:
        asked.password.errors = [limits.told(wait)]
        return None
    with state().read() as reader:
        found = reader.scalar(select(Account).where(Account.email == email))
    kept = found.password_hash if found else None
    # The slow part, while nobody waits for the database.
    right = passwords.right(typed, kept)
    renewed = passwords.hashed(typed) if right and kept and passwords.outdated(kept) else kept
    account = db().get(Account, found.id) if found and right else None
    if account is None or account.password_hash != kept or entrance.barred(account):
        asked.password.errors = [gettext("Address or password is wrong.")]
        return None
    account.password_hash = renewed
    limits.forgive(db(), limits.PASSWORD, email)
    return entrance.come_in(db(), account)


@pages.route("/link/<token>", methods=["GET", "POST"])
@everyone
def link(token: str) -> Answer:
    found = passes.by_token(db(), token)
    account = _whose(found) if found else None
    if found is None or entrance.barred(account) or (account is None and not found.email):
        return render_template("board/people/link_ended.html"), 410
    asked = EnterForm()
    if not asked.validate_on_submit():
        name = account.name if account else ""
        shown: dict[str, Any] = {"name": name or (account.email if account else found.email)}
        return render_template("board/people/link.html", form=asked, **shown)
    passes.use(found)
    account = account if found.kind == "link" else _by_mail(db(), found)
    if account is None:
        db().commit()
        return render_template("board/people/link_ended.html"), 410
    return entrance.come_in(db(), account)


def _whose(found: Pass) -> Account | None:
    """Whom a link signs in; None if it will be somebody new."""
    if found.kind == "link":
        return db().get(Account, found.account_id)
    return db().scalar(select(Account).where(Account.email == found.email))


def _by_mail(writer: Session, found: Pass) -> Account | None:
    """The account of an address that is now proven, made if registration allows it."""
    email = str(found.email)
    account = writer.scalar(select(Account).where(Account.email == email))
    invite = writer.get(Pass, found.through) if found.through else None
    if invite and not passes.usable(invite):
        invite = None
    if account is None:
        if invite is None and not entrance.is_open():
            return None
        account = entrance.newcomer(writer, email)
    entrance.proven(writer, account)
    if invite:
        entrance.accept(writer, invite, account)
    elif found.through:
        flash(gettext("The invite has ended meanwhile, so it gave you nothing more."))
    return account


@pages.post("/out")
@signed_in
def out() -> Response:
    leave(db())
    db().commit()
    flash(gettext("You are signed out."))
    return redirect(url_for("home.home"))


def _onward() -> str:
    return local(request.args.get("next"))
