"""An hour of an event in five minutes: 200 people, a deadline, a rush; then kill -9, many times.

Every answer is checked, and at the end the database: what was acknowledged must be there, once.
"""

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

from sqlalchemy import ColumnElement, func, select

from benchmarks.browser import Book, Browser, Lost
from benchmarks.crowd import PAGES, Handed, Person, Receipt, Told, seeded
from benchmarks.filling import CHALLENGE, Filled, demo_at, fill
from benchmarks.report import Goal, Row
from benchmarks.serving import free_port, served, start, wait_for
from sandbox.board import create_app, receipts
from sandbox.board.teams import own
from sandbox.bundle import open_bundle
from sandbox.state import State
from sandbox.state.projects import Image, Project, Submission
from sandbox.state.scores import AnswerFile, Leaderboard, Scoring
from sandbox.state.topics import ChallengeState

MINUTES, PEOPLE, TEAMS = 5.0, 200, 40
MOST_MILLISECONDS = 300.0
SERVE = ("sandbox", "serve")
HEALTH = "/healthz"
# What somebody does next, and how often among a hundred; leaders write, hand in and show.
READS = {"read": 55, "query": 30, "watch": 12, "ask": 3}
MAKES = {"write_on": 60, "read": 22, "query": 10, "hand_in": 6, "upload_image": 2}
SECONDS_BETWEEN_ACTS = 4.0
SECONDS_BETWEEN_SAVES = 2.5
SECONDS_BETWEEN_LOOKS = 8.0  # of live.js
WATCHERS = 0.25
SHOWN_BY = 0.3  # of the time before the rush: then all teams have a picture and answers
MOST_FILES, MOST_IMAGES = 8, 3  # of a team, below the board's limits
CLOSES_AT = 0.93  # of the whole time
RUSH_SECONDS = 30.0
SLOW_TEAMS, SLOW_SECONDS = 0.2, 8.0  # begin in time and end after the end
LATE_TEAMS = 0.1  # begin a second too late
KILLS, KILL_TEAMS = 6, 8
ROUNDS_TO_A_FILE = 3  # scoring takes longer than submitting
SECONDS_TO_SCORE_ONE = 60.0


@dataclass(frozen=True)
class Times:
    """When the event begins, when the challenge closes, and when all go home (time.time())."""

    begins: float
    closes: float
    ends: float
    rush: float = field(default=RUSH_SECONDS)

    @classmethod
    def of(cls, seconds: float) -> "Times":
        now = time.time()
        rush = min(RUSH_SECONDS, seconds / 3)
        return cls(now, now + CLOSES_AT * seconds, now + seconds, rush)


def measure(
    minutes: float = MINUTES, people: int = PEOPLE, teams: int = TEAMS, kills: int = KILLS
) -> Iterator[Row | Goal]:
    """The event, then the kills; `minutes` is how long the event takes."""
    with tempfile.TemporaryDirectory() as folder, demo_at(Path(folder)) as (workspace, state):
        filled = fill(workspace, state, people=people, teams=0, submitted=False)
        yield from _event(filled, teams, minutes * 60)
    with tempfile.TemporaryDirectory() as folder, demo_at(Path(folder)) as (workspace, state):
        few = min(teams, KILL_TEAMS)
        filled = fill(workspace, state, people=few, teams=0, submitted=False)
        yield from _kills(filled, few, kills)


# --- the event ------------------------------------------------------------------------------------


