"""Tokens: made and shown once, kept as a hash, sent as a bearer, ended."""

from datetime import timedelta

from sandbox import clock
from sandbox.board.people import tokens
from sandbox.state.people import Account
from sandbox.state.records import Audit, Token
from tests.board.programs import V1, Program, program, token
from tests.board.visitors import account, visitor

ASKED = {"name": "My dashboard", "scopes": ["read", "write:questions"], "days": "7"}
QUESTION = {"about": {"kind": "event"}, "text": "Why?"}


def made(client, **more):
    """Make a token in the browser; what the page then shows."""
    client.post("/account/tokens/", ASKED | more)
    page = client.get("/account/tokens/")
    (shown,) = [code.text for code in page.all("code") if code.get("class") == "once"]
    return shown


def kept(app):
    with app.extensions["state"].read() as reader:
        return list(reader.query(Token).order_by(Token.id))


def test_a_token_is_shown_once_and_only_its_hash_is_kept(board):
    client = visitor(board)
    shown = made(client)
    assert shown not in client.get("/account/tokens/").html
    (row,) = kept(board)
    assert shown not in repr(vars(row))
    assert row.expires_at - row.made_at == timedelta(days=7)
    assert Program(board, shown).get("/me")["scopes"] == ["read", "write:questions"]


def test_a_token_that_has_ended_is_refused_at_once_and_only_its_owner_ends_it(board):
    client = visitor(board)
    shown = made(client)
    (row,) = kept(board)
    end = f"/account/tokens/{row.id}/end"
    visitor(board, "ola@example.org").post(end, form="/account/tokens/", status=404)
    Program(board, shown).get("/me")
    client.post(end, form="/account/tokens/")
    Program(board, shown).get("/event", status=401)
    assert "You have no token." in client.get("/account/tokens/").text


NO_TOKENS = [
    "", "Bearer", "Bearer ", "Bearer sbx_", "Bearer sbx_" + "x" * 43, "Basic a2FyaTprYXJp",
    "Bearer " + "t" * 43, "sbx_" + "t" * 43, "Bearer sbx_\0",
]  # fmt: skip


def test_what_is_no_token_opens_nothing_and_is_told_so(board):
    token(board, account(board))
    for header in NO_TOKENS:
        answer = board.test_client().get(V1 + "/event", headers={"Authorization": header})
        assert answer.status_code == 401, header
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_holds_until_it_expires_and_while_its_account_may(board):
    number = account(board)
    sent = Program(board, token(board, number, expires_at=clock.now() + timedelta(hours=1)))
    sent.get("/me")
    with clock.fixed(clock.now() + timedelta(hours=1)):
        sent.get("/me", status=401)
    with board.extensions["state"].write() as writer:
        writer.get_one(Account, number).blocked_at = clock.now()
    sent.get("/me", status=401)


def test_who_has_not_joined_reads_what_is_open_and_no_more(board):
    newcomer = program(board, joined=False)
    newcomer.get("/event")
    newcomer.get("/me", status=403)


def test_a_token_does_what_its_scopes_say_and_no_more(board):
    reads = program(board, scopes=["read"])
    reads.get("/me")
    assert "write:questions" in reads.post("/questions", QUESTION, status=403)["detail"]
    writes = program(board, "ola@example.org", scopes=["write:questions"])
    writes.post("/questions", QUESTION)
    writes.get("/me", status=403)


def test_a_token_opens_no_page_of_its_owner(board):
    sent = program(board, roles=["organiser"])
    for page in ("/account/", "/account/tokens/", "/organiser/"):
        answer = sent.flask.get(page, headers=sent.headers)
        assert answer.headers["Location"].startswith("/sign-in/")


def test_a_request_with_a_token_has_nothing_from_the_cookie_it_brings(board):
    client = visitor(board, roles=["organiser"])
    weak = program(board, "ola@example.org", scopes=["read"])
    answer = client.flask.get(V1 + "/me", headers=weak.headers)
    assert answer.get_json()["name"] == "Ola"
    assert client.flask.get(V1 + "/me", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_browser_writes_by_its_session_only_with_the_token_against_forgery(board):
    client = visitor(board)
    refused = client.flask.post(V1 + "/questions", json=QUESTION)
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
    forged = client.flask.post(V1 + "/questions", json=QUESTION, headers={"X-CSRFToken": "x"})
    assert forged.status_code == 400
    crumb = client.token("/account/")
    taken = client.flask.post(V1 + "/questions", json=QUESTION, headers={"X-CSRFToken": crumb})
    assert taken.status_code == 201


def test_only_an_organiser_can_make_a_token_that_organises_and_it_is_logged(board):
    member = visitor(board)
    member.post("/account/tokens/", ASKED | {"scopes": ["organise"]}, status=422)
    made(visitor(board, "ola@example.org", roles=["organiser"]), scopes=["organise"])
    with board.extensions["state"].read() as reader:
        assert [a.act for a in reader.query(Audit)] == ["token.make"]


def test_a_role_that_was_taken_away_is_gone_from_tokens_too(board):
    sent = program(board, roles=["organiser"])
    with board.extensions["state"].write() as writer:
        owner = writer.query(Account).one()
        owner.roles.clear()
    words = {"words": {"en": {"title": "Lunch", "text": "Soup."}}}
    sent.post("/announcements", words, status=403)


def test_use_is_noted_now_and_then_and_reading_does_not_write_each_time(board):
    sent, now = program(board), clock.now()
    for minutes in (0, 5, 9, 11):
        with clock.fixed(now + timedelta(minutes=minutes)):
            sent.get("/event")
            (row,) = kept(board)
            assert row.last_used_at == now + timedelta(minutes=11 if minutes == 11 else 0)


WRONG = [
    {"name": " "}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["everything"]}, {"days": "0"},
    {"days": "9999"},
]  # fmt: skip


def test_a_wrong_form_is_told_and_makes_nothing(board):
    client = visitor(board)
    for wrong in WRONG:
        page = client.post("/account/tokens/", ASKED | wrong, status=422)
        assert page.all("section")[0].get("role") == "alert", wrong
    assert kept(board) == []


def test_nobody_piles_up_tokens(board, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 3)
    client = visitor(board)
    for _ in range(3):
        client.flask.post(
            "/account/tokens/", data=ASKED | {"csrf_token": client.token("/account/tokens/")}
        )
    client.post("/account/tokens/", ASKED, status=422)
    assert len(kept(board)) == 3


def test_a_script_as_a_name_is_words(board):
    client = visitor(board)
    made(client, name="<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/account/tokens/").html
