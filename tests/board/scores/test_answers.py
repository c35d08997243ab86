"""Files of answers: taken in within limits and deadline, and what is told of each."""

import io
import threading
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.jobs import run_due
from sandbox.board.scores import answers
from sandbox.board.teams import own
from sandbox.state.people import Account
from sandbox.state.scores import AnswerFile, Scoring
from sandbox.state.teams import Grace, Membership
from tests.board.client import Client
from tests.board.scores.making import (
    HOME,
    SLUG,
    SlowBody,
    closes,
    content,
    crew,
    decide,
    files,
    said,
    scored,
    send,
    team,
    upload,
)
from tests.board.visitors import account, enter, visitor

pytestmark = pytest.mark.heavy
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_file_is_handed_in_scored_and_shown_with_its_public_score_alone(judged):
    _, client = crew(judged)
    page = client.get(HOME)
    assert "10 of 10 attempts are left today" in said(page)
    assert "at most 4.0 MB" in said(page)
    answer = upload(client, content(judged))
    assert answer.location == HOME + "1/"
    assert "It is next, and takes about 1 s." in said(client.get(answer.location))
    client.fragment(HOME + "1/now")
    assert run_due(judged) == 1
    [file] = files(judged)
    assert (file.state, file.number, file.improves) == (Scoring.SCORED, 1, True)
    assert file.public["ungated"] == file.private["ungated"] == 100
    shown = client.fragment(HOME + "1/now")
    assert "Public score 100.0 % of counties" in said(shown)
    assert shown.all("*[@data-live-end]")
    listed = client.get(HOME)
    assert "9 of 10 attempts are left today" in said(listed) and "100.0" in said(listed)


def test_whoever_is_in_no_team_is_led_to_the_teams(judged):
    lone = visitor(judged)
    for address in (HOME, HOME + "1/", HOME + "1/now", HOME + "1/file"):
        assert lone.raw(address).location == "/teams/"


def test_the_files_of_other_teams_do_not_exist(judged):
    number, _ = crew(judged)
    scored(judged, number, content(judged))
    _, other = crew(judged, "ferrets")
    for address in ("1/", "1/now", "1/file"):
        assert other.raw(HOME + address).status_code == 404
    other.post(HOME + "1/final", {"choose": "1"}, form=HOME, status=404)
    assert "Nothing yet" in said(other.get(HOME))
    assert Client(judged).raw(HOME).location.startswith("/sign-in/")
    boss = visitor(judged, "boss@example.org", roles=["organiser"])
    assert boss.raw(HOME + "1/file").location == "/teams/"


def test_a_former_member_sees_the_team_s_files_no_more(judged):
    number, client = crew(judged)
    scored(judged, number, content(judged))
    with judged.extensions["state"].write() as writer:
        writer.scalar(select(Membership)).left_at = clock.now()
    assert client.raw(HOME + "1/file").location == "/teams/"


def test_the_file_comes_back_byte_by_byte_and_never_as_a_page(judged):
    number, client = crew(judged)
    sent = b"<script>alert(1)</script>\n" + content(judged)
    send(judged, number, sent, name='C:\\Users\\Kari\\"a"\nb.html')
    answer = client.raw(HOME + "1/file")
    assert answer.data == sent
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a b.html"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# --- limits ---------------------------------------------------------------------------------------


def test_the_daily_limit_counts_what_counts_and_says_when_the_next_day_begins(judged):
    decide(judged, daily=2)
    number, client = crew(judged)
    for sent in (content(judged, right=1), b"", content(judged, right=2)):
        scored(judged, number, sent)
    assert [f.state for f in files(judged)] == ["scored", "refused", "scored"]
    page = upload(client, content(judged, right=3), status=422)
    assert "used all 2 attempts of today" in said(page)
    assert "The next day begins" in said(page)
    assert len(files(judged)) == 3