def _event(filled: Filled, teams: int, seconds: float) -> Iterator[Row | Goal]:
    book, told = Book(), Told()
    codes = _begin_teams(filled, teams)
    template = _template(filled)
    with served(SERVE, HEALTH, filled.environment) as server:
        crowd = _crowd(filled, server.port, book, told, list(codes))
        missing = asyncio.run(_missing(filled, server.port))
        times = Times.of(seconds)
        _close(filled.state, times)
        asyncio.run(_live(crowd, filled, codes, template, times, missing))
        waited = asyncio.run(_until_scored(filled.state))
    yield Row("people", len(crowd), "")
    yield Row("answered", sum(map(len, book.seconds.values())), "")
    for kind, taken in sorted(book.seconds.items()):
        yield from _shares(kind, taken)
    yield Row("submissions acknowledged", len(told.receipts), "")
    yield Row("submissions refused after the end", len(told.late), "")
    yield Row("answer files acknowledged", len(told.files), "")
    yield Row("pictures acknowledged", told.images.total(), "")
    yield Row("after the event, the last one scored in", waited, "s")
    every = sorted(second for taken in book.seconds.values() for second in taken)
    yield from _shares("all together", every)
    yield from _complaints(book.wrong)
    yield Goal("addresses that do not answer yet", len(missing), "at most", 0)
    yield Goal("errors", sum(book.wrong.values()), "at most", 0)
    yield Goal("answer files without a score", _unscored(filled.state), "at most", 0)
    lost = [*_lost(filled.state, told), *_lost_texts(filled.state, told)]
    lost += _lost_pictures(filled, told)
    yield from _told_lost(lost)
    yield Goal("acknowledged, and lost, changed or there twice", len(lost), "at most", 0)
    late = sum(sent < times.closes for sent in told.late)
    yield Goal("sent in time and refused as late", late, "at most", 0)
    early = sum(sent > times.closes for sent in told.in_time)
    yield Goal("sent too late and taken", early, "at most", 0)
    yield Goal("submissions of teams", len(told.receipts), "at least", _expected(teams, missing))
    slowest = _percentiles(every)[1] * 1000
    shown = 0 if "upload_image" in missing else teams
    yield Goal("teams with a picture", len(told.images), "at least", shown)
    handed = 0 if "hand_in" in missing else teams
    yield Goal("teams with answers", len({one.team for one in told.files}), "at least", handed)
    yield Goal("95 of 100 answers within", slowest, "at most", MOST_MILLISECONDS, "ms")


def _expected(teams: int, missing: set[str]) -> int:
    """All but those that come too late."""
    in_time = sum(number / teams >= LATE_TEAMS for number in range(teams))
    return 0 if "submit" in missing else in_time


def _begin_teams(filled: Filled, count: int) -> dict[int, str]:
    """Teams with their leaders; number → the code by which the others join."""
    app = create_app(filled.workspace, state=filled.state)
    with app.app_context(), filled.state.write() as writer:
        begun = [
            own.begin(writer, f"Team {n}", f"team-{n}", CHALLENGE, filled.people[n])
            for n in range(count)
        ]
        return {team.id: code for team, code in begun}


def _crowd(filled: Filled, port: int, book: Book, told: Told, teams: list[int]) -> list[Person]:
    return [
        Person(Browser(port, book), told, seeded(n), teams[n % len(teams)],
               leads=n < len(teams), place=n / len(teams))
        for n in range(len(filled.people))
    ]  # fmt: skip


def _template(filled: Filled) -> list[str]:
    bundle = open_bundle(filled.workspace.current_bundle())
    file = bundle.file(f"challenges/{CHALLENGE}/answers-template.csv")
    return [line.partition(",")[0] for line in file.read_text("utf-8").splitlines()[1:]]


def _close(state: State, times: Times) -> None:
    """The challenge is open, and closes in the middle of the rush."""
    before = datetime.now(UTC) - timedelta(days=1)
    closes = datetime.fromtimestamp(times.closes, UTC)
    with state.write() as writer:
        writer.merge(
            ChallengeState(slug=CHALLENGE, published_at=before, opens_at=before, closes_at=closes)
        )


async def _missing(filled: Filled, port: int) -> set[str]:
    """Acts and pages that are not there yet: nobody tries these, and the report says so."""
    needs = {
        "write_on": "/project/", "submit": "/project/submit", "upload_image": "/project/images",
        "hand_in": f"/challenges/{CHALLENGE}/answers/",
        "watch": f"/challenges/{CHALLENGE}/leaderboard/now",
    }  # fmt: skip
    somebody = Person(Browser(port, Book()), Told(), seeded(0), 0, leads=True)
    await somebody.enter(filled.links(filled.people[:1])[0])
    needs |= {path: path for path in PAGES}
    there = {act: await somebody.browser.get(path, "") for act, path in needs.items()}
    somebody.browser.close()
    return {act for act, answer in there.items() if answer.status == 404}


