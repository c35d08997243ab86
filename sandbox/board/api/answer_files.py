"""The endpoints for files of answers: hand one in, and see where the own team's stand."""

from __future__ import annotations

import re

from flask import request

from sandbox import clock
from sandbox.board import deadlines, receipts
from sandbox.board.access import members
from sandbox.board.api import shapes, showing
from sandbox.board.api.problems import Refused
from sandbox.board.api.reads import said
from sandbox.board.api.registry import endpoint, known
from sandbox.board.api.writes import too_many
from sandbox.board.arrival import arrived
from sandbox.board.people.visitor import myself
from sandbox.board.scores import answers, scoring
from sandbox.board.scores.answers import Attempts
from sandbox.board.scores.pages import Told
from sandbox.board.served import address
from sandbox.board.store import db, release
from sandbox.board.teams.own import own_team
from sandbox.errors import Problem
from sandbox.state.scores import AnswerFile, Leaderboard
from sandbox.state.teams import Team

KEY = "Idempotency-Key"
KEY_PATTERN = r"^[!-~]{1,200}$"


@endpoint(
    "POST", "/challenges/{slug}/answers", shapes.AnswerFile, members,
    scope="submit", takes="text/csv", most=answers.most_bytes, may_conflict=True,
    headers={
        KEY: (KEY_PATTERN, "Of your own making: the same file under the same key is taken once."),
    },
)  # fmt: skip
def hand_in_answers(slug: str, content: bytes) -> shapes.AnswerFile:
    """Hand in a file of answers for your team.

    It is scored within seconds: ask its address until `state` is scored, refused or failed. What is
    refused or failed takes no attempt. A file that your team has handed in before is answered as it
    stands, and takes none either. Outside of opening times, and without attempts left: 409. After
    too many files in a quarter of an hour: 429.
    """
    known(slug, showing.challenges(), "challenge")
    team, person, key = _team(), myself(), _key()
    release()  # others may write while the file is kept
    try:
        made = answers.receive(
            team_id=team.id,
            challenge=slug,
            name=f"{slug}-answers.csv",
            content=content,
            nonce=key,
            arrived=arrived(),
            by=person.id,
            tries=answers.TRIES,
        )
    except answers.Same as same:
        made = same.there
    except answers.Closed as closed:
        raise Refused(409, "Answers are not taken now.", [_times(closed)]) from None
    except answers.NoneLeft as none:
        again = none.attempts.next_day.isoformat()
        wrong = Problem("no attempts are left", "team", fix=f"the next day begins {again}")
        raise Refused(409, str(none), [wrong]) from None
    except answers.TooMany as many:
        raise too_many(answers.TRIES, many.wait) from None
    return _told(made, answers.rules(db(), slug))


@endpoint(
    "GET", "/challenges/{slug}/answers", shapes.AnswerFiles, members,
    scope="read", may_conflict=True,
)  # fmt: skip
def list_answers(slug: str) -> shapes.AnswerFiles:
    """Your team's files of answers, the newest first, and what it can still hand in."""
    known(slug, showing.challenges(), "challenge")
    team, now, rules = _team(), clock.now(), answers.rules(db(), slug)
    files = list(db().scalars(answers.of_team(team.id, slug)))
    attempts = Attempts.of(files, rules.daily, now)
    deadline = deadlines.of(db(), slug, team.id, now)
    return shapes.AnswerFiles(
        items=tuple(_told(file, rules) for file in files),
        open=deadline.open,
        closes=deadline.at,
        attempts_daily=attempts.daily,
        attempts_left=attempts.left,
        attempts_again=attempts.next_day,
        finals=rules.finals,
        most_bytes=answers.most_bytes(),
    )


@endpoint(
    "GET", "/challenges/{slug}/answers/{number}", shapes.AnswerFile, members,
    scope="read", may_conflict=True,
)  # fmt: skip
def get_answers(slug: str, number: int) -> shapes.AnswerFile:
    """One file of your team: its state, and everything that is wrong in it."""
    known(slug, showing.challenges(), "challenge")
    wanted = answers.of_team(_team().id, slug).where(AnswerFile.number == number)
    found = db().scalar(wanted)
    if found is None:
        raise Refused(404, f"Your team has handed in no number {number} here.")
    return _told(found, answers.rules(db(), slug))


def _team() -> Team:
    team = own_team(db(), myself())
    if team is None:
        raise Refused(409, "You are in no team. Teams hand in answers: make one, or join one.")
    return team


def _key() -> str:
    sent = request.headers.get(KEY)
    if sent is None:
        return receipts.nonce()
    if not re.fullmatch(KEY_PATTERN.strip("^$"), sent):
        wrong = Problem("this is no key", "header", expected="1 to 200 visible ASCII characters")
        raise Refused(422, f"{KEY} cannot be used.", [wrong])
    return sent


def _times(closed: answers.Closed) -> Problem:
    stands, until = closed.deadline.stands, closed.deadline.at
    return Problem(
        f"the challenge is {stands.stage}",
        "path",
        found=closed.deadline.moment.isoformat(),
        expected=f"before {until.isoformat()}" if until else None,
    )


def _told(file: AnswerFile, rules: Leaderboard) -> shapes.AnswerFile:
    told = Told(file, rules)
    wait = scoring.wait_of(db(), file) if told.waits else None
    shown = told.public if told.is_current else None
    scored = told.scored and told.is_current
    return shapes.AnswerFile(
        number=file.number,
        receipt=receipts.shown(file.receipt),
        name=file.name,
        bytes=file.bytes,
        sha256=file.digest,
        arrived=file.arrived_at,
        state=file.state,  # type: ignore[arg-type]  # one of Scoring
        wait=shapes.Wait(ahead=wait.ahead, seconds=wait.seconds, stands=wait.stands)
        if wait
        else None,
        problems=tuple(shapes.Mistake(**problem) for problem in file.told.get("problems", ())),
        why=file.told.get("why"),
        public=shapes.PublicScore(**shown) if shown else None,
        improves=file.improves if scored else None,
        gates=tuple(
            shapes.GatePassed(title=said(title), passed=passed)
            for title, passed in (told.gates if scored else ())
        ),
        final=file.final_at is not None,
        set_aside=file.set_aside_why if file.set_aside_at else None,
        url=address(f"/challenges/{file.challenge}/answers/{file.number}/"),
    )
