"""From the end of an event to a stranger's verdict, as it is typed."""

import re
import shlex
import shutil
from datetime import timedelta

import pytest
from click.testing import CliRunner

from sandbox import cli
from sandbox.workspace import open_workspace
from tests.build.events import AFTERWARDS, write_event
from tests.events import VALID

AFTER, BEFORE = (f"{AFTERWARDS + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (1, -1))


@pytest.fixture
def run(monkeypatch, tmp_path):
    """The command line in an empty folder beside an event all of whose content is its own."""
    for name in ("SANDBOX_EVENT", "SANDBOX_STATE"):
        monkeypatch.delenv(name, raising=False)
    write_event(tmp_path / "event")
    shutil.copytree(VALID / "datasets" / "parks", tmp_path / "event" / "datasets" / "parks")
    choose(tmp_path / "event", datasets='["visits"]', challenges="[]", starters="[]")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def invoke(*words, now=AFTER, typed=""):
        done = CliRunner().invoke(
            cli.main, [str(word) for word in words], env={"SANDBOX_NOW": now}, input=typed
        )
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in done.output
        return done

    return invoke


def choose(event, **settings):
    for name, value in settings.items():
        told = (event / "event.toml").read_text(encoding="utf-8")
        changed = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", told)
        (event / "event.toml").write_text(changed, encoding="utf-8")


def test_nothing_is_revealed_before_the_end_whatever_is_typed(run, tmp_path):
    for words in (["../event"], ["../event", "--yes"], ["--event", "../event", "-o", "../out"]):
        done = run("reveal", *words, now=BEFORE, typed="y\n")
        assert (done.exit_code, done.stdout) == (1, "")
        assert "the event is not over" in done.stderr
    assert not (tmp_path / "event" / "revealed").exists()
    assert not (tmp_path / "out").exists()


def test_an_open_lab_is_revealed_when_the_question_is_answered_with_yes(run, tmp_path):
    event = tmp_path / "event"
    text = (event / "event.toml").read_text()
    (event / "event.toml").write_text(re.sub(r"(?m)^(starts|ends) = .*\n", "", text))
    for typed in ("", "n\n"):
        done = run("reveal", "../event", typed=typed)
        assert done.exit_code == 1
        assert "Parks has no end." in done.stderr
        assert "Is it over? [y/N]:" in done.stderr
    for words, typed in ((["../event"], "y\n"), (["--event", "../event", "--yes"], "")):
        assert "There is no bundle yet" in run("reveal", *words, typed=typed).stderr
    assert not (event / "revealed").exists()


@pytest.mark.heavy
def test_a_stranger_is_told_equal_or_not_and_a_script_by_the_exit(run, tmp_path):
    event, revealed = tmp_path / "event", tmp_path / "event" / "revealed"
    assert run("build", "--event", event).exit_code == 0
    done = run("reveal", "../event")
    assert (done.exit_code, done.stdout) == (0, f"{revealed}\n")
    verb, *words = shlex.split(re.search(r"Try it: sandbox (.*)", done.stderr)[1])
    assert words == [str(open_workspace(event).current_bundle()), str(revealed)]
    done = run(verb, *words)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert "table     visits/visits              equal" in lines
    assert "truth     visits/visits.hidden.csv   equal" in lines
    assert lines[-1].startswith("Everything is equal")

    answers = revealed / "truth" / "visits" / "visits.csv"
    answers.write_text(answers.read_text().replace("true", "false"))
    done = run(verb, *words)
    assert done.exit_code == 1
    assert "revealed  visits/visits.csv          has changed" in done.stdout.splitlines()
    assert done.stderr.splitlines()[-1].startswith("Not equal: 1 of these")


@pytest.mark.heavy
def test_code_that_was_revealed_runs_when_somebody_says_yes(run, tmp_path):
    visits = tmp_path / "event" / "datasets" / "visits"
    (visits / "functions.py").write_text('"""No words of its own yet."""\n')
    assert run("build", "--event", "../event").exit_code == 0
    words = run("reveal", "../event", "-o", "../out").stdout.strip()
    assert words == str(tmp_path / "out")
    words = ["verify", open_workspace(tmp_path / "event").current_bundle(), "../out"]
    for typed in ("", "n\n"):
        done = run(*words, typed=typed)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "../out/datasets/visits/functions.py" in done.stderr
    assert run(*words, typed="y\n").exit_code == 0
    assert run(*words, "--yes").exit_code == 0
