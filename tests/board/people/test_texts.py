"""Terms, code of conduct, privacy, accessibility: five languages, versions, facts of the event."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from sandbox.board import create_app, documents
from sandbox.board.people import texts
from sandbox.descriptors import LANGUAGES
from sandbox.state import open_state
from sandbox.state.people import Document
from sandbox.state.records import Audit
from tests.board.client import Client
from tests.board.visitors import everybody_accepts, visitor

pytestmark = pytest.mark.heavy

ADDRESSES = [kind.address for kind in texts.KINDS.values()]


@pytest.fixture
def of(workspace, tmp_path):
    """A client of an event with these settings and a database of its own."""

    def make(**settings):
        made = replace(workspace, event=workspace.event.model_copy(update=settings))
        return Client(create_app(made, state=open_state(replace(workspace, state=tmp_path))))

    return make


@pytest.mark.parametrize("kind", texts.KINDS)
def test_the_kit_has_each_text_in_each_language_with_the_same_parts_and_gaps(kind):
    shipped = texts.shipped(kind)
    assert tuple(shipped) == LANGUAGES
    shapes = {
        tag: (
            re.findall(r"^#+|^- ", text, re.M),
            sorted(re.findall(r"{\w+}", text)),
            text.count("\n\n"),
        )
        for tag, text in shipped.items()
    }
    assert all(shape == shapes["en"] for shape in shapes.values()), shapes
    assert {gap[1:-1] for gap in shapes["en"][1]} <= set(documents.FACTS)


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_text_is_a_page_in_the_readers_language_without_gaps(of, address):
    client = of(languages=LANGUAGES)
    for tag in LANGUAGES:
        page = client.get(f"/{address}?lang={tag}")
        assert not re.search(r"{\w+}", page.text)
        assert "Version 1" in page.text or "ersjon 1" in page.text
        (words,) = [d for d in page.all("div") if d.get("class") == "words"]
        assert (words.get("lang") or page.root.get("lang")) == tag


def test_every_page_says_whom_to_write_to_and_links_to_the_texts(of):
    client = of(contact="hei@example.org", conduct_contact="Kari, +47 123")
    for address in ("/", "/datasets/", "/nothing"):
        page = client.get(address, status=404 if address == "/nothing" else 200)
        foot = "".join(page.one("footer").itertext())
        assert "hei@example.org" in foot and "Kari, +47 123" in foot
        assert "mailto:hei@example.org" in page.links
        assert {f"/{a}" for a in ADDRESSES} <= set(page.links)


def test_the_code_of_conduct_names_its_own_contact_and_falls_back_to_the_organisers(of):
    assert (
        "trygg@example.org" in of(conduct_contact="trygg@example.org").get("/code-of-conduct").text
    )
    assert "hei@example.org" in of(contact="hei@example.org").get("/code-of-conduct").text


@pytest.mark.parametrize("country", ["NO", "SE", "DK", "FI", "IS"])
def test_privacy_and_accessibility_name_the_countrys_authorities(of, country):
    client = of(country=country)
    told = client.get("/privacy").links + client.get("/accessibility").links
    for authority in (documents.DATA_AUTHORITIES, documents.ACCESS_AUTHORITIES):
        assert re.search(r"\((http.*)\)", authority[country])[1] in told


def test_privacy_says_what_the_organiser_asks_for_and_how_long_it_is_kept(of):
    text = of(ask=("diet",)).get("/privacy").text
    assert "So that there is food for you." in text
    assert "3 days after the event" in text and "Mobile number" not in text


def publish(client, kind="terms", *, status=302, **changed):
    address = f"/organiser/texts/{kind}/"
    page = client.get(address)
    written = {a.get("name"): "".join(a.itertext()) for a in page.all("textarea")}
    based_on = next(f.get("value") for f in page.all("input") if f.get("name") == "based_on")
    data = written | {"note": "Prizes.", "based_on": based_on, "publish": "1"} | changed
    return client.post(address, data, status=status)


@pytest.fixture
def boss(board):
    return visitor(board, "boss@example.org", roles=["organiser"])


def test_an_organiser_publishes_a_version_and_both_can_be_read(board, boss):
    publish(boss, text_en="## Prizes\n\nA cup for {event}.")
    everybody_accepts(board)
    page = boss.get("/terms")
    assert "A cup for Sandbox demo." in page.text and "What is new: Prizes." in page.text
    assert "Version 2" in page.text
    old = boss.get("/terms?version=1")
    assert "A cup" not in old.text and "no longer holds" in old.text
    boss.get("/terms?version=3", status=404)
    assert "A cup" not in boss.get("/terms?lang=nb").text
    with board.extensions["state"].read() as reader:
        newest = reader.scalars(select(Document).order_by(Document.version.desc())).first()
        assert newest.texts["sv"] == texts.shipped("terms")["sv"]  # not of this event, but kept
        entry = reader.scalars(select(Audit).order_by(Audit.id.desc())).first()
        assert (entry.act, entry.about, entry.detail["version"]) == ("text.publish", "terms", 2)


def test_a_preview_shows_it_filled_in_and_publishes_nothing(board, boss):
    page = publish(boss, status=200, text_en="Hello {contact}", preview="1", publish="")
    assert "Hello the organisers" in page.text
    assert "Hello" not in boss.get("/terms").text


def test_what_lacks_a_language_or_a_note_is_not_published(boss):
    publish(boss, status=422, text_nb=" ")
    publish(boss, status=422, note="")
    assert "Version 1" in boss.get("/terms").text


def test_two_organisers_do_not_overwrite_each_other(board, boss):
    publish(boss, text_en="First.")
    everybody_accepts(board)
    page = publish(boss, status=422, text_en="Second.", based_on="1")
    assert "has published version 2 meanwhile" in page.text and "Second." in page.html
    assert "First." in boss.get("/terms").text


def test_scripts_in_a_text_stay_words(board, boss):
    publish(boss, text_en="<script>alert(1)</script> [x](javascript:alert(1)) {{ 7*7 }}")
    everybody_accepts(board)
    page = boss.get("/terms")
    assert not page.one("main").findall(".//script") and "{{ 7*7 }}" in page.text


def test_the_desk_says_how_many_have_accepted_and_what_is_missing(boss):
    page = boss.get("/organiser/texts/")
    assert "1 of 1" in page.text and "A contact is missing" in page.text


def test_reading_makes_no_rows(board):
    client = Client(board)
    for address in ADDRESSES:
        client.get(f"/{address}")
    with board.extensions["state"].read() as reader:
        assert reader.scalar(select(Document)) is None


def test_a_text_in_a_language_that_is_missing_is_shown_in_another_and_marked(board):
    with board.extensions["state"].write() as writer:
        texts.publish(writer, "privacy", {"en": "In English only.\n"}, "x", None)
    page = Client(board).get("/privacy?lang=nb")
    (words,) = [d for d in page.all("div") if d.get("class") == "words"]
    assert page.root.get("lang") == "nb" and words.get("lang") == "en"
