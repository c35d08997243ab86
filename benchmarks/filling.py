"""An event in full swing in a folder of its own: people, teams, projects, scores and questions."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import receipts
from sandbox.board.people import passes, texts
from sandbox.board.projects import submitting
from sandbox.build import build
from sandbox.bundle import Bundle, open_bundle
from sandbox.grading import Measure
from sandbox.state import State, open_state
from sandbox.state.people import Account, Skill, SkillHeld
from sandbox.state.projects import Project
from sandbox.state.records import Setting
from sandbox.state.scores import AnswerFile, Scoring
from sandbox.state.teams import Membership, Team
from sandbox.state.topics import Announcement, Answer, Question
from sandbox.workspace import Workspace, open_workspace

CHALLENGE = "same-day-permit"
PARAGRAPH = (
    "Everybody who wants to build a garage waits eight weeks for an answer that the rules could "
    "give at once. With this, **four of ten** get it the same day, and the others learn what is "
    "missing. We asked eleven people at the counter, and counted.\n\n- [x] tried with real cases\n"
)


@dataclass(frozen=True)
class Filled:
    """A state on the demo's bundle; `people` are the numbers of those who have joined."""

    workspace: Workspace
    state: State
    people: list[int]
    teams: list[int]

    @property
    def environment(self) -> dict[str, str]:
        """What a server needs to serve it."""
        return {"SANDBOX_STATE": str(self.workspace.state)}

    def links(self, people: list[int]) -> list[str]:
        """A path for each of these people that signs them in once."""
        with self.state.write() as writer:
            accounts = [writer.get_one(Account, number) for number in people]
            return [f"/sign-in/link/{passes.link_for(writer, account)}" for account in accounts]


@contextmanager
def demo_at(folder: Path) -> Iterator[tuple[Workspace, State]]:
    """The demo with a state of its own: the same generations, an empty board."""
    demo = open_workspace()
    build(demo)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(demo.current_file, folder / "current")
    if not (folder / "generations").exists():
        (folder / "generations").symlink_to(demo.generations, target_is_directory=True)
    workspace = replace(demo, state=folder)
    state = open_state(workspace)
    try:
        yield workspace, state
    finally:
        state.close()


def fill(
    workspace: Workspace, state: State, *, people: int, teams: int, submitted: bool, files: int = 0
) -> Filled:
    """People who have joined, spread over teams; each team with a draft, and with a submission."""
    now = clock.now()
    with state.write() as writer:
        joined = [_person(writer, number, now) for number in range(people)]
        made = [_team(writer, number, now) for number in range(teams)]
        for number, person in enumerate(joined[: 4 * teams] if teams else []):
            _member(writer, made[number % teams], person, now)
        if submitted:
            for number, project in enumerate(made):
                _submit(writer, project, now, by=joined[number])
        _files(writer, made, files, open_bundle(workspace.current_bundle()), now)
        _talk(writer, joined, now)
        writer.add(Setting(name="gallery", value={"opened_at": now.isoformat()}, changed_at=now))
    return Filled(workspace, state, joined, [project.team_id for project in made])


def _person(writer: Session, number: int, now: datetime) -> int:
    skills = [SkillHeld(skill=list(Skill)[number % len(Skill)])]
    made = Account(
        email=f"person{number}@example.org", name=f"Kari Nordmann {number}", created_at=now,
        joined_at=now, language="en", skills=skills,
    )  # fmt: skip
    writer.add(made)
    writer.flush()
    texts.accept(writer, made.id, texts.MUST_BE_ACCEPTED, "en")
    return made.id


def _team(writer: Session, number: int, now: datetime) -> Project:
    team = Team(
        slug=f"team-{number}", name=f"Team {number}", challenge=CHALLENGE, pitch=PARAGRAPH[:120],
        skills=["user"], code_hash=f"none {number}", made_at=now,
    )  # fmt: skip
    made = Project(
        team=team, fields={}, field_revisions={}, made_at=now, changed_at=now, revision=0
    )
    writer.add(made)
    writer.flush()
    return made


def _member(writer: Session, project: Project, person: int, now: datetime) -> None:
    leads = not project.team.members
    project.team.members.append(Membership(account_id=person, joined_at=now, leads=leads))


def project_fields(number: int) -> dict[str, Any]:
    """What a careful team writes."""
    long = dict.fromkeys(("outcome", "people_made", "tools_made", "evidence"), PARAGRAPH)
    return long | {
        "title": f"Answer in a day, no. {number}",
        "summary": "A first answer to simple applications on the day on which they arrive.",
        "how_to_try": "1. Open the page\n2. Choose a case\n3. Read why",
        "links": [{"label": "Code", "address": "https://example.org/code"}],
        "licence": "EUPL-1.2",
        "ai": "none",
    }


def _submit(writer: Session, project: Project, now: datetime, by: int) -> None:
    project.fields = project_fields(project.id)
    content = submitting.content_of(project, "en")
    submitting.submit(writer, project, content, nonce=receipts.nonce(), at=now, by=by)


def _files(
    writer: Session, projects: list[Project], count: int, bundle: Bundle, now: datetime
) -> None:
    """Scored answer files, `count` of them, each a little better than the team's last one."""
    truth = bundle.manifest.truth[f"{CHALLENGE}/answers.csv"]
    for number in range(count):
        project, attempt = projects[number % len(projects)], number // len(projects) + 1
        at = now - timedelta(minutes=count - number)
        score = 30 + attempt + (number * 37 % 100) / 50
        measure = Measure(rows=800, ungated=score, low=score - 2, high=score + 2, band=2.8)
        told = measure.model_dump(mode="json")
        writer.add(
            AnswerFile(
                team_id=project.team_id, challenge=CHALLENGE, number=attempt,
                receipt=receipts.new(), nonce=receipts.nonce(), name="answers.csv",
                digest=f"{number:064x}", bytes=40_000, arrived_at=at, received_at=at,
                state=Scoring.SCORED, scored_at=at, truth=truth, public=told, private=told,
                whole=told, improves=True,
            )
        )  # fmt: skip


def _talk(writer: Session, people: list[int], now: datetime) -> None:
    for number in range(5):
        at = now - timedelta(hours=number)
        writer.add(
            Announcement(
                titles={"en": f"Lunch is ready ({number})"}, texts={"en": PARAGRAPH},
                published_at=at, changed_at=at,
                banner_until=now + timedelta(days=1) if number == 0 else None,
            )
        )  # fmt: skip
    for number in range(40):
        asker = people[number % len(people)]
        at = now - timedelta(minutes=number)
        asked = Question(
            about="challenge", slug=CHALLENGE, text=f"How is this counted? ({number})",
            language="en", asked_at=at, asked_by=asker,
        )  # fmt: skip
        if number % 2:
            asked.answered_at = at
            asked.answers = [
                Answer(text=PARAGRAPH, language="en", at=at, by=asker, as_role="owner")
            ]
        writer.add(asked)