async def _live(
    crowd: list[Person], filled: Filled, codes: dict[int, str], template: list[str],
    times: Times, missing: set[str],
) -> None:  # fmt: skip
    links = filled.links(filled.people)
    for person in crowd:
        person.pages = tuple(path for path in PAGES if path not in missing)
    lives = [_life(p, links[n], codes, template, times, missing) for n, p in enumerate(crowd)]
    await asyncio.gather(*lives)
    for person in crowd:
        person.browser.close()


async def _life(
    person: Person, link: str, codes: dict[int, str], template: list[str], times: Times,
    missing: set[str],
) -> None:  # fmt: skip
    """Come in, find the team, do what participants do, submit, read on, go."""
    random, length = person.random, times.ends - times.begins
    await asyncio.sleep(random.random() * length * 0.1)  # all come within the first tenth
    try:
        await person.enter(link)
        if not person.leads:
            await person.join(codes[person.team])
        elif "write_on" not in missing:
            await person.write_all(f"Draft of {person.team}")
        watching = not person.leads and random.random() < WATCHERS and "watch" not in missing
        rush = times.closes - times.rush
        if person.leads:
            first = time.time() + person.place * (rush - time.time()) * SHOWN_BY
            await _act(person, MAKES, template, first, missing, watching)
            await _show(person, template, missing)
        acts = MAKES if person.leads else READS
        await _act(person, acts, template, rush, missing, watching)
        if person.leads and not {"write_on", "submit"} & missing:
            await _rush(person, times)
        await _act(person, READS, template, times.ends, missing, watching)
    except Lost as lost:
        person.book.complain("connection", str(lost))


async def _act(
    person: Person, acts: dict[str, int], template: list[str], until: float, missing: set[str],
    watching: bool,
) -> None:  # fmt: skip
    looked = time.time()
    while True:
        pause = SECONDS_BETWEEN_SAVES if acts is MAKES else SECONDS_BETWEEN_ACTS
        pause *= 0.5 + person.random.random()
        if time.time() + pause > until:
            return
        await asyncio.sleep(pause)
        if watching and time.time() - looked > SECONDS_BETWEEN_LOOKS:
            looked = time.time()
            await person.watch()
        (act,) = person.random.choices(list(acts), list(acts.values()))
        if act in missing or _enough(person, act):
            act = "read"
        await (person.hand_in(template) if act == "hand_in" else getattr(person, act)())


def _enough(person: Person, act: str) -> bool:
    """Whether the team has done it as often as the board lets it, or nearly."""
    files = sum(one.team == person.team for one in person.told.files)
    images = person.told.images[person.team]
    return (act == "hand_in" and files >= MOST_FILES) or (
        act == "upload_image" and images >= MOST_IMAGES
    )


async def _show(person: Person, template: list[str], missing: set[str]) -> None:
    """What every team does once at least."""
    if "upload_image" not in missing:
        await person.upload_image()
    if "hand_in" not in missing:
        await person.hand_in(template)


async def _rush(person: Person, times: Times) -> None:
    """One last change, and the button: most of them in the last seconds, some of them too late."""
    place = person.place
    await person.write_all(f"Made by {person.team}")
    if place < LATE_TEAMS:
        await person.submit(at=times.closes + 1 + place)
    elif place < LATE_TEAMS + SLOW_TEAMS:
        slow = min(SLOW_SECONDS, times.rush / 2)
        await person.submit(at=times.closes - slow * (0.2 + place), slowly=slow)
    else:
        left = times.rush * person.random.random() ** 2
        await person.submit(at=times.closes - 0.5 - left * 0.8)


# --- kill -9 --------------------------------------------------------------------------------------


