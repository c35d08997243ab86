"""Questions: asked where they belong, answered by whoever is responsible, found by everybody."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.people.limits import Limit
from sandbox.board.talk import duty, questions
from sandbox.board.talk.places import EVENT, Place
from sandbox.state.people import Account, Role, RoleHeld
from sandbox.state.records import Audit
from sandbox.state.topics import Question
from tests.board.client import Client
from tests.board.talk.conftest import NOW
from tests.board.visitors import account, enter, visitor

HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> {{7*7}}"
OWNER, STEWARD = (Role.OWNER, "shorter-queue"), (Role.STEWARD, "visits")
SURE = {"email_confirmed_at": NOW}  # the address is theirs
COLUMN = "?dataset=visits&place=visits.minutes"


def ask(client, text="What does *minutes* count?", where=COLUMN, **more):
    """Ask as somebody would, on the page that a link leads to; the question's address."""
    page = client.get(f"/questions/ask{where}")
    (chosen,) = [o.get("value") for o in page.all("option") if o.get("selected") is not None][:1]
    data = {"about": chosen, "text": text, "language": "en"} | more
    return client.post(f"/questions/ask{where}", data).headers["Location"]


def reply(client, address, text="From door to desk.", **options):
    data = {"text": text, "language": "en"}
    return client.post(f"{address}answers", data, form=address, **options)


def answers(client, address):
    return [article.get("class") for article in client.get(address).all("article")]


@pytest.mark.swift
def test_a_question_stands_where_it_was_asked_and_everybody_reads_it(board):
    kari, stranger = visitor(board), Client(board)
    address = ask(kari)
    page = stranger.get(address)
    assert page.one("h1").text == "What does minutes count?"
    assert "visits.minutes" in page.text
    assert "Kari" not in page.text, "who asked is for members alone"
    assert "Kari" in kari.get(address).text
    assert stranger.get("/questions/?about=dataset:visits:visits.minutes").all("ul[@class='asked']")
    assert not stranger.get("/questions/?about=dataset:norway").all("ul[@class='asked']")
    assert "1 question. 1 has no answer yet." in stranger.get("/datasets/visits/").text
    assert "Nobody has asked yet." in stranger.get("/challenges/shorter-queue/").text


@pytest.mark.heavy
def test_what_the_catalog_does_not_have_cannot_be_asked_about(board):
    client = visitor(board)
    for where in ("challenge=x", "dataset=x", "dataset=visits&place=x", "dataset=visits&place=.",
                  "dataset=visits&place=visits.x", "dataset=visits&place=visits.",
                  "dataset=visits&place=../../etc"):  # fmt: skip
        client.get(f"/questions/ask?{where}", status=404)
    data = {"about": "dataset:visits:visits.nothing", "text": "?", "language": "en"}
    client.post("/questions/ask", data, status=422)


@pytest.mark.heavy
def test_each_column_has_a_way_to_ask_about_it(board):
    links = Client(board).get("/datasets/visits/").links
    for column in ("visit_id", "municipality_code", "errand", "minutes"):
        assert f"/questions/ask?dataset=visits&place=visits.{column}" in links


@pytest.mark.heavy
def test_a_form_that_is_wrong_keeps_what_was_typed(board):
    page = visitor(board).post(
        "/questions/ask",
        {"about": "event", "text": "x" * 4_001, "language": "en"},
        status=422,
    )
    assert "Write at most 4000 characters; this is 4001." in page.text
    assert page.one("textarea").text.strip() == "x" * 4_001


CHALLENGE, DATA = Place("challenge", "shorter-queue"), Place("dataset", "visits", "visits.minutes")
ROLES = [
    (CHALLENGE, OWNER, Role.OWNER),
    (CHALLENGE, (Role.OWNER, "another"), None),
    (CHALLENGE, STEWARD, None),
    (DATA, STEWARD, Role.STEWARD),
    (DATA, (Role.STEWARD, ""), Role.STEWARD),
    (DATA, (Role.STEWARD, "norway"), None),
    (DATA, OWNER, None),
    (EVENT, OWNER, None),
    (EVENT, (Role.MENTOR, ""), Role.MENTOR),
    (CHALLENGE, (Role.ORGANISER, ""), Role.ORGANISER),
    (DATA, (Role.JUDGE, ""), None),
    (EVENT, (Role.PARTICIPANT, ""), None),
]


