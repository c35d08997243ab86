"""The desk of scores: rules, freeze, results and single files, each act on record."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.local_time import written
from sandbox.state.people import Role
from sandbox.state.records import Audit, Job
from sandbox.state.scores import AnswerFile, Leaderboard, Scoring
from sandbox.state.teams import Grace
from sandbox.state.topics import ChallengeState
from tests.board.client import Client
from tests.board.scores.files import SLUG, decide, hand_in, team
from tests.board.visitors import visitor

DESK, BOARD = f"/organiser/scores/{SLUG}/", f"/challenges/{SLUG}/leaderboard/"
RULES = {"daily": "10", "finals": "2", "ladder": "y"}


@pytest.fixture
def boss(board):
    return visitor(board, "boss@example.org", roles=[Role.ORGANISER])


def acts(app):
    with app.extensions["state"].read() as reader:
        found = reader.scalars(select(Audit).where(Audit.about != "event").order_by(Audit.id))
        return [(act.act, act.about, act.detail) for act in found]


def row(app):
    with app.extensions["state"].read() as reader:
        return reader.get(Leaderboard, SLUG)


def file(app, number):
    with app.extensions["state"].read() as reader:
        return reader.get_one(AnswerFile, number)


def closed(app):
    """Close the challenge an hour ago."""
    then = clock.now() - timedelta(hours=1)
    with app.extensions["state"].write() as writer:
        times = {"opens_at": then - timedelta(hours=1), "closes_at": then}
        writer.add(ChallengeState(slug=SLUG, published_at=then, withdrawn_why="", **times))


def typed(app, moment):
    return written(moment, app.extensions["served"].workspace.event.zone)


def test_rules_change_freely_before_the_first_score_and_with_a_second_yes_after_it(board, boss):
    boss.post(f"{DESK}rules", RULES | {"daily": "5"}, form=DESK)
    hand_in(board, team(board, "Otters"), 60.0)
    assert "Changed since" not in Client(board).get(BOARD).text
    refused = boss.post(f"{DESK}rules", RULES | {"daily": "3"}, form=DESK, status=422)
    assert "scored under the old rules" in refused.text and row(board).daily == 5
    boss.post(f"{DESK}rules", {"daily": "3", "finals": "2", "sure": "y"}, form=DESK)
    assert (row(board).daily, row(board).ladder) == (3, False)
    told = Client(board).get(BOARD).text
    assert "files a day: 5 before, now 3" in told
    assert "now each team stands with its best file" in told
    assert [detail["told"] for act, _, detail in acts(board) if act == "leaderboard.changed"] == [
        False, True
    ]  # fmt: skip


def test_numbers_that_make_no_sense_are_refused_with_everything_kept(boss):
    page = boss.post(f"{DESK}rules", {"daily": "0", "finals": "99"}, form=DESK, status=422)
    assert "from 1 to 1000" in page.text and "from 1 to 10." in page.text
    values = {field.get("name"): field.get("value") for field in page.all("input")}
    assert (values["daily"], values["finals"]) == ("0", "99")


def test_a_freeze_is_set_for_now_or_ahead_ended_and_on_record(board, boss):
    boss.post(f"{DESK}freeze", {"now": "1"}, form=DESK)
    assert row(board).frozen_at <= clock.now()
    assert "The leaderboard is frozen" in boss.get(BOARD).text
    boss.post(f"{DESK}thaw", {"submit": "1"}, form=DESK)
    assert row(board).frozen_at is None
    ahead = clock.now() + timedelta(hours=2)
    until = ahead + timedelta(hours=1)
    sent = {"at": typed(board, ahead), "until": typed(board, until), "later": "1"}
    boss.post(f"{DESK}freeze", sent, form=DESK)
    assert abs(row(board).frozen_at - ahead) < timedelta(minutes=1)
    assert abs(row(board).thaws_at - until) < timedelta(minutes=1)
    assert [act for act, *_ in acts(board) if act.startswith("leaderboard.")] == [
        "leaderboard.frozen", "leaderboard.thawed", "leaderboard.frozen"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "until", "said"),
    [
        (None, None, "Write from when on"),
        (-1, None, "That is over"),
        (2, 1, "It would end before it begins"),
    ],
)
def test_a_freeze_that_makes_no_sense_is_refused(board, boss, hours, until, said):
    now = clock.now()
    sent = {"later": "1"}
    if hours:
        sent["at"] = typed(board, now + timedelta(hours=hours))
    if until:
        sent["until"] = typed(board, now + timedelta(hours=until))
    assert said in boss.post(f"{DESK}freeze", sent, form=DESK, status=422).text
    assert row(board) is None


def test_results_are_published_when_the_list_holds_and_withdrawn_with_a_reason(board, boss):
    closed(board)
    hand_in(board, team(board, "Otters"), 60.0, 55.5)
    page = boss.get(DESK)
    assert "Look at this" not in page.text and "55.5" in page.text
    boss.post(f"{DESK}publish", {"submit": "1"}, form=DESK)
    assert "55.5" in Client(board).get(f"/challenges/{SLUG}/results/").text
    boss.post(f"{DESK}publish", {"panel": "Well done.", "save": "1"}, form=DESK)
    assert "Well done." in Client(board).get(f"/challenges/{SLUG}/results/").text
    boss.post(f"{DESK}withdraw", {"why": ""}, form=DESK, status=422)
    boss.post(f"{DESK}withdraw", {"why": "A file was missing."}, form=DESK)
    assert "55.5" not in Client(board).get(f"/challenges/{SLUG}/results/").text
    told = [(act, detail) for act, about, detail in acts(board) if about == SLUG]
    assert told == [
        ("results.published", {"lacks": [], "reason": ""}),
        ("results.panel", {}),
        ("results.withdrawn", {"why": "A file was missing."}),
    ]


def test_what_is_missing_is_listed_and_needs_a_reason(board, boss):
    one, two = team(board, "One"), team(board, "Two")
    hand_in(board, one, 60.0, 50.0, around=5.0)
    hand_in(board, two, 60.0, 49.0, around=5.0)
    hand_in(board, one, 0.0, number=2, state=Scoring.FAILED)
    hand_in(board, one, 0.0, number=3, state=Scoring.RECEIVED)
    hand_in(board, two, 80.0, number=2, truth="of another build")
    text = boss.get(DESK).text
    for said in ("no closing time", "still wait for their score: 1", "scoring failed: 1",
                 "other hidden answers: 1", "share the first place: 2"):  # fmt: skip
        assert said in text, said
    refused = boss.post(f"{DESK}publish", {"panel": "One."}, form=DESK, status=422)
    assert "Write why they are published so" in refused.text
    assert row(board) is None
    boss.post(f"{DESK}publish", {"panel": "One.", "reason": "The train leaves."}, form=DESK)
    (_, _, detail) = acts(board)[-1]
    assert detail == {"lacks": ["deadline", "scored", "failed", "current"],
                      "reason": "The train leaves."}  # fmt: skip


def test_a_team_with_more_time_keeps_the_deadline_open(board, boss):
    closed(board)
    now = clock.now()
    with board.extensions["state"].write() as writer:
        writer.add(Grace(team_id=team_in(writer), challenge=SLUG, until=now + timedelta(hours=1),
                         why="no Wi-Fi", given_at=now))  # fmt: skip
    assert "not over yet for everybody" in boss.get(DESK).text


def team_in(writer):
    from sandbox.state.teams import Team

    made = Team(slug="late", name="Late", code_hash="late", made_at=clock.now())
    writer.add(made)
    writer.flush()
    return made.id


def test_a_file_is_set_aside_with_a_reason_and_put_back(board, boss):
    number = hand_in(board, team(board, "Otters"), 60.0)
    page = f"{DESK}files/{number}/"
    boss.post(f"{page}aside", {"why": " "}, form=page, status=422)
    boss.post(f"{page}aside", {"why": "It reads row numbers."}, form=page)
    assert file(board, number).set_aside_why == "It reads row numbers."
    assert "Otters" not in Client(board).get(BOARD).text
    boss.post(f"{page}back", {"submit": "1"}, form=page)
    assert "Otters" in Client(board).get(BOARD).text
    assert [act for act, about, _ in acts(board) if about == f"answers {number}"] == [
        "answers.set_aside", "answers.put_back"
    ]  # fmt: skip
    assert "row numbers" not in str(acts(board))  # the reason is the team's, not the log's


def test_a_file_is_scored_again_once_however_often_it_is_asked(board, boss):
    number = hand_in(board, team(board, "Otters"), 60.0, final_at=clock.now())
    page = f"{DESK}files/{number}/"
    for _ in range(2):
        boss.post(f"{page}again", {"submit": "1"}, form=page)
    found = file(board, number)
    assert (found.state, found.public, found.scored_at) == (Scoring.RECEIVED, {}, None)
    assert found.final_at is not None
    with board.extensions["state"].read() as reader:
        assert len(reader.scalars(select(Job)).all()) == 1


def test_files_are_listed_by_state_and_leave_as_csv_and_json(board, boss):
    otters = team(board, "Otters")
    hand_in(board, otters, 60.0, 44.25)
    told = {"problems": [{"what": "a key is missing", "line": 3}]}
    hand_in(board, otters, 0.0, number=2, state=Scoring.REFUSED, told=told)
    assert "Otters, 2" not in boss.get(f"{DESK}files?state=scored").text
    assert "Otters, 2" in boss.get(f"{DESK}files?state=refused").text
    assert "No file here" in boss.get(f"{DESK}files?state=failed").text
    body = boss.raw(f"{DESK}files.csv").get_data(as_text=True).removeprefix("\ufeff")
    first, second = csv.DictReader(io.StringIO(body))
    assert (first["private"], first["passed_gates"]) == ("44.25", "yes")
    assert (second["state"], second["reason"]) == ("refused", "a key is missing")
    known = json.loads(boss.raw(f"{DESK}files.json").data)["files"]
    assert [one["private"] for one in known] == [44.25, None]
    preview = boss.raw(f"{DESK}results.csv").get_data(as_text=True)
    assert "44.25" in preview


def test_two_hundred_files_are_some_pages(board, boss):
    otters = team(board, "Otters")
    for number in range(1, 62):
        hand_in(board, otters, 50.0, number=number)
    page = boss.get(f"{DESK}files")
    (older,) = [link for link in page.links if "before=" in (link or "")]
    assert len(re.findall(r"Otters, \d+", page.text)) == 50
    assert len(re.findall(r"Otters, \d+", boss.get(older).text)) == 11


def test_the_list_says_of_each_challenge_what_everybody_sees(board, boss):
    hand_in(board, team(board, "Otters"), 50.0)
    decide(board, frozen_at=clock.now())
    text = boss.get("/organiser/scores/").text
    assert "A shorter queue" in text and "Frozen since" in text


def test_a_file_of_another_challenge_or_none_is_not_there(board, boss):
    assert boss.raw(f"{DESK}files/999/").status_code == 404
    assert boss.raw("/organiser/scores/nothing/").status_code == 404
    number = hand_in(board, team(board, "Otters"), 50.0, challenge="another")
    assert boss.raw(f"{DESK}files/{number}/").status_code == 404