def _kills(filled: Filled, teams: int, kills: int) -> Iterator[Row | Goal]:
    """Teams submit and hand in without a pause, while the server is killed and started again."""
    book, told = Book(), Told()
    codes = _begin_teams(filled, teams)
    with filled.state.write() as writer:
        now = datetime.now(UTC)
        writer.add(
            Leaderboard(challenge=CHALLENGE, daily=10_000, finals=2, ladder=True, changed_at=now)
        )
    port = free_port()
    crowd = _crowd(filled, port, book, told, list(codes))
    killed, waited, missing = asyncio.run(_killing(filled, crowd, port, kills))
    lost = list(_lost(filled.state, told))
    yield Row("kill -9", killed, "times")
    yield Row("kill -9: submissions acknowledged", len(told.receipts), "")
    yield Row("kill -9: answer files acknowledged", len(told.files), "")
    yield Row("kill -9: last answer file scored after", waited, "s")
    yield from _complaints(book.wrong)
    yield from _told_lost(lost)
    yield Goal("kill -9: addresses that do not answer yet", len(missing), "at most", 0)
    yield Goal("kill -9: errors", sum(book.wrong.values()), "at most", 0)
    yield Goal("kill -9: acknowledged, and lost, changed or there twice", len(lost), "at most", 0)
    unscored = _unscored(filled.state)
    yield Goal("kill -9: answer files without a score", unscored, "at most", 0)
    found = _integrity(filled.workspace.state / "board.sqlite")
    yield Goal("kill -9: complaints of integrity_check", len(found), "at most", 0)


async def _killing(
    filled: Filled, crowd: list[Person], port: int, kills: int
) -> tuple[int, float, set[str]]:
    random, stop = seeded(0), asyncio.Event()
    server = await _started(filled, port)
    try:
        missing = await _missing(filled, port)
        links = filled.links(filled.people)
        for person, link in zip(crowd, links, strict=True):
            await person.enter(link)
        template = _template(filled)
        for person in crowd:
            person.pages = tuple(path for path in PAGES if path not in missing)
        tasks = [asyncio.create_task(_insist(p, template, stop, missing)) for p in crowd]
        for _ in range(kills):
            await asyncio.sleep(0.5 + 3 * random.random())
            server.send_signal(signal.SIGKILL)
            server.wait()
            server = await _started(filled, port)
        stop.set()
        await asyncio.gather(*tasks)
        return kills, await _until_scored(filled.state), missing
    finally:
        server.terminate()
        server.wait()
        for person in crowd:
            person.browser.close()


async def _until_scored(state: State) -> float:
    """Seconds until no file waits any more, or until none has been scored for long enough."""
    began = moved = time.time()
    left = _waiting(state)
    while left and time.time() - moved < SECONDS_TO_SCORE_ONE:
        await asyncio.sleep(0.5)
        before, left = left, _waiting(state)
        moved = time.time() if left < before else moved
    return time.time() - began


async def _started(filled: Filled, port: int) -> subprocess.Popen[bytes]:
    server = start(SERVE, port, filled.environment)
    await asyncio.to_thread(wait_for, server, port, HEALTH)
    return server


async def _insist(
    person: Person, template: list[str], stop: asyncio.Event, missing: set[str]
) -> None:
    """Write, submit, hand in, and again; each until it is answered."""
    count = 0
    while not stop.is_set():
        count += 1
        if not {"write_on", "submit"} & missing:
            await person.insist_on_writing(f"{person.team} for the {count}. time")
            await person.submit(again=True)
        if "hand_in" in missing:
            await _once(person.read)
        elif count % ROUNDS_TO_A_FILE == 1:
            await person.hand_in(template, again=True)


async def _once(act: Callable[[], Awaitable[None]]) -> None:
    with contextlib.suppress(Lost):
        await act()


# --- what is there --------------------------------------------------------------------------------


