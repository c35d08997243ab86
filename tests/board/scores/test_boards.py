"""Leaderboards and results as people and programs see them; and what a freeze hides, everywhere."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest

from sandbox import __version__, clock
from sandbox.board.scores import boards
from sandbox.state.scores import Scoring
from sandbox.state.topics import ChallengeState
from tests.board.client import Client
from tests.board.scores.files import SLUG, decide, gate, hand_in, team, truth
from tests.board.test_routes import PARTS, routes
from tests.board.visitors import account, enter, visitor

BOARD, RESULTS = f"/challenges/{SLUG}/leaderboard", f"/challenges/{SLUG}/results"
LATE, SECRET = 77.654321, 66.543217  # a score after the freeze, and a private one
LATE_SAID, SECRET_SAID = re.compile(r"77[.,][67]"), re.compile(r"66[.,]5")


def lines(page):
    """Place and team of each line."""
    table = page.one("table[@class='places']")
    found = []
    for row in table.find("tbody").iter("tr"):
        said = [" ".join("".join(cell.itertext()).split()) for cell in row]
        found.append((said[0].split()[0], said[1]))
    return found


def rows(client, address):
    answer = client.raw(address)
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def of(app, name):
    with app.app_context(), app.extensions["state"].read() as reader:
        return getattr(boards, name)(reader, SLUG)


@pytest.mark.swift
def test_a_leaderboard_tells_places_ties_gates_and_what_to_compare_with(board):
    client = Client(board)
    assert "No team has a score yet" in client.get(f"{BOARD}/").text
    assert lines(client.get(f"{BOARD}/"))[0][1].startswith("Today’s practice")
    hand_in(board, team(board, "Otters"), 80.0, around=5.0, ago=9)
    hand_in(board, team(board, "Badgers"), 78.0, around=5.0, ago=3)
    hand_in(board, team(board, "Foxes"), 60.0, ago=2)
    hand_in(board, team(board, "Wolves"), 99.0, gates=[gate(5.0)])
    page = client.get(f"{BOARD}/")
    told = lines(page)
    assert [place for place, _ in told[:3]] == ["=1", "=1", "3"]
    assert [who.split()[0] for _, who in told] == [
        "Otters", "Badgers", "Foxes", "Today’s", "Doing", "Wolves"
    ]  # fmt: skip
    assert "gate not passed" in told[-1][1]
    assert "better than today’s practice" in told[0][1]
    client.fragment(f"{BOARD}/now")
    client.get(f"/challenges/{SLUG}/")


def test_the_same_stands_in_csv_json_and_the_api(board):
    client = Client(board)
    hand_in(board, team(board, "=Otters"), 80.0, around=5.0, ago=9)
    told = json.loads(client.raw(f"{BOARD}.json").data)
    assert told == json.loads(client.raw(f"/api/v1/challenges/{SLUG}/leaderboard").data)
    first = told["rows"][0]
    assert (first["kind"], first["rank"], first["name"]) == ("team", 1, "=Otters")
    assert (first["score"]["value"], first["score"]["low"]) == (80.0, 75.0)
    assert {row["kind"] for row in told["rows"]} == {"team", "today", "do_nothing"}
    (line, *_) = rows(client, f"{BOARD}.csv")
    assert line["name"] == "'=Otters"  # no spreadsheet runs it
    assert (line["rank"], line["score"], line["passed_gates"]) == ("1", "80.0", "yes")


def test_what_is_set_aside_stale_or_not_scored_stands_nowhere(board):
    now = clock.now()
    hand_in(board, team(board, "Aside"), 90.0, set_aside_at=now, set_aside_why="a test")
    hand_in(board, team(board, "Stale"), 91.0, truth="of another build")
    for state in set(Scoring) - {Scoring.SCORED}:
        hand_in(board, team(board, f"Team {state}"), 92.0, state=state)
    assert of(board, "public").teams == []


def test_a_teams_line_is_its_newest_that_improved_and_passed_or_without_the_ladder_its_best(board):
    one = team(board, "Otters")
    hand_in(board, one, 40.0, number=1, ago=9)
    hand_in(board, one, 60.0, number=2, ago=8)
    hand_in(board, one, 61.0, number=3, ago=7, improves=False)
    hand_in(board, one, 99.0, number=4, ago=6, gates=[gate(5.0)])
    assert [row.score.value for row in of(board, "public").teams] == [60.0]
    decide(board, ladder=False)
    assert [row.score.value for row in of(board, "public").teams] == [61.0]


def test_the_own_line_is_marked_and_the_own_place_told_on_the_challenges_page(board):
    number = account(board, "kari@example.org")
    mine = team(board, "Mine", [number])
    for nth in range(6):
        hand_in(board, team(board, f"Team {nth}"), 90.0 - nth)
    hand_in(board, mine, 20.0)
    kari = enter(board, number)
    assert any("Your team" in who for _, who in lines(kari.get(f"{BOARD}/")))
    assert "Your team is in place 7." in kari.get(f"/challenges/{SLUG}/").text
    assert "Your team" not in Client(board).get(f"{BOARD}/").text.replace("Your teams", "")


def test_a_challenge_that_strangers_do_not_see_has_no_leaderboard_for_them(real):
    for address in (f"{BOARD}/", f"{BOARD}/now", f"{BOARD}.csv", f"{BOARD}.json", f"{RESULTS}/"):
        assert Client(real).raw(address).status_code == 404
    organiser = visitor(real, roles=["organiser"])
    organiser.get(f"{BOARD}/")
    assert organiser.raw(f"{BOARD}.json").status_code == 404  # the same for all who ask


# --- freeze ---------------------------------------------------------------------------------------


def walk(app, client):
    """Address → body of everything that can be asked for, with every number that is there."""
    rules = [rule for rule, method in routes(app) if method == "GET"]
    places = [(number, slug) for number in (1, 2, 3) for slug in (SLUG, "late")]
    addresses = {_filled(rule, *place) for rule in rules for place in places}
    return {
        address: client.raw(address).get_data().decode(errors="replace")
        for address in sorted(filter(None, addresses))
    }


def _filled(rule, number, slug):
    """The rule's address; nothing where a part cannot be so."""
    known = PARTS | {"number": number, "slug": slug}
    try:
        return rule.build({n: known.get(n, "x") for n in rule.arguments}, append_unknown=False)[1]
    except ValueError:
        return None


