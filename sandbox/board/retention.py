"""How long each piece of personal data is kept, and the job that erases it and leaves proof.

A rule counts days from a moment: the end of the event, or, in an open lab that has none and for
what does not depend on the event, from when the piece was given or last used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, delete, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from sandbox import clock
from sandbox.board import uploads
from sandbox.board.jobs import every
from sandbox.board.people import rights
from sandbox.board.people.ages import GUARDIAN_FIELDS
from sandbox.board.people.details import FOLLOW_UP
from sandbox.board.served import served
from sandbox.board.store import state
from sandbox.board.words import N_
from sandbox.state import State
from sandbox.state.people import (
    Account,
    Attempt,
    Consent,
    Detail,
    Pass,
    Role,
    RoleHeld,
    SignIn,
)
from sandbox.state.projects import Image, Revision, Submission
from sandbox.state.records import Erasure, Job, Setting
from sandbox.state.teams import Seeker, TeamRequest
from sandbox.state.topics import HelpRequest
from sandbox.workspace import Workspace

SETTING = "retention"
LONGEST = 3650  # days
Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Rule:
    """What is kept for `days` after the event, or after the moment in `since`.

    `only` says which rows of `model` it is about. Accounts are erased as people's own wish would.
    """

    name: str
    what: str
    why: str
    days: int
    model: type[Any]
    since: ColumnElement[Any] | InstrumentedAttribute[Any]
    only: Condition | None = None
    after_event: bool = True
    made: ColumnElement[Any] | InstrumentedAttribute[Any] | None = None  # if it is not `since`

    @property
    def place(self) -> str:
        return str(self.model.__tablename__)

    def due(self, ends: datetime | None, days: int) -> Select[Any]:
        """The numbers of the rows whose time is over."""
        asked = select(self.model.id)
        if self.only is not None:
            asked = asked.where(self.only)
        if self.after_event and ends is not None:
            over = clock.now() >= ends + timedelta(days=days)
            if not over:
                return asked.where(self.model.id.is_(None))
            # What came after the event, into an event whose dates are old, gets its days as well.
            made = self.since if self.made is None else self.made
            return asked.where(made <= clock.now() - timedelta(days=days))
        return asked.where(self.since <= clock.now() - timedelta(days=days))


def _detail(name: str, what: str, why: str, days: int, *fields: str) -> Rule:
    return Rule(name, what, why, days, Detail, Detail.given_at, Detail.field.in_(fields or (name,)))


_agrees = select(Consent.account_id).where(
    Consent.purpose == FOLLOW_UP, Consent.withdrawn_at.is_(None)
)
_organisers = select(RoleHeld.account_id).where(RoleHeld.role == Role.ORGANISER)
_held = select(RoleHeld.account_id).where(RoleHeld.role != Role.PARTICIPANT)
_there = Account.deleted_at.is_(None)
_last_seen = func.coalesce(Account.last_seen_at, Account.created_at)

# A picture that was submitted stays with what was submitted, which is never changed.
_submitted = exists().where(
    Submission.project_id == Image.project_id, cast(Submission.content, Text).contains(Image.digest)
)

RULES = (
    _detail("diet", N_("Food: allergies and what people do not eat"), N_("To order food."), 3),
    _detail("access", N_("What people need at the venue"), N_("To prepare the venue."), 3),
    _detail("phone", N_("Mobile numbers"), N_("To reach people during the event."), 14),
    _detail("guardian", N_("Guardians’ names and how to reach them"),
            N_("To show who agreed for a young person."), 30, *GUARDIAN_FIELDS),
    Rule("help", N_("Calls for a mentor"), N_("To help, and to see what was hard."), 14,
         HelpRequest, HelpRequest.asked_at),
    Rule("looking", N_("What people wrote who looked for a team"),
         N_("To find each other."), 14, Seeker, Seeker.began_at),
    Rule("request", N_("Requests to join a team"), N_("To answer them."), 14,
         TeamRequest, TeamRequest.asked_at),
    Rule("history", N_("The history of drafts: who wrote what, and when"),
         N_("To take an earlier text back. What was submitted stays."), 30,
         Revision, Revision.at),
    Rule("picture", N_("Pictures that were taken out of a draft and never submitted"),
         N_("To put one back that was taken out by mistake."), 1, Image, Image.removed_at,
         and_(Image.removed_at.is_not(None), ~_submitted), after_event=False),
    Rule("account", N_("Accounts: name, e-mail address, skills, roles, sessions"),
         N_("To take part, and to be told what came of it. Organisers’ accounts stay."), 90,
         Account, _last_seen,
         and_(_there, Account.id.not_in(_organisers), Account.id.not_in(_agrees)),
         made=Account.created_at),
    Rule("follow_up", N_("Accounts of those who want to hear more"),
         N_("To write to them, as long as they do not take their consent back."), 730,
         Account, _last_seen,
         and_(_there, Account.id.not_in(_organisers), Account.id.in_(_agrees)),
         made=Account.created_at),
    Rule("unfinished", N_("Accounts that never joined"), N_("To come back and finish joining."), 30,
         Account, _last_seen,
         and_(_there, Account.joined_at.is_(None), Account.id.not_in(_held)), after_event=False),
    Rule("sign_in", N_("Ended sessions"), N_("To see whether somebody else was signed in."), 30,
         SignIn, func.coalesce(SignIn.ended_at, SignIn.ends_at), after_event=False),
    Rule("pass", N_("Used and expired invitations and links"),
         N_("To see why a link no longer works."), 30, Pass,
         func.coalesce(Pass.ended_at, Pass.expires_at),
         or_(Pass.ended_at.is_not(None), Pass.expires_at.is_not(None)), after_event=False),
    Rule("attempt", N_("Counted tries to sign in"), N_("To stop guessing of passwords."), 1,
         Attempt, Attempt.at, after_event=False),
    Rule("job", N_("Mails and calls that are done or were given up"),
         N_("To see what went wrong."), 30, Job, func.coalesce(Job.done_at, Job.failed_at),
         or_(Job.done_at.is_not(None), Job.failed_at.is_not(None)), after_event=False),
)  # fmt: skip


@dataclass(frozen=True)
class Copies:
    """Whole copies of the database that lie beside it: made before it was migrated or restored."""

    name: str = "copy"
    what: str = N_("Copies that the kit made before it changed the whole database")
    why: str = N_("To go back if that went wrong. Your own backups are yours to delete.")
    days: int = 14
    after_event: bool = False
    place: str = "files"

    def due(self, folder: Path, days: int) -> list[Path]:
        """Those that are too old, by the moment that their names say."""
        over = clock.now() - timedelta(days=days)
        found = [p for pattern in COPIES_ARE for p in folder.glob(pattern)]
        return sorted(path for path in found if (made := _made(path)) and made <= over)


@dataclass(frozen=True)
class Orphans:
    """Files in uploads/ that nothing refers to any more: pictures whose row has been erased."""

    name: str = "file"
    what: str = N_("Files that nothing refers to any more")
    why: str = N_("They belonged to something that was erased, or was never handed in whole.")
    days: int = 1
    after_event: bool = False
    place: str = "files"

    def due(self, reader: Session, folder: Path, days: int) -> list[Path]:
        return uploads.orphans(reader, folder, timedelta(days=days))


COPIES_ARE = ("board-*.sqlite", "before-restore-*.zip")
COPIES, ORPHANS = Copies(), Orphans()
AnyRule = Rule | Copies | Orphans
BY_NAME: dict[str, AnyRule] = {rule.name: rule for rule in (*RULES, COPIES, ORPHANS)}


def _made(copy: Path) -> datetime | None:
    found = re.search(r"\d{8}T\d{6}", copy.name)
    return datetime.strptime(found[0] + "+0000", "%Y%m%dT%H%M%S%z") if found else None


@dataclass(frozen=True)
class Outcome:
    """How many rows or files of a place a rule erased, or would."""

    rule: AnyRule
    days: int
    count: int


def days_of(reader: Session) -> dict[str, int]:
    """Rule → days, as the organisers have chosen or as the kit has it."""
    chosen = reader.get(Setting, SETTING)
    own: Mapping[str, Any] = chosen.value if chosen else {}
    return {name: int(own.get(name, rule.days)) for name, rule in BY_NAME.items()}


def choose(writer: Session, days: Mapping[str, int]) -> None:
    """Keep those that differ from the kit's, so that better defaults reach everybody else."""
    own = {name: number for name, number in days.items() if number != BY_NAME[name].days}
    writer.merge(Setting(name=SETTING, value=own, changed_at=clock.now()))


