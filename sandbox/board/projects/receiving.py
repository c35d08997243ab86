"""A pack comes in: kept as it came, checked, and submitted once, as of when it counts."""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import deadlines, uploads
from sandbox.board.forms import tidy, tidy_lines
from sandbox.board.projects import carried
from sandbox.board.projects.submitting import submit
from sandbox.board.served import generation
from sandbox.board.standing import Stage
from sandbox.board.store import state
from sandbox.board.teams import graces
from sandbox.board.words import N_
from sandbox.descriptors import LANGUAGES
from sandbox.projects import packs
from sandbox.projects.codes import ALPHABET, SHORT, short
from sandbox.projects.faults import Fault
from sandbox.projects.fields import BY_NAME, faults, is_asked
from sandbox.projects.packs import PackRefused
from sandbox.state import audit
from sandbox.state.projects import Image, Noted, Pack, Project, Submission
from sandbox.state.teams import Team

log = logging.getLogger(__name__)
MOST_NOTES = 20  # codes that a team may tell; whoever tells thousands is guessing
IN_A_MINUTE = N_("Bring this very file again in a minute: it counts as of when it came first.")
DIGEST = re.compile(r"[0-9a-f]{64}")
SLUG = re.compile(r"[a-z0-9-]{1,100}")


class State(StrEnum):
    """What has become of a pack, see sandbox.state.projects.Pack."""

    ACCEPTED = "accepted"
    SUPERSEDED = "superseded"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass
class Came:
    """What came of a file: with a refusal its faults; `number` is the submission's.

    `counts_from` is the moment as of which it was handed in; `untaken` says which of its files of
    answers were not taken, though the rest was.
    """

    state: State
    faults: list[Fault] = field(default_factory=list)
    team_id: int | None = None
    number: int | None = None
    receipt: str = ""
    withdrawn: bool = False
    counts_from: datetime | None = None
    why: str = ""
    file: str = ""
    untaken: list[Fault] = field(default_factory=list)


def take(content: bytes, *, team_id: int | None, by: int, arrived: datetime) -> Came:
    """Take in a file that somebody brought for their own team, or, without `team_id`, an organiser
    at the desk for the team that it names.

    No writer may be open. Whatever comes of it, the file lies in uploads/ then, but for one that is
    larger than any pack. The same file again finds what came of it the first time, and goes on
    where that was broken off.
    """
    if len(content) > packs.MOST_BYTES:
        return Came(State.REFUSED, _read_faults(content), team_id)
    file = uploads.keep(content)
    try:
        pack = packs.read(content)
    except PackRefused as error:
        return _refused(_Brought(file, file, None, team_id, by, arrived), [error.fault])
    with state().read() as reader:
        team = _team(reader, team_id, pack)
        wrong = list(_strangers(team, pack, team_id))
        is_there = team is not None and _submission_of(reader, team.id, pack.digest) is not None
    brought = _Brought(file, pack.digest, pack, team.id if team else None, by, arrived)
    wrong = wrong or list(_unfit(pack))
    if not wrong and not is_there:
        brought.images, wrong = _pictures(pack)
    came = _refused(brought, wrong) if wrong else _decided(brought)
    if came.state in (State.ACCEPTED, State.SUPERSEDED) and not came.withdrawn:
        _hand_in_answers(brought, came)
    return came


@dataclass
class _Brought:
    """A file on its way in; `pack` is None where it is none."""

    file: str
    digest: str
    pack: packs.Pack | None
    team_id: int | None
    by: int
    arrived: datetime
    images: list[tuple[Any, packs.PackedImage]] = field(default_factory=list)


def _read_faults(content: bytes) -> list[Fault]:
    try:
        packs.read(content)
    except PackRefused as error:
        return [error.fault]
    return []


# --- whose it is, and whether it is fit -----------------------------------------------------------


def _team(reader: Session, team_id: int | None, pack: packs.Pack) -> Team | None:
    if team_id is not None:
        return reader.get(Team, team_id)
    slug = pack.payload.team
    if not SLUG.fullmatch(slug):
        return None
    return reader.scalar(select(Team).where(Team.slug == slug))


