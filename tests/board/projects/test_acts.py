"""Submitting as a team meets it: one act, a receipt to check, a deadline that is kept."""

import hashlib
import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board import receipts
from sandbox.board.people import rights
from sandbox.state.people import Account
from sandbox.state.projects import Image, Submission
from sandbox.state.records import Job, Setting
from sandbox.state.teams import Grace, Team
from tests.board.projects.conftest import NOON, WHOLE, Two

MINUTE = timedelta(minutes=1)


def nonce(page):
    return next(i.get("value") for i in page.all("input") if i.get("name") == "nonce")


def submit(two, client, status=302, **sent):
    sent = {"nonce": receipts.nonce()} | sent
    return client.post("/project/submit", sent, form="/project/", status=status)


def rows(two):
    with two.state.read() as reader:
        return reader.scalars(select(Submission).order_by(Submission.number)).all()


def withdraw(two, client, number, status=302):
    return client.post(f"/project/submissions/{number}/withdraw", form="/project/", status=status)


# --- before ---------------------------------------------------------------------------------------


def test_the_checklist_leads_to_each_field_that_is_missing(two):
    two.write(two.kari, ai="used", title="Queue")
    page = two.kari.get("/project/submit")
    for name in ("outcome", "licence", "ai_model", "ai_checked"):
        assert f"/project/#{name}" in page.links
    assert "/project/#title" not in page.links and "/project/#ai_limits" not in page.links
    assert "Submit this now" not in page.text
    assert "Needed:" in submit(two, two.kari, status=422).text and rows(two) == []


def test_without_a_challenge_there_is_nothing_to_submit_for(board):
    two = Two(board, challenge="")
    two.write(two.kari, **WHOLE)
    assert "/teams/otters/" in two.kari.get("/project/submit").links
    submit(two, two.kari, status=409)
    assert rows(two) == []


def test_an_image_without_words_is_named_and_stops_nobody(whole):
    with whole.state.write() as writer:
        writer.add(Image(project_id=whole.project, digest="a" * 64, width=8, height=8, bytes=9,
                         added_at=NOON))  # fmt: skip
    page = whole.kari.get("/project/submit")
    assert "what picture 1 shows" in page.text and "Submit this now" in page.text
    assert f"/images/{'a' * 64}.webp" in [
        i.get("src") for i in whole.kari.get("/project/").all("img")
    ]
    submit(whole, whole.kari)
    assert rows(whole)[0].content["images"][0]["digest"] == "a" * 64


def test_it_says_what_becomes_public_and_when(whole):
    assert "They have not said when" in whole.kari.get("/project/submit").text
    with whole.state.write() as writer:
        writer.add(Setting(name="gallery", value={"opened_at": "2027-03-06T11:00:00+00:00"},
                           changed_at=NOON))  # fmt: skip
    text = whole.kari.get("/project/submit").text
    assert "Saturday 6 March 2027, 12:00" in text and "under MIT" in text


# --- the act and its receipt ----------------------------------------------------------------------


@pytest.mark.swift
def test_one_act_one_receipt_that_anybody_can_check_with_the_file_alone(whole):
    with clock.fixed(NOON + timedelta(seconds=7)):
        answer = submit(whole, whole.kari, nonce=nonce(whole.kari.get("/project/submit")))
    page = whole.ola.get(answer.headers["Location"])
    (made,) = rows(whole)
    assert receipts.shown(made.receipt) in page.text and "what counts for your team" in page.text
    assert "Friday 5 March 2027, 12:00:07" in page.text
    file = whole.ola.raw(f"/project/submissions/{made.number}.json").data
    assert hashlib.sha256(file).hexdigest() in page.text
    assert json.loads(file)["fields"] == WHOLE and json.loads(file)["challenge"] == "shorter-queue"
    assert WHOLE["outcome"] in page.text


def test_sent_again_after_a_lost_answer_it_is_the_same_submission(whole):
    whole.closes(NOON)
    with clock.fixed(NOON - MINUTE):
        first = submit(whole, whole.kari, nonce="n")
        whole.write(whole.ola, title="Changed meanwhile")
        again = submit(whole, whole.kari, nonce="n")
    with clock.fixed(NOON + MINUTE):  # it did come in time
        late = submit(whole, whole.kari, nonce="n")
    assert {a.headers["Location"] for a in (first, again, late)} == {"/project/submissions/1/"}
    assert len(rows(whole)) == 1


def test_a_nonce_of_another_team_is_no_hindrance(whole, board):
    submit(whole, whole.kari, nonce="n")
    from sandbox.board.teams import own
    from tests.board.visitors import account, enter

    number = account(board, "eva@example.org")
    with board.test_request_context(), whole.state.write() as writer:
        own.begin(writer, "Badgers", "badgers", "shorter-queue", number)
    eva = enter(board, number)
    eva.post("/project/", {"revision": 0} | WHOLE)
    eva.post("/project/submit", {"nonce": "n"})
    assert [one.project_id for one in rows(whole)] == sorted(
        {one.project_id for one in rows(whole)}
    )
    assert len(rows(whole)) == 1 + 1


