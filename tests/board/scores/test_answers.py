"""Files of answers: taken in within limits and deadline, and what is told of each."""

import pytest

from sandbox.board.jobs import run_due
from sandbox.state.scores import Scoring
from tests.board.scores.making import HOME, content, crew, files, said, send, team, upload

pytestmark = pytest.mark.heavy


def test_a_file_is_handed_in_scored_and_shown_with_its_public_score_alone(judged):
    _, client = crew(judged)
    page = client.get(HOME)
    assert "10 of 10 attempts are left today" in said(page)
    answer = upload(client, content(judged))
    assert answer.location == HOME + "1/"
    waiting = client.get(answer.location)
    assert "It is next, and takes about 1 s." in said(waiting)
    assert run_due(judged) == 1
    [file] = files(judged)
    assert (file.state, file.number, file.improves) == (Scoring.SCORED, 1, True)
    shown = client.get(answer.location)
    assert "Public score 100" in said(shown)
    print(said(shown))
    print(said(client.get(HOME)))
