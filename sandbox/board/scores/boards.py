"""A challenge's leaderboard and results as they are now; the one place that says as of when.

Whatever shows scores to others than their own team (pages, fragments, files, API, feed) asks
`public` or `published`: a freeze holds there or nowhere. `behind` is for the organisers' desk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.scores.answers import rules
from sandbox.board.scores.leaderboard import Baseline, Entry, Result, Row, Rule, Score
from sandbox.board.scores.leaderboard import ranking as ranked
from sandbox.board.scores.leaderboard import results as resulted
from sandbox.board.served import Generation, generation
from sandbox.state.records import Audit
from sandbox.state.scores import AnswerFile, Leaderboard, Scoring
from sandbox.state.teams import Team

CHANGED = "leaderboard.changed"  # an act that participants are told of once a file was scored
MOST_CHANGES = 10


@dataclass(frozen=True)
class Decided:
    """What is decided about a leaderboard, and what follows from it at `now`."""

    daily: int
    finals: int
    ladder: bool
    frozen_at: datetime | None
    thaws_at: datetime | None
    results_at: datetime | None
    panel: str
    now: datetime

    @property
    def is_published(self) -> bool:
        """Whether the private part is public."""
        return self.results_at is not None and self.results_at <= self.now

    @property
    def frozen_since(self) -> datetime | None:
        """Scores made from this moment on are not shown to others; None while there is none.

        Publishing the results ends a freeze: they say more than it hides.
        """
        begun = self.frozen_at is not None and self.frozen_at <= self.now
        ended = self.thaws_at is not None and self.thaws_at <= self.now
        return self.frozen_at if begun and not ended and not self.is_published else None

    @property
    def freezes_at(self) -> datetime | None:
        """When a freeze that lies ahead begins."""
        ahead = self.frozen_at is not None and self.frozen_at > self.now
        return self.frozen_at if ahead and not self.is_published else None


@dataclass(frozen=True)
class Shown:
    """A leaderboard to be shown: its lines, what is decided, and the scale of its picture."""

    slug: str
    rows: list[Row]
    decided: Decided
    unit_is_percent: bool

    @property
    def teams(self) -> list[Row]:
        return [row for row in self.rows if row.entry]

    @property
    def newest(self) -> datetime | None:
        """When the newest of the files that stand here was handed in."""
        return max((row.entry.at for row in self.rows if row.entry), default=None)

    @property
    def scale(self) -> Scale:
        return scale([row.score for row in self.rows], percent=self.unit_is_percent)

    def of(self, team: str) -> Row | None:
        """A team's line; None if it has none (yet)."""
        return next((row for row in self.teams if row.entry and row.entry.team == team), None)


@dataclass(frozen=True)
class Published:
    """The results, each line with its file's row; `panel` is what people decided among equals."""

    slug: str
    lines: list[tuple[Result, AnswerFile | None]]
    decided: Decided
    unit_is_percent: bool

    @property
    def first(self) -> list[tuple[Result, AnswerFile]]:
        """Whoever has rank 1: several, where chance could account for the difference."""
        return [(line, file) for line, file in self.lines if file and line.row.rank == 1]

    @property
    def scale(self) -> Scale:
        return scale([line.row.score for line, _ in self.lines], percent=self.unit_is_percent)


@dataclass(frozen=True)
class Scale:
    """From where to where scores are drawn, and how many decimals they are told with."""

    least: float
    most: float

    @property
    def digits(self) -> int:
        apart = self.most - self.least
        return 1 if apart >= 10 else 2 if apart >= 1 else 3


def scale(scores: Sequence[Score], *, percent: bool) -> Scale:
    """One scale for all of them; from 0 on, since bars are read by their length."""
    ends = [end for one in scores for end in (one.value, one.low, one.high) if end is not None]
    return Scale(min(0.0, *ends, 0.0), max(100.0 if percent else 0.0, *ends, 0.0))


# --- what others see ------------------------------------------------------------------------------


def public(session: Session, slug: str) -> Shown:
    """The leaderboard as everybody sees it, whoever asks; frozen while it is frozen."""
    found, here = decided(session, slug), generation()
    entries = _entries(session, slug, before=found.frozen_since, standing=found.ladder)
    rows = ranked(entries, baselines(here, slug), rule(slug, found))
    return Shown(slug, rows, found, _is_percent(here, slug))


def published(session: Session, slug: str) -> Published | None:
    """The results, once they are published; until then None, and nothing private is read."""
    found = decided(session, slug)
    if not found.is_published:
        return None
    return _results(session, slug, found, _entries(session, slug, private=True))


# --- what organisers see --------------------------------------------------------------------------


def behind(session: Session, slug: str) -> tuple[Shown, Published]:
    """The leaderboard without its freeze, and the results as they would be published now: for the
    desk alone."""
    found, here = decided(session, slug), generation()
    entries = _entries(session, slug, private=True)
    rows = ranked(entries, baselines(here, slug), rule(slug, found))
    live = Shown(slug, rows, found, _is_percent(here, slug))
    return live, _results(session, slug, found, entries)


# --- what they rest on ----------------------------------------------------------------------------


def decided(session: Session, slug: str) -> Decided:
    return means(rules(session, slug))


