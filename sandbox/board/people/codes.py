"""Coming in with a code: an invite from the wall, or a printed card; by scanning or by typing.

Looking at a code's page tells nothing of it, so that nobody can guess by looking: only sending the
form asks the database, and each wrong code counts.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import Optional

from sandbox.board import mail
from sandbox.board.access import everyone
from sandbox.board.forms import N_, Form, address, at_most, required, tidy
from sandbox.board.people import by_mail, entrance, limits, passes, passwords, roles
from sandbox.board.people.visitor import me
from sandbox.board.served import event
from sandbox.board.store import db, release
from sandbox.board.words import gettext
from sandbox.state.people import Account, Pass, Role

pages = Blueprint("codes", __name__, url_prefix="/in")
Answer = str | tuple[str, int] | Response


class CodeForm(Form):
    """A code as it stands on paper."""

    code = StringField(
        N_("Code"),
        [required(N_("Write the code.")), at_most(40)],
        [tidy],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    submit = SubmitField(N_("Go on"))


class UseForm(Form):
    """One button."""

    submit = SubmitField(N_("Come in"))


class MailForm(Form):
    """An invite, where mail proves an address."""

    email = StringField(
        N_("E-mail address"),
        [required(N_("Write your e-mail address.")), address],
        [tidy],
        render_kw={"type": "email", "autocomplete": "email"},
    )
    submit = SubmitField(N_("Send me a link"))


class PlainForm(Form):
    """An invite, where no mail can be sent: address and password are a way back, if wanted."""

    email = StringField(
        N_("E-mail address"),
        [Optional(), address],
        [tidy],
        render_kw={"type": "email", "autocomplete": "username"},
    )
    password = PasswordField(
        N_("Password"),
        [Optional(), at_most(passwords.LONGEST)],
        render_kw={"autocomplete": "new-password"},
    )
    submit = SubmitField(N_("Come in"))


@pages.route("/", methods=["GET", "POST"])
@everyone
def form() -> Answer:
    asked = CodeForm()
    if asked.validate_on_submit():
        if passes.bare(str(asked.code.data)):
            return redirect(url_for(".code", code=passes.spaced(str(asked.code.data))))
        asked.code.errors = [gettext("Write the code.")]
    shown = render_template("board/people/code_form.html", form=asked)
    return shown, 422 if asked.errors else 200


@pages.route("/<code>", methods=["GET", "POST"])
@everyone
def code(code: str) -> Answer:
    if len(code) > 40:
        return redirect(url_for(".form"))
    asked = _form_for(code)
    if asked.validate_on_submit() and (answer := _try(code, asked)):
        return answer
    shown = render_template(
        "board/people/code.html",
        form=asked,
        code=passes.spaced(code),
        card=passes.is_card(code),
        mailable=mail.possible(),
        providers=event().sign_in,
        shortest=passwords.SHORTEST,
        person=me(),
    )
    return shown, 422 if asked.errors else 200


def _form_for(code: str) -> Form:
    if passes.is_card(code) or me():
        return UseForm()
    return MailForm() if mail.possible() else PlainForm()


def _try(code: str, asked: Form) -> Response | None:
    """Come in, or say on the form why not."""
    if (found := known(code, asked)) is None:
        return None
    if found.kind == "card":
        return _with_card(found, asked)
    if (person := me()) is not None:
        return _again(found, person)
    if isinstance(asked, MailForm):
        return _send(found, asked)
    assert isinstance(asked, PlainForm)
    return _register(code, asked)


def known(code: str, asked: Form) -> Pass | None:
    """The invite or card behind a code; if there is none, that is counted and told on the form."""
    if wait := limits.left(db(), limits.CODE):
        asked.submit.errors = [limits.told(wait)]
        return None
    if found := passes.by_code(db(), code):
        return found
    limits.count(db(), limits.CODE)
    db().commit()
    asked.submit.errors = [
        gettext("This code does not let anybody in: it is mistyped, used up, or has ended.")
    ]
    return None


def _hashed(asked: PlainForm) -> str | None:
    """The hash of a new password; None if none is wanted, or if something is wrong with it."""
    if not asked.password.data:
        return None
    typed, email = str(asked.password.data), str(asked.email.data or "")
    if not email:
        asked.email.errors = [gettext("Write your e-mail address too: you sign in with both.")]
    elif problem := passwords.problem(typed, [email, *event().name.root.values()]):
        asked.password.errors = [problem]
    else:
        release()
        return passwords.hashed(typed)
    return None


def _with_card(card: Pass, asked: Form) -> Response | None:
    account = db().get(Account, card.account_id) if card.account_id else None
    if account is None:
        if wait := limits.spend(db(), limits.JOINING):
            asked.submit.errors = [limits.told(wait)]
            return None
        account = entrance.newcomer(db())
        card.account_id = account.id
        role = card.role or Role.PARTICIPANT
        roles.grant(db(), account, role, card.scope, account.id, card=card.id)
    if entrance.barred(account) or account.has(Role.ORGANISER):
        # A card opens for whoever finds it, so it is not a way to an organiser's rights.
        asked.submit.errors = [gettext("This card does not sign you in. Ask an organiser.")]
        return None
    card.used += 1
    return entrance.come_in(db(), account)


def _again(invite: Pass, person: Account) -> Response:
    """Somebody who is signed in uses an invite: for one more role, or by mistake."""
    account = db().get_one(Account, person.id)
    news = entrance.accept(db(), invite, account)
    db().commit()
    name = roles.shown(invite.role or Role.PARTICIPANT, invite.scope)
    flash(
        gettext("You have a new role: %(role)s.") % {"role": name}
        if news
        else gettext("You are in already; the code was not used up.")
    )
    return redirect(url_for("account.overview"))


def _send(invite: Pass, asked: MailForm) -> Response | None:
    wait = by_mail.ask(db(), str(asked.email.data), through=invite.id)
    db().commit()
    if wait is not None:
        asked.email.errors = [limits.told(wait)]
        return None
    return redirect(url_for("sign_in.sent"))


def _register(code: str, asked: PlainForm) -> Response | None:
    email, hashed = asked.email.data or None, _hashed(asked)
    # Again, since hashing took a while in which others could use the code up.
    if asked.errors or (invite := known(code, asked)) is None:
        return None
    if email and db().scalar(select(Account.id).where(Account.email == email)):
        limits.count(db(), limits.CODE)  # a code must not tell one address after the other
        db().commit()
        asked.email.errors = [
            gettext(
                "There is an account with this address already. Sign in with its password or card, "
                "or ask an organiser for a new card."
            )
        ]
        return None
    if wait := limits.spend(db(), limits.JOINING):
        asked.submit.errors = [limits.told(wait)]
        return None
    account = entrance.newcomer(db(), email)
    account.password_hash = hashed
    entrance.accept(db(), invite, account)
    return entrance.come_in(db(), account)
