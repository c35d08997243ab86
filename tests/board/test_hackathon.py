"""hackathon.json: linked data that says what the event is, when, and what is worked on."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import rdflib

from sandbox.descriptors import Text

SCHEMA = "https://schema.org/"


@pytest.fixture
def told(client):
    return client.raw("/hackathon.json").get_json()


def test_home_leads_to_it(client):
    links = {link.get("type"): link.get("href") for link in client.get("/").all("link")}
    assert links["application/ld+json"] == "/hackathon.json"


def test_dates_carry_their_offset(of_event):
    oslo = ZoneInfo("Europe/Oslo")
    dates = {
        "starts": datetime(2027, 3, 26, 9, tzinfo=oslo),
        "ends": datetime(2027, 3, 28, 15, tzinfo=oslo),
    }
    told = of_event(**dates, timezone="Europe/Oslo").raw("/hackathon.json").get_json()
    assert told["startDate"] == "2027-03-26T09:00:00+01:00"
    assert told["endDate"] == "2027-03-28T15:00:00+02:00"  # summer time began that morning


def test_every_address_in_it_is_a_page_of_this_board(client, told):
    works = told["workPerformed"] + told["workFeatured"]
    assert {work["@type"] for work in works} == {"CreativeWork", "Dataset"}
    for work in works:
        assert client.raw(work["url"].removeprefix("http://localhost")).status_code == 200


def test_it_speaks_the_readers_language(client):
    norwegian = client.raw("/hackathon.json", headers={"Accept-Language": "nb"})
    english = client.raw("/hackathon.json", headers={"Accept-Language": "en"})
    assert norwegian.get_json()["workPerformed"] != english.get_json()["workPerformed"]
    assert {"Accept-Language", "Cookie"} <= set(norwegian.vary)


def test_a_place_and_a_contact_are_told_when_there_are_some(of_event):
    bare = of_event().raw("/hackathon.json").get_json()
    assert bare["location"]["@type"] == "VirtualLocation"
    assert "organizer" not in bare
    settings = {"place": Text({"en": "Oslo"}), "contact": "hei@example.org"}
    full = of_event(**settings).raw("/hackathon.json").get_json()
    assert full["location"] == {"@type": "Place", "name": "Oslo", "address": "Oslo"}
    assert full["organizer"]["contactPoint"]["email"] == "hei@example.org"


def test_it_is_json_ld_that_others_can_read(told):
    """As a reader with schema.org's context would: every name becomes one of schema.org's."""
    assert told["@context"] == "https://schema.org"
    graph = rdflib.Graph()
    graph.parse(data=json.dumps({**told, "@context": {"@vocab": SCHEMA}}), format="json-ld")
    (event,) = graph.subjects(rdflib.RDF.type, rdflib.URIRef(SCHEMA + "Hackathon"))
    assert len(list(graph.objects(event, rdflib.URIRef(SCHEMA + "workPerformed")))) == 1
