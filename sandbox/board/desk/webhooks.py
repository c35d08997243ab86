"""The desk's webhooks: name an address, choose what it is told, try it, see what arrived."""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx
from flask import Blueprint, abort, flash, redirect, render_template, session, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import Field, SelectChoice, StringField, SubmitField
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from sandbox import clock
from sandbox.board import webhooks
from sandbox.board.access import only
from sandbox.board.forms import N_, CheckboxesField, Form, at_most, required, tidy
from sandbox.board.people.visitor import myself
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import Role
from sandbox.state.records import Delivery, Webhook

pages = Blueprint("desk_webhooks", __name__, url_prefix="/organiser/webhooks")
SHOWN_ONCE = "made_secret"
HOST = re.compile(rb"[A-Za-z0-9._-]+|[0-9a-fA-F:.]+")  # a name, or a number of either kind
SHOWN = 50  # of the calls, the newest


def callable_address(_form: PlainForm, field: Field) -> None:
    """Refuses what is no address of the web, or carries a password that logs would show."""
    try:
        url = httpx.URL(field.data or "")
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not HOST.fullmatch(url.raw_host):
        raise ValidationError(gettext("Write an address such as https://example.org/hook."))
    if url.userinfo or url.fragment:
        raise ValidationError(
            gettext("Leave out name, password and #: calls are signed, so none is needed.")
        )
    field.data = str(url)


class WebhookForm(Form):
    """Where to call, and of what to tell."""

    url = StringField(
        N_("Address to call"),
        [required(N_("Write the address to call.")), at_most(500), callable_address],
        [tidy],
        render_kw={"type": "url", "inputmode": "url"},
    )
    events = CheckboxesField(
        N_("Tell it when …"),
        [required(N_("Choose at least one."))],
        choices=[SelectChoice(name, said) for name, (_, said) in webhooks.EVENTS.items()],
    )
    submit = SubmitField(N_("Add the webhook"))


class TestForm(Form):
    """One button."""

    submit = SubmitField(N_("Send a test call"))


class EndForm(Form):
    """One button."""

    submit = SubmitField(N_("End this webhook"))


@pages.route("/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def form() -> str | tuple[str, int] | Response:
    asked = WebhookForm()
    if asked.validate_on_submit():
        made, secret = _made(asked)
        session[SHOWN_ONCE] = secret
        return redirect(url_for("desk_webhooks.one", number=made.id))
    hooks = list(db().scalars(select(Webhook).order_by(Webhook.id.desc())))
    shown = render_template("board/desk/webhooks.html", form=asked, hooks=hooks)
    return shown, 422 if asked.errors else 200


@pages.get("/<int:number>/")
@only(Role.ORGANISER)
def one(number: int) -> str:
    hook = db().get(Webhook, number) or abort(404)
    return render_template(
        "board/desk/webhook.html",
        hook=hook,
        events=[said for name, (_, said) in webhooks.EVENTS.items() if name in hook.events],
        calls=_calls(hook),
        secret=session.pop(SHOWN_ONCE, None),
        test=TestForm(formdata=None),
        end=EndForm(formdata=None),
    )


@pages.post("/<int:number>/test")
@only(Role.ORGANISER)
def test(number: int) -> Response:
    hook = _holding(number)
    webhooks.test_call(db(), hook)
    audit.record(db(), "webhook.test", f"webhook {hook.id}", actor_id=myself().id)
    db().commit()
    flash(gettext("The test call is on its way. Load this page again to see what came of it."))
    return redirect(url_for("desk_webhooks.one", number=number))


@pages.post("/<int:number>/end")
@only(Role.ORGANISER)
def end(number: int) -> Response:
    hook = _holding(number)
    hook.ended_at = clock.now()
    audit.record(db(), "webhook.end", f"webhook {hook.id}", actor_id=myself().id)
    db().commit()
    flash(gettext("The webhook has ended: nothing is sent there any more."))
    return redirect(url_for("desk_webhooks.form"))


def _holding(number: int) -> Webhook:
    found = db().get(Webhook, number)
    if found is None or found.ended_at is not None:
        abort(404)
    return found


def _made(asked: WebhookForm) -> tuple[Webhook, str]:
    """A new webhook, and its secret, which calls are signed with and which is shown once."""
    secret = webhooks.new_secret()
    made = Webhook(
        url=str(asked.url.data),
        secret=secret,
        events=list(asked.events.data or []),
        made_at=clock.now(),
        made_by=myself().id,
    )
    db().add(made)
    db().flush()
    audit.record(
        db(), "webhook.add", f"webhook {made.id}", actor_id=myself().id,
        host=httpx.URL(made.url).host, events=made.events,
    )  # fmt: skip
    db().commit()
    return made, secret


def _calls(hook: Webhook) -> Sequence[Delivery]:
    newest = select(Delivery).where(Delivery.webhook_id == hook.id).order_by(Delivery.id.desc())
    return list(db().scalars(newest.limit(SHOWN)))
