"""How often something may be tried: by account and by address, so that a shared address survives.

A venue's phones share one address, so an address gets room for a whole room of people, while each
account, or each address of e-mail, gets little.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import request
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.people.visitor import keyed
from sandbox.state.people import Attempt


@dataclass(frozen=True)
class Limit:
    """At most `times` within `within`, counted for `by` apart ("account" or "address")."""

    name: str
    by: str
    times: int
    within: timedelta

    def key(self, who: str) -> str:
        return keyed(f"{self.name}:{self.by}:{who}")


PASSWORD = (
    Limit("password", "account", 10, timedelta(minutes=15)),
    Limit("password", "address", 300, timedelta(minutes=15)),
)


def spend(writer: Session, limits: tuple[Limit, ...], account: str) -> timedelta | None:
    """Count one try of `account` from this address; how long to wait if that is one too many.

    The caller commits, also when it refuses. A try that is refused is not counted, so that waiting
    helps whoever keeps trying.
    """
    now = clock.now()
    keys = {limit: limit.key(account if limit.by == "account" else _address()) for limit in limits}
    for limit, key in keys.items():
        tried = select(Attempt.at).where(Attempt.key == key, Attempt.at > now - limit.within)
        if (writer.scalar(select(func.count()).select_from(tried.subquery())) or 0) >= limit.times:
            oldest = writer.scalar(tried.order_by(Attempt.at).limit(1)) or now
            return oldest + limit.within - now
    writer.add_all([Attempt(key=key, at=now) for key in keys.values()])
    return None


def forgive(writer: Session, limits: tuple[Limit, ...], account: str) -> None:
    """Forget the tries of an account that has got in after all."""
    keys = [limit.key(account) for limit in limits if limit.by == "account"]
    writer.execute(delete(Attempt).where(Attempt.key.in_(keys)))


def _address() -> str:
    return request.remote_addr or ""
