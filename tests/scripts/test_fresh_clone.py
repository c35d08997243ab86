"""A newcomer's machine: set up in a folder with a space in its name, moved, and without uv."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.serving import environment, served

pytestmark = pytest.mark.heavy
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("my projects")


@pytest.fixture(scope="module")
def clone(folder):
    """A clone of what is committed."""
    subprocess.run(["git", "clone", "-q", ROOT, folder / "a clone"], check=True)
    return folder / "a clone"


def start(clone, **environment):
    """Run a script that needs the whole set-up, from another folder; what setting up said."""
    done = subprocess.run(
        [sys.executable, clone / "scripts" / "licences"],
        cwd=clone.parent,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "datasette " in done.stdout
    return done.stderr


def test_the_first_start_sets_up_and_the_second_finds_nothing_to_do(clone):
    assert "Making .venv" in start(clone)
    assert start(clone) == ""


def test_it_builds_and_serves_and_builds_nothing_the_second_time(clone, tmp_path):
    logs = [tmp_path / "first.log", tmp_path / "second.log"]
    for log in logs:
        with served([clone / "scripts" / "serve"], environment(tmp_path / "state"), log) as url:
            assert b"</html>" in urlopen(url).read()
    assert "persons: 100,000 rows" in logs[0].read_text()
    assert "persons" not in logs[1].read_text()


def test_a_moved_clone_is_set_up_again(clone, folder):
    moved = clone.rename(folder / "moved")
    assert "Making .venv" in start(moved)
    sandbox = moved / ".venv" / ("Scripts/sandbox.exe" if os.name == "nt" else "bin/sandbox")
    assert sandbox.exists()
    moved.rename(clone)


def test_pip_alone_sets_up_too(clone):
    assert "Making .venv" in start(clone, SANDBOX_INSTALLER="pip")
    listing = [clone / ".venv" / "bin" / "python", "-c", "import sandbox; print(sandbox.__file__)"]
    found = subprocess.run(listing, cwd=clone.parent, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(clone)
