"""The API: what it shows and hides, what it takes and refuses, and that every example runs."""

import json
import re
import shlex
from datetime import timedelta

import pytest

from sandbox import clock
from sandbox.board.api import problems, rates
from sandbox.board.api.registry import ENDPOINTS
from sandbox.state.records import Audit
from sandbox.state.teams import Membership, Team
from sandbox.state.topics import Announcement, Answer, ChallengeState, Question
from tests.board.client import Client, queries
from tests.board.programs import V1, Program, joins, night_owls, program
from tests.board.visitors import account, visitor

EVENT = {"about": {"kind": "event"}, "text": "When is lunch?", "language": "en"}


@pytest.fixture
def stranger(board):
    return Program(board)


def add(app, *rows):
    """Put rows into the database; the number of the last."""
    with app.extensions["state"].write() as writer:
        writer.add_all(rows)
        writer.flush()
        return getattr(rows[-1], "id", None)


def question(text="Why?", **more):
    given = {"about": "event", "language": "en", "asked_at": clock.now()} | more
    return Question(text=text, **given)


def announcement(title="Lunch", *, ago=timedelta(minutes=1), **more):
    now = clock.now()
    return Announcement(
        titles={"en": title}, texts={"en": "Soup."}, published_at=now - ago, changed_at=now, **more
    )


# --- reading --------------------------------------------------------------------------------------


def test_the_event_says_when_it_is_in_utc_and_in_which_zone(stranger, workspace):
    found = stranger.get("/event")
    assert found["name"] == {"en": "Sandbox demo", "nb": "Sandbox-demo"} or found["name"]["en"]
    assert found["starts"].endswith("Z") == (workspace.event.starts_at is not None)
    assert found["timezone"] == workspace.event.timezone


@pytest.mark.swift
def test_a_challenge_is_listed_and_told_in_full_in_every_language(stranger):
    (listed,) = stranger.get("/challenges")["items"]
    told = stranger.get(f"/challenges/{listed['slug']}")
    assert listed.items() <= told.items()
    assert set(told["brief"]) == {"en", "nb"}
    assert sum(criterion["weight"] for criterion in told["rubric"]) == 100


def test_a_dataset_names_its_columns_and_files_that_are_there(stranger):
    for listed in stranger.get("/datasets")["items"]:
        told = stranger.get(f"/datasets/{listed['slug']}")
        for table in told["tables"]:
            assert {c["name"] for c in table["columns"]} >= {table["key"]}
            path = table["csv"].removeprefix("http://localhost")
            assert stranger.flask.get(path).status_code == 200


def test_starters_are_listed_with_their_zip(stranger):
    (starter,) = stranger.get("/starters")["items"]
    assert starter["zip"].endswith("/starters/hello.zip")


STAGES = [
    ({"published_at": None}, None),
    ({"published_at": 1}, None),
    ({"published_at": -9, "withdrawn_at": -1}, None),
    ({"published_at": -9}, "announced"),
    ({"published_at": -9, "opens_at": 1}, "announced"),
    ({"published_at": -9, "opens_at": 0}, "open"),
    ({"published_at": -9, "opens_at": -2, "closes_at": 0}, "closed"),
]


def test_a_challenge_shows_from_when_it_is_published_until_it_is_withdrawn(board, stranger):
    add(board, question(about="challenge", slug="shorter-queue"))
    organiser, now = program(board, roles=["organiser"]), clock.now()
    none = dict.fromkeys(("published_at", "opens_at", "closes_at", "withdrawn_at"))
    for state, stage in STAGES:
        hours = {n: h if h is None else now + timedelta(hours=h) for n, h in state.items()}
        with board.extensions["state"].write() as writer:
            writer.merge(ChallengeState(slug="shorter-queue", **{**none, **hours}))
        stages = [c["stage"] for c in stranger.get("/challenges")["items"]]
        assert stages == ([stage] if stage else []), state
        stranger.get("/challenges/shorter-queue", status=200 if stage else 404)
        assert len(stranger.get("/questions")["items"]) == bool(stage)
        assert [c["stage"] for c in organiser.get("/challenges")["items"]] == stages
        named = Client(board).raw("/hackathon.json").get_json()["workPerformed"]
        assert len(named) == len(stages)