@pytest.fixture
def frozen(board):
    """A leaderboard frozen two minutes ago; a score from before, and one from after it."""
    members = {name: account(board, f"{name}@example.org") for name in ("late", "other")}
    late, other = team(board, "Late", [members["late"]]), team(board, "Other", [members["other"]])
    hand_in(board, other, 50.0, ago=10)
    hand_in(board, late, 30.0, ago=9)
    decide(board, frozen_at=clock.now() - timedelta(minutes=2))
    hand_in(board, late, LATE, SECRET, number=2, ago=0, by=members["late"])
    return board, members


def test_a_freeze_holds_on_every_page_feed_file_and_api(frozen):
    app, members = frozen
    clients = {
        "stranger": Client(app),
        "other": enter(app, members["other"]),
        "own": enter(app, members["late"]),
        "organiser": visitor(app, "boss@example.org", roles=["organiser"]),
    }
    own_pages = re.compile(rf"/challenges/{SLUG}/answers/|/api/v1/challenges/{SLUG}/answers")
    for who, client in clients.items():
        for address, body in walk(app, client).items():
            told = f"{who}: {address}"
            if who == "organiser" and address.startswith("/organiser/scores/"):
                continue
            assert not SECRET_SAID.search(body), told
            if who == "own" and own_pages.match(address):
                continue
            assert not LATE_SAID.search(body), told
    live = clients["organiser"].get(f"/organiser/scores/{SLUG}/").text
    assert LATE_SAID.search(live) and SECRET_SAID.search(live)


def test_the_copy_of_an_account_names_its_files_and_none_of_their_scores(frozen):
    app, members = frozen
    copy = json.loads(enter(app, members["late"]).raw("/account/data.json").data)
    (file,) = copy["answer_files"]
    assert (file["number"], file["receipt"]) == (2, "R1-2")
    assert not {"public", "private", "whole"} & set(file)


def test_the_walk_would_find_the_score_if_nothing_were_frozen(frozen):
    app, _ = frozen
    decide(app, frozen_at=None)
    bodies = walk(app, Client(app))
    with_it = {address for address, body in bodies.items() if LATE_SAID.search(body)}
    assert {f"{BOARD}/", f"{BOARD}/now", f"{BOARD}.csv", f"{BOARD}.json",
            f"/challenges/{SLUG}/", f"/api/v1/challenges/{SLUG}/leaderboard",
            } <= with_it  # fmt: skip


