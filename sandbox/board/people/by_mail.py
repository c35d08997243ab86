"""A link by e-mail that signs in: asked for by anybody, sent to whom it may let in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import current_app, g
from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import mail
from sandbox.board.jobs import GiveUp, enqueue, handler
from sandbox.board.people import entrance, limits, passes
from sandbox.board.served import event
from sandbox.state import State
from sandbox.state.people import Account, Pass


def ask(
    writer: Session, email: str, onward: str = "/", through: int | None = None
) -> timedelta | None:
    """Have a link sent to a normalised address; how long to wait if that was asked too often.

    The same is done for every address, known or not: who is known is looked up by the job, when
    nobody waits for the answer. The caller commits.
    """
    if wait := limits.spend(writer, limits.MAIL, email):
        return wait
    send(writer, email, g.language, onward, through)
    return None


def send(
    writer: Session, email: str, language: str, onward: str = "/", through: int | None = None
) -> None:
    """Queue the mail; its link is made when it is sent, so that no queue holds it."""
    enqueue(
        writer,
        "sign_in_mail",
        email=email,
        language=language,
        onward=onward,
        through=through,
        asked_at=clock.now().isoformat(),
    )


@handler("sign_in_mail")
def _send(payload: Mapping[str, Any]) -> None:
    settings, email = event().mail, payload["email"]
    if settings is None or not mail.possible():
        raise GiveUp("no mail server is named any more")
    if clock.now() - datetime.fromisoformat(payload["asked_at"]) > passes.MAIL_LASTS:
        raise GiveUp("whoever asked for this link has given up waiting")
    state: State = current_app.extensions["state"]
    with state.write() as writer:
        if not _lets_in(writer, email, payload["through"]):
            return
        token = passes.link_to(writer, email, payload["through"])
    onward = payload["onward"]
    query = f"?{urlencode({'next': onward})}" if onward != "/" else ""
    subject, text = mail.rendered(
        "sign_in", payload["language"], path=f"/sign-in/link/{token}{query}"
    )
    mail.deliver(settings, email, subject, text)


def _lets_in(writer: Session, email: str, through: int | None) -> bool:
    """Whether a mail to `email` could let anybody in: strangers are not written to for nothing."""
    account = writer.scalar(select(Account).where(Account.email == email))
    if account is not None:
        return not entrance.barred(account)
    invite = writer.get(Pass, through) if through else None
    return entrance.is_open() or bool(invite and passes.usable(invite))