def test_submitting_again_replaces_and_says_what_has_changed(whole):
    submit(whole, whole.kari)
    assert "the draft is what you submitted last" in whole.ola.get("/project/submit").text
    whole.write(whole.ola, summary="A better list.")
    page = whole.ola.get("/project/submit")
    assert "Changed since number 1" in page.text and "/project/#summary" in page.links
    submit(whole, whole.ola)
    assert "does not count any more" in whole.kari.get("/project/submissions/1/").text
    text = whole.kari.get("/project/submissions/").text
    assert "replaced by a later one" in text and "counts" in text
    assert json.loads(whole.kari.raw("/project/submissions/1.json").data)["fields"] == WHOLE


def test_whoever_saw_an_older_draft_is_told_that_the_newest_was_submitted(whole):
    seen = whole.draft().revision
    whole.write(whole.ola, summary="Newer.")
    answer = submit(whole, whole.kari, revision=seen)
    page = whole.kari.get(answer.headers["Location"])
    assert "went on writing" in page.text and "Newer." in page.text


def test_a_card_of_a_model_that_is_none_is_not_submitted(whole):
    whole.write(whole.kari, ai_model="Secret plans")
    submit(whole, whole.kari)
    assert "ai_model" not in rows(whole)[0].content["fields"]


def test_the_receipt_goes_by_mail_to_each_member_in_their_language(with_mail_board):
    two = Two(with_mail_board)
    with two.state.write() as writer:
        writer.get_one(Account, two.numbers["ola"]).email = None
    two.write(two.kari, **WHOLE)
    submit(two, two.kari)
    submit(two, two.kari, nonce="x")
    submit(two, two.kari, nonce="x")
    with two.state.read() as reader:
        mails = [j.payload for j in reader.scalars(select(Job).where(Job.kind == "mail"))]
    assert [mail["to"] for mail in mails] == ["kari@example.org"] * 2
    made = rows(two)[0]
    assert receipts.shown(made.receipt) in mails[0]["subject"]
    assert made.digest in mails[0]["text"] and "/project/submissions/1/" in mails[0]["text"]


@pytest.fixture
def with_mail_board(board_of):
    from sandbox.workspace import Mail

    return board_of(mail=Mail(host="localhost", sender="board@example.org"),
                    public_url="http://localhost")  # fmt: skip


# --- the deadline ---------------------------------------------------------------------------------


@pytest.mark.swift
def test_after_the_deadline_it_says_when_it_closed_when_this_came_and_what_is_kept(whole):
    whole.closes(NOON)
    with clock.fixed(NOON - MINUTE):
        submit(whole, whole.kari)
        whole.write(whole.kari, title="Too late")
    with clock.fixed(NOON + timedelta(seconds=3)):
        page = submit(whole, whole.kari, status=409)
        for told in ("closed on Friday 5 March 2027, 12:00:00", "Friday 5 March 2027, 12:00:03",
                     "Your draft is kept", "Number 1 counts"):  # fmt: skip
            assert told in page.text, told
        withdraw(whole, whole.kari, 1, status=409)
        assert "Withdraw" not in whole.kari.get("/project/submissions/1/").text
        whole.write(whole.kari, title="Written on")
        assert "What your team submitted counts" in whole.kari.get("/project/").text
    (made,) = rows(whole)
    assert made.content["fields"]["title"] == WHOLE["title"] and made.withdrawn_at is None
    assert whole.draft().fields["title"] == "Written on"


def test_what_began_to_arrive_in_time_counts_from_then(whole):
    whole.closes(NOON)
    began = NOON - timedelta(seconds=1)
    with clock.fixed(NOON + timedelta(seconds=40)):
        token = whole.kari.token("/project/")
        whole.kari.flask.post(
            "/project/submit", data={"csrf_token": token, "nonce": "n"},
            environ_overrides={"asgi.scope": {"sandbox.arrived_at": began}},
        )  # fmt: skip
    (made,) = rows(whole)
    assert (made.at, made.received_at) == (began, NOON + timedelta(seconds=40))


def test_a_team_with_more_time_submits_and_both_times_are_said(whole):
    whole.closes(NOON)
    with whole.state.write() as writer:
        writer.add(Grace(team_id=whole.team, challenge="shorter-queue", until=NOON + 4 * MINUTE,
                         why="power cut", given_at=NOON))  # fmt: skip
    with clock.fixed(NOON + 3 * MINUTE):
        text = whole.kari.get("/project/submit").text
        assert (
            "12:04:00" in text and "for everybody else it is Friday 5 March 2027, 12:00:00" in text
        )
        submit(whole, whole.kari)
    with clock.fixed(NOON + 4 * MINUTE):
        submit(whole, whole.kari, status=409)


