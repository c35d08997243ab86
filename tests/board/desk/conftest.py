"""An event with settings of its own on the bundle that all share, and an organiser signed in.

Application, database and organiser are made once; each test finds the files as they began, and none
of what another test has left in the tables that the desk writes.
"""

from dataclasses import replace

import pytest
from sqlalchemy import delete

from sandbox.board import create_app
from sandbox.state import open_state
from sandbox.state.records import Audit, Job, Setting
from sandbox.state.topics import ChallengeDraft
from sandbox.workspace import new_event, open_workspace
from tests.board.visitors import visitor

SETTINGS = """\
# Ours, and so is this line.
name = "Spring event"  # said in English first
timezone = "Europe/Oslo"
languages = ["en", "nb"]
datasets = "all"
challenges = "all"
starters = "all"

# Kept last, as its author likes it.
[[sign_in]]
slug = "work"
name = "Work"
issuer = "https://id.example.org"
client_id = "sandbox"
"""


@pytest.fixture(scope="session")
def event_kept(workspace, tmp_path_factory):
    """The event, its application and its organiser, and what secret.toml begins as."""
    folder = new_event(tmp_path_factory.mktemp("desk") / "event")
    (folder / "event.toml").write_text(SETTINGS, encoding="utf-8")
    own = replace(open_workspace(folder), kit=workspace.kit, state=workspace.state)
    app = create_app(own, state=open_state(replace(own, state=folder.parent)))
    yield own, app, visitor(app, "ola@example.org", roles=["organiser"]), _files(folder)
    app.extensions["state"].close()


def _files(folder):
    return {name: (folder / name).read_bytes() for name in ("event.toml", "secret.toml")}


@pytest.fixture
def own(event_kept):
    """The event's workspace: its folder can be written, its bundle is the one that all share."""
    own, app, _, files = event_kept
    for name, content in files.items():
        if (own.folder / name).read_bytes() != content:
            (own.folder / name).write_bytes(content)
    (own.folder / "event.toml.before").unlink(missing_ok=True)
    with app.extensions["state"].write() as writer:
        for table in (Job, Setting, ChallengeDraft):
            writer.execute(delete(table))
    return own


@pytest.fixture
def event_board(event_kept, own):
    return event_kept[1]


@pytest.fixture
def organiser(event_kept, own):
    return event_kept[2]


@pytest.fixture
def settings(own):
    """What event.toml says now."""
    return lambda: (own.folder / "event.toml").read_text(encoding="utf-8")


@pytest.fixture
def audited(event_board):
    """The acts that the audit log has got since the test began, oldest first: (act, detail)."""

    def read():
        with event_board.extensions["state"].read() as reader:
            return [(a.act, a.detail) for a in reader.query(Audit).order_by(Audit.id)]

    begun = len(read())
    return lambda: read()[begun:]
