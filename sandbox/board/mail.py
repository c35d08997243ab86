"""E-mail: written in the reader's language, put into the queue, sent by a worker."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from sandbox import ui
from sandbox.board.jobs import GiveUp, enqueue, handler
from sandbox.board.served import event, served
from sandbox.errors import SandboxError
from sandbox.workspace import Mail

SECONDS = 20


class NotSent(SandboxError):
    """A mail server that cannot be reached, or that refuses; the message says which and why."""


def possible() -> bool:
    """Whether mail can be sent: a server is named, and the address that links must lead to."""
    return event().mail is not None and event().public_url is not None


def post(writer: Session, to: str, language: str, template: str, **words: Any) -> None:
    """Queue the mail `board/mail/<template>.txt`, whose first line is the subject.

    It is queued in the writer's transaction, and nothing is queued where mail is not possible.
    """
    if not possible():
        return
    subject, text = rendered(template, language, **words)
    enqueue(writer, "mail", to=to, subject=subject, text=text)


def rendered(template: str, language: str, **words: Any) -> tuple[str, str]:
    """Subject and text in `language`."""
    context = ui.page_context(event(), language, "/")
    made = current_app.jinja_env.get_template(f"board/mail/{template}.txt").render(
        **context, **words, home=event().public_url or ""
    )
    subject, _, text = made.strip().partition("\n")
    return subject.strip(), text.strip() + "\n"


@handler("mail")
def _send(payload: Mapping[str, Any]) -> None:
    settings = event().mail
    if settings is None:
        raise GiveUp("no mail server is named any more")
    deliver(settings, payload["to"], payload["subject"], payload["text"])


def deliver(settings: Mail, to: str, subject: str, text: str) -> None:
    """Send one mail now. Raises NotSent, or GiveUp when the server will never take it."""
    message = EmailMessage()
    message["From"], message["To"] = settings.sender, to
    message["Subject"] = " ".join(subject.split())
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=_domain(settings))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer from an absent person
    message.set_content(text)
    try:
        with _connected(settings) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        raise GiveUp(f"the mail server refuses the recipient: {_said(refused)}") from None
    except (OSError, smtplib.SMTPException) as error:
        where = f"{settings.host}:{settings.port}"
        raise NotSent(f"The mail server {where} did not take it: {_said(error)}") from None


def _connected(settings: Mail) -> smtplib.SMTP:
    trusted = ssl.create_default_context()
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=SECONDS, context=trusted
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=SECONDS)
    try:
        if settings.security == "starttls":
            server.starttls(context=trusted)
        secrets = served().workspace.secrets
        if settings.username and secrets and secrets.mail_password:
            server.login(settings.username, secrets.mail_password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def _domain(settings: Mail) -> str:
    return settings.sender.rpartition("@")[2].rstrip(">") or "localhost"


def _said(error: Exception) -> str:
    """What went wrong, in the server's own words where it has said some."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, refusal = next(iter(error.recipients.values()))
        return f"{code} {refusal.decode(errors='replace')}"
    if isinstance(error, smtplib.SMTPResponseException):
        told: bytes | str = error.smtp_error
        words = told.decode(errors="replace") if isinstance(told, bytes) else told
        return f"{error.smtp_code} {words}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return str(error) or type(error).__name__
