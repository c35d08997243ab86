"""One's own ways in: the password, providers, and the sessions that are open."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, session, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField, SubmitField

from sandbox import clock
from sandbox.board import mail
from sandbox.board.access import signed_in
from sandbox.board.forms import N_, Form, address, at_most, required, tidy
from sandbox.board.people import limits, passwords, providers
from sandbox.board.people.visitor import current_sign_in, end_sign_ins, myself
from sandbox.board.served import event
from sandbox.board.store import db, release
from sandbox.board.words import gettext
from sandbox.state.people import Account, Identity, Pass, SignIn
from sandbox.workspace import Provider

pages = Blueprint("keys", __name__, url_prefix="/account")
Answer = str | tuple[str, int] | Response
MOST_SESSIONS = 50


# --- the password ---------------------------------------------------------------------------------


class PasswordForm(Form):
    """A new password, and the present one if there is one."""

    email = StringField(
        N_("E-mail address"),
        [required(N_("Write your e-mail address.")), address],
        [tidy],
        render_kw={"type": "email", "autocomplete": "username"},
    )
    present = PasswordField(
        N_("Present password"),
        [required(N_("Write your present password.")), at_most(passwords.LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        N_("New password"),
        [required(N_("Write the new password.")), at_most(passwords.LONGEST)],
        render_kw={"autocomplete": "new-password"},
    )
    submit = SubmitField(N_("Keep this password"))


class RemoveForm(Form):
    """The password to remove."""

    present = PasswordField(
        N_("Present password"),
        [required(N_("Write your present password.")), at_most(passwords.LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )
    submit = SubmitField(N_("Remove the password"))


@pages.route("/password", methods=["GET", "POST"])
@signed_in
def password() -> Answer:
    person, asked = myself(), PasswordForm()
    if person.email:
        del asked.email
    if not person.password_hash:
        del asked.present
    if asked.validate_on_submit() and _changed(person, asked):
        return redirect(url_for("account.overview"))
    shown = render_template(
        "board/people/password_change.html",
        form=asked,
        account=person,
        shortest=passwords.SHORTEST,
        mailable=mail.possible(),
    )
    return shown, 422 if asked.errors else 200


@pages.route("/password/remove", methods=["GET", "POST"])
@signed_in
def remove() -> Answer:
    person, asked = myself(), RemoveForm()
    if not person.password_hash:
        return redirect(url_for(".password"))
    if asked.validate_on_submit() and _proven(person, asked):
        if not _other_ways(db(), person, password=False):
            asked.present.errors = [gettext("This is your only way back in. Find another first.")]
        elif _kept(person, None, person.password_hash):
            flash(gettext("Your password is removed."))
            return redirect(url_for("account.overview"))
    shown = render_template("board/people/password_remove.html", form=asked)
    return shown, 422 if asked.errors else 200


def _changed(person: Account, asked: PasswordForm) -> bool:
    """Set the password, or say on the form why not."""
    if not _proven(person, asked):
        return False
    email = person.email or str(asked.email.data)
    if not person.email and db().scalar(select(Account.id).where(Account.email == email)):
        asked.email.errors = [gettext("There is another account with this address.")]
        return False
    new = str(asked.new.data)
    if problem := passwords.problem(new, [email, person.name, *event().name.root.values()]):
        asked.new.errors = [problem]
        return False
    release()
    if not _kept(person, passwords.hashed(new), person.password_hash, email):
        return False
    flash(gettext("Your password is set. Your other sessions have ended."))
    return True


def _proven(person: Account, asked: PasswordForm | RemoveForm) -> bool:
    """Whether the present password is right; guessing it is limited as at the door."""
    if "present" not in asked:
        return True
    who = person.email or f"#{person.id}"
    wait = limits.spend(db(), limits.PASSWORD, who)
    release()
    if wait is not None:
        asked.present.errors = [limits.told(wait)]
        return False
    if not passwords.right(str(asked.present.data), person.password_hash):
        asked.present.errors = [gettext("This is not your present password.")]
        return False
    limits.forgive(db(), limits.PASSWORD, who)
    return True


def _kept(person: Account, new: str | None, before: str | None, email: str | None = None) -> bool:
    """Write it, unless another of this person's browsers has just done so; others' sessions end."""
    account = db().get_one(Account, person.id, populate_existing=True)
    if account.password_hash != before:
        return False
    account.password_hash = new
    account.email = account.email or email
    here = current_sign_in()
    end_sign_ins(db(), account.id, but=here.id if here else None)
    db().commit()
    return True


# --- sessions -------------------------------------------------------------------------------------


class EndForm(Form):
    """One button for a session."""

    submit = SubmitField(N_("End"))


class EndOthersForm(Form):
    """One button for all the others."""

    submit = SubmitField(N_("End all other sessions"))


@pages.get("/sessions")
@signed_in
def sessions() -> str:
    now, here = clock.now(), current_sign_in()
    still = (SignIn.account_id == myself().id, SignIn.ended_at.is_(None), SignIn.ends_at > now)
    found = db().scalars(
        select(SignIn).where(*still).order_by(SignIn.last_seen_at.desc()).limit(MOST_SESSIONS)
    )
    return render_template(
        "board/people/sessions.html",
        sessions=list(found),
        here=here,
        end=EndForm(formdata=None),
        end_others=EndOthersForm(formdata=None),
    )


@pages.post("/sessions/<int:number>/end")
@signed_in
def end_session(number: int) -> Response:
    found = db().get(SignIn, number)
    if found is None or found.account_id != myself().id:
        abort(404)
    found.ended_at = found.ended_at or clock.now()
    db().commit()
    flash(gettext("That session has ended."))
    return redirect(url_for(".sessions"))


@pages.post("/sessions/end-others")
@signed_in
def end_others() -> Response:
    here = current_sign_in()
    end_sign_ins(db(), myself().id, but=here.id if here else None)
    db().commit()
    flash(gettext("All other sessions have ended."))
    return redirect(url_for(".sessions"))


# --- providers ------------------------------------------------------------------------------------


class LinkForm(Form):
    """One button."""

    submit = SubmitField(N_("Link it"))


class UnlinkForm(Form):
    """One button."""

    submit = SubmitField(N_("Unlink"))


@pages.get("/providers")
@signed_in
def providers_page() -> str:
    linked = db().scalars(select(Identity).where(Identity.account_id == myself().id)).all()
    return render_template(
        "board/people/providers.html",
        providers=event().sign_in,
        linked={identity.issuer: identity for identity in linked},
        waiting=_waiting(),
        link=LinkForm(formdata=None),
        unlink=UnlinkForm(formdata=None),
    )


@pages.post("/providers/link")
@signed_in
def link_provider() -> Response:
    """Link what this browser has just proven at the provider; asked here once more, so that nobody
    can be led into linking an identity that is somebody else's."""
    waiting = _waiting()
    session.pop(providers.TO_LINK, None)
    if waiting is None:
        return redirect(url_for(".providers_page"))
    provider, subject, _ = waiting
    taken = db().scalar(
        select(Identity).where(Identity.issuer == provider.issuer, Identity.subject == subject)
    )
    if taken is None:
        providers.link(db(), myself(), provider.issuer, subject)
        db().commit()
        flash(gettext("Linked. From now on you can sign in with it."))
    elif taken.account_id != myself().id:
        flash(gettext("It belongs to another account of this event, so it was not linked."))
    return redirect(url_for(".providers_page"))