def test_while_the_challenge_is_withdrawn_or_not_open_nothing_is_submitted(whole):
    with clock.fixed(NOON):
        whole.closes(NOON + MINUTE, withdrawn_at=NOON)
        assert "withdrawn the challenge" in submit(whole, whole.kari, status=409).text
        whole.closes(NOON + MINUTE, withdrawn_at=None)
        with whole.state.write() as writer:
            writer.get_one(Team, whole.team).challenge = "no-such"
        assert "is not open yet" in submit(whole, whole.kari, status=409).text
    assert rows(whole) == []


# --- withdrawing ----------------------------------------------------------------------------------


def test_withdrawing_leaves_nothing_that_counts_and_brings_nothing_back(whole):
    submit(whole, whole.kari)
    submit(whole, whole.kari)
    assert "does not come back" in whole.ola.get("/project/submissions/2/").text
    withdraw(whole, whole.ola, 2)
    page = whole.kari.get("/project/submissions/2/")
    assert (
        "by Ola: it does not count" in page.text and "Nothing of your team counts now" in page.text
    )
    assert "Nothing is submitted yet that counts" in whole.kari.get("/project/").text
    assert "replaced by a later one" in whole.kari.get("/project/submissions/").text
    submit(whole, whole.kari)
    assert "Number 3 counts" in whole.kari.get("/project/").text


def test_what_no_longer_counts_is_not_withdrawn_and_neither_is_what_came_after(whole):
    submit(whole, whole.kari)
    submit(whole, whole.ola)
    withdraw(whole, whole.kari, 1)  # from a page that was open since before
    assert [one.withdrawn_at for one in rows(whole)] == [None, None]
    withdraw(whole, whole.kari, 7, status=404)


# --- at once --------------------------------------------------------------------------------------


def at_once(moment, *acts):
    """Run the acts in threads that begin together; their answers in order."""
    together, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number, act):
        with clock.fixed(moment):
            together.wait()
            answers[number] = act()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def sends(client, address, **data):
    data["csrf_token"] = client.token("/project/")
    return lambda: client.flask.post(address, data=data)


def test_two_members_who_submit_at_once_get_a_receipt_each(whole):
    acts = [sends(c, "/project/submit", nonce=n) for c, n in ((whole.kari, "k"), (whole.ola, "o"))]
    answers = at_once(NOON, *acts)
    assert sorted(a.headers["Location"] for a in answers) == [
        "/project/submissions/1/", "/project/submissions/2/"
    ]  # fmt: skip
    assert len({one.receipt for one in rows(whole)}) == 2


def test_a_form_that_is_sent_twice_at_once_is_done_once(whole):
    token = whole.kari.token("/project/")
    sent = {"csrf_token": token, "nonce": "n"}
    first, again = whole.kari.flask, whole.app.test_client()
    again._cookies = dict(first._cookies)
    answers = at_once(NOON, *(lambda c=c: c.post("/project/submit", data=sent)
                              for c in (first, again)))  # fmt: skip
    assert [a.headers["Location"] for a in answers] == ["/project/submissions/1/"] * 2
    assert len(rows(whole)) == 1


def test_against_closing_it_is_either_in_with_a_receipt_or_told_and_not_there(whole):
    whole.closes(NOON + MINUTE)
    (answer, _) = at_once(
        NOON, sends(whole.kari, "/project/submit", nonce="n"), lambda: whole.closes(NOON)
    )
    assert (answer.status_code, len(rows(whole))) in ((302, 1), (409, 0))


def test_against_withdrawing_what_was_submitted_after_it_counts(whole):
    submit(whole, whole.kari)
    submitted, withdrawn = at_once(
        NOON, sends(whole.kari, "/project/submit", nonce="n"),
        sends(whole.ola, "/project/submissions/1/withdraw"),
    )  # fmt: skip
    assert submitted.headers["Location"] == "/project/submissions/2/"
    assert withdrawn.status_code == 302
    assert rows(whole)[1].withdrawn_at is None


# --- rights ---------------------------------------------------------------------------------------


def test_a_former_members_part_stays_without_the_name_and_a_copy_of_ones_data_has_it(whole):
    submit(whole, whole.ola)
    with whole.state.read() as reader:
        copy = rights.copy_of(reader, reader.get_one(Account, whole.numbers["ola"]))
    assert [one["receipt"] for one in copy["submissions"]] == [rows(whole)[0].receipt]
    with whole.state.write() as writer:
        rights.erase(writer, writer.get_one(Account, whole.numbers["ola"]), "own wish", None)
    page = whole.kari.get("/project/submissions/1/")
    assert "former member" in page.text and "Ola" not in page.text
    assert WHOLE["outcome"] in page.text


def test_a_receipt_still_to_be_mailed_goes_with_the_account_it_was_for(with_mail_board):
    two = Two(with_mail_board)
    two.write(two.kari, **WHOLE)
    submit(two, two.kari)
    with two.state.write() as writer:
        rights.erase(writer, writer.get_one(Account, two.numbers["ola"]), "own wish", None)
    with two.state.read() as reader:
        mails = [j.payload["to"] for j in reader.scalars(select(Job).where(Job.kind == "mail"))]
    assert mails == ["kari@example.org"]