@pytest.mark.parametrize(("place", "held", "role"), ROLES)
def test_who_answers_as_what_and_who_may_pin(place, held, role):
    person = Account(roles=[RoleHeld(role=held[0], scope=held[1])])
    assert duty.role_in(person, place) == role
    assert duty.may_pin(person, place) == (role not in (None, Role.MENTOR))


@pytest.mark.heavy
def test_an_answer_says_as_what_it_was_given(board):
    address = ask(visitor(board))
    reply(visitor(board, "anne@example.org"), address)
    assert "Reply of a member" in Client(board).get(address).text
    assert "1 has no answer yet." in Client(board).get("/questions/").text
    with clock.fixed(clock.now() + timedelta(minutes=50)):
        reply(visitor(board, "ola@example.org", roles=[STEWARD]), address)
    assert "Answer of the data steward" in Client(board).get(address).text
    told = "Half of the answers came within 50 minutes."
    assert told in Client(board).get("/questions/").text


@pytest.mark.heavy
def test_only_the_responsible_pin_and_what_is_pinned_stands_first_and_on_the_page_it_is_about(
    board,
):
    kari = visitor(board)
    first, second = ask(kari, "First?"), ask(kari, "Second?")
    steward = visitor(board, "ola@example.org", roles=[STEWARD])
    reply(steward, first, "This **one**.")
    for client, status in [(kari, 403), (steward, 302)]:
        data = {"csrf_token": client.token("/questions/ask")}
        assert client.flask.post(f"{first}pin", data=data).status_code == status
    listed = [link for link in kari.get("/questions/").links if link in (first, second)]
    assert listed == [first, second]
    page = kari.get("/datasets/visits/")
    assert "This one." in page.text
    assert first in page.links
    assert second not in page.links


@pytest.mark.heavy
def test_what_is_hidden_is_gone_for_all_but_its_author_who_reads_why(board):
    kari, organiser = visitor(board), visitor(board, "o@example.org", roles=[Role.ORGANISER])
    address = ask(kari, "Something rude?")
    organiser.post(f"{address}hide", {"why": " "}, status=422)
    organiser.post(f"{address}hide", {"why": "This names a person."})
    Client(board).get(address, status=404)
    assert address not in Client(board).get("/questions/").links
    assert "This names a person." in kari.get(address).text
    token = kari.token("/questions/ask")
    data = {"csrf_token": token, "text": "But …", "language": "en"}
    assert kari.flask.post(f"{address}answers", data=data).status_code == 403
    assert "Something rude?" in organiser.get("/organiser/questions/").text
    organiser.post(f"{address}hide")
    Client(board).get(address)
    with board.extensions["state"].read() as reader:
        acts = [(a.act, a.about, a.detail) for a in reader.scalars(select(Audit))]
    assert acts == [("question.hide", "question 1", {}), ("question.show", "question 1", {})]


@pytest.mark.heavy
def test_a_hidden_answer_answers_nothing(board):
    kari, organiser = visitor(board), visitor(board, "o@example.org", roles=[Role.ORGANISER])
    address = ask(kari)
    reply(visitor(board, "ola@example.org", roles=[STEWARD]), address, "Wrong.")
    organiser.post(f"{address}answers/1/hide", {"why": "It is wrong."})
    assert "Wrong." not in Client(board).get(address).text
    assert "1 has no answer yet." in Client(board).get("/questions/").text
    organiser.post(f"{address}answers/1/hide")
    assert "Half of the answers" in Client(board).get("/questions/").text
    organiser.get("/questions/77/answers/1/hide", status=404)