def _lost(state: State, told: Told) -> Iterator[str]:
    """Everything that was acknowledged and is not in the database, or not as it was, or twice."""
    with state.read() as reader:
        asked = select(Submission, Project.team_id).join(Project)
        there = {(team, one.number): one for one, team in reader.execute(asked)}
        for receipt in told.receipts:
            yield from _wrong_submission(receipt, there.get((receipt.team, receipt.number)))
        yield from _twice("submission", len(there), {(r.team, r.number) for r in told.receipts})
        files = {(one.team_id, one.number): one for one in reader.scalars(select(AnswerFile))}
        for file in told.files:
            yield from _wrong_file(file, files.get((file.team, file.number)))
        yield from _twice("answer file", len(files), {(f.team, f.number) for f in told.files})


def _wrong_submission(receipt: Receipt, found: Submission | None) -> Iterator[str]:
    if found is None:
        yield f"lost: {receipt}"
    elif not found.digest == receipt.digest == receipts.digest(found.content):
        yield f"changed: {receipt}"
    elif found.content["fields"]["title"] != receipt.title:
        yield f"not what was written: {receipt}"


def _wrong_file(handed: Handed, found: AnswerFile | None) -> Iterator[str]:
    if found is None:
        yield f"lost: {handed}"
    elif found.digest != handed.digest:
        yield f"changed: {handed}"


def _twice(what: str, rows: int, acknowledged: set[tuple[int, int]]) -> Iterator[str]:
    """Who insists gets one for each that was acknowledged, and no other."""
    if rows != len(acknowledged):
        yield f"{rows} rows of {len(acknowledged)} {what}s"


def _lost_texts(state: State, told: Told) -> Iterator[str]:
    """What the draft said it had saved and does not hold."""
    with state.read() as reader:
        drafts = {one.team_id: one.fields for one in reader.scalars(select(Project))}
    for (team, name), text in told.saved.items():
        held = drafts[team].get(name, "")
        if " ".join(held.split()) != " ".join(text.split()):
            yield f"the draft of {team} has lost its {name}"


def _lost_pictures(filled: Filled, told: Told) -> Iterator[str]:
    """Teams with other pictures than were acknowledged, and pictures without their file."""
    with filled.state.read() as reader:
        asked = select(Project.team_id, Image.digest).join(Image, Image.project_id == Project.id)
        there = [(team, digest) for team, digest in reader.execute(asked)]
    counts = Counter(team for team, _ in there)
    for team in counts.keys() | told.images.keys():
        if counts[team] != told.images[team]:
            yield f"team {team} has {counts[team]} pictures of {told.images[team]}"
    for team, digest in there:
        if not (filled.workspace.uploads / digest[:2] / digest).is_file():
            yield f"a picture of team {team} has no file"


def _waiting(state: State) -> int:
    return _files(state, AnswerFile.state.in_((Scoring.RECEIVED, Scoring.SCORING)))


def _unscored(state: State) -> int:
    """Those that wait or failed; all that is handed in here is in order."""
    return _files(state, AnswerFile.state != Scoring.SCORED)


def _files(state: State, which: ColumnElement[bool]) -> int:
    with state.read() as reader:
        return reader.scalar(select(func.count()).select_from(AnswerFile).where(which)) or 0


def _integrity(database: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    return [line for line in said if line != "ok"] + [str(row) for row in broken]


# --- telling --------------------------------------------------------------------------------------


def _percentiles(taken: list[float]) -> tuple[float, float, float]:
    """The seconds that 50, 95 and 99 of 100 took at most."""
    if len(taken) < 2:
        return (taken or [float("nan")])[0], (taken or [float("nan")])[0], (taken or [0.0])[0]
    cuts = quantiles(taken, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]


def _shares(kind: str, taken: list[float]) -> Iterator[Row]:
    for share, seconds in zip((50, 95, 99), _percentiles(taken), strict=True):
        yield Row(f"{kind} ({len(taken):,}): {share} of 100 within", seconds * 1000, "ms")


def _complaints(wrong: dict[str, int]) -> Iterator[Row]:
    for what, times in sorted(wrong.items(), key=lambda one: -one[1])[:20]:
        yield Row(f"WRONG  {what}", times, "times")


def _told_lost(lost: list[str]) -> Iterator[Row]:
    for what in lost[:20]:
        yield Row(f"LOST  {what}", 1, "times")
