"""The gallery: what was submitted, never a draft, from the moment that the organisers chose."""

import json
from datetime import timedelta

import pytest

from sandbox import clock
from sandbox.state.people import UNDER, Account
from sandbox.state.records import Audit
from tests.board.client import Client
from tests.board.gallery.conftest import WHOLE, open_gallery, team
from tests.board.visitors import visitor

GALLERY, PAGE, DESK = "/projects/", "/projects/night-owls/", "/organiser/projects/"


@pytest.fixture
def stranger(board):
    return Client(board)


@pytest.fixture
def organiser(board):
    return visitor(board, "boss@example.org", roles=["organiser"])


@pytest.mark.swift
def test_before_it_opens_nobody_sees_anything_but_their_own(board, owls, stranger):
    owls.write(**WHOLE)
    owls.submit()
    assert "not open yet" in stranger.get(GALLERY).text
    assert "Shorter waits" not in stranger.get(GALLERY).text
    assert PAGE in owls.member.get(GALLERY).links
    assert "Submitted, and not public yet" in owls.member.get(PAGE).text
    assert stranger.raw(PAGE).headers["Location"] == GALLERY
    assert stranger.raw("/projects/no-such-team/").headers["Location"] == GALLERY


def test_it_opens_by_itself_at_the_moment_that_was_named(board, owls, stranger):
    owls.write(**WHOLE)
    owls.submit()
    opens = clock.now() + timedelta(hours=2)
    open_gallery(board, opens)
    assert "It opens" in stranger.get(GALLERY).text
    with clock.fixed(opens - timedelta(seconds=1)):
        assert "Shorter waits" not in stranger.get(GALLERY).text
    with clock.fixed(opens):
        assert "Shorter waits" in stranger.get(GALLERY).text
        assert "Five people tried it" in stranger.get(PAGE).text


def test_what_was_submitted_is_shown_and_never_the_draft(board, owls, stranger):
    owls.write(**WHOLE)
    owls.submit()
    owls.write(title="A secret plan", evidence="Not for you")
    open_gallery(board)
    for address in (GALLERY, PAGE, f"{PAGE}present", "/projects/present"):
        page = stranger.get(address)
        assert "Shorter waits" in page.text
        assert "secret plan" not in page.html and "Not for you" not in page.html
    assert stranger.raw(f"{PAGE}?show=draft").status_code == 404
    assert "A secret plan" in owls.member.get(f"{PAGE}?show=draft").text
    others = team(board, "ola@example.org", "Early Birds")
    assert others.member.raw(f"{PAGE}?show=draft").status_code == 404


def test_a_withdrawn_submission_gives_way_to_the_one_before(board, owls, stranger):
    owls.write(**WHOLE)
    owls.submit()
    owls.write(title="Second")
    owls.submit()
    open_gallery(board)
    assert "Second" in stranger.get(GALLERY).text
    for left in ("Shorter waits", None):
        owls.act(
            lambda _writer, project: setattr(
                [s for s in project.submissions if not s.withdrawn_at][-1],
                "withdrawn_at", clock.now(),
            )
        )  # fmt: skip
        text = stranger.get(GALLERY).text
        assert (left or "Nothing has been submitted yet") in text
    assert stranger.raw(PAGE).status_code == 404


def test_a_page_shows_everything_that_a_submission_says(board, owls, stranger):
    owls.add(caption="Version 2")
    owls.write(
        **WHOLE | {"prototype": "http://192.168.1.20:5000/", "ai": "used", "ai_model": "Llama 3"}
    )
    sent = owls.submit()
    open_gallery(board)
    page = stranger.get(PAGE)
    for words in ("Kari gets a time today.", "Five people tried it.", "Open it.", "The idea.",
                  "nothing", "European Union Public Licence 1.2", "Llama 3", "Version 2",
                  "Which model, in which version?", sent.digest, "Night Owls"):  # fmt: skip
        assert words in page.text, words
    assert "<strong>today</strong>" in page.html
    assert page.one("main").find(".//img").get("alt") == "A phone with three times"
    ugc = [a for a in page.all("a") if "ugc" in (a.get("rel") or "")]
    addresses = {a.get("href") for a in ugc}
    assert addresses == {"http://192.168.1.20:5000/", "https://example.org/code"}
    assert "Kari" not in page.one("main").find(".//dl").itertext()  # names are for members
    headings = [h.text for h in page.all("h2")]
    assert headings[0] == "What becomes better, and for whom"


