"""The endpoints of leaderboards and results; the files beside their pages hold the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from sandbox import __version__
from sandbox.board.api import showing
from sandbox.board.api.reads import said
from sandbox.board.api.registry import Slug, endpoint, known
from sandbox.board.api.shapes import Texts
from sandbox.board.scores import boards
from sandbox.board.scores.leaderboard import Result, Row, Score
from sandbox.board.served import address, generation
from sandbox.board.store import db
from sandbox.descriptors import Descriptor, Text
from sandbox.state.scores import AnswerFile

Kind = Literal["team", "today", "do_nothing"]
Beside = Literal["better", "tie", "worse"]


class Scored(Descriptor):
    """A score with its 95 % interval, where the rows are a sample.

    Two scores tie that are no further apart than the larger of their bands.
    """

    value: float
    low: float | None
    high: float | None
    band: float | None
    rows: int = Field(description="how many rows it was scored on")


class Place(Descriptor):
    """A line of a leaderboard: a team, or one of the two rows to compare with."""

    kind: Kind = Field(description="today: today's practice; do_nothing: the do-nothing answer")
    rank: int | None = Field(
        description="1 + the number of teams that are clearly better; null for what is no team "
        "and for a file that does not pass the gates"
    )
    shared: bool = Field(description="whether other teams have the same rank")
    team: str | None
    name: str | None
    score: Scored
    passed_gates: bool
    beside_today: Beside | None = Field(description="beside today's practice, beyond chance")
    handed_in: datetime | None


class Board(Descriptor):
    """A leaderboard: what teams score on the public part of the rows.

    While it is frozen it stays as it was at `frozen_since`.
    """

    challenge: Slug
    unit: Texts
    higher_is_better: bool
    ladder: bool = Field(description="a new file stands only if it is better beyond chance")
    frozen_since: datetime | None
    frozen_until: datetime | None = Field(description="null: until organisers end it")
    results: datetime | None = Field(description="when the results were published")
    rows: tuple[Place, ...]
    url: str


class GateSaid(Descriptor):
    """A condition on all rows: `value` may be at most `limit`."""

    name: str
    title: Texts
    value: float
    limit: float
    unit: Texts
    passed: bool


class Group(Descriptor):
    """The score of one group of rows, in the order of names: groups are never ranked."""

    name: str
    score: float
    rows: int | None


class FinalFile(Descriptor):
    """What was scored, so that anybody who has the file and the revealed answers can do it again:
    its receipt, its SHA-256, and the bundle's salted hash of the answers it was scored with."""

    number: int
    receipt: str
    sha256: str
    truth: str
    handed_in: datetime
    chosen: bool = Field(description="whether the team chose it; else it was its best public one")


class Final(Place):
    """A line of the results: `score` is that of the private part, which decides."""

    public: Scored
    public_rank: int | None
    moved: int | None = Field(description="places up, below zero down, from public to private")
    gates: tuple[GateSaid, ...]
    groups: tuple[Group, ...] = Field(description="scores of groups of the private part")
    file: FinalFile | None


class Results(Descriptor):
    """The results of a challenge; `published` is null, and there are no rows, until then."""

    challenge: Slug
    published: datetime | None
    unit: Texts
    higher_is_better: bool
    panel: str | None = Field(description="what people decided among equals, and why")
    kit_version: str = Field(description="of the program that scores: sandbox grade")
    seed_commitment: str
    rows: tuple[Final, ...]
    url: str


@endpoint("GET", "/challenges/{slug}/leaderboard", Board)
def get_leaderboard(slug: str) -> Board:
    """The leaderboard of a challenge, as its page shows it.

    Scores are those of the public part of the rows.
    """
    known(slug, showing.challenges(), "challenge")
    return board(slug)


@endpoint("GET", "/challenges/{slug}/results", Results)
def get_results(slug: str) -> Results:
    """The results of a challenge, once organisers have published them.

    Scores are those of the private part of the rows, of each team's better final.
    """
    known(slug, showing.challenges(), "challenge")
    return results(slug)