@pytest.mark.heavy
def test_ones_own_question_is_edited_until_there_is_an_answer(board):
    kari, ola = visitor(board), visitor(board, "ola@example.org")
    address = ask(kari)
    ola.get(f"{address}edit", status=403)
    data = {"about": "event", "text": "When is lunch?", "language": "nb"}
    kari.post(f"{address}edit", data)
    page = Client(board).get(address)
    assert page.one("h1").text == "When is lunch?"
    assert page.one("h1").get("lang") == "nb"
    assert "edited" in page.text
    reply(ola, address)
    assert kari.raw(f"{address}edit").headers["Location"] == address
    assert "Edit my question" not in kari.get(address).text


@pytest.mark.heavy
def test_the_list_is_searched_filtered_and_paged(board):
    kari = visitor(board)
    with board.extensions["state"].write() as writer:
        for number in range(45):
            writer.add(
                Question(
                    about="event",
                    text=f"Question {number} about Æbler",
                    language="en",
                    asked_at=clock.now() - timedelta(minutes=number),
                    answered_at=clock.now() if number % 2 else None,
                )
            )
    client = Client(board)
    assert "page 2 of 3" in client.get("/questions/?page=2").text
    assert "45 questions" in client.get("/questions/?q=æbler").text
    assert "23 questions · page 1 of 2" in client.get("/questions/?show=open").text
    assert "22 questions · page 1 of 2" in client.get("/questions/?show=answered&q=Æbler").text
    assert "There is no such question." in client.get("/questions/?q=%25").text
    assert "There is no such question." in client.get("/questions/?page=99").text
    client.get("/questions/?page=x&show=x&about=x&mine=answer&q=%00")
    assert "There is no such question." in kari.get("/questions/?mine=asked").text


@pytest.mark.heavy
def test_whoever_is_responsible_finds_what_waits_for_them(board):
    kari = visitor(board)
    about_data, about_challenge = ask(kari), ask(kari, where="?challenge=shorter-queue")
    for roles, mine in [
        ([STEWARD], {about_data}),
        ([OWNER], {about_challenge}),
        ([STEWARD, OWNER], {about_data, about_challenge}),
        ([(Role.STEWARD, "")], {about_data}),
        ([Role.ORGANISER], {about_data, about_challenge}),
        ([Role.MENTOR], set()),
    ]:
        who = visitor(board, f"{roles}@example.org".replace("'", ""), roles=roles)
        links = who.get("/questions/?mine=answer").links
        assert {about_data, about_challenge} & set(links) == mine, roles
    organiser = visitor(board, "o@example.org", roles=[Role.ORGANISER])
    desk = organiser.get("/organiser/questions/")
    assert {about_data, about_challenge} <= set(desk.links)
    assert "to be answered by" in desk.text


def test_the_median_counts_what_is_answered_and_says_how_many_are_not(now):
    minutes = [10, 40, 20, None, 60, None]
    times = [(now, None if m is None else now + timedelta(minutes=m)) for m in minutes]
    assert duty.pace(times) == duty.Pace(timedelta(minutes=30), 4, 2)
    assert duty.pace([(now, None)]) == duty.Pace(None, 0, 1)
    assert duty.pace([]) == duty.Pace(None, 0, 0)


@pytest.mark.heavy
def test_nobody_floods_the_list(board, monkeypatch):
    monkeypatch.setattr(questions, "ASK", (Limit("ask", "account", 1, timedelta(hours=1)),))
    kari = visitor(board)
    ask(kari, where="")
    data = {"about": "event", "text": "?", "language": "en"}
    page = kari.post("/questions/ask", data, status=422)
    assert "That is a lot of questions. Wait 60 minutes" in page.text