def _strangers(team: Team | None, pack: packs.Pack, team_id: int | None) -> list[Fault]:
    """What keeps it from being this event's, this team's, and signed with the team's own key."""
    said = pack.payload
    here = generation().bundle.manifest.seed_commitment
    if said.event != here:
        return [
            Fault(N_("The pack is for another event"), N_("the event %(found)s…"),
                  N_("this event, %(here)s…"),
                  N_("Bring it to that event’s board, or pack it again with a key of this one."),
                  {"found": said.event[:12], "here": here[:12]})
        ]  # fmt: skip
    if team is None or team.slug != said.team:
        own = team.slug if team else "–"
        return [
            Fault(N_("The pack is another team’s"), N_("the team %(found)s"),
                  N_("the team %(own)s") if team_id is not None else N_("a team of this event"),
                  N_("Let a member of that team bring it, or bring it to the organisers’ desk."),
                  {"found": said.team, "own": own})
        ]  # fmt: skip
    if team.public_key == pack.public_key:
        return []
    if team.public_key is None:
        return [
            Fault(N_("The team has no key"), N_("a pack signed with a key that is not known here"),
                  N_("a pack signed with the team’s key"),
                  N_("Make a key on the page “Without a network”, and pack it again with that."))
        ]  # fmt: skip
    return [
        Fault(N_("The pack is signed with another key than the team’s newest"),
              N_("the key %(found)s…"), N_("the key %(own)s…"),
              N_("Pack it again with the newest key. If it is too late for that, ask an organiser, "
                 "who can give the team more time."),
              {"found": pack.public_key[:8], "own": team.public_key[:8]})
    ]  # fmt: skip


def _unfit(pack: packs.Pack) -> list[Fault]:
    """What keeps its words from being submitted, as a form on the board would say it."""
    said, wrong = pack.payload, []
    known = sorted(generation().catalog.challenges)
    if said.challenge not in known:
        wrong.append(
            Fault(N_("This event has no such challenge"), N_("%(found)s"), N_("one of: %(known)s"),
                  N_("Write the challenge’s name as in its address, and pack it again."),
                  {"found": said.challenge or "–", "known": ", ".join(known)})
        )  # fmt: skip
    if said.language not in LANGUAGES:
        wrong.append(
            Fault(N_("The language is not one that is known here"), N_("%(found)s"),
                  N_("one of: %(known)s"), packs.AGAIN,
                  {"found": said.language or "–", "known": ", ".join(LANGUAGES)})
        )  # fmt: skip
    if strange := sorted(set(said.fields) - set(BY_NAME)):
        wrong.append(
            Fault(N_("There are no such fields"), N_("%(found)s"), N_("fields of a project"),
                  packs.AGAIN, {"found": ", ".join(strange)})
        )  # fmt: skip
    wrong += [
        replace(fault, about=one.label, fix=fault.fix or packs.AGAIN)
        for one, fault in faults(said.fields)
    ]
    return wrong


def _pictures(pack: packs.Pack) -> tuple[list[tuple[Any, packs.PackedImage]], list[Fault]]:
    """Its pictures as they were encoded here; slow."""
    made, wrong = [], []
    for number, image in enumerate(pack.payload.images, 1):
        try:
            made.append((carried.picture(image.bytes), image))
        except carried.NotTaken as error:
            fix = IN_A_MINUTE if error.for_now else packs.AGAIN
            wrong.append(
                Fault(N_("Picture %(number)s is not taken"), str(error),
                      N_("a JPEG, PNG or WebP picture"), fix, {"number": number})
            )  # fmt: skip
    return made, wrong


# --- what becomes of it ---------------------------------------------------------------------------


def _refused(brought: _Brought, wrong: list[Fault]) -> Came:
    """Note that it came and why it cannot be taken; what was decided of it before stands."""
    came = Came(State.REFUSED, wrong, brought.team_id, file=brought.file)
    with state().write() as writer:
        row = _row(writer, brought)
        if row.state == State.REFUSED and row.decided_at is None:
            row.faults = [fault.plain() for fault in wrong]
    return came


def _submission_of(reader: Session, team_id: int, digest: str) -> int | None:
    asked = select(Pack.submission_id).where(Pack.team_id == team_id, Pack.digest == digest)
    return reader.scalar(asked)


def _row(writer: Session, brought: _Brought) -> Pack:
    """The pack's row, made as if refused where this is the first time that it comes."""
    asked = select(Pack).where(Pack.team_id == brought.team_id, Pack.digest == brought.digest)
    row = writer.scalar(asked)
    if row is None:
        row = Pack(
            team_id=brought.team_id, digest=brought.digest, file=brought.file,
            made_at=brought.pack.made_at if brought.pack else None, arrived_at=brought.arrived,
            brought_by=brought.by, state=State.REFUSED, faults=[],
        )  # fmt: skip
        writer.add(row)
        writer.flush()
    return row


