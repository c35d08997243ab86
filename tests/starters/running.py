"""A generated project in use: installed by its own commands, tested offline, and started."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

NOBODY = "http://127.0.0.1:9/"  # where nothing listens
LOOPBACK_ONLY = """
import socket, sys, unittest
connect = socket.socket.connect
def guarded(self, address):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
        sys.exit(f"a test asked for {address}")
    return connect(self, address)
socket.socket.connect = guarded
socket.getaddrinfo = lambda host, *a, **k: sys.exit(f"a test looked up {host}")
unittest.main(module=None, argv=["unittest"])
"""


def install(project: Path, commands: tuple[str, ...]) -> None:
    """Type all but the last of a starter's commands; the last one starts it and does not end."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in commands[:-1]:
        done = subprocess.run(
            shlex.split(command),
            cwd=project,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def run_own_tests(project: Path) -> str:
    """Run the project's tests where no other host can be reached; what they print."""
    python = project / ".venv" / "bin" / "python"
    alone = ["unshare", "--net"]
    try:
        possible = subprocess.run([*alone, "true"], capture_output=True).returncode == 0
    except OSError:
        possible = False
    command = [*(alone if possible else []), str(python), "-W", "error", "-c", LOOPBACK_ONLY]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


@contextmanager
def running(project: Path, command: str, sandbox_url: str, log: Path) -> Iterator[str]:
    """Start the project by its last command until the block ends; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"PORT": str(port), "SANDBOX_URL": sandbox_url}
    with log.open("wb") as output:
        server = subprocess.Popen(
            shlex.split(command), cwd=project, env=environment, stdout=output, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        while not _answers(f"{url}/healthz"):
            assert time.monotonic() < deadline, log.read_text()
            try:
                server.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(log.read_text())
        yield url
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False
