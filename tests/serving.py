"""A server in a process of its own: waited for by its /healthz, and ended by SIGTERM."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

START_SECONDS = 60
STOP_SECONDS = 15


def environment(state):
    """This process's environment, with the demo's state in a folder of the tests' own."""
    return os.environ | {"SANDBOX_STATE": str(state), "PYTHONUNBUFFERED": "1"}


@contextmanager
def served(arguments, environment, log):
    """Run a server until the block ends; it must come up in time and end cleanly on SIGTERM."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, *arguments, "--port", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(server, f"{url}/healthz", log)
        yield url
        server.send_signal(signal.SIGTERM)
        code = server.wait(STOP_SECONDS)
        assert code == 0, f"SIGTERM ended the server with {code}:\n{log.read_text()}"
    finally:
        server.kill()
        server.wait()


def _wait_until_healthy(server, url, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=5) as answer:
                assert answer.status == 200
                return
        except URLError:
            pass
        try:
            code = server.wait(0.05)  # the pause between two looks, cut short if it dies
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"The server ended with {code}:\n{log.read_text()}")
    raise AssertionError(f"No answer from {url} in {START_SECONDS} s:\n{log.read_text()}")