def _decided(brought: _Brought) -> Came:
    """Whether it counts is asked and written in one turn, so that no deadline is raced."""
    assert brought.pack is not None
    with state().write() as writer:
        team = writer.get_one(Team, brought.team_id)
        row = _row(writer, brought)
        if row.submission_id is not None:
            return _there(writer, row)
        if row.decided_at is not None and row.state == State.REFUSED:
            return Came(State.REFUSED, [], team.id, why=row.why, file=row.file)
        if team.public_key != brought.pack.public_key:  # another was made while we looked
            row.faults = [one.plain() for one in _strangers(team, brought.pack, team.id)]
            return Came(State.REFUSED, list(map(Fault.from_plain, row.faults)), team.id)
        return _judged(writer, row, brought)


def _judged(writer: Session, row: Pack, brought: _Brought) -> Came:
    assert brought.pack is not None
    assert row.team_id is not None
    challenge, team_id = brought.pack.payload.challenge, row.team_id
    came = Came(State.WAITING, team_id=team_id, file=row.file)
    # Now, if that is in time; else as of when it came before or was told of, the latest first.
    before = {row.arrived_at, *_noted(writer, team_id, brought.pack.code)} - {brought.arrived}
    moments = [brought.arrived, *sorted(before, reverse=True)]
    asked = [deadlines.of(writer, challenge, team_id, moment) for moment in moments]
    counted = next((one for one in asked if one.open), None)
    if counted is not None:
        came.counts_from = counted.moment
        project = writer.scalars(select(Project).where(Project.team_id == team_id)).one()
        later = _between(writer, project.id, counted.moment, brought.arrived)
        if later is not None:
            came.state, came.number = State.SUPERSEDED, later.number
        else:
            made = _submitted(writer, project, row, brought, counted.moment)
            came.state, came.number, came.receipt = State.ACCEPTED, made.number, made.receipt
    elif asked[0].stands.stage is not Stage.CLOSED:
        came.state = State.REFUSED
        came.faults = [_not_open(challenge, asked[0].stands.stage)]
    row.file = brought.file  # the same payload may have come before, under another signature
    row.state, row.faults = came.state, [fault.plain() for fault in came.faults]
    return came


def _not_open(challenge: str, stage: Stage) -> Fault:
    if stage is Stage.WITHDRAWN:
        what, fix = N_("The challenge was withdrawn"), N_("Ask an organiser which one to choose.")
    else:
        what, fix = (
            N_("The challenge is not open yet"),
            N_("Bring this file again once it is open."),
        )
    return Fault(what, N_("a pack for %(challenge)s"), N_("a challenge that is open"), fix,
                 {"challenge": challenge})  # fmt: skip


def _noted(reader: Session, team_id: int, code: str) -> list[datetime]:
    asked = select(Noted.at).where(Noted.team_id == team_id, Noted.digest == code)
    return list(reader.scalars(asked))


def _between(
    reader: Session, project_id: int, moment: datetime, arrived: datetime
) -> Submission | None:
    """What the team submitted after `moment`, and has not withdrawn: its later word."""
    return reader.scalar(
        select(Submission)
        .where(Submission.project_id == project_id, Submission.withdrawn_at.is_(None))
        .where(Submission.at > moment, Submission.at < arrived)
        .order_by(Submission.number.desc())
        .limit(1)
    )


def _submitted(
    writer: Session, project: Project, row: Pack, brought: _Brought, moment: datetime
) -> Submission:
    assert brought.pack is not None
    made = submit(
        writer, project, _content(brought), nonce=f"pack:{row.team_id}:{row.digest}", at=moment,
        by=brought.by, through="pack",
    )  # fmt: skip
    for position, (kept, image) in enumerate(brought.images):
        # Beside the draft and not in it: who may see the file is asked of these rows.
        writer.add(
            Image(
                project_id=project.id, alt=tidy(image.alt), caption=tidy(image.caption),
                position=position, added_at=clock.now(), added_by=brought.by,
                removed_at=clock.now(), **_of(kept, "digest", "small", "width", "height", "bytes"),
            )
        )  # fmt: skip
    row.submission_id = made.id
    return made


def _of(kept: Any, *names: str) -> dict[str, Any]:
    """Those of its values that a row has a place for."""
    return {name: getattr(kept, name) for name in names if hasattr(Image, name)}


def _content(brought: _Brought) -> dict[str, Any]:
    """What is submitted, in the form that a draft's is: see submitting.content_of."""
    assert brought.pack is not None
    said = brought.pack.payload
    fields = {name: _tidy(name, value) for name, value in said.fields.items()
              if value and is_asked(BY_NAME[name], said.fields)}  # fmt: skip
    return {
        "challenge": said.challenge,
        "language": said.language,
        "fields": fields,
        "images": [
            {
                **_of(kept, "digest", "width", "height"),
                "alt": tidy(image.alt),
                "caption": tidy(image.caption),
            }
            for kept, image in brought.images
        ],
    }