def all_decided(session: Session) -> dict[str, Decided]:
    """The same for each challenge of the bundle, in one query."""
    known = {row.challenge: row for row in session.scalars(select(Leaderboard))}
    # A row that was just read is found by its key without a query, and there is none for the rest.
    defaults = means(Leaderboard(daily=10, finals=2, ladder=True, panel=""))
    return {
        slug: means(known[slug]) if slug in known else defaults
        for slug in generation().catalog.challenges
    }


def means(row: Leaderboard) -> Decided:
    """What the row means at this moment."""
    return Decided(
        row.daily, row.finals, row.ladder, row.frozen_at, row.thaws_at, row.results_at, row.panel,
        clock.now(),
    )  # fmt: skip


def rule(slug: str, found: Decided) -> Rule:
    score = generation().catalog.challenges[slug].score
    return Rule(score.higher_is_better, found.ladder, found.finals)


def truth_of(here: Generation, slug: str) -> str:
    """The salted hash of the challenge's hidden answers: files scored with others do not count."""
    return here.bundle.manifest.truth.get(f"{slug}/answers.csv", "")


def baselines(here: Generation, slug: str) -> list[Baseline]:
    """Today's practice and doing nothing, on each part as they were judged at the build.

    A bundle of an earlier kit has only what they score on all rows, which then stands for both.
    """
    found = []
    for row in here.scores[slug]["rows"]:
        whole = row.get("details", {})
        parts = [Score.of(row.get(part, whole)) for part in ("public", "private")]
        if parts[0] and parts[1]:
            found.append(Baseline(row["name"], parts[0], parts[1], row["passed_gates"]))
    return found


def changes(session: Session, slug: str) -> list[Audit]:
    """Changes of the rules since a file was scored, the newest first; participants are told."""
    acts = session.scalars(
        select(Audit)
        .where(Audit.act == CHANGED, Audit.about == slug)
        .order_by(Audit.id.desc())
        .limit(MOST_CHANGES)
    )
    return [act for act in acts if act.detail.get("told")]


def _results(session: Session, slug: str, found: Decided, entries: Sequence[Entry]) -> Published:
    here = generation()
    lines = resulted(entries, baselines(here, slug), rule(slug, found))
    numbers = [line.row.entry.file for line in lines if line.row.entry]
    read = select(AnswerFile).where(AnswerFile.id.in_(numbers))
    files = {file.id: file for file in session.scalars(read)}
    whole = [(line, files.get(line.row.entry.file) if line.row.entry else None) for line in lines]
    return Published(slug, whole, found, _is_percent(here, slug))


def _is_percent(here: Generation, slug: str) -> bool:
    return str(here.catalog.challenges[slug].score.unit).startswith("%")


def _entries(
    session: Session,
    slug: str,
    *,
    before: datetime | None = None,
    standing: bool = False,
    private: bool = False,
) -> list[Entry]:
    """Files that count, in one query; `standing`: of each team the one that the Ladder shows."""
    kind = AnswerFile
    wanted = (
        select(
            kind.id, kind.number, kind.arrived_at, kind.improves, kind.final_at, Team.slug,
            Team.name, kind.whole["gates"], cast(kind.public, String),
            cast(kind.private, String) if private else literal(""),
        )
        .join(Team, Team.id == kind.team_id)
        .where(kind.challenge == slug, kind.state == Scoring.SCORED)
        .where(kind.truth == truth_of(generation(), slug), kind.set_aside_at.is_(None))
    )  # fmt: skip
    if before is not None:
        wanted = wanted.where(kind.scored_at < before)
    if standing:
        wanted = wanted.where(kind.improves)
    rows = [_File(*row) for row in session.execute(wanted)]
    return [one for row in (_newest(rows) if standing else rows) if (one := row.entry())]


class _File(NamedTuple):
    """A row of that query; measures are text as long as nobody needs them: most of the page's time
    would be spent on reading those of files that do not stand."""

    id: int
    number: int
    at: datetime
    improves: bool
    final_at: datetime | None
    team: str
    name: str
    gates: list[dict[str, Any]] | None
    public: str
    private: str

    @property
    def passed(self) -> bool:
        return passed(self.gates)

    def entry(self) -> Entry | None:
        public = Score.of(json.loads(self.public))
        if public is None:
            return None
        return Entry(
            team=self.team,
            name=self.name,
            file=self.id,
            number=self.number,
            at=self.at,
            public=public,
            passed=self.passed,
            improves=self.improves,
            private=Score.of(json.loads(self.private)) if self.private else None,
            final_at=self.final_at,
        )


def _newest(files: Sequence[_File]) -> list[_File]:
    """Of files that improve, the one of each team that a ranking would choose."""
    found: dict[str, _File] = {}
    for one in files:
        there = found.get(one.team)
        if there is None or (one.passed, one.number) > (there.passed, there.number):
            found[one.team] = one
    return list(found.values())


def passed(gates: Sequence[dict[str, Any]] | None) -> bool:
    """Whether a measure's gates, as JSON, all hold (sandbox.grading.Gate)."""
    return all(gate["value"] <= gate["limit"] for gate in gates or ())
