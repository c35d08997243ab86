"""Files of answers: taken in within deadline and daily limit, once however often they are sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import deadlines, jobs, receipts, uploads
from sandbox.board.deadlines import Deadline
from sandbox.board.forms import tidy
from sandbox.board.people import limits
from sandbox.board.people.limits import Limit
from sandbox.board.served import event, generation
from sandbox.board.store import state
from sandbox.errors import SandboxError
from sandbox.state.scores import COUNTING, AnswerFile, Leaderboard, Scoring

KIND = "score"  # of the jobs that score
LEAST_BYTES = 4_000_000  # that every event takes
TIMES_TEMPLATE = 20  # what is filled into a template may be so much longer than it
LONGEST_NAME = 100
WAITING = (Scoring.RECEIVED, Scoring.SCORING)
# What is refused takes no attempt, so without this one person could keep all judges at work.
TRIES = (Limit("answers", "account", 30, timedelta(minutes=15)),)


class Refused(SandboxError):
    """A file, or a choice, is not taken; nothing was kept of it."""


class Closed(Refused):
    """It came before the challenge opens, or after the team's deadline."""

    def __init__(self, deadline: Deadline):
        super().__init__("Answers are not taken now.")
        self.deadline = deadline


class NoneLeft(Refused):
    """The team has no attempts left for the day on which it came."""

    def __init__(self, attempts: Attempts):
        super().__init__(f"All {attempts.daily} attempts of the day are used.")
        self.attempts = attempts


class TooMany(Refused):
    """Whoever hands in has handed in too many files in too short a time."""

    def __init__(self, wait: timedelta):
        super().__init__(f"Too many files in too short a time. Wait {wait}.")
        self.wait = wait


class Same(Refused):
    """The team has handed in this very file already, and it counts."""

    def __init__(self, there: AnswerFile):
        super().__init__(f"The same file was handed in before, as number {there.number}.")
        self.there = there


class AllChosen(Refused):
    """As many finals as there may be are chosen."""

    def __init__(self, chosen: Sequence[AnswerFile]):
        super().__init__("Chosen are: " + ", ".join(str(one.number) for one in chosen))
        self.chosen = tuple(chosen)


class NotToBeChosen(Refused):
    """Only a file that is scored, and not set aside, can be a final."""


# --- what holds -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attempts:
    """How many a team has a day, how many of them are used, and when the next day begins."""

    daily: int
    used: int
    next_day: datetime

    @property
    def left(self) -> int:
        return max(0, self.daily - self.used)

    @classmethod
    def of(cls, files: Iterable[AnswerFile], daily: int, moment: datetime) -> Attempts:
        """Those of the day, in the event's zone, in which `moment` lies.

        Counted by when a file began to arrive. What was refused or failed takes none.
        """
        begins, ends = day_of(moment)
        used = sum(one.state in COUNTING and begins <= one.arrived_at < ends for one in files)
        return cls(daily, used, ends)


def rules(session: Session, challenge: str) -> Leaderboard:
    """What was decided about the challenge's leaderboard, else what holds without (unsaved)."""
    return session.get(Leaderboard, challenge) or Leaderboard(
        challenge=challenge, daily=10, finals=2, ladder=True, panel="", changed_at=clock.now()
    )


def attempts(session: Session, team_id: int, challenge: str, moment: datetime) -> Attempts:
    """The team's attempts on the day in which `moment` lies."""
    begins, ends = day_of(moment)
    that_day = of_team(team_id, challenge).where(
        AnswerFile.arrived_at >= begins, AnswerFile.arrived_at < ends
    )
    return Attempts.of(session.scalars(that_day), rules(session, challenge).daily, moment)


def day_of(moment: datetime) -> tuple[datetime, datetime]:
    """From midnight until midnight around `moment` in the event's zone: 23 to 25 hours."""
    zone = event().zone
    day = moment.astimezone(zone).date()
    begins, ends = (
        datetime.combine(one, time(), zone).astimezone(clock.now().tzinfo)
        for one in (day, day + timedelta(days=1))
    )
    return begins, ends


def most_bytes() -> int:
    """How large a file may be: many times as large as the largest template of the event."""
    bundle = generation().bundle
    names = (f"challenges/{slug}/answers-template.csv" for slug in generation().catalog.challenges)
    sizes = [bundle.entry(name).bytes for name in names if bundle.has(name)]
    return max(LEAST_BYTES, TIMES_TEMPLATE * max(sizes, default=0))


def truth_of(challenge: str) -> str:
    """The salted hash of the hidden answers that are served now; empty if there are none."""
    return generation().bundle.manifest.truth.get(f"{challenge}/answers.csv", "")


def of_team(team_id: int, challenge: str) -> Select[Any]:
    """The team's files in the challenge, the newest first."""
    return (
        select(AnswerFile)
        .where(AnswerFile.team_id == team_id, AnswerFile.challenge == challenge)
        .order_by(AnswerFile.number.desc())
    )


# --- taking a file in -----------------------------------------------------------------------------


