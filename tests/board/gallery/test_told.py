"""Projects as programs are told of them: the API, hackathon.json, and the feed."""

from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.state.people import Account
from tests.board.client import Client
from tests.board.gallery.conftest import WHOLE, open_gallery, team
from tests.board.programs import Program, program, token

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def sent(owls):
    owls.add(caption="Version 2")
    owls.write(**WHOLE | {"prototype": "http://192.168.1.20:5000/"})
    return owls.submit(language="nb")


def of_member(board, scopes=("read",), number="1"):
    with board.extensions["state"].read() as reader:
        kari = reader.scalar(select(Account.id).where(Account.email == "kari@example.org"))
    return Program(board, token(board, kari, scopes, token=number * 43))


def test_the_api_tells_nobody_of_a_project_before_the_gallery_opens_but_its_team(board, owls, sent):
    for asks in (Program(board), program(board, roles=["organiser"])):
        assert asks.get("/projects") == {"items": [], "next": None}
        asks.get("/projects/night-owls", status=404)
    told = of_member(board).get("/projects/night-owls")
    assert (told["state"], told["title"]) == ("submitted", "Shorter waits")
    of_member(board, scopes=["ask"], number="2").get("/projects/night-owls", status=404)


def test_a_draft_is_told_to_its_own_team_alone(board, owls):
    owls.write(title="A plan")
    open_gallery(board)
    Program(board).get("/projects/night-owls", status=404)
    told = of_member(board).get("/projects/night-owls")
    assert (told["state"], told["title"], told["submitted"]) == ("draft", "A plan", None)


def test_the_api_tells_what_the_page_shows(board, owls, sent):
    open_gallery(board)
    (listed,) = Program(board).get("/projects?challenge=shorter-queue")["items"]
    assert Program(board).get("/projects?challenge=other")["items"] == []
    told = Program(board).get("/projects/night-owls")
    assert listed.items() <= told.items()
    assert told["state"] == "public"
    assert told["digest"] == sent.digest
    assert told["texts"]["outcome"] == WHOLE["outcome"]
    assert told["links"] == [
        {"url": "https://example.org/code", "words": "https://example.org/code"}
    ]
    (shown,) = told["pictures"]
    assert Client(board).raw(shown["url"].removeprefix("http://localhost")).status_code == 200
    assert (shown["alt"], shown["caption"]) == ("A phone with three times", "Version 2")


def test_the_list_comes_in_pages(board, owls, sent):
    birds = team(board, "ola@example.org", "1 Early Bird")
    birds.submit()
    open_gallery(board)
    first = Program(board).get("/projects?limit=1")
    assert [one["team"] for one in first["items"]] == ["1-early-bird"]
    second = Program(board).get(first["next"].removeprefix("/api/v1"))
    assert [one["team"] for one in second["items"]] == ["night-owls"]
    assert second["next"] is None


def test_a_hidden_project_is_told_to_no_program_but_its_teams(board, owls, sent):
    open_gallery(board)
    owls.act(lambda _writer, project: setattr(project, "hidden_at", clock.now()))
    assert Program(board).get("/projects")["items"] == []
    Program(board).get("/projects/night-owls", status=404)
    assert of_member(board).get("/projects/night-owls")["state"] == "submitted"
    assert "Shorter waits" not in Client(board).raw("/hackathon.json").get_data(as_text=True)
    assert "Shorter waits" not in Client(board).raw("/feed.atom").get_data(as_text=True)


def test_hackathon_json_names_the_works_of_an_open_gallery(board, owls, sent):
    def works():
        told = Client(board).raw("/hackathon.json").get_json()["workPerformed"]
        return [work for work in told if work["additionalType"] == "project"]

    assert works() == []
    open_gallery(board)
    (work,) = works()
    assert work["name"] == "Shorter waits"
    assert work["license"] == "https://spdx.org/licenses/EUPL-1.2.html"
    assert work["author"]["name"] == "Night Owls"
    assert work["isBasedOn"] == "http://localhost/challenges/shorter-queue/"
    (image,) = work["image"]
    for url in (image, work["url"]):
        assert Client(board).raw(url.removeprefix("http://localhost")).status_code == 200


def test_the_feed_has_one_entry_when_the_gallery_opens_with_the_list(board, owls, sent):
    def entries():
        root = ElementTree.fromstring(Client(board).raw("/feed.atom").data)
        return [e for e in root.iter(ATOM + "entry") if "gallery" in e.findtext(ATOM + "title")]

    owls.write(title="<b>Waits</b>")
    owls.submit()
    opens = clock.now() + timedelta(minutes=1)
    open_gallery(board, opens)
    assert entries() == []
    with clock.fixed(opens + timedelta(seconds=1)):
        (entry,) = entries()
    assert "&lt;b&gt;Waits&lt;/b&gt;" in entry.findtext(ATOM + "content")
    assert "http://localhost/projects/night-owls/" in entry.findtext(ATOM + "content")
    assert datetime.fromisoformat(entry.findtext(ATOM + "published")) == opens
