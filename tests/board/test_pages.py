"""Every page of the board, in every language, by the one client that checks what it fetches."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import clock
from sandbox.board import create_app
from sandbox.board.practice import Drawn, Mark
from sandbox.bundle import open_bundle
from sandbox.catalog.models import Picture
from sandbox.descriptors import LANGUAGES
from tests.board.client import Client
from tests.board.visitors import visitor

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'


@pytest.mark.parametrize(
    "language", ["en", *(pytest.param(tag, marks=pytest.mark.heavy) for tag in LANGUAGES[1:])]
)
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
    assert all(f'<html lang="{language}"' in p.get_data(as_text=True) for p in pages)


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
    order = "decision today leaderboard data scoring guardrails starter brief afterwards talk"
    assert ids == order.split()
    for told in ("41.5", "The centre's own count", "No answer is left out", "the council"):
        assert told.lower() in page.text.lower()
    assert "sandbox grade shorter-queue answers.csv" in page.text


def test_the_formula_follows_the_plain_words_and_names_its_source(client):
    page = client.get("/challenges/shorter-queue/")
    (formula,) = page.all("pre[@class='formula']")
    assert formula.text == "score = 100 × right answers / counties"
    told = [page.text.index(words) for words in ("Each right answer counts the same.",
            formula.text, "Source: The centre's own rule", "Whether the staff agree")]  # fmt: skip
    assert told == sorted(told)
    assert "https://example.org/rule" in page.links


def test_what_people_judge_stands_there_without_a_number(client):
    page = client.get("/challenges/shorter-queue/?lang=nb")
    assert "Vurderes av mennesker" in page.text
    assert "Om de ansatte er enige" in [li.text for li in page.all("li")]


def test_the_picture_of_todays_practice_says_the_same_in_words_and_as_a_table(client, workspace):
    page = client.get("/challenges/shorter-queue/?lang=nb")
    sql = "SELECT avg(minutes), min(minutes), max(minutes) FROM visits WHERE errand = 'permit'"
    here = open_bundle(workspace.current_bundle()).connect()
    mean, low, high = here.execute(sql).fetchone()
    words = f"{mean:.1f} ({low:.1f}–{high:.1f})".replace(".", ",")
    assert words in [element.get("aria-label") for element in page.root.iter()]
    assert "Byggesøknad" in [dt.text for dt in page.all("dt")]
    (table,) = captioned(page, "Så lenge venter besøkende i dag")
    assert [th.text for th in table.iter("th")][:4] == ["Ærend", "minutter", "Fra", "Til"]
    assert f"{mean:.1f}".replace(".", ",") in [td.text for td in table.iter("td")]
    assert "/data/sandbox/wait-by-errand" in page.links


def captioned(page, words):
    """The tables with that caption; those of a brief have none."""
    return [
        t for t in page.all("table") if (c := t.find("caption")) is not None and c.text == words
    ]


@pytest.mark.parametrize(
    ("kind", "values", "digits", "least"),
    [
        ("bars", [41, 44], 0, 0),
        ("bars", [-2.5, 44.0], 1, -2.5),
        ("line", [41.25, 44.5], 2, 41.25),
        ("line", [0.25, 0.75], 3, 0.25),
    ],
)
def test_a_scale_begins_at_0_for_bars_and_shows_as_many_decimals_as_tell_numbers_apart(
    kind, values, digits, least
):
    described = {"question": "q", "kind": kind, "x": "x", "y": "y", "title": "x", "unit": "x"}
    marks = tuple(Mark(str(value), None, value, None, None) for value in values)
    drawn = Drawn(Picture.model_validate(described), None, marks)
    assert (drawn.digits, drawn.least, drawn.most) == (digits, least, values[1])


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["bars", "line"])
def test_the_same_picture_can_be_bars_or_a_line(copy, next_generation, kind):
    def redraw(bundle):
        catalog = json.loads((bundle / "catalog.json").read_bytes())
        picture = catalog["challenges"]["shorter-queue"]["picture"]
        catalog["challenges"]["shorter-queue"]["picture"] = {
            k: v for k, v in picture.items() if k not in ("low", "high")
        } | {"kind": kind}
        (bundle / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
        marks = [{"x": "permit", "y": 5}, {"x": "school", "y": 20}, {"x": "other", "y": 10}]
        drawn = bundle / "challenges/shorter-queue/picture.json"
        drawn.write_text(json.dumps({"marks": marks}), encoding="utf-8")

    next_generation(redraw)
    page = Client(create_app(copy)).get("/challenges/shorter-queue/")
    if kind == "bars":
        bars = [r.get("width") for r in page.all("*") if r.get("class") == "bar-fill"]
        assert bars[:3] == ["25.0", "100.0", "50.0"]
    else:
        (drawn,) = page.all("div[@class='line']")
        said = {element.get("aria-label") or element.get("points") for element in drawn.iter()}
        assert "0,22 50,2 100,15.33" in said
        assert "From Building permit: 5 to other: 10. Lowest 5, highest 20." in said


@pytest.mark.heavy
def test_a_challenge_without_a_picture_or_with_no_rows_for_it_shows_none(copy, next_generation):
    def empty(bundle):
        drawn = bundle / "challenges/shorter-queue/picture.json"
        drawn.write_text('{"marks": []}', encoding="utf-8")

    next_generation(empty)
    page = Client(create_app(copy)).get("/challenges/shorter-queue/")
    assert "How long visitors wait today" not in page.text


def test_groups_stand_in_the_order_of_their_names_with_the_gap_between_them(client):
    page = client.get("/challenges/shorter-queue/")
    (table,) = captioned(page, "Today’s practice by group: Share of right answers")
    rows = [[cell.text for cell in row] for row in table.iter("tr")]
    assert rows[0] == ["Part of the country", "% of counties", "Rows asked about"]
    # Oslo, the one county that today's practice gets right, lies in the south.
    assert rows[1:] == [["north", "0.0", "6"], ["south", "11.1", "9"]]
    assert "it is 11.1, in % of counties" in page.text
    assert "no group is ranked" in page.text


def test_a_starter_that_does_not_know_a_challenge_is_offered_without_it(copy, next_generation):
    def forget(bundle):
        catalog = json.loads((bundle / "catalog.json").read_bytes())
        catalog["starters"]["hello"]["challenges"] = []
        (bundle / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")

    next_generation(forget)
    page = Client(create_app(copy)).get("/challenges/shorter-queue/")
    assert "/starters/hello.zip" in page.links


def test_the_bars_show_the_scores_that_were_judged(client):
    page = client.get("/challenges/shorter-queue/")
    figures = [f for f in page.all("figure") if f.get("class") == "bars"]
    bars = [r.get("width") for r in figures[-1].iter() if r.get("class") == "bar-fill"]
    assert bars == ["6.67", "0.0"]


@pytest.mark.heavy
def test_the_day_of_the_decision_is_told_where_the_event_has_an_end(of_event):
    address = "/challenges/shorter-queue/"
    assert "28 April 2027 at the latest" in of_event(starts=STARTS, ends=ENDS).get(address).text
    assert "at the latest" not in of_event(starts=None, ends=None).get(address).text


def test_the_demo_says_that_its_answers_are_public_and_an_event_does_not(client, real):
    said = "its answers are public"
    assert said in client.get("/challenges/shorter-queue/").text
    organiser = visitor(real, roles=["organiser"])
    assert said not in organiser.get("/challenges/shorter-queue/").text


def test_the_brief_is_the_readers_and_says_its_language(client):
    english = client.get("/challenges/shorter-queue/")
    assert "People wait." in english.text
    assert english.one("article[@class='brief']").get("lang") is None
    norwegian = client.get("/challenges/shorter-queue/?lang=nb")
    assert "Folk venter." in norwegian.text
    for reader, said, tag in (("nn", "Folk venter.", "nb"), ("sv", "People wait.", "en")):
        page = client.get(f"/challenges/shorter-queue/?lang={reader}")
        assert page.root.get("lang") == reader
        assert said in page.text
        assert page.one("article[@class='brief']").get("lang") == tag


def test_the_labels_of_a_starter_say_their_language_where_it_is_not_the_pages(client):
    name, challenge = "answer-project_name", "answer-challenge"  # the latter has no words in nb
    for reader, tags in {
        "en": {name: None, challenge: None},
        "nb": {name: None, challenge: "en"},
        "nn": {name: "nb", challenge: "en"},
        "da": {name: "en", challenge: "en"},
    }.items():
        page = client.get(f"/starters/hello/?lang={reader}")
        assert {f: page.one(f"label[@for='{f}']").get("lang") for f in tags} == tags


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


# Pages which show nothing that an author wrote.
WORDLESS = ("/sign-in/", "/announcements/", "/teams/", "/terms", "/code-of-conduct", "/privacy",
            "/accessibility", "/api/", "/in/", "/projects/")  # fmt: skip


@pytest.mark.heavy
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
        if answer.mimetype == "text/html" and not address.startswith(WORDLESS):
            page = client.get(address)
            assert HOSTILE in page.text, address
            ours = re.compile(r"/static/[\w-]+\.js\?v=\w+")
            assert all(ours.fullmatch(s.get("src", "")) for s in page.all("script")), address


# --- time -----------------------------------------------------------------------------------------

# Without a zone, as in event.toml.
STARTS = datetime.fromisoformat("2027-03-27T09:00")  # the day before clocks go forward in Oslo
ENDS = datetime.fromisoformat("2027-03-29T15:00")


@pytest.mark.heavy
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


@pytest.mark.heavy
def test_an_open_lab_counts_nothing_down(of_event):
    page = of_event(starts=None, ends=None).get("/")
    assert "An open lab" in page.text
    assert not page.all("time")
