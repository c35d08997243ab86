"""How many pages a second the explorer serves when asked again, beside bare Datasette."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.report import Goal, Row
from benchmarks.serving import rate, served
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
            taken = {n: [_rate(peer, path) for peer in (ours, bare)] for n in range(ROUNDS)}
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
        served(["sandbox", "serve"], "/healthz") as ours,
        served(bare, "/-/versions.json") as theirs,
    ):
        yield Peer("ours", ours.port, "/data"), Peer("bare Datasette", theirs.port)


def _rate(peer: Peer, path: str) -> float:
    return rate(peer.port, peer.prefix + path, readers=READERS, seconds=SECONDS)
