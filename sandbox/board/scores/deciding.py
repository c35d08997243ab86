"""What organisers decide about a leaderboard and about single files; each act is on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.local_time import told
from sandbox.board.scores import answers, boards
from sandbox.state import audit
from sandbox.state.scores import AnswerFile, Leaderboard, Scoring

RULES = ("daily", "finals", "ladder")


@dataclass(frozen=True)
class Act:
    """One act: the writer's session, and the account whose it is."""

    writer: Session
    actor_id: int

    def change(self, slug: str, new: Mapping[str, Any]) -> bool:
        """Set the rules; whether anything changed. Participants are told once a file was scored."""
        row = self._row(slug)
        changed = {
            name: [getattr(row, name), new[name]]
            for name in RULES
            if getattr(row, name) != new[name]
        }
        if not changed:
            return False
        for name, (_, value) in changed.items():
            setattr(row, name, value)
        first = scored(self.writer, slug)
        self._record(boards.CHANGED, slug, row, changed=changed, told=first > 0)
        return True

    def freeze(self, slug: str, at: datetime, until: datetime | None) -> None:
        """Show nothing scored from `at` on, which may lie ahead, until `until`."""
        row = self._row(slug)
        row.frozen_at, row.thaws_at = at, until
        self._record("leaderboard.frozen", slug, row, at=told(at), until=told(until))

    def thaw(self, slug: str) -> None:
        row = self._row(slug)
        row.frozen_at = row.thaws_at = None
        self._record("leaderboard.thawed", slug, row)

    def publish(self, slug: str, panel: str, lacks: list[str], reason: str) -> None:
        """Make the private part public; `lacks` names what of the check list did not hold."""
        row = self._row(slug)
        row.results_at, row.panel = clock.now(), panel
        self._record("results.published", slug, row, lacks=lacks, reason=reason)

    def write_panel(self, slug: str, panel: str) -> None:
        """Change what people have decided, after the results were published."""
        row = self._row(slug)
        row.panel = panel
        self._record("results.panel", slug, row)

    def withdraw(self, slug: str, why: str) -> None:
        row = self._row(slug)
        row.results_at = None
        self._record("results.withdrawn", slug, row, why=why)

    def set_aside(self, file: AnswerFile, why: str) -> None:
        """Take a file off every list; its team reads why."""
        file.set_aside_at, file.set_aside_by, file.set_aside_why = clock.now(), self.actor_id, why
        self._about(file, "answers.set_aside")

    def put_back(self, file: AnswerFile) -> None:
        file.set_aside_at, file.set_aside_by, file.set_aside_why = None, None, ""
        self._about(file, "answers.put_back")

    def score_again(self, file: AnswerFile) -> None:
        """Have the judge look at a file once more; what it said before holds no longer."""
        answers.order_scoring(self.writer, file)
        self._about(file, "answers.scored_again")

    def _row(self, slug: str) -> Leaderboard:
        found = answers.rules(self.writer, slug)
        self.writer.add(found)
        return found

    def _record(self, act: str, slug: str, row: Leaderboard, **detail: Any) -> None:
        row.changed_at = clock.now()
        audit.record(self.writer, act, slug, self.actor_id, **detail)

    def _about(self, file: AnswerFile, act: str) -> None:
        """The reason is for the team, and may name people: the log has only which file it was."""
        detail = {"challenge": file.challenge, "team": file.team_id, "number": file.number}
        audit.record(self.writer, act, f"answers {file.id}", self.actor_id, **detail)


def scored(session: Session, slug: str) -> int:
    """How many files of the challenge have a score."""
    count = select(func.count()).select_from(AnswerFile)
    found = session.scalar(
        count.where(AnswerFile.challenge == slug, AnswerFile.state == Scoring.SCORED)
    )
    return found or 0
