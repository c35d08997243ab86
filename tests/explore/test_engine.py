"""What an explorer refuses to open, and what it leaves of Datasette's own inside."""

import asyncio
import shutil
import sqlite3

import pytest
from datasette.app import Datasette

from sandbox.bundle import open_bundle
from sandbox.errors import BundleError
from sandbox.explore import Explorer, open_explorer
from tests.explore.asking import Client


@pytest.fixture
def copy(small_bundle, tmp_path):
    shutil.copytree(small_bundle.path, tmp_path / "bundle")
    return open_bundle(tmp_path / "bundle")


def open_it(copy, small_catalog, small_workspace):
    return Explorer(copy, small_catalog, small_workspace.event)


def test_a_file_that_is_no_database_is_said_at_once(copy, small_catalog, small_workspace):
    copy.database.write_bytes(b"x" * copy.database.stat().st_size)
    with pytest.raises(BundleError, match=r"not a database.*sandbox build"):
        open_it(copy, small_catalog, small_workspace)


def test_a_table_that_is_missing_is_said_at_once(copy, small_catalog, small_workspace):
    with sqlite3.connect(copy.database) as db:
        db.execute("drop table municipality_names")
    with pytest.raises(BundleError, match="municipality_names"):
        open_it(copy, small_catalog, small_workspace)


def test_only_the_bundles_database_is_open(copy, small_catalog, small_workspace):
    explorer = open_it(copy, small_catalog, small_workspace)
    assert list(explorer.databases) == ["sandbox"]
    assert not explorer.databases["sandbox"].is_mutable
    explorer.close()


@pytest.mark.heavy
def test_a_datasette_of_another_kind_keeps_its_error_pages(loop):
    other = Datasette(memory=True)
    answer = loop.run_until_complete(other.client.get("/nothing"))
    assert answer.status_code == 404
    assert "Powered by" in answer.text


def test_a_retired_explorer_lets_the_file_go_after_its_last_answer(
    copy, small_catalog, small_workspace, loop
):
    opened = loop.run_until_complete(open_explorer(copy, small_catalog, small_workspace.event))
    client = Client(opened, loop)

    async def retire_meanwhile():
        asking = asyncio.create_task(client.ask("/sandbox/persons"))
        while not opened.in_use:
            await asyncio.sleep(0)
        opened.retire()
        return await asking

    assert loop.run_until_complete(retire_meanwhile()).status == 200
    with pytest.raises(RuntimeError, match="shutdown"):
        opened.explorer.executor.submit(print)
