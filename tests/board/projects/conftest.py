"""A team of two with its draft, and what it takes to submit it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.teams import own
from sandbox.state.projects import Project
from sandbox.state.teams import Membership
from sandbox.state.topics import ChallengeState
from tests.board.visitors import account, enter

NOON = datetime(2027, 3, 5, 11, 0, tzinfo=UTC)  # 12:00 in Oslo
WHOLE = {
    "title": "Shorter queue", "outcome": "Kari waits ten minutes less.", "summary": "A list.",
    "people_made": "Interviews.", "tools_made": "nothing", "evidence": "Six people tried it.",
    "licence": "MIT", "ai": "none",
}  # fmt: skip


@pytest.fixture
def just_before():
    """When the tests of the two begin; those of packs and pictures tell the time themselves."""
    with clock.fixed(NOON - timedelta(minutes=5)):
        yield


class Two:
    """Kari and Ola, members of the Otters, who work on `shorter-queue`."""

    def __init__(self, app, challenge="shorter-queue"):
        self.app, self.state = app, app.extensions["state"]
        self.numbers = {name: account(app, f"{name}@example.org") for name in ("kari", "ola")}
        with app.test_request_context(), self.state.write() as writer:
            team, _ = own.begin(writer, "Otters", "otters", challenge, self.numbers["kari"])
            team.members.append(Membership(account_id=self.numbers["ola"], joined_at=clock.now()))
            writer.flush()
            self.team = team.id
            self.project = writer.scalar(select(Project.id).where(Project.team_id == team.id))
        self.kari, self.ola = (enter(app, number) for number in self.numbers.values())

    def draft(self):
        with self.state.read() as reader:
            return reader.get_one(Project, self.project)

    def write(self, client, status=302, base=None, pen="", **fields):
        """What `client` sends from a page that it has just opened, or opened at revision `base`."""
        base = self.draft().revision if base is None else base
        return client.post("/project/", {"revision": base, "pen": pen} | fields, status=status)

    def closes(self, moment, **more):
        """The challenge is open until `moment`."""
        with self.state.write() as writer:
            writer.merge(
                ChallengeState(slug="shorter-queue", published_at=moment.replace(year=2020),
                               opens_at=moment.replace(year=2020), closes_at=moment, **more)
            )  # fmt: skip


@pytest.fixture
def two(board, just_before):
    return Two(board)


@pytest.fixture
def whole(two):
    """The two, whose draft has all that a submission needs."""
    two.write(two.kari, **WHOLE)
    return two
