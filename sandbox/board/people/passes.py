"""Links and codes that let somebody in: made here, shown once, kept only as a hash."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.people.visitor import fingerprint
from sandbox.state import audit
from sandbox.state.people import Account, Pass, Role, RoleHeld

LINK_LASTS = timedelta(hours=24)


def link_for(writer: Session, account: Account, lasts: timedelta = LINK_LASTS) -> str:
    """A token that signs `account` in once; those made before it end."""
    now = clock.now()
    writer.flush()
    writer.execute(
        update(Pass)
        .where(Pass.kind == "link", Pass.account_id == account.id, Pass.ended_at.is_(None))
        .values(ended_at=now)
    )
    token = secrets.token_urlsafe(32)
    writer.add(
        Pass(
            kind="link",
            token_hash=fingerprint(token),
            account_id=account.id,
            uses_left=1,
            made_at=now,
            expires_at=now + lasts,
        )
    )
    return token


def account_for(writer: Session, email: str) -> Account:
    """The account of a normalised address, made if there is none."""
    found = writer.scalar(select(Account).where(Account.email == email))
    if found is None:
        found = Account(email=email, created_at=clock.now())
        writer.add(found)
        writer.flush()
    return found


def make_organiser(writer: Session, email: str) -> str:
    """Give the role to the account of `email`, made if need be; a token that signs it in once."""
    account = account_for(writer, email)
    if not account.has(Role.ORGANISER):
        account.roles.append(RoleHeld(role=Role.ORGANISER, granted_at=clock.now()))
        writer.flush()
        audit.record(writer, "role.grant", f"account {account.id}", role=Role.ORGANISER)
    return link_for(writer, account)