def test_a_day_is_one_of_the_event_s_zone_also_when_clocks_change(judged):
    number, _ = team(judged)
    decide(judged, daily=1)
    oslo = datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC)  # a second before midnight there
    send(judged, number, b"a", arrived=oslo)
    with judged.test_request_context():
        begins, ends = answers.day_of(oslo + timedelta(seconds=1))
    assert ends - begins == timedelta(hours=23)
    send(judged, number, b"b", arrived=oslo + timedelta(seconds=1))
    with pytest.raises(answers.NoneLeft) as none:
        send(judged, number, b"c", arrived=ends - timedelta(seconds=1))
    assert none.value.attempts.next_day == ends
    send(judged, number, b"d", arrived=ends)


def test_the_same_file_again_takes_no_attempt_and_shows_its_score(judged):
    number, client = crew(judged)
    scored(judged, number, content(judged))
    answer = upload(client, content(judged), name="again.csv")
    assert answer.location == HOME + "1/"
    page = client.get(answer.location)
    assert "no attempt was spent" in said(page) and "Public score 100.0" in said(page)
    assert len(files(judged)) == 1


def test_a_file_that_was_refused_may_be_sent_again(judged):
    number, _ = team(judged)
    scored(judged, number, b"nonsense")
    assert send(judged, number, b"nonsense").number == 2


def test_the_same_act_sent_twice_is_done_once_and_another_file_in_the_same_form_is_another(judged):
    _, client = crew(judged)
    for _ in range(2):
        answer = upload(client, content(judged, right=1), nonce="n")
        assert answer.location == HOME + "1/"
        assert "no attempt was spent" not in said(client.get(answer.location))
    assert upload(client, content(judged, right=2), nonce="n").location == HOME + "2/"
    other, _ = team(judged, "ferrets")
    assert send(judged, other, content(judged, right=1), nonce="n").number == 1


def test_whoever_hands_in_too_many_files_is_told_to_wait_and_keeps_nobody_else_waiting(judged):
    decide(judged, daily=100)
    number, member = team(judged)
    client, begin = enter(judged, member), clock.now()
    with clock.fixed(begin):
        for place in range(30):  # none of them is in order, so none would ever take an attempt
            send(judged, number, b"%d" % place, nonce=str(place), by=member, tries=answers.TRIES)
        page = upload(client, b"one more", status=429)
        told = "This file was not taken. It spent no attempt. Too many tries. Wait 15 minutes."
        assert told in said(page) and len(files(judged)) == 30
        assert upload(client, b"3", nonce="3").location == HOME + "4/"  # sent again by a bad line
        other, friend = team(judged, "ferrets")
        send(judged, other, b"theirs", by=friend, tries=answers.TRIES)
    with clock.fixed(begin + timedelta(minutes=14)):
        client.raw(HOME)  # notes that somebody is here, which pages that are checked do not
        assert "Wait 1 minute." in said(upload(client, b"one more", status=429))
    with clock.fixed(begin + timedelta(minutes=15)):
        assert upload(client, b"one more").location == HOME + "31/"


def test_of_uploads_at_once_no_more_are_taken_than_one_person_may_hand_in(judged):
    decide(judged, daily=100)
    number, member = team(judged)
    few = (replace(answers.TRIES[0], times=3),)
    calls = [lambda n=n: send(judged, number, b"%d" % n, by=member, tries=few) for n in range(10)]
    came = together(calls)
    assert sum(isinstance(one, AnswerFile) for one in came) == len(files(judged)) == 3
    assert sum(isinstance(one, answers.TooMany) for one in came) == 7


def test_what_began_to_arrive_before_the_close_counts_and_later_does_not(judged):
    number, client = crew(judged)
    end = clock.now() + timedelta(minutes=5)
    closes(judged, end)
    assert "Answers are taken until" in said(client.get(HOME))
    send(judged, number, b"a", arrived=end - timedelta(microseconds=1))
    with pytest.raises(answers.Closed):
        send(judged, number, b"b", arrived=end)
    with judged.extensions["state"].write() as writer:
        writer.add(
            Grace(team_id=number, challenge=SLUG, until=end + timedelta(hours=1), why="Wi-Fi",
                  given_at=end)
        )  # fmt: skip
    send(judged, number, b"b", arrived=end + timedelta(minutes=59))
    with pytest.raises(answers.Closed):
        send(judged, number, b"c", arrived=end + timedelta(hours=1))


