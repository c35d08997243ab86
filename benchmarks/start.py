"""How soon `scripts/serve` shows its first page when all is set up and built."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from benchmarks.report import Goal, Row

SERVE = Path(__file__).resolve().parent.parent / "scripts" / "serve"
REPEATS = 3
MOST_SECONDS = 3.0
PATIENCE_SECONDS = 300


def measure() -> Iterator[Row | Goal]:
    """The first start builds the demo; of the later ones, the slowest counts."""
    with tempfile.TemporaryDirectory() as state:
        yield Row("start that builds the demo", _first_page(state), "s")
        later = [_first_page(state) for _ in range(REPEATS)]
    for seconds in later:
        yield Row("start with a fresh bundle", seconds, "s")
    yield Goal("second start to the first page", max(later), "at most", MOST_SECONDS, "s")


def _first_page(state: str) -> float:
    """Seconds from the command to the whole home page; NaN if it never comes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"SANDBOX_STATE": state}
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, SERVE, "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
    ) as server:
        try:
            while time.perf_counter() - began < PATIENCE_SECONDS:
                if _shows_home(port):
                    return time.perf_counter() - began
                try:
                    server.wait(0.01)  # the pause between two looks, cut short if it dies
                    break
                except subprocess.TimeoutExpired:
                    continue
            return float("nan")
        finally:
            server.terminate()


def _shows_home(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status == 200 and b"</html>" in answer.read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
