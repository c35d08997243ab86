"""Answers by programs: handed in as CSV, asked for until they are scored."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox import clock
from sandbox.board.jobs import run_due
from sandbox.board.people.tokens import SCOPES
from sandbox.board.scores import answers
from tests.board.programs import V1, Program, program, token
from tests.board.scores.making import SLUG, SlowBody, closes, content, decide, files, scored, team

pytestmark = pytest.mark.heavy
PATH = f"/challenges/{SLUG}/answers"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def robot(judged):
    _, member = team(judged)
    return Program(judged, token(judged, member))


def hand_in(robot, sent, *, key=None, status=201, kind="text/csv"):
    headers = {"Content-Type": kind} | ({"Idempotency-Key": key} if key else {})
    return robot._read(robot.send("POST", PATH, data=sent, headers=headers), status)


def test_a_file_is_handed_in_and_asked_for_until_it_is_scored(judged, robot):
    made = hand_in(robot, content(judged))
    assert (made["number"], made["state"]) == (1, "received")
    assert made["wait"] == {"ahead": 0, "seconds": 1, "stands": False}
    run_due(judged)
    told = robot.get(f"{PATH}/1")
    assert told["state"] == "scored" and told["improves"] is True
    assert told["public"]["score"] == 100 and told["wait"] is None
    listed = robot.get(PATH)
    assert (listed["attempts_left"], listed["attempts_daily"], listed["open"]) == (9, 10, True)
    assert [one["number"] for one in listed["items"]] == [1]


def test_nothing_tells_of_the_private_part(judged, robot):
    decide(judged, ladder=False)
    hand_in(robot, content(judged, public_right=99))
    run_due(judged)
    file, told = files(judged)[0], robot.send("GET", f"{PATH}/1").get_data(as_text=True)
    assert file.private["ungated"] == 0 and f"{file.whole['ungated']}"[:5] not in told
    assert "private" not in told and "whole" not in told


def test_what_is_wrong_comes_with_its_line(judged, robot):
    hand_in(robot, content(judged, right=0).replace(b"999", b"many", 1))
    run_due(judged)
    told = robot.get(f"{PATH}/1")
    assert told["state"] == "refused"
    assert (told["problems"][0]["line"], told["problems"][0]["found"]) == (2, "many")
    assert robot.get(PATH)["attempts_left"] == 10


def test_the_same_key_and_the_same_file_again_are_answered_as_they_stand(judged, robot):
    sent = content(judged)
    first = hand_in(robot, sent, key="try-1")
    assert hand_in(robot, sent, key="try-1") == first
    assert hand_in(robot, sent, key="try-2")["number"] == 1
    assert hand_in(robot, content(judged, right=1), key="try-1")["number"] == 2
    assert "visible ASCII" in str(hand_in(robot, sent, key="a b", status=422))


def test_limits_and_times_are_told_as_conflicts(judged, robot):
    decide(judged, daily=1)
    hand_in(robot, content(judged, right=1))
    assert "the next day begins" in str(hand_in(robot, content(judged), status=409))
    closes(judged, clock.now() - timedelta(seconds=1))
    assert "the challenge is closed" in str(hand_in(robot, content(judged), status=409))
    assert robot.get(PATH)["open"] is False


def test_too_many_files_are_told_to_wait(judged, robot, monkeypatch):
    monkeypatch.setattr(answers, "TRIES", (replace(answers.TRIES[0], times=2),))
    with clock.fixed(clock.now()):
        for sent in (b"a", b"b"):
            hand_in(robot, sent, key=sent.decode())
        headers = robot.headers | CSV
        refused = robot.flask.post(V1 + PATH, headers=headers, data=b"c")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
    assert refused.get_json()["detail"] == "At most 2 in 15 minutes."
    assert hand_in(robot, b"b", key="b")["number"] == 2
    assert len(files(judged)) == 2


def test_what_is_sent_as_something_else_or_is_too_large_is_told(judged, robot):
    hand_in(robot, "{}", status=415, kind="application/json")
    told = robot.flask.post(
        V1 + PATH,
        headers=robot.headers | CSV,
        environ_overrides={"CONTENT_LENGTH": "130000000"},
    )
    assert told.status_code == 413
    assert "130000000 bytes; at most 4000000" in told.get_json()["detail"]


def test_it_takes_a_token_with_the_scope_and_a_team(judged, robot):
    reader = program(judged, "reader@example.org", scopes=["read"])
    hand_in(reader, b"a", status=403)
    lone = program(judged, "lone@example.org", scopes=list(SCOPES))
    assert "no team" in str(hand_in(lone, b"a", status=409))
    lone.get(PATH, status=409)
    hand_in(Program(judged), b"a", status=401)


def test_the_files_of_other_teams_do_not_exist(judged, robot):
    other, _ = team(judged, "ferrets")
    scored(judged, other, content(judged))
    assert robot.get(PATH)["items"] == []
    robot.get(f"{PATH}/1", status=404)


def test_a_slow_program_keeps_nobody_from_writing(judged, robot):
    slow = SlowBody(judged, b"abc")
    answer = robot.flask.post(
        V1 + PATH,
        headers=robot.headers | CSV,
        environ_overrides={"wsgi.input": slow, "CONTENT_LENGTH": "3"},
    )
    assert answer.status_code == 201 and slow.written
