"""A team with a project, and what it takes to submit it."""

import io

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.projects import submitting
from sandbox.state.projects import Project
from sandbox.state.records import Setting
from sandbox.state.teams import Team
from tests.board.gallery.pictures import picture
from tests.board.visitors import visitor

CHALLENGE = "shorter-queue"
WHOLE = {
    "title": "Shorter waits", "outcome": "Kari gets a time **today**.",
    "summary": "A page that shows free times.", "people_made": "The idea.", "tools_made": "nothing",
    "evidence": "Five people tried it.", "how_to_try": "Open it.", "licence": "EUPL-1.2",
    "ai": "none", "links": ["https://example.org/code"],
}  # fmt: skip


class Owls:
    """A team, its member's client, and acts on its project that other pages are for."""

    def __init__(self, app, member, slug="night-owls"):
        self.app, self.member, self.slug = app, member, slug

    def act(self, change):
        """`change(writer, project)` in a transaction of its own."""
        with self.app.extensions["state"].write() as writer:
            found = writer.scalar(select(Project).join(Team).where(Team.slug == self.slug))
            return change(writer, found)

    def write(self, **fields):
        def change(_writer, project):
            project.fields = {**project.fields, **fields}

        self.act(change)

    def submit(self, nonce=None, language="en"):
        def change(writer, project):
            content = submitting.content_of(project, language)
            nonces = nonce or f"{project.id}-{len(project.submissions)}"
            return submitting.submit(
                writer, project, content, nonce=nonces, at=clock.now(), by=None
            )

        return self.act(change)

    def add(self, content=None, *, alt="A phone with three times", status=302, **more):
        data = {"file": (io.BytesIO(content or picture()), "my photo.jpg"), "alt": alt} | more
        return self.member.post("/project/images", data, status=status)

    def images(self):
        return self.act(lambda _writer, project: list(project.images))


def team(app, email, name, challenge=CHALLENGE):
    member = visitor(app, email)
    member.post("/teams/new", {"name": name, "challenge": challenge})
    return Owls(app, member, name.lower().replace(" ", "-"))


@pytest.fixture
def owls(board):
    return team(board, "kari@example.org", "Night Owls")


def open_gallery(app, at=None):
    moment = (at or clock.now()).isoformat()
    with app.extensions["state"].write() as writer:
        value = {"opened_at": moment}
        writer.merge(Setting(name="gallery", value=value, changed_at=clock.now()))
