"""Signing in: by password, or by a link that works once; and signing out."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField, SubmitField

from sandbox import clock
from sandbox.board.access import everyone, local, signed_in
from sandbox.board.forms import N_, Form, address, at_most, required, tidy
from sandbox.board.people import limits, passwords
from sandbox.board.people.visitor import enter, fingerprint, leave, me
from sandbox.board.store import db, state
from sandbox.board.words import gettext
from sandbox.state.people import Account, Pass

pages = Blueprint("sign_in", __name__, url_prefix="/sign-in")
Answer = str | tuple[str, int] | Response


class PasswordForm(Form):
    """Address and password."""

    email = StringField(
        N_("E-mail address"),
        [required(N_("Write your e-mail address.")), address],
        [tidy],
        render_kw={"type": "email", "autocomplete": "username"},
    )
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
        return redirect(local(request.args.get("next")))
    asked = PasswordForm()
    if asked.validate_on_submit():
        if answer := _by_password(asked):
            return answer
        return render_template("board/people/sign_in.html", form=asked), 422
    return render_template("board/people/sign_in.html", form=asked), 422 if asked.errors else 200


def _by_password(asked: PasswordForm) -> Response | None:
    """Sign in, or say on the form why not; an unknown address reads and takes as a wrong one."""
    email = str(asked.email.data)
    with state().write() as writer:
        wait = limits.spend(writer, limits.PASSWORD, email)
    if wait is not None:
        minutes = -int(-wait // timedelta(minutes=1))
        told = gettext("Too many tries. Wait %(minutes)s minutes, or ask for a link by e-mail.")
        asked.password.errors = [told % {"minutes": minutes}]
        return None
    with state().read() as reader:
        found = reader.scalar(select(Account).where(Account.email == email))
    if not passwords.right(str(asked.password.data), found.password_hash if found else None):
        asked.password.errors = [gettext("Address or password is wrong.")]
        return None
    assert found is not None
    return _entered(found, email)


def _entered(found: Account, email: str) -> Response | None:
    account = db().get_one(Account, found.id)
    if account.blocked_at or account.deleted_at:
        return None
    limits.forgive(db(), limits.PASSWORD, email)
    enter(account, db())
    db().commit()
    return redirect(local(request.args.get("next")))


@pages.route("/link/<token>", methods=["GET", "POST"])
@everyone
def link(token: str) -> Answer:
    asked = EnterForm()
    found = _usable(token)
    if found is None:
        return render_template("board/people/link_ended.html"), 410
    if not asked.validate_on_submit():
        return render_template("board/people/link.html", form=asked, account=found[1])
    used, account = found
    used.used += 1
    used.ended_at = clock.now()
    enter(account, db())
    db().commit()
    return redirect(local(request.args.get("next")))


def _usable(token: str) -> tuple[Pass, Account] | None:
    """The link that signs in one account, unless it is used, ended or too old."""
    found = db().scalar(
        select(Pass).where(Pass.kind == "link", Pass.token_hash == fingerprint(token))
    )
    if found is None or found.ended_at or found.account_id is None:
        return None
    if found.expires_at and found.expires_at <= clock.now():
        return None
    account = db().get(Account, found.account_id)
    return None if account is None or account.deleted_at or account.blocked_at else (found, account)


@pages.post("/out")
@signed_in
def out() -> Response:
    leave(db())
    db().commit()
    flash(gettext("You are signed out."))
    return redirect(url_for("home.home"))