@pytest.mark.heavy
def test_hostile_text_is_shown_and_never_run(board):
    kari, steward = visitor(board), visitor(board, "ola@example.org", roles=[STEWARD])
    address = ask(kari, f"{HOSTILE}\n\n# {HOSTILE}")
    reply(steward, address, HOSTILE)
    steward.post(f"{address}pin", form=address)
    for page in map(kari.get, (address, "/questions/", "/datasets/visits/", "/questions/ask")):
        assert "<script>alert" in page.text
        assert {s.get("src", "").split("?")[0] for s in page.all("script")} == {"/static/live.js"}
        assert not [i for i in page.all("img") if i.get("src") == "x"]
        assert "49" not in page.text.replace("1449", "")


@pytest.mark.heavy
def test_what_was_written_in_another_language_says_so(board):
    address = ask(visitor(board), "Hva teller *minutter*?", language="nb")
    assert Client(board).get(address).one("h1").get("lang") == "nb"
    assert Client(board).get(f"{address}?lang=nb").one("h1").get("lang") is None


@pytest.mark.heavy
def test_live_pieces_are_quiet_until_something_happens(board):
    kari, client = visitor(board), Client(board)
    address = ask(kari)
    for piece in ("/questions/live", f"{address}live"):
        client.fragment(piece)
        kari.fragment(piece)
    before = client.raw(f"{address}live").headers["ETag"]
    reply(kari, address)
    assert client.raw(f"{address}live", headers={"If-None-Match": before}).status_code == 200
    assert "From door to desk." in client.fragment(f"{address}live").text


# --- mails ----------------------------------------------------------------------------------------


@pytest.mark.heavy
def test_the_responsible_are_told_in_their_language_and_can_say_no(mailing, mails):
    account(mailing, "stig@example.org", roles=[STEWARD], language="nb", **SURE)
    account(mailing, "else@example.org", roles=[OWNER], **SURE)
    account(mailing, "unsure@example.org", roles=[STEWARD])
    organiser = visitor(mailing, "o@example.org", roles=[Role.ORGANISER], **SURE)
    kari = visitor(mailing)
    ask(kari, "Hva teller *minutter*?")
    (told,) = mails()
    assert told["to"] == "stig@example.org"
    assert "Hva teller *minutter*?" in told["text"]
    assert "http://localhost/questions/1/" in told["text"]
    assert "http://localhost/account/mail/" in told["text"]
    ask(kari, "When is lunch?", where="")
    assert [mail["to"] for mail in mails()][1:] == ["o@example.org"], "nobody else is named there"
    organiser.post("/account/mail/", {"questions": "y"})
    ask(kari, "When is dinner?", where="")
    assert len(mails()) == 2


@pytest.mark.heavy
def test_the_asker_is_told_of_answers_only_after_a_yes(mailing, mails):
    kari = visitor(mailing, language="nb", **SURE)
    quiet = ask(kari)
    steward = visitor(mailing, "stig@example.org", roles=[STEWARD])
    reply(steward, quiet)
    assert [mail["to"] for mail in mails()] == [], "stig came after the question; kari said no yes"
    wanted = ask(kari, tell_me="y")
    reply(steward, wanted, "From **door** to desk.")
    reply(kari, wanted, "Thanks!")
    to_kari = [mail for mail in mails() if mail["to"] == "kari@example.org"]
    assert len(to_kari) == 1
    assert "From **door** to desk." in to_kari[0]["text"]
    boxes = [i.get("checked") for i in kari.get("/account/mail/").all("input")
             if i.get("type") == "checkbox"]  # fmt: skip
    assert boxes == ["", "", None]  # answers, teams, not announcements
    kari.post("/account/mail/", {})
    reply(steward, wanted, "And more.")
    assert len([mail for mail in mails() if mail["to"] == "kari@example.org"]) == 1


@pytest.mark.heavy
def test_without_a_mail_server_nothing_is_queued_and_nothing_offered(board):
    kari = visitor(board)
    assert "Tell me by e-mail" not in kari.get("/questions/ask").text
    ask(kari)
    assert (
        "sends no mail at the moment"
        in enter(board, account(board, "x@example.org")).get("/account/mail/").text
    )