def receive(
    *,
    team_id: int,
    challenge: str,
    name: str,
    content: bytes,
    nonce: str,
    arrived: datetime,
    by: int | None,
    tries: tuple[Limit, ...] = (),
) -> AnswerFile:
    """Take in a file that began to arrive at `arrived`, and order its scoring.

    The file is written down before anything says so. The same content under the same `nonce` again
    gives the row that there is. What is taken is one of the `tries` of the account `by`. No session
    that writes may be open. Raises Same, Closed, NoneLeft, TooMany.
    """
    digest = hashlib.sha256(content).hexdigest()
    told = f"{team_id}\0{challenge}\0{digest}\0{nonce}".encode()
    once = hashlib.sha256(told).hexdigest()
    with state().read() as reader:
        there = _look(reader, team_id, challenge, digest, once, arrived)
        if there is not None:
            return there
        if wait := limits.left(reader, tries, str(by)):
            raise TooMany(wait)
    uploads.keep(content)
    with state().write() as writer:
        there = _look(writer, team_id, challenge, digest, once, arrived)
        if there is not None:
            return there
        if wait := limits.spend(writer, tries, str(by)):
            raise TooMany(wait)
        last = writer.scalar(
            select(func.max(AnswerFile.number)).where(
                AnswerFile.team_id == team_id, AnswerFile.challenge == challenge
            )
        )
        made = AnswerFile(
            team_id=team_id,
            challenge=challenge,
            number=(last or 0) + 1,
            receipt=receipts.new(),
            nonce=once,
            name=plain_name(name),
            digest=digest,
            bytes=len(content),
            arrived_at=arrived,
            received_at=clock.now(),
            by=by,
        )
        writer.add(made)
        order_scoring(writer, made)
    return made


def _look(
    session: Session, team_id: int, challenge: str, digest: str, once: str, arrived: datetime
) -> AnswerFile | None:
    """The row that there is for this very act; raises what speaks against a new one."""
    if there := session.scalar(select(AnswerFile).where(AnswerFile.nonce == once)):
        return there
    same = of_team(team_id, challenge).where(
        AnswerFile.digest == digest, AnswerFile.state.in_(COUNTING)
    )
    if there := session.scalar(same.limit(1)):
        raise Same(there)
    deadline = deadlines.of(session, challenge, team_id, arrived)
    if not deadline.open:
        raise Closed(deadline)
    left = attempts(session, team_id, challenge, arrived)
    if not left.left:
        raise NoneLeft(left)
    return None


def order_scoring(writer: Session, file: AnswerFile) -> None:
    """Let a file be scored, after those of its team that came before it."""
    file.state, file.scored_at, file.truth, file.improves = Scoring.RECEIVED, None, "", False
    file.told, file.public, file.private, file.whole = {}, {}, {}, {}
    jobs.enqueue(
        writer,
        KIND,
        queue=queue_of(file.team_id, file.challenge),
        team=file.team_id,
        challenge=file.challenge,
    )


def queue_of(team_id: int, challenge: str) -> str:
    return f"{KIND} {team_id} {challenge}"


def plain_name(sent: str) -> str:
    """What its sender's machine called a file: one name without folders, short, in plain letters
    and signs."""
    last = tidy(sent).replace("\\", "/").rpartition("/")[2].replace('"', "")
    return last[-LONGEST_NAME:] or "answers.csv"


# --- finals ---------------------------------------------------------------------------------------


def finals(files: Iterable[AnswerFile]) -> list[AnswerFile]:
    """Of a team's files those that it has chosen, in the order of their numbers."""
    chosen = (f for f in files if f.final_at and not f.set_aside_at and f.state in COUNTING)
    return sorted(chosen, key=lambda one: one.number)


def choose(
    writer: Session, file: AnswerFile, *, by: int, at: datetime, instead_of: int | None = None
) -> None:
    """Make the file one of its team's finals, in place of number `instead_of` if that is given.

    Raises Closed, NotToBeChosen and, where there is no room, AllChosen.
    """
    _may_choose(writer, file, at)
    if file.state != Scoring.SCORED or file.set_aside_at is not None:
        raise NotToBeChosen("Only a file that is scored can be a final.")
    if file.final_at is not None:
        return
    chosen = finals(writer.scalars(of_team(file.team_id, file.challenge)))
    left_out = [one for one in chosen if one.number == instead_of]
    if len(chosen) - len(left_out) >= rules(writer, file.challenge).finals:
        raise AllChosen(chosen)
    for one in left_out:
        one.final_at = one.final_by = None
    file.final_at, file.final_by = clock.now(), by


def unchoose(writer: Session, file: AnswerFile, *, at: datetime) -> None:
    """Make the file no final any more. Raises Closed."""
    _may_choose(writer, file, at)
    file.final_at = file.final_by = None


def _may_choose(writer: Session, file: AnswerFile, at: datetime) -> None:
    deadline = deadlines.of(writer, file.challenge, file.team_id, at)
    if not deadline.open:
        raise Closed(deadline)
