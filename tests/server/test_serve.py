"""`sandbox serve` as an organiser meets it: what it says, what stops it, and how it ends."""

import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from urllib.request import urlopen

import pytest

from sandbox.build import build
from sandbox.server import lan_address
from tests.serving import environment, served

pytestmark = pytest.mark.heavy
SERVE = [sys.executable, "-m", "sandbox", "serve"]


@pytest.fixture
def state(workspace, bundle, tmp_path):
    """A copy of the small demo's state, free to be damaged; its truth is gone."""
    copy = tmp_path / "state"
    shutil.copytree(workspace.state, copy)
    for truth in copy.glob("generations/*/truth"):
        shutil.rmtree(truth)
    return copy


def refused(state, *flags):
    """What `sandbox serve` says when it cannot start."""
    ended = subprocess.run(
        [*SERVE, *flags], env=environment(state), capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    (line,) = ended.stderr.strip().splitlines()
    return line


def test_it_starts_says_where_and_ends_cleanly(state, tmp_path):
    log = tmp_path / "log"
    with served(["-m", "sandbox", "serve"], environment(state), log) as url:
        assert urlopen(url).status == 200
        assert urlopen(f"{url}/data/sandbox/counties.json").status == 200
    assert f"is served at {url}/" in log.read_text()
    assert "answers" in log.read_text(), "the demo says loudly that its answers are public"


def test_lan_shows_an_address_and_a_code_to_scan(state, tmp_path):
    log = tmp_path / "log"
    with served(["-m", "sandbox", "serve", "--lan"], environment(state), log):
        pass
    assert f"http://{lan_address()}:" in log.read_text()
    assert "█" in log.read_text()


def test_a_taken_port_is_one_line_with_the_way_out(state):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refused(state, "--port", str(port))
    assert f"Port {port} is taken" in line
    assert f"--port {port + 1}" in line


def test_a_missing_bundle_is_one_line_with_the_way_out(tmp_path):
    assert "sandbox build" in refused(tmp_path / "nothing")


def test_a_cut_database_is_one_line(state):
    (database,) = state.glob("generations/*/bundle/sandbox.db")
    database.write_bytes(database.read_bytes()[: 64 * 1024])
    assert "sandbox.db" in refused(state)


def test_an_overwritten_database_is_one_line(state):
    (database,) = state.glob("generations/*/bundle/sandbox.db")
    database.write_bytes(b"not a database".ljust(database.stat().st_size, b"."))
    assert "sandbox.db" in refused(state)


def test_a_damaged_manifest_is_one_line(state):
    (manifest,) = state.glob("generations/*/bundle/manifest.json")
    manifest.write_text("{}")
    assert "manifest.json" in refused(state)


def test_a_new_bundle_is_taken_up_without_a_restart(workspace, state, tmp_path):
    log = tmp_path / "log"
    with served(["-m", "sandbox", "serve"], environment(state), log) as url:
        before = urlopen(f"{url}/healthz").read(), urlopen(f"{url}/data/").read()
        build(replace(workspace, state=state), scale=0.06)
        after = urlopen(f"{url}/healthz").read(), urlopen(f"{url}/data/").read()
    assert before[0] != after[0]
    assert before[1] != after[1], "the row counts on the page are the new ones"
