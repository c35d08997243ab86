"""The commands that look after what the board keeps: the first organiser, backup, restore."""

import re
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from sandbox import cli
from sandbox.state import open_state
from sandbox.state.people import Account, Pass, Role
from sandbox.state.records import Audit
from sandbox.workspace import open_workspace
from tests.events import valid_event
from tests.serving import environment, served


@pytest.fixture
def event(monkeypatch, tmp_path):
    for name in ("SANDBOX_EVENT", "SANDBOX_STATE", "SANDBOX_NOW", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    valid_event(tmp_path / "event")
    return tmp_path / "event"


def run(*words, event, code=0, **more):
    done = CliRunner().invoke(cli.main, [*map(str, words), "--event", str(event)], **more)
    assert done.exit_code == code, done.output
    return done.output


def everybody(event):
    state = open_state(open_workspace(event))
    with state.read() as reader:
        found = {a.email: {held.role for held in a.roles} for a in reader.scalars(select(Account))}
    state.close()
    return found


def test_the_first_organiser_is_made_here_and_comes_in_by_a_link_that_works_once(event):
    told = run("event", "organiser", " Kari@Example.org ", event=event)
    assert everybody(event) == {"kari@example.org": {Role.ORGANISER}}
    (token,) = re.findall(r"/sign-in/link/(\S{43})", told)
    again = run("event", "organiser", "kari@example.org", event=event)
    assert token not in again
    state = open_state(open_workspace(event))
    with state.read() as reader:
        ended = [bool(p.ended_at) for p in reader.scalars(select(Pass).order_by(Pass.id))]
        assert ended == [True, False], "the newest link alone works"
        assert [a.act for a in reader.scalars(select(Audit))] == ["role.grant"]
    state.close()


def test_what_is_no_address_is_told(event):
    told = run("event", "organiser", "kari", event=event, code=1)
    assert "'kari' is no e-mail address" in told and "Traceback" not in told


def test_a_backup_is_put_back_after_a_yes_and_what_was_there_is_kept(event, tmp_path):
    run("event", "organiser", "kari@example.org", event=event)
    told = run("event", "backup", tmp_path / "b.zip", event=event)
    assert "keep it where only you can read it" in told
    run("event", "organiser", "ola@example.org", event=event)
    run("event", "restore", tmp_path / "b.zip", event=event, code=1, input="n\n")
    assert set(everybody(event)) == {"kari@example.org", "ola@example.org"}
    told = run("event", "restore", tmp_path / "b.zip", event=event, input="y\n")
    assert set(everybody(event)) == {"kari@example.org"}
    kept = re.search(r"before is in (\S+)", told)[1]
    run("event", "restore", kept, "--yes", event=event)
    assert set(everybody(event)) == {"kari@example.org", "ola@example.org"}


@pytest.mark.heavy
def test_backup_and_restore_while_the_board_is_served(workspace, bundle, tmp_path, database):
    """In processes of their own, as on an organiser's machine."""
    state = tmp_path / "state"
    shutil.copytree(workspace.state, state)
    told = environment(state)

    def sandbox(*words):
        command = [sys.executable, "-m", "sandbox", "event", *words]
        done = subprocess.run(command, env=told, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    from urllib.request import urlopen

    with served(["-m", "sandbox", "serve"], told, tmp_path / "log") as url:
        link = re.search(r"/sign-in/link/\S+", sandbox("organiser", "kari@example.org"))[0]
        page = urlopen(url + link).read().decode()
        assert "kari@example.org" in page
        sandbox("backup", str(tmp_path / "b.zip"))
        sandbox("organiser", "kari@example.org")  # ends that link
        with pytest.raises(OSError, match="410"):
            urlopen(url + link)
        sandbox("restore", str(tmp_path / "b.zip"), "--yes")
        assert "kari@example.org" in urlopen(url + link).read().decode()
