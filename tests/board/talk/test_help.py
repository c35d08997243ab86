"""The mentors' queue: one request each, the longest wait first, and no mentor comes in vain."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.state.people import Role
from sandbox.state.topics import HelpRequest
from tests.board.visitors import visitor

ASKED = {
    "text": "The join is *empty*.", "place": "Room 2, table 7",
    "language": "en", "challenge": "", "skill": "",
}  # fmt: skip


@pytest.fixture
def kari(board):
    return visitor(board)


@pytest.fixture
def mentor(board):
    return visitor(board, "mia@example.org", roles=[Role.MENTOR])


def ask(client, **more):
    return client.post("/help/", ASKED | more)


def act(client, number, verb):
    token = client.token("/help/queue/")
    return client.flask.post(f"/help/{number}/{verb}", data={"csrf_token": token})


def test_a_member_asks_and_sees_their_place_in_the_line(board, kari, now):
    others = [visitor(board, f"{name}@example.org") for name in ("a", "b")]
    for minutes, client in enumerate([*others, kari]):
        with clock.fixed(now + timedelta(minutes=minutes)):
            ask(client)
    assert "You are next." in others[0].get("/help/").text
    assert "1 person is before you." in others[1].get("/help/").text
    assert "2 people are before you." in kari.fragment("/help/mine").text
    mentor = visitor(board, "mia@example.org", roles=[Role.MENTOR])
    act(mentor, 1, "take")
    assert "1 person is before you." in kari.fragment("/help/mine").text
    assert "Mia is coming to you." in others[0].get("/help/").text


@pytest.mark.heavy
def test_there_is_one_open_request_each(board, kari):
    ask(kari)
    token = kari.token("/help/")
    kari.flask.post("/help/", data=ASKED | {"csrf_token": token})
    assert "You are in the line already." in kari.get("/help/").text
    with board.extensions["state"].read() as reader:
        assert len(reader.scalars(select(HelpRequest)).all()) == 1
    kari.post("/help/1/end", form="/help/")
    ask(kari)


@pytest.mark.heavy
def test_a_wrong_form_keeps_what_was_typed(kari):
    page = kari.post("/help/", ASKED | {"text": "", "place": "Table 7"}, status=422)
    assert "Say in a sentence what you are stuck with." in page.text
    assert "Table 7" in [field.get("value") for field in page.all("input")]
    kari.post("/help/", ASKED | {"challenge": "nothing"}, status=422)
    kari.post("/help/", ASKED | {"skill": "wizard"}, status=422)


@pytest.mark.heavy
def test_mentors_see_who_waits_longest_and_filter(board, mentor, now):
    for minutes, more in enumerate(
        [{"skill": "user"}, {"skill": "developer", "language": "nb"},
         {"challenge": "shorter-queue", "text": "Anybody?"}]
    ):  # fmt: skip
        with clock.fixed(now + timedelta(minutes=minutes)):
            ask(visitor(board, f"{minutes}@example.org"), **more)
    assert order(mentor, "") == [1, 2, 3]
    assert order(mentor, "?skill=developer") == [2, 3], "who named no skill takes anybody"
    assert order(mentor, "?language=nb") == [2]
    assert order(mentor, "?challenge=shorter-queue") == [1, 2, 3]
    assert order(mentor, "?challenge=nothing&skill=x&language=xx") == [1, 2, 3]
    for page in (mentor.get("/help/queue/"), mentor.fragment("/help/queue/live")):
        told = "since 10:00 · no challenge in particular · User of the service · English"
        assert told in page.text


def order(client, query):
    page = client.get(f"/help/queue/{query}")
    return [int(li.get("id").removeprefix("request-")) for li in page.all("li[@class='waits']")]


@pytest.mark.heavy
def test_taken_handed_back_with_a_note_taken_again_and_ended(board, kari, mentor, now):
    ask(kari)
    act(mentor, 1, "take")
    assert "Yours now" in mentor.get("/help/queue/").text
    mentor.post("/help/1/back", {"note": ""}, status=422)
    mentor.post("/help/1/back", {"note": "It is the *key*."})
    assert "You are next." in kari.get("/help/").text
    second = visitor(board, "mo@example.org", roles=[Role.MENTOR])
    assert "It is the key." in second.get("/help/queue/").text
    act(second, 1, "take")
    assert mentor.raw("/help/1/back").status_code == 302, "it is not the first mentor's any more"
    act(second, 1, "end")
    assert "Nobody waits." in second.get("/help/queue/").text
    assert "Get a mentor" in kari.get("/help/").one("h1").text


@pytest.mark.heavy
def test_only_who_asked_who_helps_and_organisers_end_it(board, kari, mentor):
    ask(kari)
    for email, roles, status in [
        ("x@example.org", [], 403),
        ("m@example.org", [Role.MENTOR], 403),
        ("o@example.org", [Role.ORGANISER], 302),
    ]:
        client = visitor(board, email, roles=roles)
        data = {"csrf_token": client.token("/questions/ask")}
        assert client.flask.post("/help/1/end", data=data).status_code == status, email


@pytest.mark.heavy
def test_nobody_takes_their_own(board, mentor):
    ask(mentor)
    act(mentor, 1, "take")
    page = mentor.get("/help/queue/")
    assert "somebody else has to come" in page.text
    assert not [b for b in page.all("button") if b.get("form") == "acts"]


@pytest.mark.heavy
def test_of_two_mentors_who_tap_at_once_one_gets_it_and_the_other_is_told(board, kari, now):
    ask(kari)
    mentors = [visitor(board, f"m{n}@example.org", roles=[Role.MENTOR]) for n in range(2)]
    tokens = [client.token("/help/queue/") for client in mentors]
    together = threading.Barrier(2)

    def tap(client, token):
        with clock.fixed(now):
            together.wait()
            client.flask.post("/help/1/take", data={"csrf_token": token})

    taps = [threading.Thread(target=tap, args=pair) for pair in zip(mentors, tokens, strict=True)]
    for thread in taps:
        thread.start()
    for thread in taps:
        thread.join()
    told = sorted(client.get("/help/queue/").text for client in mentors)
    assert sum("It is yours. Go to: Room 2, table 7" in page for page in told) == 1
    assert sum("was quicker and is on the way there." in page for page in told) == 1


@pytest.mark.heavy
def test_hostile_words_are_shown_and_never_run(board, kari, mentor):
    words = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    ask(kari, text=words, place=words)
    act(mentor, 1, "take")
    mentor.post("/help/1/back", {"note": words})
    for page in (kari.get("/help/"), mentor.get("/help/queue/")):
        assert page.text.count(words) >= 2
        assert not [image for image in page.all("img") if image.get("src") == "x"]