@dataclass(frozen=True)
class Kept:
    """How long a piece is kept: until a moment that is known, or for some days after its own."""

    days: int
    until: datetime | None


def kept(reader: Session, ends: datetime | None) -> dict[str, Kept]:
    """Rule → how long."""
    return {
        name: Kept(n, ends + timedelta(days=n) if ends and BY_NAME[name].after_event else None)
        for name, n in days_of(reader).items()
    }


def due(reader: Session, workspace: Workspace) -> list[Outcome]:
    """What would be erased now, by one query."""
    days, ends = days_of(reader), workspace.event.ends_at
    counts = [
        select(func.count()).select_from(rule.due(ends, days[rule.name]).subquery())
        .scalar_subquery() for rule in RULES
    ]  # fmt: skip
    found = reader.execute(select(*counts)).one()
    told = [Outcome(rule, days[rule.name], int(n)) for rule, n in zip(RULES, found, strict=True)]
    copies = len(COPIES.due(workspace.state, days[COPIES.name]))
    files = len(ORPHANS.due(reader, workspace.uploads, days[ORPHANS.name]))
    return [
        *told,
        Outcome(COPIES, days[COPIES.name], copies),
        Outcome(ORPHANS, days[ORPHANS.name], files),
    ]


def run(opened: State, workspace: Workspace) -> list[Outcome]:
    """Erase what is due, a transaction for each rule, and write the proof of each; then scrub."""
    with opened.read() as reader:
        days, ends = days_of(reader), workspace.event.ends_at
    done = []
    for rule in RULES:
        with opened.write() as writer:
            count = _erase(writer, rule, rule.due(ends, days[rule.name]))
            done.append(Outcome(rule, days[rule.name], count))
    with opened.read() as reader:
        orphans = ORPHANS.due(reader, workspace.uploads, days[ORPHANS.name])
    copies = COPIES.due(workspace.state, days[COPIES.name])
    for rule_of_files, files in ((COPIES, copies), (ORPHANS, orphans)):
        for file in files:
            file.unlink(missing_ok=True)
        if files:
            with opened.write() as writer:
                writer.add(_proof(rule_of_files, len(files)))
        done.append(Outcome(rule_of_files, days[rule_of_files.name], len(files)))
    opened.scrub()
    return done


