"""An empty state of its own for each test: SQLite in a file, and PostgreSQL where a test asks."""

from dataclasses import replace

import pytest

from sandbox.state import open_state
from sandbox.workspace import open_workspace


@pytest.fixture
def workspace(tmp_path):
    return replace(open_workspace(), state=tmp_path)


@pytest.fixture
def state(workspace, database):
    opened = open_state(workspace)
    yield opened
    opened.close()


@pytest.fixture
def file_state(workspace, monkeypatch):
    """One that is surely a file."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    opened = open_state(workspace)
    yield opened
    opened.close()
