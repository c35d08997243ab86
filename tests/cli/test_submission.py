"""A submission made without a network: the commands that a team types, line by line."""

import socket

import pytest
from click.testing import CliRunner

from sandbox import cli
from sandbox.projects import packs
from sandbox.projects.codes import grouped
from tests.projects.filled import fill, key

KEY = key()


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """In a folder with the key alone, no event anywhere, and nobody to talk to."""
    for name in ("SANDBOX_EVENT", "SANDBOX_STATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SANDBOX_NOW", "2027-03-06T12:00:00Z")
    monkeypatch.setattr(socket.socket, "connect", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "otters.key").write_bytes(KEY.file())
    return tmp_path


def run(*words, code=0):
    done = CliRunner().invoke(cli.main, ["submission", *words])
    assert done.exit_code == code, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_a_team_packs_what_it_has_and_is_told_what_to_do_next(offline):
    assert "sandbox submission check ours" in run("new", "ours", "--key", "otters.key").output
    assert "title: this is still needed" in run("check", "ours", code=1).stderr
    fill(offline / "whole", KEY, answers=True)
    told = run("check", "whole").output
    assert told == "Everything is in order: the project, 1 picture, 1 file of answers.\n"
    done = run("pack", "whole", "--key", "otters.key")
    (file,) = offline.glob("*.pack.json")
    found = packs.read(file.read_bytes())
    for line in (file.name, grouped(found.code), found.digest, f"{file.stat().st_size:,} bytes",
                 "Nothing is submitted yet", f"{KEY.address}/project/pack"):  # fmt: skip
        assert line in done.output, line
    assert not done.stderr
    before = file.read_bytes()
    run("pack", "whole", "--key", "otters.key")
    assert [one.read_bytes() for one in offline.glob("*.pack.json")] == [before]


def test_a_folder_that_is_not_in_order_is_not_packed(offline):
    run("new", "ours", "--key", "otters.key")
    assert "8 problems" in run("pack", "ours", "--key", "otters.key", code=1).stderr
    assert not list(offline.glob("*.pack.json"))


def test_a_challenge_that_the_key_does_not_know_is_minded_and_packed(offline):
    (offline / "old.key").write_bytes(key(challenges={"other": "Other"}).file())
    fill(offline / "whole", KEY)
    done = run("pack", "whole", "--key", "old.key")
    assert "knows no challenge 'shorter-queue'" in done.stderr
    assert list(offline.glob("*.pack.json"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("new", "ours", "--key", "absent.key"), "there is no key here"),
        (("new", ".", "--key", "otters.key"), "nothing was changed"),
        (("check", "absent"), "sandbox submission new"),
        (("pack", "absent", "--key", "otters.key"), "the file is missing"),
        (("pack", "absent", "--key", "."), "there is no key here"),
    ],
)
def test_a_mistake_is_told_and_exits_with_1(words, told):
    done = run(*words, code=1)
    assert told in done.stderr and "Traceback" not in done.output


@pytest.mark.parametrize("words", [("pack", "ours"), ("new",), ("pack", "--key", "x")])
def test_half_a_command_exits_with_2(words):
    run(*words, code=2)