def test_a_closed_form_says_so_and_what_to_do(judged):
    _, client = crew(judged)
    token = client.token(HOME)
    closes(judged, clock.now() - timedelta(seconds=1))
    page = client.flask.post(
        HOME, data={"csrf_token": token, "file": (io.BytesIO(b"a"), "a.csv")}
    )  # fmt: skip
    assert page.status_code == 422
    assert "It came when answers are not taken" in page.text
    assert "Answers were taken until" in said(client.get(HOME))


def test_a_form_without_a_file_says_so(judged):
    _, client = crew(judged)
    assert "Choose a file first." in said(client.post(HOME, {}, status=422))


def test_too_large_a_file_is_refused_with_both_sizes_before_it_is_read(judged):
    _, client = crew(judged)

    class Endless(io.RawIOBase):
        def readinto(self, _buffer):
            raise AssertionError("the body was read")

    answer = client.flask.post(
        HOME,
        environ_overrides={"wsgi.input": Endless(), "CONTENT_LENGTH": "130000000"},
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413
    assert "What you sent has 130 MB. At most 4.0 MB are taken here." in answer.text
    assert not files(judged)


def test_a_slow_client_keeps_nobody_from_writing(judged):
    """While the body arrives somebody else writes, which nobody can while a request may."""
    _, client = crew(judged)
    boundary, token = "x", client.token(HOME)
    parts = [("csrf_token", "", token), ("nonce", "", "n"), ("file", '; filename="a.csv"', "a")]
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'
        for name, more, value in parts
    ) + f"--{boundary}--\r\n"  # fmt: skip
    slow = SlowBody(judged, body.encode())
    answer = client.flask.post(
        HOME,
        environ_overrides={
            "wsgi.input": slow,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": f"multipart/form-data; boundary={boundary}",
        },
    )
    assert answer.status_code == 302 and slow.written
    assert files(judged)[0].bytes == 1


def test_a_challenge_that_is_a_draft_takes_nothing(real):
    _, client = crew(real)
    assert client.raw(HOME).status_code == 404


# --- what is no file of answers -------------------------------------------------------------------


def xlsx(_app):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("made", "told", "line"),
    [
        (xlsx, "this is a spreadsheet", None),
        (lambda app: content(app).decode().encode("utf-16"), "the file is UTF-16", None),
        (lambda _: b"", "the file is empty", None),
        (lambda _: bytes(range(256)) * 99, "this is a binary file", None),
        (lambda app: content(app) + b"03,1\n", "was answered before", 17),
        (lambda app: content(app, right=1).replace(b"999", b"a", 1), "not a whole number", 3),
        (lambda _: b"county_code,answer\n" + b"x,1\n" * 900_000, "far more rows", None),
    ],
    ids=["xlsx", "UTF-16", "empty", "binary", "double", "words", "rows without end"],
)
def test_what_is_wrong_is_told_by_line_and_takes_no_attempt(made, told, line, judged):
    number, client = crew(judged)
    file = scored(judged, number, made(judged))
    assert file.state == Scoring.REFUSED
    page = said(client.get(f"{HOME}1/"))
    assert told in page and "took no attempt" in page
    [problem] = [one for one in file.told["problems"] if told in one["what"]]
    assert (problem["line"] == line) and (line is None or f"Line {line}" in page)
    assert "10 of 10 attempts are left" in said(client.get(HOME))


# --- the Ladder on pages --------------------------------------------------------------------------


