"""The audit log: every act of somebody with rights, appended and sealed, never changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.state.records import Audit


def record(
    db: Session, act: str, about: str = "", actor_id: int | None = None, **detail: Any
) -> None:
    """Append an act, such as ("challenge.open", "quiet-streets"), to the writer's transaction.

    `actor_id` is the account that acts, None the command line. `detail` must be plain JSON and must
    not hold personal data: accounts are named by number.
    """
    entry = Audit(at=clock.now(), actor_id=actor_id, act=act, about=about, detail=detail)
    entry.digest = _seal(_last_seal(db), entry)
    db.add(entry)
    db.flush()


def broken(db: Session) -> Iterator[int]:
    """The numbers of entries whose seal does not follow from what stands before them."""
    before = ""
    for entry in db.scalars(select(Audit).order_by(Audit.id)):
        if entry.digest != _seal(before, entry):
            yield entry.id
        before = entry.digest


@contextmanager
def unlocked(connection: Connection) -> Iterator[None]:
    """Let a restore put back what a backup holds; the lock is on again when the block ends.

    Both happen in the connection's transaction: nobody else ever sees the log without its lock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        yield
        connection.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))
        return
    kept = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
    ).all()
    for name, _ in kept:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _, made in kept:
        connection.exec_driver_sql(made)


def _last_seal(db: Session) -> str:
    return db.scalar(select(Audit.digest).order_by(Audit.id.desc()).limit(1)) or ""


def _seal(before: str, entry: Audit) -> str:
    said = [before, entry.at.isoformat(), entry.actor_id, entry.act, entry.about, entry.detail]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