def test_names_follow_the_rules_of_the_team_page(board, owls, stranger, organiser):
    def young(writer, _project):
        kari = writer.query(Account).where(Account.email == "kari@example.org").one()
        kari.age_band = f"{UNDER}15"

    owls.write(**WHOLE)
    owls.submit()
    open_gallery(board)
    others = team(board, "ola@example.org", "Early Birds")
    assert "Names are shown to those who have joined" in stranger.get(PAGE).text
    assert "Kari" in others.member.get(PAGE).text
    owls.act(young)
    assert "a young member" in others.member.get(PAGE).text
    for reader in (owls.member, organiser):
        assert "a young member" not in reader.get(PAGE).text


def test_what_others_wrote_in_another_language_says_so(board, owls, stranger):
    owls.write(**WHOLE | {"title": "Kortere kø"})
    owls.submit(language="nb")
    open_gallery(board)
    page = stranger.get(PAGE)
    assert page.one("h1").find("span").get("lang") == "nb"
    assert any(div.get("lang") == "nb" for div in page.all("div"))
    assert page.root.get("lang") == "en"


def test_nothing_that_is_submitted_becomes_more_than_words(board, owls, stranger):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>{{77777*77777}}\"'>"
    owls.write(**dict.fromkeys(WHOLE, evil) | {"links": [
        "javascript:alert(1)", "data:text/html,x", "http://a b", {"url": "javascript:1"},
        {"address": "https://example.org/x", "title": evil}, 7, None,
    ], "prototype": "javascript:alert(1)", "ai": "used"})  # fmt: skip
    owls.submit()
    open_gallery(board)
    for address in (GALLERY, PAGE, f"{PAGE}present", "/projects/present"):
        page = stranger.get(address)
        assert not [s for s in page.all("script") if not s.get("src")]
        assert not [i for i in page.all("img") if i.get("src") == "x"]
        assert not any("javascript" in (link or "") for link in page.links)
        assert str(77777 * 77777) not in page.text


def test_an_empty_submission_still_has_a_page(board, owls, stranger):
    owls.submit()
    open_gallery(board)
    for address in (GALLERY, PAGE, f"{PAGE}present", "/projects/present"):
        assert "Night Owls" in stranger.get(address).text


def test_projects_are_found_by_challenge_and_by_words(board, owls, stranger):
    birds = team(board, "ola@example.org", "Early Birds", challenge="")
    for one in (owls, birds):
        one.write(**WHOLE)
    birds.write(title="ÆRLIG svar")
    owls.submit()
    birds.submit()
    open_gallery(board)
    assert "2 projects" in stranger.get(GALLERY).text
    page = stranger.get(f"{GALLERY}?challenge=shorter-queue")
    assert "Shorter waits" in page.text and "ÆRLIG" not in page.text
    page = stranger.get(f"{GALLERY}?q=ærlig+birds")
    assert "ÆRLIG" in page.text and "Shorter waits" not in page.text
    assert "No project fits that" in stranger.get(f"{GALLERY}?q=zebra").text
    for odd in (
        "?page=x",
        "?page=-1",
        "?page=999999999",
        "?challenge=no",
        "?q=%00",
        "?q=" + "x" * 999,
    ):
        stranger.get(GALLERY + odd)


def test_a_long_gallery_has_pages(board, stranger):
    for number in range(26):
        one = team(board, f"p{number}@example.org", f"Team {number:02}")
        one.write(**WHOLE | {"title": f"Project {number:02}"})
        one.submit()
    open_gallery(board)
    first, second = stranger.get(GALLERY), stranger.get(f"{GALLERY}?page=2")
    assert "Project 00" in first.text and "Project 25" not in first.text
    assert "Project 25" in second.text and "Project 00" not in second.text
    assert len(stranger.get("/projects/present").all("section")) == 27


