"""Signing in with an account at a provider that event.toml names, by OpenID Connect."""

from __future__ import annotations

import logging

from email_validator import EmailNotValidError, validate_email
from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from sandbox import clock
from sandbox.board.access import everyone, local
from sandbox.board.addresses import absolute
from sandbox.board.people import entrance, limits, openid, passes
from sandbox.board.people.visitor import me
from sandbox.board.served import event, served
from sandbox.board.store import state
from sandbox.board.words import gettext
from sandbox.state.people import Account, Identity, Pass, normal_address
from sandbox.workspace import Provider

log = logging.getLogger(__name__)
pages = Blueprint("providers", __name__, url_prefix="/sign-in/with")
Answer = str | tuple[str, int] | Response
ASKED, TO_LINK = "openid", "openid_to_link"  # what the session keeps
LONGEST_NAME = 80


class NotLetIn(Exception):
    """The provider knows them, and the event does not; `reason` is for the page."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


@pages.get("/<slug>")
@everyone
def begin(slug: str) -> Answer:
    """Off to the provider. A link and no form: the policy lets forms lead nowhere but here."""
    provider = _provider(slug)
    try:
        address, kept = openid.begin(provider, _back(slug))
    except openid.Failed as failed:
        return _failed(provider, failed)
    asked = {"slug": slug, "next": local(request.args.get("next"))}
    session[ASKED] = kept | asked | {"code": request.args.get("code", "")[:40]}
    return redirect(address)


@pages.get("/<slug>/back")
@everyone
def back(slug: str) -> Answer:
    """What the provider sends people back to; it acts only on an answer to this browser's question,
    once, which is as good as a form's token."""
    provider = _provider(slug)
    kept = session.pop(ASKED, None)
    if kept is None or kept["slug"] != slug:
        return _page(provider, "answer", 400)
    try:
        person = openid.finish(provider, _secret(slug), _back(slug), kept, request.args)
    except openid.Failed as failed:
        return _failed(provider, failed)
    if me() is not None:
        session[TO_LINK] = {"slug": slug, "subject": person.subject, "as": person.email or ""}
        return redirect(url_for("keys.providers_page"))
    with state().writer() as writer:
        try:
            account = _account(writer, person, kept["code"])
        except NotLetIn as refused:
            writer.commit()
            return _page(provider, refused.reason, 403)
        return entrance.come_in(writer, account, kept["next"])


def _account(writer: Session, person: openid.Person, code: str) -> Account:
    """Whose identity it is: known, linked now by a proven address, or a newcomer's."""
    account = writer.scalar(
        select(Account)
        .join(Identity, Identity.account_id == Account.id)
        .where(Identity.issuer == person.issuer, Identity.subject == person.subject)
    )
    known = account is not None
    email = _usable_address(person.email)
    if account is None and email:
        account = writer.scalar(select(Account).where(Account.email == email))
    if entrance.barred(account):
        raise NotLetIn("blocked")
    invite = _invite(writer, code)
    if account is None:
        account = _newcomer(writer, email, invite)
    if account.email and account.email == email:
        entrance.proven(writer, account)
    if not known:
        link(writer, account, person.issuer, person.subject)
        account.name = account.name or " ".join(person.name.split())[:LONGEST_NAME]
    if invite:
        entrance.accept(writer, invite, account)
    return account


def _newcomer(writer: Session, email: str | None, invite: Pass | None) -> Account:
    if invite is None and not entrance.is_open():
        raise NotLetIn("invited")
    if invite is None and email is None:
        raise NotLetIn("unproven")
    if limits.spend(writer, limits.JOINING):
        raise NotLetIn("many")
    return entrance.newcomer(writer, email)


def _invite(writer: Session, code: str) -> Pass | None:
    """The invite that a newcomer came with; a wrong code counts as everywhere."""
    if not code:
        return None
    if limits.left(writer, limits.CODE):
        raise NotLetIn("many")
    found = passes.by_code(writer, code)
    if found is None or found.kind != "invite":
        limits.count(writer, limits.CODE)
        flash(gettext("The code does not let anybody in: it is mistyped, used up, or has ended."))
        return None
    return found


def link(writer: Session, account: Account, issuer: str, subject: str) -> None:
    """From now on this identity is `account`."""
    linked = Identity(account_id=account.id, issuer=issuer, subject=subject, linked_at=clock.now())
    writer.add(linked)
    writer.flush()


def _usable_address(email: str | None) -> str | None:
    try:
        found = validate_email(email or "", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return normal_address(found.normalized)


def _provider(slug: str) -> Provider:
    return next((p for p in event().sign_in if p.slug == slug), None) or abort(404)


def _secret(slug: str) -> str | None:
    secrets = served().workspace.secrets
    found = secrets.sign_in.get(slug) if secrets else None
    return found.get_secret_value() if found else None


def _back(slug: str) -> str:
    return absolute(url_for("providers.back", slug=slug))


def _failed(provider: Provider, failed: openid.Failed) -> tuple[str, int]:
    log.warning("Sign-in did not work: %s", failed)
    return _page(provider, failed.reason, {"away": 503, "refused": 403}.get(failed.reason, 400))


def _page(provider: Provider, reason: str, status: int) -> tuple[str, int]:
    return render_template(
        "board/people/provider_failed.html", provider=provider, reason=reason
    ), status