def board(slug: str) -> Board:
    shown, score = boards.public(db(), slug), generation().catalog.challenges[slug].score
    found = shown.decided
    return Board(
        challenge=slug,
        unit=said(score.unit),
        higher_is_better=score.higher_is_better,
        ladder=found.ladder,
        frozen_since=found.frozen_since,
        frozen_until=found.thaws_at if found.frozen_since else None,
        results=found.results_at if found.is_published else None,
        rows=tuple(Place(**_place(row)) for row in shown.rows),
        url=address(f"/challenges/{slug}/leaderboard/"),
    )


def results(slug: str) -> Results:
    shown, here = boards.published(db(), slug), generation()
    score = here.catalog.challenges[slug].score
    return Results(
        challenge=slug,
        published=shown.decided.results_at if shown else None,
        unit=said(score.unit),
        higher_is_better=score.higher_is_better,
        panel=(shown.decided.panel or None) if shown else None,
        kit_version=__version__,
        seed_commitment=here.bundle.manifest.seed_commitment,
        rows=tuple(final(slug, line, file) for line, file in shown.lines) if shown else (),
        url=address(f"/challenges/{slug}/results/"),
    )


def _place(row: Row) -> dict[str, Any]:
    return {
        "kind": row.baseline or "team",
        "rank": row.rank,
        "shared": row.shared,
        "team": row.entry.team if row.entry else None,
        "name": row.entry.name if row.entry else None,
        "score": _score(row.score),
        "passed_gates": row.passed,
        "beside_today": row.beside_today,
        "handed_in": row.entry.at if row.entry else None,
    }


def final(slug: str, line: Result, file: AnswerFile | None) -> Final:
    row = line.row
    whole = file.whole if file else _judged(slug, row.baseline)
    return Final(
        **_place(row),
        public=_score(row.entry.public if row.entry else _public_of(slug, row.baseline)),
        public_rank=line.public_rank,
        moved=line.moved,
        gates=tuple(_gate(gate) for gate in whole.get("gates", ())),
        groups=tuple(Group(name=n, score=s, rows=r) for n, s, r in groups(file)),
        file=None if file is None else FinalFile(
            number=file.number,
            receipt=file.receipt,
            sha256=file.digest,
            truth=file.truth,
            handed_in=file.arrived_at,
            chosen=line.chosen,
        ),
    )  # fmt: skip


def groups(file: AnswerFile | None) -> list[tuple[str, float, int | None]]:
    """Name, score and rows of each group of the private part, in the order of their names."""
    private = file.private if file else {}
    rows = private.get("group_rows", {})
    return [
        (name, score, rows.get(name)) for name, score in sorted(private.get("groups", {}).items())
    ]


def _judged(slug: str, baseline: str) -> dict[str, Any]:
    """What a baseline scored on all rows, as the build stored it."""
    rows = generation().scores[slug]["rows"]
    found: dict[str, Any] = next(row["details"] for row in rows if row["name"] == baseline)
    return found


def _public_of(slug: str, baseline: str) -> Score:
    return next(one.public for one in boards.baselines(generation(), slug) if one.name == baseline)


def _score(found: Score) -> Scored:
    return Scored(
        value=found.value, low=found.low, high=found.high, band=found.band, rows=found.rows
    )


def _gate(told: dict[str, object]) -> GateSaid:
    """A gate as a measure's JSON has it; words there are maps by language, or English alone."""
    value, limit = float(str(told["value"])), float(str(told["limit"]))
    return GateSaid(
        name=str(told["name"]), title=_words(told["title"]), value=value, limit=limit,
        unit=_words(told["unit"]), passed=value <= limit,
    )  # fmt: skip


def _words(told: object) -> Texts:
    return said(Text(told if isinstance(told, dict) else {"en": str(told)}))