def test_the_page_says_since_when_it_is_frozen_and_until_when(frozen):
    app, _ = frozen
    page = Client(app).get(f"{BOARD}/")
    assert "The leaderboard is frozen" in page.text
    assert "It ends when the organisers show the new scores" in page.text
    assert [row.score.value for row in of(app, "public").teams] == [50.0, 30.0]
    assert [row.score.value for row in of(app, "behind")[0].teams] == [LATE, 50.0]
    decide(app, thaws_at=clock.now() + timedelta(hours=1))
    assert "It goes on at this moment" in Client(app).get(f"{BOARD}/").text
    assert json.loads(Client(app).raw(f"{BOARD}.json").data)["frozen_since"]


def test_a_freeze_begins_and_ends_by_itself(board, monkeypatch):
    now = clock.now()
    decide(board, frozen_at=now + timedelta(hours=1), thaws_at=now + timedelta(hours=2))
    assert "It will be frozen from this moment on" in Client(board).get(f"{BOARD}/").text
    hand_in(board, team(board, "Early"), 10.0)
    one = team(board, "Late")
    hand_in(board, one, LATE, scored_at=now + timedelta(minutes=90))

    def seen(after):
        monkeypatch.setattr(clock, "now", lambda: now + after)
        return [row.entry.team for row in of(board, "public").teams]

    assert seen(timedelta(minutes=91)) == ["early"]
    assert seen(timedelta(minutes=121)) == ["late", "early"]


# --- results --------------------------------------------------------------------------------------


def test_private_scores_are_nowhere_before_the_results_and_there_afterwards(board):
    first, second = team(board, "First"), team(board, "Second")
    hand_in(board, first, 50.0, SECRET, around=1.0, groups={"north": 60.0, "south": 70.5})
    chosen = hand_in(board, second, 70.0, 40.0, ago=9, final_at=clock.now())
    client = Client(board)
    assert "not published yet" in client.get(f"{RESULTS}/").text
    assert rows(client, f"{RESULTS}.csv") == []
    assert json.loads(client.raw(f"{RESULTS}.json").data)["rows"] == []
    assert not any(SECRET_SAID.search(body) for body in walk(board, client).values())

    decide(board, results_at=clock.now(), panel="")
    page = client.get(f"{RESULTS}/")
    assert [place for place, _ in lines(page)] == ["1", "2", "–no", "–no"]
    assert "up 1 place" in page.text and "down 1 place" in page.text
    assert "First by group, private part" in page.text and "70.5" in page.text
    told = json.loads(client.raw(f"/api/v1/challenges/{SLUG}/results").data)
    assert told == json.loads(client.raw(f"{RESULTS}.json").data)
    winner, runner_up = told["rows"][0], told["rows"][1]
    assert (winner["score"]["value"], winner["moved"], winner["public_rank"]) == (SECRET, 1, 2)
    assert winner["groups"] == [{"name": "north", "score": 60.0, "rows": 10},
                                {"name": "south", "score": 70.5, "rows": 10}]  # fmt: skip
    assert runner_up["file"]["chosen"] and not winner["file"]["chosen"]
    assert winner["file"]["truth"] == truth(board)
    line = next(row for row in rows(client, f"{RESULTS}.csv") if row["team"] == "second")
    assert line["kit_version"] == __version__ and line["truth"] == truth(board)
    assert len(line["sha256"]) == 64 and line["receipt"] and chosen
    assert "Results: A shorter queue" in client.raw("/feed.atom").get_data(as_text=True)
    assert f"{RESULTS}/" in client.raw("/hackathon.json").get_data(as_text=True)


def test_results_end_a_freeze(frozen):
    app, _ = frozen
    decide(app, results_at=clock.now())
    assert of(app, "public").teams[0].score.value == LATE
    assert "is frozen" not in Client(app).get(f"{BOARD}/").text


def test_a_tie_at_the_top_is_the_panels_with_its_reason(board):
    for name, private in (("One", 60.0), ("Two", 59.0)):
        hand_in(board, team(board, name), 50.0, private, around=5.0)
    decide(board, results_at=clock.now())
    assert "people decide, with a written reason" in Client(board).get(f"{RESULTS}/").text
    decide(board, panel="Two can be tried tomorrow.")
    assert "Two can be tried tomorrow." in Client(board).get(f"{RESULTS}/").text


def test_withdrawn_challenges_show_no_scores(board):
    hand_in(board, team(board, "Otters"), LATE)
    now = clock.now()
    with board.extensions["state"].write() as writer:
        writer.add(ChallengeState(slug=SLUG, published_at=now, opens_at=now, withdrawn_at=now,
                                  withdrawn_why="no"))  # fmt: skip
    assert not any(LATE_SAID.search(body) for body in walk(board, Client(board)).values())
