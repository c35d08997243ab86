"""For every test: in CI (SANDBOX_CI=1) nothing is skipped; browser tests come last."""

import gc
import os
import shutil
from dataclasses import replace

import hypothesis
import pytest

from sandbox.build import build
from sandbox.bundle import open_bundle
from sandbox.catalog import from_bundle
from sandbox.state.database import migrate
from sandbox.workspace import open_workspace
from tests import postgres as postgresql

SMALL = 0.05
BOARDS = {"board", "board_of", "judged", "real", "mailing", "event_kept"}
SLOW = {"bundle", "whole_bundle"} | BOARDS
# Thousands of collected tests make each look for garbage long; a seventh of the time went there.
gc.set_threshold(100_000, 50, 50)
IN_CI = os.environ.get("SANDBOX_CI") == "1"
# No test asserts a time. CI tries the same examples each time, so that what it says of a change is
# about the change; a run of all elsewhere tries new ones.
hypothesis.settings.register_profile("kit", deadline=None, derandomize=IN_CI)
hypothesis.settings.register_profile("fast", deadline=None, max_examples=25)
hypothesis.settings.load_profile("kit")


def pytest_ignore_collect(collection_path, config):
    """Fast runs do not even import what is heavy as a whole: it brings libraries along."""
    if config.option.markexpr == "not heavy" and collection_path.suffix == ".py":
        return "\npytestmark = pytest.mark.heavy\n" in collection_path.read_text("utf-8") or None
    return None


@pytest.hookimpl(tryfirst=True)  # before -m chooses by marks
def pytest_collection_modifyitems(items):
    """What looks at the whole demo is heavy, since that takes seconds to build; so is what makes a
    board of its own, of which there are hundreds, but for the few that are marked swift.

    The browser's event loop runs until the session ends; no other test may find it running.
    """
    for item in items:
        asked = SLOW.intersection(item.fixturenames)
        if asked and not (asked <= BOARDS and item.get_closest_marker("swift")):
            item.add_marker("heavy")
    items.sort(key=lambda item: item.path.parent.name == "browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _no_skip((yield))


def _no_skip(report):
    """Turn a skip into a failure that carries the skip's own reason; expected failures stay."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"In CI nothing is skipped for want of an install. {reason}"
    return report


@pytest.fixture(scope="session")
def postgres():
    """The address of a PostgreSQL server that runs as long as the tests do.

    Its database `migrated` is what a new board's is like; copying it is faster than migrating.
    """
    if postgresql.program("initdb") is None:
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql")
    with postgresql.server() as address, postgresql.database(address, name="migrated") as new:
        migrate(new)
        yield address


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """Copies the file of a new board's database into a folder: faster than making one each time."""
    from sandbox.state.database import migrate

    file = tmp_path_factory.mktemp("migrated") / "board.sqlite"
    file.touch(mode=0o600)
    migrate(f"sqlite:///{file}")

    def into(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.environ.get("DATABASE_URL"):
            shutil.copy(file, folder / file.name)
        return folder

    return into


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.heavy)])
def database(request, monkeypatch):
    """Which database the board's state lies in: a file, and in the heavy tests PostgreSQL too."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if request.param == "sqlite":
        yield request.param
        return
    with postgresql.database(request.getfixturevalue("postgres"), "migrated") as address:
        monkeypatch.setenv("DATABASE_URL", address)
        yield request.param


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    """The demo, with its state in a folder of the tests' own."""
    return replace(open_workspace(), state=tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def bundle(workspace):
    """The demo's bundle, built once and small."""
    return open_bundle(build(workspace, scale=SMALL))


@pytest.fixture(scope="session")
def whole_bundle(tmp_path_factory):
    """The demo's bundle at scale 1, as the demo serves it; for heavy tests."""
    whole = replace(open_workspace(), state=tmp_path_factory.mktemp("whole"))
    return open_bundle(build(whole))


@pytest.fixture(scope="session")
def catalog(bundle):
    return from_bundle(bundle)