def test_what_is_not_better_gets_no_number_and_the_place_stays(judged):
    number, client = crew(judged)
    best = scored(judged, number, content(judged))
    worse = scored(judged, number, content(judged, right=1))
    assert (best.improves, worse.improves) == (True, False)
    page = said(client.get(HOME + "2/"))
    assert "Not better than your best beyond chance: your place stays" in page
    assert "Public score" not in page
    decide(judged, ladder=False)
    assert "Public score" in said(client.get(HOME + "2/"))


def test_a_gate_that_is_not_passed_is_told_as_the_reason_and_its_number_is_not(judged):
    number, client = crew(judged)
    for right in (1, 15):
        scored(judged, number, content(judged, right=right))
    with judged.extensions["state"].write() as writer:
        gate = {"name": "g", "title": {"en": "refusals"}, "limit": 1, "unit": {"en": "x"}}
        first, second = writer.scalars(select(AnswerFile).order_by(AnswerFile.id))
        first.whole = {**first.whole, "gates": [{**gate, "value": 0.0}]}
        second.whole = {**second.whole, "gates": [{**gate, "value": 77.0}]}
        second.improves = False
    page = said(client.get(HOME + "2/"))
    assert "A gate is not passed: your place stays" in page
    assert "NOT passed: refusals" in page and "77" not in page.partition("What was received")[0]
    assert "passed: refusals" in said(client.get(HOME + "1/"))


def test_no_private_number_is_on_any_page_of_a_team(judged):
    """The private part is made wrong, the public one right: nothing but 100 may be shown."""
    number, client = crew(judged)
    decide(judged, ladder=False)
    file = scored(judged, number, content(judged, public_right=99))
    assert (file.public["ungated"], file.private["ungated"]) == (100, 0)
    whole = f"{file.whole['ungated']:.1f}"
    assert 0 < file.whole["ungated"] < 100
    for address in (HOME, HOME + "1/", HOME + "1/now"):
        text = said(
            client.get(address) if not address.endswith("now") else client.fragment(address)
        )
        assert "100.0" in text and whole not in text


def test_a_frozen_leaderboard_hides_nothing_from_the_own_team_and_says_so(judged):
    number, client = crew(judged)
    decide(judged, frozen_at=clock.now() - timedelta(minutes=1))
    scored(judged, number, content(judged))
    assert "The leaderboard is frozen" in said(client.get(HOME))
    page = said(client.get(HOME + "1/"))
    assert "100.0" in page and "only your team sees this score" in page


def test_a_file_that_is_set_aside_says_why(judged):
    number, client = crew(judged)
    scored(judged, number, content(judged))
    with judged.extensions["state"].write() as writer:
        file = writer.scalar(select(AnswerFile))
        file.set_aside_at, file.set_aside_why = clock.now(), "It was made by hand."
    page = said(client.get(HOME + "1/"))
    assert "It was made by hand." in page and "As a final" not in page
    client.post(HOME + "1/final", {"choose": "1"}, form=HOME + "1/")
    assert files(judged)[0].final_at is None


def test_the_challenges_page_leads_to_handing_in(judged):
    assert HOME in Client(judged).get(f"/challenges/{SLUG}/").links


# --- finals ---------------------------------------------------------------------------------------


def test_a_third_final_is_refused_with_the_two_there_are_and_swapped_in(judged):
    number, client = crew(judged)
    for right in (4, 1, 2):
        scored(judged, number, content(judged, right=right))
    for one in (1, 2, 3):
        client.post(f"{HOME}{one}/final", {"choose": "1"}, form=f"{HOME}{one}/")
    page = said(client.get(HOME + "3/"))
    assert "Your finals are chosen: no. 1, 2." in page
    assert "Choose it in place of no. 2" in page
    client.post(HOME + "3/final", {"instead_of": "2"}, form=HOME + "3/")
    assert [bool(f.final_at) for f in files(judged)] == [True, False, True]
    client.post(HOME + "1/final", {"unchoose": "1"}, form=HOME + "1/")
    assert [bool(f.final_at) for f in files(judged)] == [False, False, True]
    assert "Chosen: no. 3." in said(client.get(HOME))