def test_what_is_hidden_withdrawn_or_yet_to_come_is_told_to_nobody(board, stranger):
    number = add(board, question("hidden", hidden_at=clock.now()))
    shown = add(board, question("shown", answers=[
        Answer(text="never mind", language="en", at=clock.now(), hidden_at=clock.now()),
    ]))  # fmt: skip
    add(board, announcement("later", ago=timedelta(hours=-1)))
    add(board, announcement("withdrawn", withdrawn_at=clock.now()))
    for asks in (stranger, program(board, roles=["organiser"])):
        assert [q["text"] for q in asks.get("/questions")["items"]] == ["shown"]
        asks.get(f"/questions/{number}", status=404)
        assert asks.get(f"/questions/{shown}") == {
            "question": asks.get("/questions")["items"][0], "answers": [],
        }  # fmt: skip
        assert asks.get("/announcements")["items"] == []


def test_no_answer_holds_an_address_or_a_name_of_somebody_else(board, stranger):
    kari = account(board, "kari@example.org", name="Kari Nordmann")
    number = add(board, question(asked_by=kari, answers=[
        Answer(text="Because.", language="en", at=clock.now(), by=kari),
    ]))  # fmt: skip
    add(board, announcement(made_by=kari))
    member = program(board)
    for path in ("/questions", f"/questions/{number}", "/announcements", "/teams", "/me"):
        asks = member if path in ("/teams", "/me") else stranger
        told = json.dumps(asks.get(path))
        assert "kari@" not in told
        assert "Nordmann" not in told


def test_members_see_teams_by_size_and_strangers_do_not(board, stranger):
    now = clock.now()
    team = add(board, Team(slug="night-owls", name="Night owls", code_hash="x", made_at=now))
    gone = {"left_at": now}
    for name, left in (("a", {}), ("b", {}), ("c", gone)):
        person = account(board, f"{name}@example.org")
        add(board, Membership(team_id=team, account_id=person, joined_at=now, **left))
    member = program(board)
    (listed,) = member.get("/teams")["items"]
    assert listed == member.get("/teams/night-owls")
    assert listed["members"] == 2
    assert listed["sizes"] == {"least": 1, "most": 6}
    assert (listed["pitch"], listed["skills"], listed["open_to_requests"]) == ("", [], True)
    stranger.get("/teams", status=401)


def test_lists_come_in_pages_that_miss_and_repeat_nothing(board, stranger):
    now = clock.now()
    for number in range(7):  # four of them in the same moment
        add(board, question(str(number), asked_at=now + timedelta(seconds=max(0, number - 3))))
    found, path = [], "/questions?about=event&limit=3"
    while path:
        page = stranger.get(path)
        found += [q["text"] for q in page["items"]]
        path = page["next"] and page["next"].removeprefix(V1)
        assert path is None or "about=event" in path
    assert found == ["6", "5", "4", "3", "2", "1", "0"]
    first = stranger.get("/datasets?limit=1")
    (second,) = stranger.get(first["next"].removeprefix(V1))["items"]
    assert second["slug"] > first["items"][0]["slug"]


def test_questions_are_filtered_by_what_they_are_about_and_whether_they_are_answered(
    board, stranger
):
    add(board, question("of the event", answered_at=clock.now()))
    add(board, question("of visits", about="dataset", slug="visits", place="visits.id"))
    assert [q["text"] for q in stranger.get("/questions?answered=yes")["items"]] == ["of the event"]
    (found,) = stranger.get("/questions?about=dataset&slug=visits&answered=no")["items"]
    assert found["about"] == {"kind": "dataset", "slug": "visits", "place": "visits.id"}


