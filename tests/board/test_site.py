"""Languages, headers, caching, health, and what happens when the bundle changes or is not there."""

import pytest

from sandbox import ui
from sandbox.board import MOST_BYTES, create_app
from sandbox.board.access import everyone
from sandbox.board.asgi import REFUSED
from sandbox.board.desk import dribdat
from sandbox.board.served import event
from sandbox.board.site import at_most_bytes, most_bytes_of
from sandbox.bundle import open_bundle
from tests.board.client import Client


def test_a_view_that_does_not_say_who_may_call_it_answers_nobody(workspace):
    app = create_app(workspace)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert "secret" not in Client(app).get("/forgotten", status=500).html


def lang(page):
    return page.root.get("lang")


def test_the_language_is_asked_for_then_remembered_then_preferred(client):
    norwegian = {"Accept-Language": "de, nb-NO;q=0.8, en;q=0.5"}
    assert lang(client.get("/", headers=norwegian)) == "nb"
    assert lang(client.get("/?lang=en", headers=norwegian)) == "en"
    assert lang(client.get("/challenges/", headers=norwegian)) == "en"


def test_only_a_choice_sets_the_cookie_and_it_stays_on_this_site(client):
    assert "Set-Cookie" not in client.raw("/").headers
    assert "Set-Cookie" not in client.raw("/?lang=xx").headers
    cookie = client.raw("/?lang=nb").headers["Set-Cookie"]
    assert cookie.startswith("lang=nb;")
    assert "SameSite=Lax" in cookie
    assert "HttpOnly" in cookie


def test_the_language_links_keep_the_page(client):
    links = client.get("/datasets/visits/?x=1").links
    assert "/datasets/visits/?x=1&lang=nb" in links


def test_an_event_in_one_language_offers_no_choice(of_event):
    client = of_event(languages=("nb",))
    page = client.get("/?lang=en")
    assert lang(page) == "nb"
    assert not [link for link in page.links if "lang=" in link]


@pytest.mark.parametrize(
    "address",
    ["/", "/nothing", "/healthz", "/static/sandbox.css", "/datasets/visits/datapackage.json"],
)
def test_every_answer_carries_the_security_headers(client, address):
    headers = client.raw(address).headers
    for name, value in ui.SECURITY_HEADERS.items():
        assert headers[name] == value


def test_a_page_that_has_not_changed_is_not_sent_again(client):
    first = client.raw("/challenges/")
    again = client.raw("/challenges/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.raw("/challenges/?lang=nb", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
    assert {"Accept-Language", "Cookie"} <= set(first.headers["Vary"].split(", "))


def test_a_style_sheet_may_be_kept_for_it_changes_its_address_with_its_content(client):
    address = client.get("/").one("link[@rel='stylesheet']").get("href")
    assert "immutable" in client.raw(address).headers["Cache-Control"]
    assert "immutable" not in client.raw("/static/sandbox.css").headers["Cache-Control"]


@pytest.mark.parametrize("name", ["../__init__.py", "..%2f__init__.py", "%2e%2e/languages.py"])
def test_no_file_outside_static_is_served(client, name):
    assert client.raw(f"/static/{name}").status_code == 404


def test_health_names_the_bundle_and_the_event(client, workspace):
    health = client.raw("/healthz").json
    assert health["status"] == "ok"
    assert health["event"] == "Sandbox demo"
    assert len(health["bundle"]) == 64


def test_the_icon_is_an_icon(client):
    assert client.raw("/favicon.ico").data[:4] == b"\0\0\1\0"


# --- generations ----------------------------------------------------------------------------------


def rename_visits(bundle):
    file = bundle / "catalog.json"
    words = file.read_text(encoding="utf-8").replace("Invented visits", "Made-up visits")
    file.write_text(words, encoding="utf-8")


def test_a_new_generation_is_served_without_a_restart(copy, next_generation):
    client = Client(create_app(copy))
    assert "Invented visits" in client.get("/datasets/").text
    before = client.raw("/healthz").json["bundle"]
    next_generation(rename_visits)
    assert "Made-up visits" in client.get("/datasets/").text
    assert client.raw("/healthz").json["bundle"] != before


def test_a_bundle_is_opened_once(copy):
    opened = []
    app = create_app(copy, lambda: opened.append(1) or open_bundle(copy.current_bundle()))
    for _ in range(3):
        Client(app).get("/datasets/")
    assert len(opened) == 1


def test_a_damaged_generation_leaves_the_old_one_serving(copy, next_generation, caplog):
    client = Client(create_app(copy))
    client.get("/")
    next_generation(lambda bundle: (bundle / "catalog.json").write_text("{}"))
    assert "Besøk" in client.get("/datasets/?lang=nb").text
    assert "The new bundle is not served" in caplog.text


def test_without_a_bundle_a_reader_is_told_to_wait_and_learns_no_path(copy, caplog):
    copy.current_file.unlink()
    client = Client(create_app(copy))
    page = client.get("/", status=503)
    assert "not ready yet" in page.text
    assert page.answer.headers["Retry-After"] == "30"
    assert str(copy.state) not in page.html
    assert "sandbox build" in caplog.text
    assert client.raw("/healthz").status_code == 503


def test_a_mistake_of_ours_is_logged_and_not_shown(workspace, caplog):
    app = create_app(workspace)
    app.add_url_rule("/broken", "broken", everyone(lambda: 1 // 0))
    page = Client(app).get("/broken", status=500)
    assert "Something went wrong here" in page.text
    assert "ZeroDivisionError" not in page.html
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("address", "secure"), [("https://x.example.org", True), ("http://10.0.0.7:8001", False)]
)
def test_the_session_travels_by_https_alone_where_the_event_has_such_an_address(
    of_event, address, secure
):
    answer = of_event(public_url=address).raw("/sign-in/")
    (cookie,) = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("sandbox=")]
    flags = {flag.strip() for flag in cookie.split(";")}
    assert ("Secure" in flags) == secure
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= flags


@pytest.mark.parametrize(
    ("status", "said"), [(408, "connection stopped"), (413, "413"), (503, "a few seconds")]
)
def test_what_was_not_taken_is_told_plainly_with_what_to_do(client, status, said):
    refused = {"environ_overrides": {REFUSED: status}}
    for address in ("/", "/questions/ask", "/nothing"):
        page = client.get(address, status=status, **refused)
        assert said in page.text
    answer = client.raw("/api/v1/event", **refused)
    assert (answer.status_code, answer.json["status"]) == (status, status)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_the_server_knows_how_much_each_page_takes(app):
    most = most_bytes_of(app)
    assert most("/questions/ask", "POST") == most("/nothing", "POST") == MOST_BYTES
    assert most("/organiser/import/", "POST") == dribdat.MOST_BYTES
    assert most("/api/v1/event", "POST") >= dribdat.MOST_BYTES


def test_a_limit_may_depend_on_what_is_served(workspace):
    app = create_app(workspace)

    @app.post("/measured")
    @everyone
    @at_most_bytes(0)
    def measured():
        return ""

    measured.most_bytes = lambda: event().languages and 4711
    assert most_bytes_of(app)("/measured", "POST") == 4711
