"""A small event of its own content, built once, and a client that checks each page it fetches."""

import json
import secrets
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache

from sandbox.board import create_app
from sandbox.build import build
from sandbox.bundle import sha256
from sandbox.state import open_state
from sandbox.workspace import KIT, Secrets, open_workspace
from tests.board.client import Client
from tests.board.twins import twin

CONTENT = Path(__file__).parent / "kit"


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory):
    """Hundreds of boards are made here, and each would compile the same templates again."""
    kept = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": kept})
        yield


@pytest.fixture(scope="session")
def with_truth(tmp_path_factory):
    """A small event of its own content, as built: with its hidden answers."""
    root = tmp_path_factory.mktemp("board")
    kit = root / "kit"
    shutil.copytree(CONTENT, kit)
    shutil.copytree(KIT / "datasets" / "norway", kit / "datasets" / "norway")
    (kit / "demo").mkdir()
    made = replace(open_workspace(), kit=kit, folder=kit / "demo", state=root / "state")
    build(made)
    return made


@pytest.fixture(scope="session")
def workspace(with_truth, tmp_path_factory):
    """The same without its hidden answers: whatever a page shows comes from the bundle alone."""
    state = tmp_path_factory.mktemp("without truth") / "state"
    shutil.copytree(with_truth.state, state)
    made = replace(with_truth, state=state)
    shutil.rmtree(made.current_truth())
    return made


@pytest.fixture
def copy(workspace, tmp_path):
    """The same with a state of its own, free to be changed."""
    shutil.copytree(workspace.state, tmp_path / "state")
    return replace(workspace, state=tmp_path / "state")


@pytest.fixture
def next_generation(copy):
    """Make a changed bundle current: `next_generation(edit)` calls `edit(folder of the bundle)`."""

    def make(edit):
        folder = copy.generations / secrets.token_hex(16)
        shutil.copytree(copy.current_bundle(), folder / "bundle")
        edit(folder / "bundle")
        manifest = json.loads((folder / "bundle" / "manifest.json").read_bytes())
        for entry in manifest["files"]:
            file = folder / "bundle" / entry["path"]
            entry |= {"bytes": file.stat().st_size, "sha256": sha256(file)}
        (folder / "bundle" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        named = copy.state / "named"
        named.write_text(folder.name + "\n", encoding="utf-8")
        named.replace(copy.current_file)

    return make


@pytest.fixture(scope="session")
def first(workspace):
    """The application that all others of these tests are copies of."""
    return create_app(workspace)


@pytest.fixture(scope="session")
def app(first):
    return first


@pytest.fixture
def client(app):
    return Client(app)


@pytest.fixture
def board(first, workspace, database, migrated, tmp_path):
    """An application with a database of its own, on the bundle that all share."""
    state = open_state(replace(workspace, state=migrated(tmp_path)))
    yield twin(first, workspace, state)
    state.close()


@pytest.fixture
def judged(first, with_truth, database, migrated, tmp_path):
    """An application like `board` whose state holds the hidden answers, so that it can score."""
    state = migrated(tmp_path)
    shutil.copytree(with_truth.generations, state / "generations")
    shutil.copy(with_truth.current_file, state / "current")
    here = replace(with_truth, state=state)
    made = twin(first, here, open_state(here))
    made.extensions["workspace"] = here
    yield made
    made.extensions["state"].close()


@pytest.fixture
def board_of(first, workspace, migrated, tmp_path):
    """Makes an application like `board`, in SQLite, under other settings of the event."""
    made = []

    def make(**settings):
        event = workspace.event.model_copy(update=settings)
        folder = migrated(tmp_path / f"board {len(made)}")
        state = open_state(replace(workspace, state=folder))
        made.append(twin(first, replace(workspace, event=event), state))
        return made[-1]

    yield make
    for one in made:
        one.extensions["state"].close()


@pytest.fixture
def of_event(workspace):
    """A client for the same bundle under other settings of the event."""
    return lambda **settings: Client(
        create_app(replace(workspace, event=workspace.event.model_copy(update=settings)))
    )


@pytest.fixture
def real(first, workspace, migrated, tmp_path):
    """An event with secrets of its own on the same bundle, so its challenges begin as drafts."""
    hidden = "0" * 64
    folder = tmp_path / "spring"
    folder.mkdir()
    settings = workspace.event.model_copy(update={"public_seed": None, "timezone": "Europe/Oslo"})
    secret = Secrets(seed=hidden, salt=hidden, session_key=hidden)
    here = replace(workspace, event=settings, folder=folder, secrets=secret)
    made = twin(first, here, open_state(replace(workspace, state=migrated(tmp_path / "own"))))
    made.extensions["workspace"] = here
    yield made
    made.extensions["state"].close()
