"""`sandbox start`: what it asks, what it refuses, and what it says to type next."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from sandbox.cli import main


def start(target: Path, *arguments: str, typed: str | None = None) -> Result:
    command = ["start", "web-app", "-o", str(target), *arguments]
    return CliRunner().invoke(main, command, input=typed)


def test_it_says_where_the_project_is_and_what_to_type_next(tmp_path: Path) -> None:
    done = start(tmp_path, "--no-input", "project_name=An idea")
    assert done.exit_code == 0, done.output
    assert f"cd {tmp_path / 'an-idea'}" in done.stdout
    assert done.stdout.rstrip().endswith(".venv/bin/python app.py")
    assert (tmp_path / "an-idea" / "app.py").is_file()


def test_it_asks_what_is_open_and_again_what_cannot_be_used(tmp_path: Path) -> None:
    typed = "An idea\nunknown\nknow-your-municipality\n\n"
    done = start(tmp_path, "sandbox_url=http://10.0.0.2:8001/", typed=typed)
    assert done.exit_code == 0, done.output
    assert "not one of the choices" in done.stderr
    settings = json.loads((tmp_path / "an-idea" / "settings.json").read_text())
    assert settings == {
        "title": "An idea",
        "challenge": "know-your-municipality",
        "sandbox_url": "http://10.0.0.2:8001/",
    }


def test_mistakes_are_listed_without_a_traceback_and_nothing_is_written(tmp_path: Path) -> None:
    for arguments, said in (
        (["licence=GPL", "challenge=x"], "2 problems"),
        (["licence"], "expected: KEY=VALUE"),
        (["license=MIT"], "did you mean licence?"),
    ):
        done = start(tmp_path / "new", "--no-input", *arguments)
        assert (done.exit_code, type(done.exception)) == (1, SystemExit)
        assert said in done.stderr
    assert not (tmp_path / "new").exists()


def test_an_unknown_starter_is_refused_with_the_nearest_name() -> None:
    done = CliRunner().invoke(main, ["start", "webapp", "--no-input"])
    assert done.exit_code == 1
    assert "did you mean web-app?" in done.stderr
