"""OpenID Connect: against a provider that keeps to the book, and against answers that do not."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from sqlalchemy import select

from sandbox import clock
from sandbox.board.people import openid, passwords
from sandbox.state.people import Account, Identity
from sandbox.workspace import Provider
from tests.board.client import Client
from tests.board.visitors import account, enter, visitor

ISSUER, BACK = "https://id.example.org", "http://localhost/sign-in/with/id/back"
PROVIDER = Provider(slug="id", name={"en": "The Town"}, issuer=ISSUER, client_id="board")
LONG = "four words of mine"


def rows(app, *what):
    with app.extensions["state"].read() as reader:
        return list(reader.scalars(select(*what)))


class Town:
    """A provider that says what a test tells it to: `claims`, `metadata`, `fails`, `key`."""

    key = RSAKey.generate_key(2048, {"kid": "a"})

    def __init__(self):
        self.signed_by, self.header = self.key, {"alg": "RS256", "kid": "a"}
        self.claims, self.metadata, self.info, self.tokens = {}, {}, {}, {}
        self.fails = {}
        self.asked = []

    def __call__(self, request):
        self.asked.append(request)
        path = request.url.path
        if path in self.fails:
            failure = self.fails[path]
            return failure if isinstance(failure, httpx.Response) else self._raise(failure)
        answers = {
            "/.well-known/openid-configuration": self._metadata,
            "/keys": lambda: KeySet([self.key]).as_dict(private=False),
            "/token": lambda: {"access_token": "a", "id_token": self._token()} | self.tokens,
            "/info": lambda: self.info,
        }
        return httpx.Response(200, json=answers[path]())

    def _raise(self, failure):
        raise failure

    def _metadata(self):
        ends = {"authorization_endpoint": "/go", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": ISSUER} | {k: ISSUER + v for k, v in ends.items()} | self.metadata

    def _token(self):
        now = int(clock.now().timestamp())
        told = {"iss": ISSUER, "aud": "board", "sub": "7", "iat": now, "exp": now + 300}
        claims = {k: v for k, v in (told | self.claims).items() if v is not None}
        return jwt.encode(self.header, claims, self.signed_by, algorithms=[self.header["alg"]])


@pytest.fixture
def town(monkeypatch):
    made = Town()
    monkeypatch.setattr(openid, "client", lambda: httpx.Client(transport=httpx.MockTransport(made)))
    return made


@pytest.fixture
def app(board_of):
    return board_of(sign_in=(PROVIDER,), public_url="http://localhost")


def begun(client, query=""):
    """What the provider is asked for, as the browser is sent there."""
    answer = client.raw(f"/sign-in/with/id{query}")
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.location).query).items()}


def back(client, town, query="", **claims):
    """Sent to the provider and back with a code."""
    asked = begun(client, query)
    town.claims = {"nonce": asked["nonce"]} | claims
    return client.raw(f"/sign-in/with/id/back?code=c&state={asked['state']}")


def proven(email):
    return {"email": email, "email_verified": True}


def signed_in(client):
    return client.raw("/account/").status_code == 200


@pytest.mark.heavy
def test_the_sign_in_page_offers_each_provider(app):
    page = Client(app).get("/sign-in/")
    assert "Sign in with The Town" in page.text
    assert "/sign-in/with/id?next=/" in page.links


@pytest.mark.heavy
def test_the_question_has_state_nonce_and_a_challenge_of_its_own_each_time(app, town):
    client = Client(app)
    first, second = begun(client), begun(client)
    assert first["response_type"] == "code" and first["redirect_uri"] == BACK
    assert first["code_challenge_method"] == "S256"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43 and first[name] != second[name]


def test_a_known_identity_comes_in_whatever_its_address_is_by_now(app, town):
    kari = account(app)
    with app.extensions["state"].write() as writer:
        writer.add(Identity(account_id=kari, issuer=ISSUER, subject="7", linked_at=clock.now()))
    client = Client(app)
    assert back(client, town, "?next=/challenges/").location == "/challenges/"
    assert "Kari" in client.get("/account/").text


@pytest.mark.heavy
def test_the_same_subject_of_another_provider_is_somebody_else(app, town):
    kari = account(app)
    with app.extensions["state"].write() as writer:
        writer.add(
            Identity(account_id=kari, issuer="https://b", subject="7", linked_at=clock.now())
        )
    assert back(Client(app), town).status_code == 403


def test_a_proven_address_links_the_account_that_has_it_once(app, town):
    kari = account(app)
    client = Client(app)
    assert back(client, town, **proven("Kari@Example.org")).status_code == 302
    assert [(i.account_id, i.issuer, i.subject) for i in rows(app, Identity)] == [
        (kari, ISSUER, "7")
    ]
    assert rows(app, Account)[0].email_confirmed_at
    assert back(Client(app), town, **proven("kari@example.org")).status_code == 302
    assert len(rows(app, Identity)) == 1


@pytest.mark.parametrize("verified", [None, False, "true", 1])
@pytest.mark.heavy
def test_an_address_that_is_not_proven_opens_no_account(app, town, verified):
    account(app)
    client = Client(app)
    told = {"email": "kari@example.org", "email_verified": verified}
    assert back(client, town, **told).status_code == 403
    assert not signed_in(client) and not rows(app, Identity)


@pytest.mark.heavy
def test_a_password_that_a_stranger_had_set_on_the_address_ends(app, town):
    squatted = account(app, password_hash=passwords.hashed(LONG))
    squatter = enter(app, squatted)
    back(Client(app), town, **proven("kari@example.org"))
    assert rows(app, Account)[0].password_hash is None
    assert not signed_in(squatter)


@pytest.mark.heavy
def test_a_newcomer_comes_in_only_as_registration_allows(board_of, town):
    invited = board_of(sign_in=(PROVIDER,), public_url="http://localhost")
    answer = back(Client(invited), town, **proven("new@example.org"))
    assert "lets people in by invite" in answer.get_data(as_text=True)
    assert not rows(invited, Account)
    opened = board_of(sign_in=(PROVIDER,), public_url="http://localhost", registration="open")
    answer = back(Client(opened), town, **proven("new@example.org"), name="  New  One ")
    assert answer.location == "/join/?next=/"
    (made,) = rows(opened, Account)
    assert (made.email, made.name, bool(made.joined_at)) == ("new@example.org", "New One", False)
    answer = back(Client(opened), town, sub="8", email="x@example.org")
    assert "does not confirm an e-mail address" in answer.get_data(as_text=True)
    assert len(rows(opened, Account)) == 1


@pytest.mark.heavy
def test_a_newcomer_with_an_invite_comes_in_with_its_role_and_needs_no_address(app, town):
    boss = visitor(app, "boss@example.org", roles=["organiser"])
    told = {"role": "judge", "scope": "", "lasts": "day"}
    page = boss.get(boss.post("/organiser/invites/new", told).location)
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", page.text)[0]
    client = Client(app)
    (link,) = [link for link in client.get(f"/in/{code}").links if "/with/id" in link]
    back(client, town, "?" + urlsplit(link).query)
    made = rows(app, Account)[-1]
    assert (made.email, made.roles[0].role) == (None, "judge")
    assert back(Client(app), town, "?code=2222-2222", sub="9").status_code == 403


@pytest.mark.heavy
def test_a_blocked_account_stays_out(app, town):
    account(app, blocked_at=clock.now())
    client = Client(app)
    answer = back(client, town, **proven("kari@example.org"))
    assert answer.status_code == 403 and not signed_in(client)


@pytest.mark.heavy
def test_what_an_id_token_leaves_out_is_asked_of_userinfo_about_the_same_person(app, town):
    account(app)
    town.metadata = {"userinfo_endpoint": f"{ISSUER}/info"}
    town.info = {"sub": "8"} | proven("kari@example.org")
    assert back(Client(app), town).status_code == 400
    town.info["sub"] = "7"
    assert back(Client(app), town).status_code == 302


# --- answers that cannot be trusted ---------------------------------------------------------------

KEPT = {"state": "s", "nonce": "n", "verifier": "v" * 43}


def finished(town, **claims):
    """Who has come back, as far as the protocol can tell; raises Failed."""
    town.claims = {"nonce": "n"} | claims
    return openid.finish(PROVIDER, None, BACK, KEPT, {"state": "s", "code": "c"})


@pytest.mark.parametrize(
    "claims",
    [{"iss": "https://evil.example.org"}, {"aud": "another"}, {"aud": None}, {"sub": None},
     {"nonce": "another"}, {"nonce": None}, {"exp": None}, {"iat": None}, {"exp": 1},
     {"iat": 99999999999}, {"azp": "another"}, {"sub": 7}],
)  # fmt: skip
def test_an_id_token_with_a_claim_that_does_not_hold_is_not_believed(town, claims):
    assert finished(town).subject == "7"
    with pytest.raises(openid.Failed):
        finished(town, **claims)


@pytest.mark.parametrize("forged", ["another key", "hs256 with the secret", "none", "no token"])
def test_an_id_token_that_the_provider_has_not_signed_is_not_believed(town, forged):
    if forged == "another key":
        town.signed_by = RSAKey.generate_key(2048, {"kid": "a"})
    elif forged == "hs256 with the secret":
        town.signed_by, town.header = OctKey.import_key(b"s" * 32), {"alg": "HS256"}
    elif forged == "none":
        town.tokens = {"id_token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiI3In0."}
    else:
        town.tokens = {"id_token": None}
    with pytest.raises(openid.Failed) as failed:
        finished(town)
    assert failed.value.reason == "answer"


@pytest.mark.parametrize(
    ("seconds", "holds"), [(-119, True), (119, True), (-122, False), (122, False)]
)
def test_clocks_may_differ_by_two_minutes(town, seconds, holds):
    with clock.fixed(clock.now()):
        now = int(clock.now().timestamp()) + seconds
        if holds:
            assert finished(town, iat=now, exp=now + 1)
            return
        with pytest.raises(openid.Failed) as failed:
            finished(town, iat=now, exp=now + 1)
    assert failed.value.reason == "clock"


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
@pytest.mark.parametrize(
    ("failure", "reason"),
    [(httpx.ConnectError("refused"), "away"), (httpx.ReadTimeout(""), "away"),
     (httpx.Response(502), "away"), (httpx.Response(200, text="<html>"), "answer"),
     (httpx.Response(302, headers={"Location": "https://evil.example.org"}), "answer"),
     (httpx.Response(400, json={"error": "invalid_grant"}), "answer")],
    ids=["away", "slow", "502", "html", "redirect", "refused"],
)  # fmt: skip
def test_a_provider_that_fails_is_told_apart_from_one_that_answers_wrongly(
    town, path, failure, reason
):
    town.fails = {path: failure}
    with pytest.raises(openid.Failed) as failed:
        finished(town)
    assert failed.value.reason == reason


def test_a_provider_that_is_away_leads_to_a_page_that_says_so(app, town):
    client = Client(app)
    asked = begun(client)
    town.fails = {"/token": httpx.ConnectError("refused")}
    for address in ("/sign-in/with/id/back?code=c&state=" + asked["state"], "/sign-in/with/id"):
        page = client.get(address, status=503)
        assert "The Town" in page.text and "Other ways in" in page.text
        town.fails = {"/.well-known/openid-configuration": httpx.ReadTimeout("")}


@pytest.mark.heavy
def test_a_clock_that_is_wrong_is_named_as_the_reason(app, town):
    answer = back(Client(app), town, exp=int(clock.now().timestamp()) - 200)
    assert "a clock is wrong" in answer.get_data(as_text=True)


def test_an_answer_is_taken_once_by_the_browser_that_asked_and_by_no_other(app, town):
    account(app)
    client, thief = Client(app), Client(app)
    asked = begun(client)
    town.claims = {"nonce": asked["nonce"]} | proven("kari@example.org")
    address = f"/sign-in/with/id/back?code=c&state={asked['state']}"
    assert thief.raw(address).status_code == 400
    begun(thief)
    assert thief.raw(address).status_code == 400
    assert client.raw(address).status_code == 302
    client.post("/sign-in/out", form="/account/")
    assert client.raw(address).status_code == 400


def test_the_code_is_exchanged_with_the_secret_and_the_verifier_of_the_challenge(app, town):
    import base64
    import hashlib

    kept = {"state": "s", "nonce": "n", "verifier": "v" * 43}
    town.claims = {"nonce": "n"}
    with app.app_context():
        openid.finish(PROVIDER, "se:cret", BACK, kept, {"state": "s", "code": "c"})
    sent = next(request for request in town.asked if request.url.path == "/token")
    form = parse_qs(sent.content.decode())
    assert form["code_verifier"] == ["v" * 43] and form["redirect_uri"] == [BACK]
    assert base64.b64decode(sent.headers["Authorization"].split()[1]) == b"board:se%3Acret"
    address, begun_with = openid.begin(PROVIDER, BACK)
    challenge = parse_qs(urlsplit(address).query)["code_challenge"][0]
    digest = hashlib.sha256(begun_with["verifier"].encode()).digest()
    assert challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.mark.heavy
def test_who_says_no_at_the_provider_is_told_that_nothing_happened(app, town):
    client = Client(app)
    asked = begun(client)
    page = client.get(
        f"/sign-in/with/id/back?error=access_denied&state={asked['state']}", status=403
    )
    assert "did not agree" in page.text
    asked = begun(client)
    page = client.get(
        f"/sign-in/with/id/back?error=<script>&error_description=x&state={asked['state']}",
        status=400,
    )
    assert "script" not in page.text


@pytest.mark.heavy
def test_a_provider_that_calls_itself_otherwise_is_not_gone_to(app, town):
    town.metadata = {"issuer": "https://evil.example.org"}
    Client(app).get("/sign-in/with/id", status=400)
    Client(app).get("/sign-in/with/another", status=404)


@pytest.mark.heavy
def test_the_way_on_after_a_provider_is_on_this_board(app, town):
    account(app)
    for onward in ("//evil.example.org/", "https://evil.example.org/"):
        client = Client(app)
        assert back(client, town, f"?next={onward}", **proven("kari@example.org")).location == "/"


# --- linked to an account that is there -----------------------------------------------------------


@pytest.mark.heavy
def test_linking_is_asked_once_more_and_undone_where_another_way_is_left(app, town):
    client = visitor(app)
    assert back(client, town, **proven("private@example.com")).location == "/account/providers"
    assert not rows(app, Identity)  # coming back from the provider alone links nothing
    page = client.get("/account/providers")
    assert "private@example.com" in page.text
    client.post("/account/providers/link", form="/account/providers")
    assert len(rows(app, Identity)) == 1
    client.post("/account/providers/1/unlink", form="/account/providers")
    assert len(rows(app, Identity)) == 1  # the only way back in
    client.post("/account/password", {"new": LONG})
    client.post("/account/providers/1/unlink", form="/account/providers")
    assert not rows(app, Identity)


@pytest.mark.heavy
def test_an_identity_belongs_to_one_account_and_is_unlinked_by_nobody_else(app, town):
    kari = visitor(app)
    back(kari, town)
    kari.post("/account/providers/link", form="/account/providers")
    ola = visitor(app, "ola@example.org")
    back(ola, town)
    ola.post("/account/providers/link", form="/account/providers")
    assert [i.account_id for i in rows(app, Identity)] == [1]
    token = ola.token("/account/")
    answer = ola.flask.post("/account/providers/1/unlink", data={"csrf_token": token})
    assert answer.status_code == 404


@pytest.mark.heavy
def test_nothing_is_linked_that_this_browser_has_not_proven(app):
    client = visitor(app)
    token = client.token("/account/")
    told = {"csrf_token": token, "slug": "id", "subject": "7"}
    client.flask.post("/account/providers/link", data=told)
    assert not rows(app, Identity)


# --- a real provider on loopback ------------------------------------------------------------------


@pytest.mark.heavy
def test_a_real_provider_signs_in_a_member_and_refuses_whom_it_does_not_know(board_of, tmp_path):
    users = [
        oidc_provider_mock.User(
            sub="kari", claims={"email": "kari@example.org", "email_verified": True, "name": "K"}
        )
    ]
    with oidc_provider_mock.run_server_in_thread(
        user_claims=users, require_nonce=True, require_client_registration=True
    ) as server:
        issuer = f"http://localhost:{server.server_port}"
        told = {"redirect_uris": [BACK], "token_endpoint_auth_method": "client_secret_basic"}
        registered = httpx.post(f"{issuer}/oauth2/clients", json=told).json()
        provider = Provider(
            slug="id", name={"en": "Town"}, issuer=issuer, client_id=registered["client_id"]
        )
        app = board_of(sign_in=(provider,), public_url="http://localhost")
        _with_secret(app, registered["client_secret"])
        account(app)
        client = Client(app)
        assert _through(client, "kari").location == "/challenges/"
        assert "Kari" in client.get("/account/").text
        assert _through(Client(app), "stranger").status_code == 403
        _with_secret(app, "wrong")
        assert _through(Client(app), "kari").status_code == 400
    assert Client(app).raw("/sign-in/with/id").status_code == 503  # it has gone


def _with_secret(app, secret):
    """As secret.toml would say it."""
    from dataclasses import replace

    from sandbox.workspace import Secrets

    live = app.extensions["served"]._live
    drawn = dict.fromkeys(("seed", "salt", "session_key"), "ab" * 32)
    live._workspace = replace(live._workspace, secrets=Secrets(**drawn, sign_in={"id": secret}))


def _through(client, subject):
    """To the provider, where somebody signs in as `subject`, and back."""
    there = client.raw("/sign-in/with/id?next=/challenges/").location
    answer = httpx.post(there, data={"sub": subject})
    assert answer.status_code == 302, answer.text
    return client.raw(answer.headers["Location"].removeprefix("http://localhost"))
