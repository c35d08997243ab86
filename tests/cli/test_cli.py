"""The command line: help that is true, exits that a script can trust, and no traceback."""

import re
import shlex
from inspect import cleandoc
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sandbox import cli
from sandbox.workspace import open_workspace
from tests.events import valid_event


def commands(group=cli.main, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands())
EACH = pytest.mark.parametrize("path", COMMANDS, ids=" ".join)


@pytest.fixture
def run(monkeypatch, tmp_path):
    """The command line in an empty folder beside a valid event called `event`."""
    for name in ("SANDBOX_EVENT", "SANDBOX_STATE", "SANDBOX_NOW"):
        monkeypatch.delenv(name, raising=False)
    valid_event(tmp_path / "event")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def invoke(*words, **environment):
        done = CliRunner().invoke(cli.main, [str(word) for word in words], env=environment)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return invoke


def example(path):
    """The words after `sandbox` in the example of a command's help."""
    told = re.search(r"Example: (.*)", COMMANDS[path].help)
    assert told, f"{path} has no example"
    return shlex.split(re.search(r"sandbox ([^)]*)", told[1])[1])


@EACH
def test_help_is_one_sentence_and_an_example(run, path):
    done = run(*path, "--help")
    assert done.exit_code == 0
    sentence, shown = cleandoc(COMMANDS[path].help).split("\n\n")
    assert sentence.count(".") == 1 and sentence.endswith(".")
    assert shown.startswith("Example: ")
    assert " ".join(shown.split()) in " ".join(done.output.split())


@EACH
def test_the_example_is_one_that_the_command_accepts(path):
    words = example(path)
    assert tuple(words[: len(path)]) == path
    context = COMMANDS[path].make_context(path[-1], words[len(path) :])
    assert context.command is COMMANDS[path]


def on_an_event(path):
    """All but those that make one, try a bundle, plan a trial, or pack what a team submits."""
    return path not in {("event", "new"), ("verify",)} and path[0] not in ("trial", "submission")


@pytest.mark.parametrize("path", [*filter(on_an_event, COMMANDS)], ids=" ".join)
def test_every_command_on_an_event_takes_it_by_option_and_by_environment(path):
    (option,) = [p for p in COMMANDS[path].params if p.name == "event"]
    assert (option.opts, option.envvar) == (["--event"], "SANDBOX_EVENT")


def test_the_event_that_is_named_is_the_one_that_is_used(run, tmp_path):
    event, other = str(tmp_path / "event"), str(valid_event(tmp_path / "other"))
    assert run("where", "event", "--event", "../event").output.strip() == event
    assert run("where", "event", SANDBOX_EVENT=event).output.strip() == event
    assert run("where", "event", "--event", other, SANDBOX_EVENT=event).output.strip() == other
    assert run("where", "event").output.strip().endswith("demo")
    assert run("where", "event", SANDBOX_EVENT="").output.strip().endswith("demo")


def test_where_prints_a_folder_and_nothing_else(run, tmp_path):
    workspace = open_workspace(tmp_path / "event")
    bundle = workspace.generations / "0123456789abcdef" / "bundle"
    bundle.mkdir(parents=True)
    workspace.current_file.write_text("0123456789abcdef\n")
    done = run("where", "bundle", "--event", "../event")
    assert (done.output, done.exit_code) == (f"{bundle}\n", 0)
    assert Path(run("where", "state", "--event", "../event").output.strip()) == workspace.state


def test_the_examples_of_a_new_event_work_as_they_stand(run, tmp_path):
    assert run(*example(("event", "new"))).exit_code == 0
    done = run(*example(("check",)))
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Everything is in order: ")
    assert (tmp_path / "my-event" / "event.toml").is_file()


def test_the_next_steps_of_a_new_event_can_be_typed_as_they_are_printed(run, tmp_path):
    folder = tmp_path / "a name with 'quotes'"
    done = run("event", "new", folder)
    assert done.exit_code == 0
    steps = re.findall(r"^  \d\. (?:sandbox )?(.*)$", done.output, re.MULTILINE)
    assert steps[0].endswith(str(folder / "event.toml"))
    assert [shlex.split(step) for step in steps[1:]] == [
        ["build", "--event", str(folder)],
        ["serve", "--event", str(folder)],
        ["event", "open", "--all", "--event", str(folder)],
    ]
    for step in steps[1:]:
        words = shlex.split(step)
        path = tuple(words[:2]) if tuple(words[:2]) in COMMANDS else (words[0],)
        COMMANDS[path].make_context(path[-1], words[len(path) :])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["where", "bundle", "--event", "../event"], "There is no bundle yet"),
        (["where", "event", "--event", "../nowhere"], "is not an event"),
        (["grade", "more-visits", "answers.csv", "--event", "../event"], "There is no bundle yet"),
        (["event", "new", "../event"], "is an event already"),
        (["check", "--event", "../nowhere"], "is not an event"),
        (["build", "--event", "../nowhere"], "is not an event"),
        (["serve", "--event", "../nowhere"], "is not an event"),
        (["start", "page", "--event", "../nowhere"], "is not an event"),
        (["new", "challenge", "x", "--event", "../nowhere"], "is not an event"),
        (["new", "challenge", "Ab c", "--event", "../event"], "Try: ab-c"),
        (["new", "challenge", "more-visits", "--event", "../event"], "exists already"),
        (["reveal", "../nowhere"], "is not an event"),
        (["verify", "../nowhere", "../event"], "There is no bundle in ../nowhere"),
        (["event", "new", "../event/event.toml/below"], "The system refused: "),
        (["trial", "new", "../event/event.toml"], "is there already"),
        (["trial", "plan", "letter.yml"], "letter.yml: the file is missing"),
        (["trial", "assign", "letter.yml", "a.csv", "-o", "b.csv"], "the file is missing"),
        (["trial", "analyse", "letter.yml", "a.csv"], "letter.yml: the file is missing"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else None,
)
def test_a_users_mistake_is_told_on_the_error_stream_and_exits_with_1(run, words, told):
    done = run(*words)
    assert done.exit_code == 1
    assert told in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "words",
    [
        ["chek"],
        ["check", "--even", "x"],
        ["where"],
        ["where", "truth"],
        ["build", "--scale", "much"],
        ["build", "--scale", "0"],
        ["build", "--scale", "2", "--persons", "1000"],
        ["build", "--workers", "0"],
        ["serve", "--port", "99999"],
        ["grade", "x"],
        ["reveal", "../event/event.toml"],
        ["reveal", "../event", "--event", "../event"],
        ["verify", "bundle"],
        ["verify", "bundle", "revealed", "--workers", "0"],
        ["event", "new"],
        ["new", "challenge"],
        ["event", "new", "../event/event.toml"],
        ["check", "--event", "../event/event.toml"],
        ["trial", "plan", "letter.yml", "--language", "fi"],
        ["trial", "assign", "letter.yml", "patients.csv"],
    ],
    ids=" ".join,
)
def test_a_command_that_is_typed_wrong_exits_with_2_and_shows_its_usage(run, words):
    done = run(*words)
    assert done.exit_code == 2
    assert done.stderr.startswith("Usage: ")
    assert "Error: " in done.stderr


def test_half_an_option_exits_with_2_and_says_what_it_takes(run):
    done = run("build", "--accept", "norway")
    assert (done.exit_code, done.stderr) == (2, "Error: Option '--accept' requires 2 arguments.\n")
