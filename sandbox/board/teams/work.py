"""Where a team's work stands: its deadline, what its draft still lacks, what has been submitted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.board import deadlines
from sandbox.board.deadlines import Deadline
from sandbox.board.projects.submitting import counting
from sandbox.projects import fields
from sandbox.state.projects import Project, Submission
from sandbox.state.teams import Team


@dataclass(frozen=True)
class Work:
    """`deadline` is None as long as the team has not chosen a challenge."""

    team: Team
    deadline: Deadline | None
    begun: bool
    missing: tuple[fields.Field, ...]
    submission: Submission | None


def of(session: Session, team: Team, moment: datetime) -> Work:
    """What stands at `moment`, in four queries at most."""
    project = session.scalar(select(Project).where(Project.team_id == team.id))
    written = project.fields if project else {}
    return Work(
        team=team,
        deadline=deadlines.of(session, team.challenge, team.id, moment) if team.challenge else None,
        begun=bool(project and project.revision),
        missing=tuple(fields.missing(written)),
        submission=counting(session, project.id) if project else None,
    )
