"""Who stands where: from the files of teams and the baselines to ranks, with ties told as ties.

Nothing here reads a database or a clock, so that anybody can compute a ranking again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sandbox.grading.verdict import within

Compared = Literal["better", "tie", "worse"]


@dataclass(frozen=True)
class Score:
    """What some rows scored, in the unit of the challenge, without the gates: those are of the
    whole. `low` and `high` are its 95 % interval and `band` its tie band, where there are any."""

    value: float
    low: float | None = None
    high: float | None = None
    band: float | None = None
    rows: int = 0

    @classmethod
    def of(cls, measure: Mapping[str, Any]) -> Score | None:
        """From a sandbox.grading.Measure as JSON; None where there is none yet."""
        if "ungated" not in measure:
            return None
        earned = measure.get("earned")
        return cls(
            measure["ungated"] if earned is None else earned,
            measure.get("low"),
            measure.get("high"),
            measure.get("band"),
            measure.get("rows", 0),
        )


@dataclass(frozen=True)
class Entry:
    """A scored file that counts: of the current truth, not set aside. `passed` is for the gates of
    the whole; `at` is when it began to arrive; `private` is None unless it was asked for."""

    team: str  # its slug
    name: str
    file: int  # the row's id
    number: int  # 1, 2, … of this team in this challenge
    at: datetime
    public: Score
    passed: bool
    improves: bool
    private: Score | None = None
    final_at: datetime | None = None


@dataclass(frozen=True)
class Baseline:
    """Today's practice or doing nothing, by the name it has in scores.json."""

    name: str
    public: Score
    private: Score
    passed: bool


@dataclass(frozen=True)
class Rule:
    """What is decided about a leaderboard, as far as a ranking depends on it."""

    higher_is_better: bool = True
    ladder: bool = True
    finals: int = 2


@dataclass(frozen=True)
class Row:
    """A line: a team with its rank, or a baseline (`rank` None, `entry` None) among them.

    A team whose file does not pass the gates has no rank. `shared` says that other teams have the
    same rank. `beside_today` compares it with today's practice, beyond chance.
    """

    score: Score
    passed: bool
    rank: int | None = None
    shared: bool = False
    entry: Entry | None = None
    baseline: str = ""
    beside_today: Compared | None = None


@dataclass(frozen=True)
class Result:
    """A line of the results: the row by private score, and the place on the public leaderboard.

    `moved` is how many places up (or, below zero, down) the private part has brought the team; None
    where it has no rank in one of the two.
    """

    row: Row
    chosen: bool = False  # whether the team chose the file as a final
    public_rank: int | None = None

    @property
    def moved(self) -> int | None:
        if self.row.rank is None or self.public_rank is None:
            return None
        return self.public_rank - self.row.rank


# --- the public ranking ---------------------------------------------------------------------------


def ranking(entries: Iterable[Entry], baselines: Iterable[Baseline], rule: Rule) -> list[Row]:
    """The lines of the public leaderboard, the first at the top.

    One file for each team; a team's rank is 1 + the number of teams that are clearly better: by
    more than the tie band, or by passing the gates. Inside a tie whoever handed in first stands
    first, then the name decides. Baselines stand where their scores do.
    """
    shown = [one for files in _by_team(entries).values() if (one := standing_file(files, rule))]
    return _ranked(
        [_Placed(one, one.public, one.passed) for one in shown],
        [_Beside(one.name, one.public, one.passed) for one in baselines],
        rule,
    )


def standing_file(files: Sequence[Entry], rule: Rule) -> Entry | None:
    """The file that stands for a team.

    With the Ladder the newest that improved on the team's best beyond chance, else the best one. A
    file that does not pass the gates stands only where the team has no other.
    """
    counting = [one for one in files if one.improves] if rule.ladder else list(files)
    counting = [one for one in counting if one.passed] or counting
    if rule.ladder:
        return max(counting, key=lambda one: one.number, default=None)
    return best(counting, rule)


def best(files: Iterable[Entry], rule: Rule) -> Entry | None:
    """The file with the best public score, of those that pass the gates if any does; of equals the
    first."""
    sign = 1 if rule.higher_is_better else -1
    return max(
        files, key=lambda one: (one.passed, sign * one.public.value, -one.number), default=None
    )