def test_slides_can_be_walked_by_links_alone(board, owls, stranger):
    owls.add()
    owls.write(**WHOLE | {"prototype": "http://192.168.1.20:5000/"})
    owls.submit()
    open_gallery(board)
    page = stranger.get(f"{PAGE}present")
    slides = page.all("section")
    assert [s.get("id") for s in slides] == [f"s{n}" for n in range(1, len(slides) + 1)]
    for number, slide in enumerate(slides, start=1):
        links = {a.get("rel"): a.get("href") for a in slide.findall(".//nav/a")}
        assert links.get("next") == (f"#s{number + 1}" if number < len(slides) else None)
        assert links.get("prev") == (f"#s{number - 1}" if number > 1 else None)
    assert "What becomes better" in "".join(slides[1].itertext())


# --- the desk -------------------------------------------------------------------------------------


def test_an_organiser_sees_where_every_project_stands(board, owls, organiser):
    birds = team(board, "ola@example.org", "Early Birds")
    owls.write(**WHOLE)
    owls.submit()
    text = organiser.get(DESK).text
    assert "submitted" in text and "draft" in text and "fields" in text
    birds.write(title="Not yet")
    assert "Not yet" in organiser.get("/projects/early-birds/").text
    owls.write(how_to_try="", prototype="", ai_model="not asked for")
    owls.submit()
    owls.write(prototype="", ai_model="")
    assert "the draft has changed since" not in organiser.get(DESK).text
    owls.write(title="Other")
    assert "the draft has changed since" in organiser.get(DESK).text


def test_the_gallery_is_opened_closed_and_planned_on_record(board, owls, organiser, stranger):
    owls.write(**WHOLE)
    owls.submit()
    send = lambda **data: organiser.post(f"{DESK}gallery", data, form=DESK)  # noqa: E731
    send(now="1")
    assert "Shorter waits" in stranger.get(GALLERY).text
    send(close="1")
    assert "not open yet" in stranger.get(GALLERY).text
    send(later="1", at="2031-05-01T12:00")
    assert "It opens by itself" in organiser.get(DESK).text
    page = organiser.post(
        f"{DESK}gallery", {"later": "1", "at": "soon"}, form=DESK, status=422
    )  # fmt: skip
    assert "Write a date and a time" in page.text
    with board.extensions["state"].read() as reader:
        acts = [row.act for row in reader.query(Audit).order_by(Audit.id)]
    assert acts == ["gallery.opened", "gallery.closed", "gallery.opened"]


def test_a_hidden_project_is_nowhere_and_its_team_reads_why(board, owls, organiser, stranger):
    owls.write(**WHOLE)
    owls.submit()
    open_gallery(board)
    where = f"{DESK}night-owls/hide"
    assert "Say why" in organiser.post(where, {"submit": "1"}, status=422).text
    organiser.post(where, {"why": "A face without consent", "submit": "1"})
    for address in (GALLERY, "/projects/present"):
        assert "Shorter waits" not in stranger.get(address).text
    assert stranger.raw(PAGE).status_code == stranger.raw(f"{PAGE}present").status_code == 404
    assert "A face without consent" in owls.member.get(PAGE).text
    organiser.post(where, {"submit": "1"})
    assert "Shorter waits" in stranger.get(GALLERY).text
    with board.extensions["state"].read() as reader:
        rows = reader.query(Audit).where(Audit.act.startswith("project.")).order_by(Audit.id)
        assert [(r.act, r.detail) for r in rows] == [("project.hidden", {}), ("project.shown", {})]


def test_all_projects_leave_as_csv_and_json(board, owls, organiser):
    team(board, "ola@example.org", "Early Birds")
    owls.add()
    owls.write(**WHOLE | {"title": "=cmd()"})
    sent = owls.submit()
    lines = organiser.raw(f"{DESK}projects.csv").get_data(as_text=True).splitlines()
    assert len(lines) == 3
    assert "'=cmd()" in lines[2] and sent.digest in lines[2]
    rows = json.loads(organiser.raw(f"{DESK}projects.json").data)["projects"]
    assert [row["state"] for row in rows] == ["draft", "submitted"]
    assert rows[0]["missing"][0] == "title" and rows[1]["submitted"]["fields"]["title"] == "=cmd()"
