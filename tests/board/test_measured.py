"""The dataset page shows what was measured: pictures with words, fits, and what is kept back."""

import json

import pytest

from sandbox.board import create_app
from sandbox.board.pictures import picture
from sandbox.ui import Page, charts
from tests.board.client import Client


def _label(bars, workspace, language="en"):
    return picture(bars, Page(workspace.event, language, "/"))


def test_a_picture_says_where_it_begins_and_ends_and_what_is_highest(client):
    assert any(said.startswith("21 bars from 0 to 42. The highest") for said in _said(client, ""))
    assert any(said.startswith("A bar for each of 2 values.") for said in _said(client, ""))
    norwegian = _said(client, "?lang=nb")
    assert any(said.startswith("21 søyler fra 0 til 42. Den høyeste") for said in norwegian)


def _said(client, query):
    pictures = client.get(f"/datasets/visits/{query}").all("*[@class='histogram']")
    assert all(picture.get("role") == "img" for picture in pictures)
    return [picture.get("aria-label") for picture in pictures]


def test_a_key_has_no_picture_and_says_so_in_words(client):
    assert "another in each row" in client.get("/datasets/visits/").text


def test_numbers_far_out_are_said_to_have_a_wide_bar(workspace):
    told = _label({"edges": [0, 5, 10, 900], "counts": [7, 2, 1]}, workspace)
    assert told.label == (
        "3 bars from 0 to 900. The highest holds 70%, from 0 to under 5. "
        "A bar at the end is wider than the others."
    )
    assert told.most == "most from 0 to under 5: 70%"


def test_months_are_not_taken_for_wide_bars(workspace):
    edges = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"]
    assert "wider" not in _label({"edges": edges, "counts": [7, 2, 1]}, workspace).label


def test_the_most_frequent_of_many_values_are_said_to_be_that(workspace):
    told = _label({"values": ["a", "b"], "counts": [4, 2], "others": 4}, workspace)
    assert told.label == "The 2 most frequent values as bars. The highest is a with 40%."
    assert told.most == "most often a: 40%"


@pytest.mark.parametrize("counts", [[], [0, 0], [5], [1, 1_000_000]])
def test_every_count_above_0_can_be_seen(counts):
    path = charts.histogram(counts)
    assert path.count("M") == sum(count > 0 for count in counts)
    assert "v-0" not in path


def test_what_was_drawn_stands_beside_what_the_recipe_declares(client):
    page = client.get("/datasets/visits/")
    text = page.text[page.text.index("The recipe declares how") :]
    for told in ("visits.errand", "choice(permit=0.5, school=0.5)", "total variation",
                 "integer(1, 40)", "Kolmogorov–Smirnov", "714"):  # fmt: skip
        assert told in text, told
    assert "The recipe declares how" not in client.get("/datasets/norway/").text


def test_what_is_withheld_is_said_to_be_and_shown_nowhere(copy, next_generation):
    def withhold(bundle):
        file = bundle / "datasets" / "visits" / "quality.json"
        quality = json.loads(file.read_bytes())
        quality["tables"]["visits"] = {"rows": 714, "withheld": "…"}
        quality["fits"] = []
        for measured in quality["measures"]:
            if measured["unit"] == "share":
                del measured["value"]
                measured["status"] = "withheld until reveal"
        file.write_text(json.dumps(quality), encoding="utf-8")

    next_generation(withhold)
    page = Client(create_app(copy)).get("/datasets/visits/")
    assert "what was measured of it is withheld until the reveal" in page.text
    assert page.text.count("withheld until reveal") == 4
    assert not page.all("*[@class='histogram']")
    assert not page.all("*[@class='meter']")


def test_the_linked_data_is_linked_and_served_as_what_it_is(client):
    assert "/datasets/visits/quality.jsonld" in client.get("/datasets/visits/").links
    answer = client.raw("/datasets/visits/quality.jsonld")
    assert answer.mimetype == "application/ld+json"
    assert json.loads(answer.data)["@graph"][0]["@id"] == "./"
    package = client.raw("/datasets/visits/datapackage.json").json
    assert package["sandbox:quality"]["path"] == "quality.jsonld"