def _tidy(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [{part: tidy(text) for part, text in link.items()} for link in value]
    return (tidy_lines if BY_NAME[name].kind == "text" else tidy)(value)


def _there(reader: Session, row: Pack) -> Came:
    """The submission that it has become already."""
    made = reader.get_one(Submission, row.submission_id)
    return Came(
        State.ACCEPTED, [], row.team_id, made.number, made.receipt,
        made.withdrawn_at is not None, made.at, file=row.file,
    )  # fmt: skip


def _hand_in_answers(brought: _Brought, came: Came) -> None:
    """Each file of answers on its own: one that is refused takes nothing from the others."""
    if brought.pack is None or brought.team_id is None or came.counts_from is None:
        return
    for challenge, answers in brought.pack.payload.answers.items():
        # Of the pack and not of its bringer, so that it is handed in once whoever brings it.
        nonce = hashlib.sha256(f"{brought.digest}:{challenge}".encode()).hexdigest()
        try:
            carried.hand_in(
                brought.team_id, challenge, answers, nonce, came.counts_from, brought.by
            )
        except carried.NotTaken as error:
            came.untaken.append(_untaken(challenge, str(error)))
    if brought.pack.payload.answers:
        with state().write() as writer:
            _row(writer, brought).faults = [fault.plain() for fault in came.untaken]


def _untaken(challenge: str, said: str) -> Fault:
    return Fault(
        N_("The answers to %(challenge)s were not taken; the rest of the pack was"), said,
        N_("a file of answers that is in time and in order"),
        N_("Hand in a file that is in order on the challenge’s page."),
        {"challenge": challenge},
    )  # fmt: skip


# --- told ahead -----------------------------------------------------------------------------------


def code_of(typed: str) -> str | None:
    """The short code that somebody typed, or that of the digest they typed; None for neither."""
    bare = "".join(c for c in typed if c.isalnum())
    if DIGEST.fullmatch(bare.lower()):
        return short(bare.lower())
    code = bare.upper()
    return code if len(code) == SHORT and set(code) <= set(ALPHABET) else None


class TooManyNotes(Exception):
    """A team has told more codes than anybody needs."""


def note(writer: Session, team_id: int, code: str, *, at: datetime, by: int) -> Noted:
    """Note a pack's code; told twice, the first time counts. Raises TooManyNotes."""
    there = writer.scalar(select(Noted).where(Noted.team_id == team_id, Noted.digest == code))
    if there is not None:
        there.at = min(there.at, at)
        return there
    told = writer.scalar(select(func.count()).where(Noted.team_id == team_id)) or 0
    if told >= MOST_NOTES:
        raise TooManyNotes
    made = Noted(team_id=team_id, digest=code, at=at, by=by)
    writer.add(made)
    writer.flush()
    return made


# --- an organiser decides -------------------------------------------------------------------------


def refuse(writer: Session, row: Pack, why: str, by: int) -> None:
    """Say no to a pack that came too late; its file stays."""
    row.state, row.why, row.decided_at, row.decided_by = State.REFUSED, why, clock.now(), by
    audit.record(writer, "pack.refused", f"team {row.team_id}", actor_id=by, pack=row.id)


def allow(writer: Session, row: Pack, why: str, by: int) -> None:
    """Give the team more time, until just after its pack came, for all that is in the pack.

    So one rule says what is in time, and whoever asks why this team was late finds the answer where
    all such answers stand. Bringing the pack in once more then submits it.
    """
    assert row.team_id is not None
    pack = packs.read(uploads.path(row.file).read_bytes())
    until = row.arrived_at + timedelta(seconds=1)
    for challenge in sorted({pack.payload.challenge, *pack.payload.answers}):
        held = deadlines.of(writer, challenge, row.team_id, row.arrived_at)
        if held.open or held.stands.stage is not Stage.CLOSED:
            continue
        graces.give(writer, row.team_id, challenge, until, why, by)
    row.why, row.decided_at, row.decided_by = why, clock.now(), by
    audit.record(writer, "pack.accepted", f"team {row.team_id}", actor_id=by, pack=row.id)


def again(row: Pack, by: int) -> Came:
    """Bring in once more a file that lies here, as of when it came."""
    content = uploads.path(row.file).read_bytes()
    return take(content, team_id=row.team_id, by=by, arrived=row.arrived_at)
