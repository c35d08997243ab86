"""Who is looking at this page: the account behind the browser's cookie or the API's token."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask import current_app, g, request, session
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, joinedload

from sandbox import clock
from sandbox.board.people.texts import unread
from sandbox.board.store import db, state
from sandbox.state.people import Account, SignIn

KEY = "sign_in"
LASTS = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=10)


def me() -> Account | None:
    """The visitor's account, None for strangers and for sessions that have ended."""
    if "me" not in g:
        found = current_sign_in()
        g.me = found.account if found else None
    person: Account | None = g.me
    return person


def myself() -> Account:
    """The visitor's account, in views that only known people can call."""
    person = me()
    assert person is not None, "the view lets strangers in"
    return person


def current_sign_in() -> SignIn | None:
    """The session of this browser, if it is one and still holds."""
    if "sign_in" not in g:
        g.sign_in = _found(session.get(KEY))
    found: SignIn | None = g.sign_in
    return found


def _found(token: str | None) -> SignIn | None:
    if not token:
        return None
    now = clock.now()
    # With the roles in the same query: every page of every member asks this.
    asked = select(SignIn).where(SignIn.token_hash == fingerprint(token))
    account = joinedload(SignIn.account, innerjoin=True)
    found = db().scalars(asked.options(account.joinedload(Account.roles))).unique().one_or_none()
    if found is None or found.ended_at or found.ends_at <= now:
        return None
    if found.account.blocked_at or found.account.deleted_at:
        return None
    if now - found.last_seen_at > SEEN_EVERY:
        _seen(found.id)
    return found


def _seen(sign_in_id: int) -> None:
    """Note that this session is in use, in a transaction of its own and only now and then."""
    if request.method not in ("GET", "HEAD"):
        return  # this request is writing already
    with state().write() as writer:
        used = writer.get_one(SignIn, sign_in_id)
        used.last_seen_at = used.account.last_seen_at = clock.now()


def enter(account: Account, writer: Session) -> None:
    """Sign this browser in as `account`, under a token that nobody can have known before."""
    now, token = clock.now(), secrets.token_urlsafe(32)
    if before := session.get(KEY):
        _end(writer, SignIn.token_hash == fingerprint(before))
    language, flashes = session.get("lang"), session.get("_flashes")
    session.clear()
    session.permanent = True
    session[KEY] = token
    if language:
        session["lang"] = language
    if flashes:
        session["_flashes"] = flashes
    writer.add(
        SignIn(
            token_hash=fingerprint(token),
            account=account,
            device=_device(),
            began_at=now,
            last_seen_at=now,
            ends_at=now + LASTS,
        )
    )
    account.last_seen_at = now
    g.pop("me", None)
    g.pop("sign_in", None)


def leave(writer: Session) -> None:
    """End this browser's session."""
    if found := current_sign_in():
        writer.merge(found).ended_at = clock.now()
    session.clear()
    g.pop("me", None)
    g.pop("sign_in", None)


def end_sign_ins(writer: Session, account_id: int, but: int | None = None) -> None:
    """End the sessions of an account, all or all `but` one."""
    _end(writer, SignIn.account_id == account_id, SignIn.id != (but or 0))


def _end(writer: Session, *which: ColumnElement[bool]) -> None:
    writer.execute(
        update(SignIn).where(*which, SignIn.ended_at.is_(None)).values(ended_at=clock.now())
    )


def must_join(person: Account) -> bool:
    """Whether something is left before `person` takes part: to register, or to accept a text."""
    return person.joined_at is None or bool(unread(db(), person.id))


def fingerprint(token: str) -> str:
    """What the database keeps of a secret of 128 bits or more: it cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed(text: str) -> str:
    """A hash of what could be guessed, such as an address, under the event's own key."""
    key = bytes(current_app.config["SECRET_KEY"])
    return hashlib.blake2b(text.encode(), key=key[:64], digest_size=16).hexdigest()


def _device() -> str:
    """What kind of browser this is, as far as its owner needs it to know it again."""
    agent = request.headers.get("User-Agent", "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part)


# The first mark that occurs decides: Edge calls itself Chrome, and Chrome calls itself Safari.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"),
            ("SamsungBrowser", "Samsung Internet"), ("Chrome", "Chrome"), ("CriOS", "Chrome"),
            ("Safari", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
           ("Mac OS", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip
