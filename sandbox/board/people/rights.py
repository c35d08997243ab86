"""What somebody may ask for at any time: all that is kept about them, and that it be erased.

Every column that names an account stands in COLUMNS, with what a copy of one's data shows of its
rows and what becomes of them when the account is deleted. A test walks all tables and fails when
a column is missing here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Column, ForeignKey, Table, delete, select, update
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.jobs import enqueue, handler
from sandbox.board.people import roles
from sandbox.board.store import state
from sandbox.board.teams import membership
from sandbox.errors import SandboxError
from sandbox.state import audit
from sandbox.state.base import Moment
from sandbox.state.people import Account, Pass
from sandbox.state.records import Audit, Erasure, Job
from sandbox.state.tables import Base


class Ties(Enum):
    """How a row belongs to the account that one of its columns names."""

    OWN = "given or made by the person; erased with the account"
    WORK = "the person's part in common work; stays, under a former member"
    ACT = "an act on something else; the number stays, and a copy shows which and when"


COLUMNS = {
    "roles.account_id": Ties.OWN,
    "roles.granted_by": Ties.ACT,
    "skills.account_id": Ties.OWN,
    "details.account_id": Ties.OWN,
    "consents.account_id": Ties.OWN,
    "identities.account_id": Ties.OWN,
    "sign_ins.account_id": Ties.OWN,
    "passes.account_id": Ties.OWN,
    "passes.made_by": Ties.ACT,
    "tokens.account_id": Ties.OWN,
    "help_requests.asked_by": Ties.OWN,
    "help_requests.taken_by": Ties.ACT,
    "acceptances.account_id": Ties.WORK,
    "documents.published_by": Ties.ACT,
    "memberships.account_id": Ties.WORK,
    "questions.asked_by": Ties.WORK,
    "questions.hidden_by": Ties.ACT,
    "answers.by": Ties.WORK,
    "announcements.made_by": Ties.ACT,
    "challenge_states.reviewed_by": Ties.ACT,
    "challenge_states.previewed_by": Ties.ACT,
    "challenge_states.written_by": Ties.ACT,
    "challenge_states.owner_confirmed_by": Ties.ACT,
    "challenge_drafts.edited_by": Ties.ACT,
    "webhooks.made_by": Ties.ACT,
    "teams.key_made_by": Ties.ACT,
    "team_requests.account_id": Ties.OWN,
    "team_requests.invited_by": Ties.ACT,
    "team_requests.answered_by": Ties.ACT,
    "seekers.account_id": Ties.OWN,
    "graces.given_by": Ties.ACT,
    "projects.changed_by": Ties.ACT,
    "projects.hidden_by": Ties.ACT,
    "revisions.by": Ties.WORK,
    "images.added_by": Ties.WORK,
    "submissions.by": Ties.WORK,
    "submissions.withdrawn_by": Ties.ACT,
    "noted.by": Ties.ACT,
    "packs.brought_by": Ties.ACT,
    "packs.decided_by": Ties.ACT,
    "answer_files.by": Ties.WORK,
    "answer_files.final_by": Ties.ACT,
    "answer_files.set_aside_by": Ties.ACT,
}
# Of a secret only a hash is kept, which tells its owner nothing.
SECRET = {"password_hash", "token_hash", "code_hash", "secret"}
# Of hidden answers and not of the person: whoever could read these before the results would know
# what the private part scores. What may be known of them stands on the file's own page.
MEASURES = {"answer_files.public", "answer_files.private", "answer_files.whole"}


ACCOUNTS = Base.metadata.tables[Account.__tablename__]


class LastOrganiser(SandboxError):
    """The account of the only organiser, without whom nobody could look after the event."""


def naming() -> Iterator[Column[Any]]:
    """Every column of every table that refers to an account."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(_to_accounts(key) for key in column.foreign_keys):
                yield column


def _to_accounts(key: ForeignKey) -> bool:
    return key.column.table is ACCOUNTS


def ties(column: Column[Any]) -> Ties:
    return COLUMNS[f"{column.table.name}.{column.name}"]


# --- a copy ---------------------------------------------------------------------------------------


def copy_of(reader: Session, account: Account) -> dict[str, Any]:
    """Everything that the database holds about an account, as plain JSON, table by table."""
    told: dict[str, Any] = {
        "made_at": _plain(clock.now()),
        "about": "Everything that this event's board keeps about this account. Of passwords and "
        "links only a hash is kept, which is left out.",
        "accounts": _rows(reader, ACCOUNTS, ACCOUNTS.c.id, account.id),
    }
    for column in naming():
        table, tie = column.table, ties(column)
        shown = _moments(table) if tie is Ties.ACT else list(table.columns)
        name = f"{table.name} ({column.name})" if tie is Ties.ACT else table.name
        told[name] = _rows(reader, table, column, account.id, shown)
    acts = select(Audit.at, Audit.act, Audit.about).where(Audit.actor_id == account.id)
    told["audit"] = [_as_dict(row) for row in reader.execute(acts.order_by(Audit.id))]
    told["jobs"] = [
        {"kind": job.kind, "made_at": _plain(job.made_at), "payload": job.payload}
        for job in _jobs_naming(reader, account)
    ]
    return told


def _rows(
    reader: Session,
    table: Table,
    by: Column[Any],
    account_id: int,
    shown: list[Column[Any]] | None = None,
) -> list[dict[str, Any]]:
    columns = [
        column
        for column in shown or list(table.columns)
        if column.name not in SECRET and f"{table.name}.{column.name}" not in MEASURES
    ]
    asked = select(*columns).where(by == account_id)
    return [_as_dict(row) for row in reader.execute(asked.order_by(*table.primary_key.columns))]


def _moments(table: Table) -> list[Column[Any]]:
    """What says which row it is and when; what others wrote into it is theirs."""
    return [c for c in table.columns if c.primary_key or isinstance(c.type, Moment)]


def _as_dict(row: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row._mapping.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _jobs_naming(reader: Session, account: Account) -> list[Job]:
    """Jobs under way that carry the account's address, such as mails to it."""
    if not account.email:
        return []
    waiting = reader.scalars(select(Job).where(Job.done_at.is_(None), Job.failed_at.is_(None)))
    return [job for job in waiting if account.email in json.dumps(job.payload, ensure_ascii=False)]


# --- the end --------------------------------------------------------------------------------------


def erase(writer: Session, account: Account, rule: str, actor_id: int | None) -> None:
    """Leave nothing of a person but a number, under which their part in common work stands.

    Raises LastOrganiser. The caller commits; a worker then clears the journal, see `_scrub`.
    """
    if roles.is_last_organiser(writer, account):
        raise LastOrganiser("the only organiser has to name another one first")
    now, number = clock.now(), account.id
    _erase_jobs(writer, account)
    if account.email:
        writer.execute(delete(Pass).where(Pass.email == account.email))
    for column in naming():
        if ties(column) is Ties.OWN:
            writer.execute(delete(column.table).where(column == number))
    membership.leave_all(writer, number)
    writer.execute(
        update(Account)
        .where(Account.id == number)
        .values(
            email=None, email_confirmed_at=None, name="", password_hash=None, language=None,
            age_band=None, last_seen_at=None, deleted_at=now,
        )
    )  # fmt: skip
    writer.expire_all()
    writer.add(Erasure(at=now, rule=rule, place="accounts", count=1))
    audit.record(writer, "account.delete", f"account {number}", actor_id=actor_id, rule=rule)
    enqueue(writer, "scrub")


def _erase_jobs(writer: Session, account: Account) -> None:
    for job in _jobs_naming(writer, account):
        writer.delete(job)
    if account.email:  # a mail server's refusal repeats the address
        writer.execute(
            update(Job)
            .where(Job.error.contains(account.email, autoescape=True))
            .values(error="(erased)")
        )


@handler("scrub")
def _scrub(_payload: Any) -> None:
    state().scrub()


def erased_since(reader: Session, most: int = 50) -> Iterable[Erasure]:
    """The latest proofs of erasure, the newest first."""
    return reader.scalars(select(Erasure).order_by(Erasure.id.desc()).limit(most))
