"""Tokens for the API: made and ended by their owner, shown once, kept only as a hash."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from sqlalchemy import func, select
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectChoice, StringField, SubmitField

from sandbox import clock
from sandbox.board.access import members
from sandbox.board.api import problems, rates
from sandbox.board.forms import N_, CheckboxesField, Form, at_most, required, tidy
from sandbox.board.people.visitor import fingerprint, myself
from sandbox.board.store import SAFE, db, state
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import Role
from sandbox.state.records import Token

pages = Blueprint("tokens", __name__, url_prefix="/account/tokens")
PREFIX = "sbx_"  # so that scanners of repositories can tell what was leaked
SEEN_EVERY = timedelta(minutes=10)
MOST = 20  # of one account at a time
SHOWN_ONCE = "made_token"
# Scope → what a token with it may do, as its maker reads it.
SCOPES = {
    "read": N_("Read what only members see: your account, teams, your team’s project and answers"),
    "write:questions": N_("Ask questions in your name"),
    "write:answers": N_("Answer questions in your name"),
    "submit": N_("Hand in files of answers for your team"),
    "organise": N_("Use your role as organiser: publish announcements, answer as organiser"),
}


# --- of a request ---------------------------------------------------------------------------------


def attach(app: Flask) -> None:
    """Before anything else asks who is there: a request with a token has no other authority."""
    app.extensions["rates"] = rates.Rates()
    app.before_request(_enter)


def current() -> Token | None:
    """The token that this request was sent with."""
    found: Token | None = g.get("token")
    return found


def _enter() -> Response | None:
    if not problems.asked():
        return None
    header = request.headers.get("Authorization")
    if header is not None:
        # Whoever sends a token acts by it alone: cookies that a browser adds count for nothing.
        g.me = g.sign_in = None
        g.token = _found(header)
        if g.token is not None:
            g.me = g.token.account
            return _limited(f"token {g.token.id}", rates.TOKEN)
    limited = _limited(f"address {request.remote_addr}", rates.ADDRESS)
    if limited is None and header is not None:
        said = "This token is unknown, has ended, or is not sent as: Authorization: Bearer <token>"
        return problems.answer(401, said)
    return limited


def _limited(key: str, rate: rates.Rate) -> Response | None:
    found: rates.Rates = current_app.extensions["rates"]
    wait = found.spend(key, rate)
    return problems.refusal(problems.Refused(429, retry=wait)) if wait else None


def _found(header: str) -> Token | None:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(PREFIX):
        return None
    now = clock.now()
    found = db().scalar(select(Token).where(Token.token_hash == fingerprint(token.strip())))
    if found is None or found.ended_at or (found.expires_at and found.expires_at <= now):
        return None
    if found.account.blocked_at or found.account.deleted_at:
        return None
    if found.last_used_at is None or now - found.last_used_at > SEEN_EVERY:
        _seen(found)
    return found


def _seen(token: Token) -> None:
    """Note the use: with this request's writer, else in a short transaction of its own."""
    if request.method not in SAFE:
        token.last_used_at = clock.now()
        return
    with state().write() as writer:
        writer.get_one(Token, token.id).last_used_at = clock.now()


# --- pages ----------------------------------------------------------------------------------------


class TokenForm(Form):
    """What the token is for, what it may, and for how long."""

    name = StringField(
        N_("What is it for?"),
        [required(N_("Write what the token is for, so that you know it again.")), at_most(80)],
        [tidy],
    )
    scopes = CheckboxesField(
        N_("What may it do?"),
        [required(N_("Choose at least one."))],
        choices=[SelectChoice(scope, said) for scope, said in SCOPES.items()],
    )
    days = RadioField(
        N_("How long shall it hold?"),
        choices=[
            SelectChoice("7", N_("A week")),
            SelectChoice("30", N_("A month")),
            SelectChoice("90", N_("Three months")),
        ],
        default="7",
    )
    submit = SubmitField(N_("Make the token"))


class EndForm(Form):
    """One button."""

    submit = SubmitField(N_("End this token"))


@pages.route("/", methods=["GET", "POST"])
@members
def form() -> str | tuple[str, int] | Response:
    asked = TokenForm()
    if not myself().has(Role.ORGANISER):
        asked.scopes.choices = [c for c in asked.scopes.choices if c.value != "organise"]
    if asked.validate_on_submit() and _has_room(asked):
        session[SHOWN_ONCE] = _made(asked)
        return redirect(url_for("tokens.form"))
    shown = render_template(
        "board/people/tokens.html",
        form=asked,
        tokens=_own(),
        scopes=SCOPES,
        made=session.pop(SHOWN_ONCE, None) if request.method == "GET" else None,
        end=EndForm(formdata=None),
        now=clock.now(),
    )
    return shown, 422 if asked.errors else 200


@pages.post("/<int:number>/end")
@members
def end(number: int) -> Response:
    found = db().get(Token, number)
    if found is None or found.account_id != myself().id:
        abort(404)
    found.ended_at = found.ended_at or clock.now()
    db().commit()
    flash(gettext("The token has ended. Whatever used it is refused from now on."))
    return redirect(url_for("tokens.form"))


def _own() -> list[Token]:
    """The visitor's tokens that hold, the newest first."""
    return list(
        db().scalars(
            select(Token)
            .where(Token.account_id == myself().id, Token.ended_at.is_(None))
            .where(Token.expires_at.is_(None) | (Token.expires_at > clock.now()))
            .order_by(Token.id.desc())
        )
    )


def _has_room(asked: TokenForm) -> bool:
    of_mine = select(func.count()).where(
        Token.account_id == myself().id, Token.ended_at.is_(None), Token.expires_at > clock.now()
    )
    if (db().scalar(of_mine) or 0) < MOST:
        return True
    asked.name.errors = [gettext("You have %(most)s tokens. End one first.") % {"most": MOST}]
    return False


def _made(asked: TokenForm) -> str:
    """A new token, of which only the hash is kept."""
    now, token = clock.now(), PREFIX + secrets.token_urlsafe(32)
    made = Token(
        account_id=myself().id,
        name=str(asked.name.data),
        token_hash=fingerprint(token),
        scopes=list(asked.scopes.data or []),
        made_at=now,
        expires_at=now + timedelta(days=int(asked.days.data)),
    )
    db().add(made)
    db().flush()
    if "organise" in made.scopes:
        audit.record(db(), "token.make", f"token {made.id}", actor_id=myself().id)
    db().commit()
    return token
