"""Every page of the board, in both languages, by the one client that checks what it fetches."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import clock
from sandbox.board import create_app
from sandbox.bundle import open_bundle
from tests.board.client import Client

LANGUAGES = ("en", "nb")
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_from_home_leads_somewhere(client, language):
    client.raw(f"/?lang={language}")
    seen = client.walk("/")
    assert {
        "/challenges/shorter-queue/",
        "/challenges/shorter-queue/answers-template.csv",
        "/datasets/visits/",
        "/datasets/visits/datapackage.json",
        "/datasets/visits/files/visits.parquet",
        "/datasets/norway/files/municipalities.csv",
        "/starters/hello/",
        "/starters/hello.zip?challenge=shorter-queue",
    } <= set(seen)
    pages = [answer for answer in seen.values() if answer.mimetype == "text/html"]
    assert all(f'<html lang="{language}">' in p.get_data(as_text=True) for p in pages)


def test_every_question_of_the_data_is_linked_by_name(client):
    assert "/data/sandbox/longest-queue" in client.get("/datasets/visits/").links
    links = client.get("/challenges/shorter-queue/").links
    assert {"/data/sandbox/longest-queue", "/data/sandbox/largest-municipalities"} <= set(links)


def test_home_has_three_doors_and_the_number_to_beat(client):
    page = client.get("/")
    assert [h.get("id") for h in page.all("h3") if h.get("id")] == [
        "door-ask",
        "door-pick",
        "door-start",
    ]
    # The baseline, Oslo's one municipality for every county, is right for one county of 15.
    assert "6.7 %" in page.text


def test_the_challenge_page_tells_its_story_in_order(client):
    page = client.get("/challenges/shorter-queue/")
    ids = [h.get("id") for h in page.all("h2") if h.get("id")]
    order = "decision today data scoring rubric guardrails starter brief afterwards"
    assert ids == order.split()
    for told in ("41.5", "The centre's own count", "No answer is left out", "the council"):
        assert told.lower() in page.text.lower()
    assert "sandbox grade shorter-queue answers.csv" in page.text


def test_the_bars_show_the_scores_that_were_judged(client):
    page = client.get("/challenges/shorter-queue/")
    bars = [r.get("width") for r in page.all("*") if r.get("class") == "bar-fill"]
    assert bars == ["6.67", "0.0"]


def test_the_demo_says_that_its_answers_are_public_and_an_event_does_not(client, of_event):
    said = "its answers are public"
    assert said in client.get("/challenges/shorter-queue/").text
    assert said not in of_event(public_seed=None).get("/challenges/shorter-queue/").text


def test_the_brief_is_the_readers_and_says_its_language(client):
    english = client.get("/challenges/shorter-queue/")
    assert "People wait." in english.text
    assert english.one("article[@class='brief']").get("lang") is None
    norwegian = client.get("/challenges/shorter-queue/?lang=nb")
    assert "Folk venter." in norwegian.text


def test_english_words_on_a_norwegian_page_are_marked(client):
    page = client.get("/challenges/shorter-queue/?lang=nb")
    assert "English alone." in [s.text for s in page.all("span[@lang='en']")]


def test_the_dataset_page_has_what_a_reader_must_know(client):
    text = client.get("/datasets/visits/").text
    for told in (
        "SYNTHETIC",
        "One row is one visit.",
        "714 rows",
        "1 to 40",
        "Building permit",
        "English words alone",
        "ASSUMED",
        "Queue log of a made-up centre",
        "municipality_code that exist in municipalities",
        "CC0",
        "© Kartverket",
    ):
        assert told in text, told
    assert text.index("Ask this data") < text.index("Tables and columns")


def test_a_hand_compiled_dataset_says_that_it_was_never_fetched(client):
    text = client.get("/datasets/norway/").text
    assert "never fetched" in text
    assert "OPEN" in text


def test_the_join_on_the_page_runs(client, workspace):
    (sql,) = [c.text for c in client.get("/datasets/visits/").all("pre/code")]
    rows = open_bundle(workspace.current_bundle()).connect().execute(sql).fetchall()
    assert len(rows) == 20


def test_an_unknown_page_says_where_to_go(client):
    for address in ("/nothing", "/challenges/nothing/", "/datasets/nothing/", "/starters/no.zip"):
        assert "/challenges/" in client.get(address, status=404).links
    page = client.get("/nothing?lang=nb", status=404)
    assert "Denne siden finnes ikke" in page.text


def test_an_event_without_content_says_what_to_do_next(copy, next_generation):
    def empty(bundle):
        nothing = {"datasets": {}, "challenges": {}, "starters": {}}
        (bundle / "catalog.json").write_text(json.dumps(nothing), encoding="utf-8")

    next_generation(empty)
    client = Client(create_app(copy))
    for address in ("/", "/challenges/", "/datasets/", "/starters/"):
        assert client.get(address).all("div[@class='empty']")


def test_hostile_words_are_shown_and_never_run(copy, next_generation):
    def poison(value):
        """Every text for people becomes an attack; `en` marks what is such a text."""
        if isinstance(value, dict):
            return {k: HOSTILE if k == "en" else poison(inner) for k, inner in value.items()}
        return [poison(inner) for inner in value] if isinstance(value, list) else value

    def attack(bundle):
        catalog = bundle / "catalog.json"
        catalog.write_text(json.dumps(poison(json.loads(catalog.read_bytes()))), encoding="utf-8")
        brief = bundle / "challenges/shorter-queue/brief.md"
        brief.write_text(f"{HOSTILE}\n\n[x](javascript:alert(1))\n", encoding="utf-8")

    next_generation(attack)
    client = Client(create_app(copy))
    for address, answer in client.walk("/").items():
        if answer.mimetype == "text/html":
            page = client.get(address)
            assert HOSTILE in page.text, address
            assert not page.all("script"), address


# --- time -----------------------------------------------------------------------------------------

# Without a zone, as in event.toml.
STARTS = datetime.fromisoformat("2027-03-27T09:00")  # the day before clocks go forward in Oslo
ENDS = datetime.fromisoformat("2027-03-29T15:00")


@pytest.mark.parametrize(
    ("before_start", "said", "gesagt"),
    [
        (timedelta(days=2, hours=5), "Begins in 2 days", "Begynner om 2 døgn"),
        (timedelta(hours=30), "Begins in 30 hours", "Begynner om 30 timer"),
        (timedelta(minutes=1), "Begins in 1 minute", "Begynner om 1 minutt"),
        # Two days and six hours by the clock on the wall are an hour less to live through.
        (timedelta(0), "Ends in 2 days", "Slutter om 2 døgn"),
        (timedelta(days=-2, hours=-4), "Ends in 60 minutes", "Slutter om 60 minutter"),
        (timedelta(days=-3), "The event is over", "Arrangementet er over"),
    ],
)
def test_home_says_where_the_event_stands_in_time(of_event, before_start, said, gesagt):
    client = of_event(starts=STARTS, ends=ENDS)
    with clock.fixed(datetime(2027, 3, 27, 8, 0, tzinfo=UTC) - before_start):
        text = client.get("/").text
        assert said in text
        assert "Saturday 27 March 2027, 09:00" in text
        assert "Monday 29 March 2027, 15:00" in text
        assert "Central European Standard Time (GMT+01:00)" in text
        norwegian = client.get("/?lang=nb").text
    assert gesagt in norwegian
    assert "lørdag 27. mars 2027 kl. 09:00" in norwegian


def test_an_open_lab_counts_nothing_down(of_event):
    page = of_event(starts=None, ends=None).get("/")
    assert "An open lab" in page.text
    assert not page.all("time")
