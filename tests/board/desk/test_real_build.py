"""A whole build from the browser, by the real command: the new data is there, or nothing is."""

import json
import shutil

import pytest

from sandbox.board import create_app, jobs
from sandbox.build import build
from sandbox.state import open_state
from sandbox.workspace import new_event, open_workspace
from tests.board.visitors import visitor

pytestmark = pytest.mark.heavy
PAGE = "/organiser/build/"


@pytest.fixture
def served(tmp_path):
    """An event of open data alone, built, and an organiser in it."""
    folder = new_event(tmp_path / "event")
    text = (folder / "event.toml").read_text()
    for kind in ("datasets", "challenges", "starters"):
        chosen = '["norway"]' if kind == "datasets" else "[]"
        text = text.replace(f'{kind} = "all"', f"{kind} = {chosen}")
    (folder / "event.toml").write_text(text)
    workspace = open_workspace(folder)
    build(workspace)
    app = create_app(workspace, state=open_state(workspace))
    yield workspace, app, visitor(app, roles=["organiser"])
    app.extensions["state"].close()


def test_a_change_of_choice_is_there_after_the_build_and_not_before(served):
    workspace, app, client = served
    text = (workspace.folder / "event.toml").read_text()
    (workspace.folder / "event.toml").write_text(text.replace('["norway"]', '["population"]'))
    assert "population" in client.get(PAGE).text
    client.raw("/datasets/population/")
    assert client.raw("/datasets/population/").status_code == 404
    client.post(PAGE, {"scale": "0.1"})
    assert jobs.run_due(app) == 1
    page = client.get(PAGE)
    assert "The last build is done" in page.text
    assert "0.1 times as described" in page.text
    assert "population: drawing" in page.text
    assert client.get("/datasets/population/")


def test_a_failed_build_tells_where_it_fails_and_the_old_data_stays(served):
    workspace, app, client = served
    before = json.loads(client.raw("/healthz").text)["bundle"]
    own = workspace.folder / "datasets" / "norway"
    shutil.copytree(workspace.kit / "datasets" / "norway", own)
    text = (own / "dataset.yml").read_text(encoding="utf-8")
    (own / "dataset.yml").write_text(text.replace("origin: open", "origin: opened"), "utf-8")
    client.post(PAGE, {"scale": ""})
    assert jobs.run_due(app) == 1
    page = client.get(PAGE)
    assert "The last build failed" in page.text
    assert "datasets/norway/dataset.yml:" in page.text
    assert "origin is not right" in page.text
    assert json.loads(client.raw("/healthz").text)["bundle"] == before