def test_what_has_not_changed_is_not_sent_again(stranger):
    for path in ("/event", "/challenges", "/datasets/visits", "/questions"):
        etag = stranger.send("GET", path).headers["ETag"]
        again = stranger.send("GET", path, headers={"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")


def test_any_site_may_read_what_strangers_read_and_nothing_else(board, stranger):
    free = stranger.send("GET", "/event")
    assert free.headers["Access-Control-Allow-Origin"] == "*"
    assert free.headers["Cache-Control"] == "public, no-cache"
    for asks in (program(board).send("GET", "/event"), visitor(board).raw(V1 + "/event")):
        assert "Access-Control-Allow-Origin" not in asks.headers
        assert asks.headers["Cache-Control"] == "private, no-cache"
        assert {"Authorization", "Cookie"} <= set(asks.vary)


def test_no_list_asks_the_database_more_than_a_page_may(board):
    for number in range(30):
        add(board, question(str(number), answers=[
            Answer(text="a", language="en", at=clock.now()) for _ in range(3)
        ]))  # fmt: skip
    asks = program(board)
    for said in ENDPOINTS.values():
        if said.method == "GET":
            with queries(board) as asked:
                asks.send("GET", said.example.replace("{slug}", "shorter-queue"))
            assert len(asked) <= 10, (said.path, asked)


# --- refusing -------------------------------------------------------------------------------------


PATHS = [
    ("/challenges?limit=0", "query", "greater than or equal to 1"),
    ("/challenges?limit=1_0", "query", "a whole number"),
    ("/challenges?limit=101", "query", "less than or equal to 100"),
    ("/challenges?stages=open", "query", "did you mean stage?"),
    ("/challenges?stage=opne", "query", "did you mean open?"),
    ("/challenges?limit=1&limit=2", "query", "more than once"),
    ("/questions?before=yesterday", "query", "pattern"),
    ("/event?x=1", "query", "x is not a key"),
    ("/datasets/visit", "path", "did you mean visits?"),
]


def test_a_wrong_request_is_told_where_it_is_wrong_and_the_way_out(stranger):
    for path, where, told in PATHS:
        found = stranger.get(path, status=404 if where == "path" else 422)
        (problem,) = found["problems"]
        assert problem["where"] == where
        assert told in " ".join(filter(None, problem.values())), path


BODIES = [
    (b"", 400),
    (b"{", 400),
    (b"[" * 50_000, 400),
    (b'{"text": NaN}', 400),
    (b'{"text": "\\ud800"}', 400),
    (b"\xff", 400),
    (b"null", 422),
    (b"[]", 422),
    (b"{}", 422),
    (b'{"about": {"kind": "event"}, "text": 1}', 422),
    (b'{"about": {"kind": "event"}, "text": " \\u200b "}', 422),
    (b'{"about": {"kind": "event", "slug": "x"}, "text": "Why?"}', 422),
    (b'{"about": {"kind": "event"}, "text": "Why?", "asked_by": 1}', 422),
    (b'{"about": {"kind": "challenge", "slug": "nothing"}, "text": "Why?"}', 404),
    (b'{"about": {"kind": "dataset", "slug": "visits", "place": "x.y"}, "text": "Why?"}', 404),
    (b'{"text": "' + b"x" * 70_000 + b'"}', 413),
]


def test_a_body_that_is_not_right_is_refused_and_keeps_nothing(board, stranger):
    asks = program(board)
    for body, status in BODIES:
        answer = asks.send("POST", "/questions", data=body, content_type="application/json")
        assert (answer.status_code, answer.mimetype) == (status, problems.MIMETYPE), body[:80]
    assert stranger.get("/questions")["items"] == []


def test_everything_wrong_in_a_body_is_told_at_once(board):
    found = program(board).post("/questions", {"about": {"kind": "event"}, "txt": ""}, status=422)
    assert {p["what"] for p in found["problems"]} == {
        "text is missing", "txt is not a key that belongs here",
    }  # fmt: skip


def test_a_body_that_is_no_json_is_named_so(board):
    answer = program(board).send("POST", "/questions", data="a=b")
    assert answer.status_code == 415


def test_what_is_not_there_and_what_is_not_taken_are_told_in_the_same_form(stranger):
    assert stranger.get("/nothing", status=404)["type"] == "/api/#nothing-here"
    answer = stranger.send("DELETE", "/questions")
    assert (answer.status_code, answer.mimetype) == (405, problems.MIMETYPE)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    stranger.get("/questions/99999999999999999999", status=404)
    stranger.get("/questions/0", status=404)


def test_our_own_mistake_says_nothing_about_the_inside(board, stranger, monkeypatch):
    def broken():
        raise RuntimeError("the password is 1234")

    monkeypatch.setattr("sandbox.board.api.reads.showing.announcements", broken)
    found = stranger.get("/announcements", status=500)
    assert "1234" not in json.dumps(found)


# --- writing --------------------------------------------------------------------------------------


def test_who_asks_by_token_asks_in_their_own_name(board, stranger):
    asks = program(board, "ola@example.org")
    made = asks.post("/questions", {"about": {"kind": "event"}, "text": " Why?\r\n\u200b "})
    assert made["question"]["text"] == "Why?"
    assert made == stranger.get(f"/questions/{made['question']['number']}")
    with board.extensions["state"].read() as reader:
        asked = reader.get_one(Question, made["question"]["number"])
        assert asked.asked_by == asks.get("/me")["number"]


BY_RIGHT = [
    ((), "challenge", None),
    ((("owner", "shorter-queue"),), "challenge", "owner"),
    ((("owner", "another"),), "challenge", None),
    (("steward",), "dataset", "steward"),
    ((("steward", "visits"),), "challenge", None),
    (("organiser",), "challenge", "organiser"),
]


def test_an_answer_counts_as_one_when_it_is_given_by_right(board):
    slugs = {"challenge": "shorter-queue", "dataset": "visits"}
    for turn, (roles, about, as_role) in enumerate(BY_RIGHT):
        number = add(board, question(about=about, slug=slugs[about]))
        answers = program(board, f"{turn}@example.org", roles=roles)
        found = answers.post(f"/questions/{number}/answers", {"text": "Because."})
        assert [a["as_role"] for a in found["answers"]] == [as_role], roles
        assert (found["question"]["answered"] is not None) == (as_role is not None)


def test_a_role_of_organiser_is_used_only_by_tokens_that_may(board):
    number = add(board, question())
    careful = program(board, roles=["organiser"], scopes=["write:answers"])
    found = careful.post(f"/questions/{number}/answers", {"text": "Because."})
    assert found["answers"][0]["as_role"] is None
    words = {"words": {"en": {"title": "Lunch", "text": "Soup."}}}
    assert "organise" in careful.post("/announcements", words, status=403)["detail"]


def test_an_organiser_announces_and_the_audit_log_knows(board, stranger):
    words = {"en": {"title": "Lunch", "text": "Soup."}, "nb": {"title": "Lunsj", "text": "Suppe."}}
    organiser = program(board, roles=["organiser"])
    made = organiser.post("/announcements", {"words": words, "urgent": True})
    assert stranger.get("/announcements")["items"] == [made]
    assert made["words"] == words
    with board.extensions["state"].read() as reader:
        assert [a.act for a in reader.query(Audit)] == ["announcement.write"]
    program(board, "kari@example.org").post("/announcements", {"words": words}, status=403)


def test_who_asks_too_much_is_told_how_long_to_wait(board):
    asks = program(board)
    with clock.fixed(clock.now()):
        for _ in range(20):
            asks.post("/questions", EVENT)
        answer = asks.send("POST", "/questions", json=EVENT)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3600"


def test_a_program_that_asks_without_pause_is_slowed_and_others_are_not(
    board, stranger, monkeypatch
):
    monkeypatch.setattr(rates, "TOKEN", rates.Rate(60))
    fast, other = program(board), program(board, "ola@example.org")
    with clock.fixed(clock.now()):
        codes = [fast.send("GET", "/me").status_code for _ in range(rates.TOKEN.burst + 1)]
        assert codes == [200] * rates.TOKEN.burst + [429]
        assert int(fast.send("GET", "/me").headers["Retry-After"]) == 1
        other.get("/me")
        stranger.get("/event")
    with clock.fixed(clock.now() + timedelta(seconds=2)):
        fast.get("/me")


def test_buckets_do_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(rates, "MOST_KEYS", 10)
    buckets = rates.Rates()
    for number in range(100):
        buckets.spend(str(number), rates.TOKEN)
    assert len(buckets._buckets) == 10


# --- described ------------------------------------------------------------------------------------


def test_the_page_shows_every_endpoint_and_every_shape(board):
    page = Client(board).get("/api/")
    for said in ENDPOINTS.values():
        assert f"{said.method} {said.path}" in page.text
        assert said.summary in page.text


def test_every_example_on_the_page_runs_as_it_stands(board, monkeypatch):
    examples = [
        e.text for e in Client(board).get("/api/").all("code") if e.get("class") == "example"
    ]
    assert len(examples) == len(ENDPOINTS)
    add(board, question())
    night_owls(board)
    organiser = program(board, roles=["organiser"])
    joins(board, "night-owls")
    for example in examples:
        path, method, headers, body = _curl(example)
        headers = {
            name: value.replace(
                "$TOKEN", organiser.headers["Authorization"].removeprefix("Bearer ")
            )
            for name, value in headers.items()
        }
        answer = board.test_client().open(path, method=method, headers=headers, data=body)
        assert answer.status_code in (200, 201), f"{example}\n{answer.get_data(as_text=True)}"


def _curl(example):
    """What curl would send: path, method, headers, body."""
    program, *words = shlex.split(example.replace("\\\n", " "))
    assert program == "curl"
    headers, body, path = {}, None, None
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word in ("-d", "--data-binary"):
            body = words.pop(0).replace("@answers.csv", "county_code,answer\n03,1\n")
        else:
            path = re.fullmatch(r"http://localhost(/.*)", word)[1]
    return path, "GET" if body is None else "POST", headers, body


def test_the_description_is_open_to_all_and_kept_while_it_is_the_same(board):
    client = board.test_client()
    answer = client.get("/api/openapi.json")
    assert answer.get_json()["openapi"] == "3.1.0"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get("/api/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_every_error_has_a_paragraph_that_its_type_leads_to(board, stranger):
    page = Client(board).get("/api/")
    ids = {element.get("id") for element in page.root.iter()}
    for kind, _, _ in problems.KINDS.values():
        assert kind in ids
