"""From a file that is handed in to its place, and to a second look by the judge."""

import json

import pytest
from sqlalchemy import select

from sandbox.board.jobs import run_due
from sandbox.state.scores import AnswerFile
from tests.board.client import Client
from tests.board.scores import making
from tests.board.visitors import visitor

pytestmark = pytest.mark.heavy
BOARD = f"/challenges/{making.SLUG}/leaderboard"


def places(app):
    rows = json.loads(Client(app).raw(f"{BOARD}.json").data)["rows"]
    return {row["team"]: (row["rank"], row["score"]["value"]) for row in rows if row["team"]}


def hand_in(client, app, **what):
    making.upload(client, making.content(app, **what))
    run_due(app)


def test_a_file_that_is_handed_in_has_its_place_and_keeps_it_when_it_is_scored_again(judged):
    _, otters = making.crew(judged, "otters")
    _, foxes = making.crew(judged, "foxes")
    hand_in(otters, judged, right=10**9)
    hand_in(foxes, judged, right=0)
    before = places(judged)
    assert before["otters"] == (1, 100.0) and before["foxes"][0] == 2
    boss = visitor(judged, "boss@example.org", roles=["organiser"])
    with judged.extensions["state"].read() as reader:
        number = reader.scalar(select(AnswerFile.id).order_by(AnswerFile.id))
    page = f"/organiser/scores/{making.SLUG}/files/{number}/"
    boss.post(f"{page}again", {"submit": "1"}, form=page)
    assert "otters" not in places(judged)
    run_due(judged)
    assert places(judged) == before