def _proof(rule: AnyRule, count: int) -> Erasure:
    return Erasure(at=clock.now(), rule=rule.name, place=rule.place, count=count)


def _erase(writer: Session, rule: Rule, found: Select[Any]) -> int:
    numbers = list(writer.scalars(found))
    if not numbers:
        return 0
    if rule.model is Account:
        for number in numbers:
            rights.erase(writer, writer.get_one(Account, number), rule.name, actor_id=None)
        return len(numbers)  # each has written its own proof
    for first in range(0, len(numbers), 500):  # databases limit how many values a statement takes
        chunk = numbers[first : first + 500]
        writer.execute(delete(rule.model).where(rule.model.id.in_(chunk)))
    writer.add(_proof(rule, len(numbers)))
    return len(numbers)


def report(opened: State, workspace: Workspace, *, dry_run: bool) -> str:
    """What was erased, or would be, line by line, and where the proof of it stands."""
    ends = workspace.event.ends_at
    with opened.read() as reader:
        before = reader.scalar(select(func.max(Erasure.id))) or 0
        outcomes = due(reader, workspace) if dry_run else []
    outcomes = outcomes or run(opened, workspace)
    lines = [f"{'rule':12}{'kept for':>22}  {'from':12}{'due' if dry_run else 'erased':>7}"]
    for one in outcomes:
        days = f"{one.days} days" + (" after the end" if one.rule.after_event and ends else "")
        lines.append(f"{one.rule.name:12}{days:>22}  {one.rule.place:12}{one.count:>7}")
    if dry_run:
        return "\n".join([*lines, "Nothing was erased: this was a dry run."])
    with opened.read() as reader:
        written = reader.scalars(select(Erasure.id).where(Erasure.id > before)).all()
    proof = (
        f"Proof: entries {min(written)} to {max(written)} of the table erasures."
        if written else "Nothing was due."
    )  # fmt: skip
    return "\n".join([*lines, proof])


@every(timedelta(days=1), "retention")
def _daily(_payload: Mapping[str, Any]) -> None:
    run(state(), served().workspace)
