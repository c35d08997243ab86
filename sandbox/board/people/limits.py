"""How often something may be tried: by account and by address, so that a shared address survives.

A venue's phones share one address, so an address gets room for a whole room of people, while each
account, or each address of e-mail, gets little. What could be guessed is also limited for everybody
together, so that many addresses gain nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from flask import request
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.people.visitor import keyed
from sandbox.board.words import ngettext
from sandbox.state.people import Attempt

KEPT = timedelta(days=1)  # the longest time that anything is counted for


@dataclass(frozen=True)
class Limit:
    """At most `times` within `within`, counted for `by` apart: account, address or everybody.

    A limit on everybody spares an address that has itself tried no more than `spares` times, so
    that whoever guesses from many addresses cannot shut the door for all.
    """

    name: str
    by: str
    times: int
    within: timedelta
    spares: int = 0

    def key(self, account: str) -> str:
        who = {"account": account, "address": _address(), "everybody": ""}[self.by]
        return keyed(f"{self.name}:{self.by}:{who}")


PASSWORD = (
    Limit("password", "account", 10, timedelta(minutes=15)),
    Limit("password", "address", 300, timedelta(minutes=15)),
)
# Asking for a link by e-mail: each address of e-mail gets few, a venue gets enough for all of it.
MAIL = (
    Limit("mail", "account", 5, timedelta(minutes=30)),
    Limit("mail", "address", 600, timedelta(minutes=30)),
)
# Codes that are wrong. The wait is short at first and long for whoever goes on; an invite's code
# has 39 bits, so that 2,000 guesses an hour meet one of a hundred invites once in 300 years.
CODE = (
    Limit("code", "address", 100, timedelta(minutes=10)),
    Limit("code", "address", 1000, KEPT),
    Limit("code", "everybody", 2000, timedelta(hours=1), spares=10),
)
# Accounts that come into being through an invite, whose code hangs on a wall.
JOINING = (Limit("joining", "address", 500, timedelta(hours=1)),)


def spend(writer: Session, limits: tuple[Limit, ...], account: str = "") -> timedelta | None:
    """Count one try of `account` from this address; how long to wait if that is one too many.

    The caller commits, also when it refuses. A try that is refused is not counted, so that waiting
    helps whoever keeps trying.
    """
    if (wait := left(writer, limits, account)) is None:
        count(writer, limits, account)
    return wait


def left(reader: Session, limits: tuple[Limit, ...], account: str = "") -> timedelta | None:
    """How long `account` has to wait before it may try from this address; None if it may."""
    waits = (_wait(reader, limit, limits, account) for limit in limits)
    return max((wait for wait in waits if wait is not None), default=None)


def count(writer: Session, limits: tuple[Limit, ...], account: str = "") -> None:
    """Note one try, and forget those that no limit asks for any more."""
    now = clock.now()
    writer.execute(delete(Attempt).where(Attempt.at <= now - KEPT))
    keys = sorted({limit.key(account) for limit in limits})
    writer.add_all([Attempt(key=key, at=now) for key in keys])
    writer.flush()


def forgive(writer: Session, limits: tuple[Limit, ...], account: str) -> None:
    """Forget the tries of an account that has got in after all."""
    keys = [limit.key(account) for limit in limits if limit.by == "account"]
    writer.execute(delete(Attempt).where(Attempt.key.in_(keys)))


def told(wait: timedelta) -> str:
    """The wait as people read it, rounded up to whole minutes."""
    minutes = -int(-wait // timedelta(minutes=1))
    words = ngettext(
        "Too many tries. Wait %(minutes)s minute.",
        "Too many tries. Wait %(minutes)s minutes.",
        minutes,
    )
    return words % {"minutes": minutes}


def _wait(
    reader: Session, limit: Limit, limits: tuple[Limit, ...], account: str
) -> timedelta | None:
    now = clock.now()
    since = now - limit.within
    if _tries(reader, limit.key(account), since) < limit.times:
        return None
    if limit.by == "everybody":
        own = next(other for other in limits if other.by == "address")
        if _tries(reader, own.key(account), since) < limit.spares:
            return None
    # What counts is when the earliest of the last `times` tries stops counting.
    freeing = reader.scalar(
        select(Attempt.at)
        .where(Attempt.key == limit.key(account), Attempt.at > since)
        .order_by(Attempt.at.desc())
        .offset(limit.times - 1)
        .limit(1)
    )
    return (freeing or now) + limit.within - now


def _tries(reader: Session, key: str, since: object) -> int:
    tried = select(func.count()).where(Attempt.key == key, Attempt.at > since)
    return reader.scalar(tried) or 0


def _address() -> str:
    """Whoever has one IPv6 address has 2⁶⁴ of them, so all of these are one."""
    told = request.remote_addr or ""
    try:
        found = ip_address(told)
    except ValueError:
        return told
    return str(int(found) >> 64) if isinstance(found, IPv6Address) else told
