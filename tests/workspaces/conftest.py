"""A valid event on an empty kit, and what one mistake makes of it."""

import shutil
from dataclasses import replace

import pytest
import yaml
from click.testing import CliRunner

from sandbox import cli
from sandbox.workspace import open_workspace
from tests.events import valid_event


@pytest.fixture
def event(tmp_path):
    return valid_event(tmp_path / "event")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Open an event on a kit without content of its own; the command line does so too."""

    def open_it(folder):
        return replace(open_workspace(folder), kit=tmp_path / "empty-kit")

    monkeypatch.setattr(cli, "open_workspace", open_it)
    return open_it


@pytest.fixture
def check(event, workspace):
    """What `sandbox check` prints for the event (its folder as {event}), and its exit code."""

    def run():
        done = CliRunner().invoke(cli.main, ["check", "--event", str(event)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.output.replace(str(event), "{event}"), done.exit_code

    return run


@pytest.fixture
def spoil(event):
    """Make a mistake, described by a folder broken-*, in the event.

    Its files are laid over the event's, and mistake.yml says what else: `replace` (file → words →
    other words), `remove` (files, folders), `link` (place → target), `mode` (file → octal digits).
    """

    def make(mistake):
        shutil.copytree(mistake, event, dirs_exist_ok=True, ignore=_instructions)
        path = mistake / "mistake.yml"
        told = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        for file, words in told.get("replace", {}).items():
            _replace(event / file, words)
        for place in told.get("remove", ()):
            gone = event / place
            shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
        for place, target in told.get("link", {}).items():
            (event / place).symlink_to(target)
        for file, digits in told.get("mode", {}).items():
            (event / file).chmod(int(digits, 8))

    return make


def _replace(path, words):
    text = path.read_text(encoding="utf-8")
    for old, new in words.items():
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _instructions(folder, names):
    return {"mistake.yml", "expected.txt"} & set(names)
