"""A server to be measured, in a process of its own, and connections that ask it for pages."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Server:
    """Where it listens, and as which process."""

    port: int
    process: int


@contextmanager
def served(
    module: Sequence[str], sign_of_life: str, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """`python -m module… --port …` from the moment it answers until the block ends."""
    port = free_port()
    server = start(module, port, environment)
    try:
        wait_for(server, port, sign_of_life)
        yield Server(port, server.pid)
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    module: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", *module, "--port", str(port)]
    quiet = subprocess.DEVNULL
    given = {**os.environ, **(environment or {})}
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, env=given)


def wait_for(server: subprocess.Popen[bytes], port: int, sign_of_life: str) -> None:
    """Until it answers 200 there; RuntimeError if it ends, or does not in PATIENCE_SECONDS."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _answers(port, sign_of_life):
        if time.monotonic() > deadline or server.poll() is not None:
            raise RuntimeError(f"the server on port {port} did not start")


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def rate(
    port: int, path: str, *, readers: int, seconds: float, headers: Mapping[str, str] | None = None
) -> float:
    """Pages a second that `readers` connections get between them, each asking again at once."""
    until = time.monotonic() + seconds
    counts = [0] * readers
    wrong: list[int] = []

    def read(reader: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        while time.monotonic() < until and not wrong:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                wrong.append(answer.status)
            counts[reader] += 1
        connection.close()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(readers)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(f"{path} answered {wrong[0]}")
    return sum(counts) / (time.monotonic() - began)


def processor_seconds(process: int) -> float:
    """What a process has used of the processors, in all its threads, by itself and the system for
    it (Linux; told by the hundredth second)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