def test_finals_are_chosen_until_the_deadline_and_only_of_scored_files(judged):
    number, client = crew(judged)
    send(judged, number, content(judged))
    client.post(HOME + "1/final", {"choose": "1"}, form=HOME + "1/")
    assert files(judged)[0].final_at is None
    run_due(judged)
    closes(judged, clock.now() - timedelta(seconds=1))
    client.post(HOME + "1/final", {"choose": "1"}, form=HOME + "1/")
    assert "until the deadline" in said(client.get(HOME))
    assert files(judged)[0].final_at is None
    assert "the deadline is past" in said(client.get(HOME + "1/"))


# --- at the same time -----------------------------------------------------------------------------


def together(calls):
    """Call them all at the same moment, each in a thread of its own; what each gave or raised."""
    start, came = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place, call):
        start.wait()
        try:
            came[place] = call()
        except Exception as error:
            came[place] = error

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def test_of_twenty_uploads_at_once_as_many_are_taken_as_are_left(judged):
    decide(judged, daily=3)
    _, member = team(judged)
    clients = [enter(judged, member) for _ in range(20)]
    tokens = [client.token(HOME) for client in clients]

    def post(place):
        data = {"csrf_token": tokens[place], "file": (io.BytesIO(b"%d" % place), "a.csv")}
        return clients[place].flask.post(HOME, data=data).status_code

    came = together([lambda place=place: post(place) for place in range(20)])
    assert sorted(came) == [302] * 3 + [422] * 17
    assert [file.number for file in files(judged)] == [1, 2, 3]


def test_the_same_act_sent_by_two_threads_is_done_once(judged):
    number, _ = team(judged)
    came = together([lambda: send(judged, number, b"same", nonce="n").id for _ in range(8)])
    assert len(set(came)) == len(files(judged)) == 1


def test_a_close_and_uploads_at_the_same_moment_leave_no_doubt(judged):
    """Whoever is told that it was taken was taken; the others are told that it was not."""
    decide(judged, daily=100)
    number, _ = team(judged)
    closes(judged, clock.now() + timedelta(hours=1))

    def close():
        closes(judged, clock.now() - timedelta(seconds=1))

    calls = [lambda n=n: send(judged, number, b"%d" % n, nonce=str(n)) for n in range(10)]
    came = together([*calls[:5], close, *calls[5:]])
    taken = [one for one in came if isinstance(one, AnswerFile)]
    refused = [one for one in came if isinstance(one, answers.Closed)]
    assert len(taken) + len(refused) == 10
    assert {file.id for file in taken} == {file.id for file in files(judged)}


def test_finals_chosen_at_the_same_moment_are_never_too_many(judged):
    decide(judged, ladder=False)
    number, member = team(judged)
    for right in range(4):
        scored(judged, number, content(judged, right=right))
    clients = [enter(judged, member) for _ in range(4)]
    tokens = [client.token(HOME) for client in clients]

    def choose(place):
        data = {"csrf_token": tokens[place], "choose": "1"}
        return clients[place].flask.post(f"{HOME}{place + 1}/final", data=data).status_code

    assert together([lambda p=p: choose(p) for p in range(4)]) == [302] * 4
    assert sum(file.final_at is not None for file in files(judged)) == 2


def test_the_person_who_handed_in_may_leave_and_the_files_stay(judged):
    number, member = team(judged)
    send(judged, number, content(judged), by=member)
    ola = account(judged, "ola@example.org")
    with judged.extensions["state"].write() as writer:
        writer.add(Membership(team_id=number, account_id=ola, joined_at=clock.now()))
        writer.scalar(
            select(Membership).where(Membership.account_id == member)
        ).left_at = clock.now()
    assert "No. 1" in said(enter(judged, ola).get(HOME))
    with judged.extensions["state"].read() as reader:
        assert own.own_team(reader, reader.get_one(Account, member)) is None
