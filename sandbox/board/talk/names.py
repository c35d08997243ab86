"""Names of people, shown to members only: strangers see what was said, not who said it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from sandbox.board.people.visitor import me
from sandbox.board.store import db
from sandbox.state.people import FORMER, Account


def names(account_ids: Iterable[int | None]) -> dict[int, str]:
    """Account → its name, in one query; empty for whoever has not joined."""
    wanted = {number for number in account_ids if number is not None}
    person = me()
    if not wanted or person is None or person.joined_at is None:
        return {}
    rows = db().execute(
        select(Account.id, Account.name, Account.deleted_at).where(Account.id.in_(wanted))
    )
    return {number: FORMER if gone else name for number, name, gone in rows}
