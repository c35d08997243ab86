"""A small event with two real datasets, its explorer, and a client that asks it."""

import asyncio
from dataclasses import replace

import pytest

from sandbox.build import build
from sandbox.bundle import open_bundle
from sandbox.catalog import from_bundle
from sandbox.workspace import KIT, open_workspace
from tests.explore.asking import Client


@pytest.fixture(scope="session")
def small_workspace(tmp_path_factory):
    """The demo with `norway` and `population` alone, small, in folders of the tests' own."""
    kit = tmp_path_factory.mktemp("kit")
    (kit / "datasets").mkdir()
    for slug in ("norway", "population"):
        (kit / "datasets" / slug).symlink_to(KIT / "datasets" / slug)
    made = replace(open_workspace(), kit=kit, state=tmp_path_factory.mktemp("state"))
    build(made, scale=0.02)
    return made


@pytest.fixture(scope="session")
def small_bundle(small_workspace):
    return open_bundle(small_workspace.current_bundle())


@pytest.fixture(scope="session")
def small_catalog(small_bundle):
    return from_bundle(small_bundle)


@pytest.fixture(scope="session")
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def explorer(small_bundle, small_catalog, small_workspace, loop):
    from sandbox.explore import open_explorer

    opened = loop.run_until_complete(
        open_explorer(small_bundle, small_catalog, small_workspace.event)
    )
    yield opened
    opened.retire()


@pytest.fixture(scope="session")
def client(explorer, loop):
    """Addresses are below /data: client.get("/sandbox/municipalities.json")."""
    return Client(explorer, loop)