@pages.post("/providers/<int:number>/unlink")
@signed_in
def unlink_provider(number: int) -> Response:
    found = db().get(Identity, number)
    if found is None or found.account_id != myself().id:
        abort(404)
    if not _other_ways(db(), myself(), identity=number):
        flash(gettext("This is your only way back in. Set a password first."))
        return redirect(url_for(".password"))
    db().delete(found)
    db().commit()
    flash(gettext("Unlinked."))
    return redirect(url_for(".providers_page"))


def _waiting() -> tuple[Provider, str, str] | None:
    """The provider, the subject and the address that this browser could link."""
    kept = session.get(providers.TO_LINK) or {}
    found = next((p for p in event().sign_in if p.slug == kept.get("slug")), None)
    return (found, kept["subject"], kept["as"]) if found else None


def _other_ways(
    reader: Session, person: Account, *, password: bool = True, identity: int | None = None
) -> bool:
    """Whether a way back in is left without the password, or without an identity."""
    if (mail.possible() and person.email) or (password and person.password_hash and person.email):
        return True
    known = [p.issuer for p in event().sign_in]
    others = select(func.count()).where(
        Identity.account_id == person.id, Identity.issuer.in_(known), Identity.id != (identity or 0)
    )
    cards = select(func.count()).where(
        Pass.account_id == person.id, Pass.kind == "card", Pass.ended_at.is_(None),
        Pass.expires_at > clock.now(),
    )  # fmt: skip
    return bool(reader.scalar(others) or reader.scalar(cards))
