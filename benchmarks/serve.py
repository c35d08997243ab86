"""How many pages a second the explorer serves when asked again, beside bare Datasette."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from benchmarks.report import Goal, Row
from sandbox.build import build
from sandbox.bundle import Bundle, open_bundle
from sandbox.catalog import from_bundle
from sandbox.workspace import open_workspace

PAGES = {
    "database page": "/sandbox",
    "table page of 100,000 rows": "/sandbox/persons",
    "table as JSON": "/sandbox/persons.json?_size=100",
    "stored question": "/sandbox/largest-municipalities",
    "row page": "/sandbox/municipalities/0301",
}
READERS = 8
SECONDS = 1.5
ROUNDS = 3
PATIENCE_SECONDS = 60
LEAST_GAIN = 5
LEAST_MEDIAN_GAIN = 15


@dataclass(frozen=True)
class Peer:
    """A server, and what it puts before every path."""

    name: str
    port: int
    prefix: str = ""


def measure() -> Iterator[Row | Goal]:
    """Both servers in one process each, asked in turn; the median of the rounds counts."""
    bundle = open_bundle(build(open_workspace()))
    with tempfile.TemporaryDirectory() as folder, _both(bundle, Path(folder)) as (ours, bare):
        ratios = []
        for name, path in PAGES.items():
            taken = {peer: [_rate(peer, path) for peer in (ours, bare)] for peer in range(ROUNDS)}
            mine, theirs = (median(rates) for rates in zip(*taken.values(), strict=True))
            yield Row(f"{name}: bare Datasette", theirs, "pages/s")
            yield Row(f"{name}: ours", mine, "pages/s", mine / theirs)
            ratios.append(mine / theirs)
    yield Goal("the least gain over bare Datasette", min(ratios), "at least", LEAST_GAIN)
    yield Goal("the median gain over bare Datasette", median(ratios), "at least", LEAST_MEDIAN_GAIN)


@contextmanager
def _both(bundle: Bundle, folder: Path) -> Iterator[tuple[Peer, Peer]]:
    questions = {n: {"sql": q.sql} for n, (_, q) in from_bundle(bundle).questions.items()}
    metadata = folder / "metadata.json"
    metadata.write_text(json.dumps({"databases": {"sandbox": {"queries": questions}}}))
    bare = ["datasette", "serve", "-i", str(bundle.database), "-m", str(metadata),
            "--setting", "suggest_facets", "off"]  # fmt: skip
    with (
        _served(["sandbox", "serve"], "/healthz") as ours,
        _served(bare, "/-/versions.json") as theirs,
    ):
        yield Peer("ours", ours, "/data"), Peer("bare Datasette", theirs)


@contextmanager
def _served(module: list[str], sign_of_life: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", *module, "--port", str(port)]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=dict(os.environ))
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _answers(port, sign_of_life):
            if time.monotonic() > deadline or server.poll() is not None:
                raise RuntimeError(f"{module[0]} did not start")
        yield port
    finally:
        server.terminate()
        server.wait()


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _rate(peer: Peer, path: str) -> float:
    """Pages a second that READERS connections get between them, each asking again at once."""
    until = time.monotonic() + SECONDS
    counts = [0] * READERS

    def read(reader: int) -> None:
        connection = HTTPConnection("127.0.0.1", peer.port, timeout=PATIENCE_SECONDS)
        while time.monotonic() < until:
            connection.request("GET", peer.prefix + path)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{peer.name} answered {answer.status} to {path}")
            counts[reader] += 1
        connection.close()

    readers = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    began = time.monotonic()
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return sum(counts) / (time.monotonic() - began)
