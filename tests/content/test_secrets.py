"""Nothing that a reader can reach says anything of a real event's seed."""

import base64
import os
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

import pyarrow.parquet
import pytest

from sandbox.build.reveal import reveal
from sandbox.bundle import open_bundle, sha256
from sandbox.workspace import new_event, open_workspace
from tests.serving import served

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def event(tmp_path_factory):
    return open_workspace(new_event(tmp_path_factory.mktemp("events") / "spring-event"))


@pytest.fixture(scope="module")
def built(event):
    """The event's bundle, and everything its build printed."""
    command = [sys.executable, "-m", "sandbox.cli", "build", "--scale", "0.05"]
    made = subprocess.run(
        [*command, "--event", str(event.folder)], capture_output=True, text=True, check=True
    )
    return open_bundle(event.current_bundle()), made.stdout + made.stderr


@pytest.fixture(scope="module")
def spellings(event):
    """Every secret in every way it may be spelt."""
    found = []
    for secret in (event.seed, event.salt, event.session_key):
        number = int.from_bytes(secret, "big")
        found += [
            secret,
            secret.hex().encode(),
            secret.hex().upper().encode(),
            str(number).encode(),
            str(int.from_bytes(secret, "little")).encode(),
            base64.b64encode(secret).rstrip(b"="),
            base64.urlsafe_b64encode(secret).rstrip(b"="),
        ]
    return found


def test_no_file_of_the_bundle_holds_a_secret(built, spellings):
    bundle, _ = built
    for path in bundle.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(spelling in content for spelling in spellings), path.name


def test_no_file_of_the_bundle_tells_what_an_unsalted_hash_would(built, event):
    """Whoever guesses the words of a hidden file could be sure of the guess by its plain hash."""
    bundle, _ = built
    told = (bundle.path / "manifest.json").read_text()
    hidden = [f for f in event.current_truth().rglob("*") if f.is_file()]
    hidden += [f for f in (event.kit / "challenges").rglob("*") if f.name == "answers.sql"]
    assert hidden
    assert not any(sha256(file) in told for file in hidden)


def test_no_compressed_cell_holds_a_secret(built, spellings):
    bundle, _ = built
    for path in bundle.path.rglob("*.parquet"):
        table = pyarrow.parquet.read_table(path)
        for batch in table.to_batches():
            for column in batch.columns:
                for buffer in filter(None, column.buffers()):
                    assert not any(s in buffer.to_pybytes() for s in spellings), path.name


def test_the_build_says_no_secret(built, spellings):
    _, said = built
    assert said
    assert not any(spelling in said.encode() for spelling in spellings)


def test_the_manifest_commits_to_the_seed_without_naming_it(built, event):
    bundle, _ = built
    assert bundle.manifest.seed is None
    assert len(bundle.manifest.seed_commitment) == 64
    assert all(len(salted) == 64 for salted in bundle.manifest.truth.values())
    assert bundle.manifest.truth


def test_another_seed_gives_other_persons(built, bundle):
    real, _ = built
    name = "SELECT given_name || family_name FROM persons ORDER BY person_id LIMIT 50"
    assert real.connect().execute(name).fetchall() != bundle.connect().execute(name).fetchall()


def test_what_is_hidden_lies_outside_the_bundle(built, event):
    bundle, _ = built
    truth = event.current_truth()
    assert not truth.is_relative_to(bundle.path)
    for challenge in event.folders("challenges"):
        assert (truth / challenge / "answers.csv").is_file()
        assert not bundle.has(f"challenges/{challenge}/answers.csv")
        assert not (bundle.path / "challenges" / challenge / "answers.sql").exists()


def test_no_page_and_no_log_holds_a_secret_even_when_it_is_revealed(
    built, event, spellings, tmp_path
):
    """The organiser, not the board, decides where what was revealed is published."""
    log = tmp_path / "log"
    revealed = reveal(event, confirmed=True)
    assert any(spelling in (revealed / "revealed.json").read_bytes() for spelling in spellings)
    pages = [
        "/revealed/",
        "/revealed/revealed.json",
        "/../revealed/revealed.json",
        "/data/../revealed/revealed.json",
        "/datasets/population/files/../../../../../../../revealed/revealed.json",
        "/",
        "/challenges/data-quality-hunt/",
        "/challenges/same-day-permit/",
        "/datasets/building-permits/",
        "/starters/web-app/",
        "/healthz",
        "/nothing-here",
        "/data/",
        "/data/sandbox",
        "/data/sandbox/applications",
        "/data/-/metadata.json",
        "/data/sandbox?sql=select+nothing",
    ]
    arguments = ["-m", "sandbox", "serve", "--event", str(event.folder)]
    with served(arguments, dict(os.environ), log) as url:
        for page in pages:
            try:
                body, headers = read(urlopen(url + page))
            except HTTPError as refused:
                body, headers = read(refused)
            assert not any(spelling in body + headers for spelling in spellings), page
    assert not any(spelling in log.read_bytes() for spelling in spellings)


def read(answer):
    return answer.read(), str(answer.headers).encode()