# --- the results ----------------------------------------------------------------------------------


def results(entries: Sequence[Entry], baselines: Iterable[Baseline], rule: Rule) -> list[Result]:
    """The lines of the results: each team's better final by the private part, ranked as above.

    Finals are the files that the team chose, else its best public one.
    """
    baselines = list(baselines)
    public = {row.entry.team: row for row in ranking(entries, baselines, rule) if row.entry}
    shown = [one for files in _by_team(entries).values() if (one := _final(files, rule))]
    rows = _ranked(
        [_Placed(one, one.private, one.passed) for one in shown if one.private],
        [_Beside(one.name, one.private, one.passed) for one in baselines],
        rule,
    )
    return [_result(row, public) for row in rows]


def _result(row: Row, public: Mapping[str, Row]) -> Result:
    if row.entry is None:
        return Result(row)
    before = public.get(row.entry.team)
    return Result(row, row.entry.final_at is not None, before.rank if before else None)


def _final(files: Sequence[Entry], rule: Rule) -> Entry | None:
    chosen = sorted((one for one in files if one.final_at), key=_chosen_at)[: rule.finals]
    finals = chosen or [one for one in [best(files, rule)] if one]
    scored = [(one, one.private.value) for one in finals if one.private]
    sign = 1 if rule.higher_is_better else -1
    ranked = sorted(scored, key=lambda pair: (not pair[0].passed, -sign * pair[1], pair[0].number))
    return ranked[0][0] if ranked else None


def _chosen_at(one: Entry) -> tuple[datetime, int]:
    return one.final_at or one.at, one.number


# --- what both rest on ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Placed:
    entry: Entry
    score: Score
    passed: bool


@dataclass(frozen=True)
class _Beside:
    name: str
    score: Score
    passed: bool


def _compared(first: _Placed | _Beside, second: _Placed | _Beside, rule: Rule) -> Compared:
    """`first` beside `second`: clearly better, clearly worse, or a tie (grading.verdict.tie)."""
    if first.passed != second.passed:
        return "better" if first.passed else "worse"
    a, b = first.score, second.score
    if within(a.value, a.band, b.value, b.band):
        return "tie"
    return "better" if (a.value > b.value) == rule.higher_is_better else "worse"


def _ranked(teams: Sequence[_Placed], beside: Sequence[_Beside], rule: Rule) -> list[Row]:
    ranks = {
        one.entry.file: 1 + sum(_compared(other, one, rule) == "better" for other in teams)
        for one in teams
        if one.passed
    }
    times = list(ranks.values())
    today = next((one for one in beside if one.name == "today"), None)
    ordered = sorted(teams, key=lambda one: _order(one, ranks, rule))
    placed: list[tuple[_Placed | _Beside, Row]] = []
    for one in ordered:
        rank = ranks.get(one.entry.file)
        against = _compared(one, today, rule) if today else None
        row = Row(one.score, one.passed, rank, times.count(rank or 0) > 1, one.entry, "", against)
        placed.append((one, row))
    for base in sorted(beside, key=lambda one: _goodness(one, rule)):
        worse = (i for i, (one, _) in enumerate(placed) if _compared(base, one, rule) == "better")
        at = next(worse, len(placed))
        placed.insert(at, (base, Row(base.score, base.passed, baseline=base.name)))
    return [row for _, row in placed]


def _order(one: _Placed, ranks: Mapping[int, int], rule: Rule) -> tuple[Any, ...]:
    """By rank, then time, then name; what has no rank follows, the better score first."""
    last = (one.entry.at, one.entry.name, one.entry.team)
    if one.passed:
        return (0, ranks[one.entry.file], *last)
    return (1, *_goodness(one, rule)[1:], *last)


def _goodness(one: _Placed | _Beside, rule: Rule) -> tuple[bool, float]:
    """The smaller the better."""
    return not one.passed, -one.score.value if rule.higher_is_better else one.score.value


def _by_team(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for one in entries:
        found.setdefault(one.team, []).append(one)
    return found
