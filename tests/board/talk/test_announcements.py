"""Announcements: written in each language, told at their moment, shown while they hold."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board import jobs
from sandbox.state.people import Role
from sandbox.state.records import Audit, Job
from tests.board.client import Client
from tests.board.talk.conftest import NOW
from tests.board.visitors import account, visitor

SAID = {
    "title_en": "Lunch", "text_en": "In the **hall**.",
    "title_nb": "Lunsj", "text_nb": "I **hallen**.",
    "save": "1",
}  # fmt: skip
SURE = {"email_confirmed_at": NOW}  # the address is theirs
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def organiser(board):
    return visitor(board, "o@example.org", roles=[Role.ORGANISER])


def tell(client, **more):
    return client.post("/organiser/announcements/new", SAID | more)


@pytest.mark.heavy
def test_what_is_told_stands_on_its_page_in_the_readers_language(board, organiser):
    tell(organiser)
    client = Client(board)
    assert "In the hall." in client.get("/announcements/").text
    page = client.get("/announcements/1/?lang=nb")
    assert page.one("h1").text == "Lunsj"
    assert page.all("strong")[-1].text == "hallen"
    assert not client.get("/").all("div[@class='banner']"), "no banner was asked for"
    with board.extensions["state"].read() as reader:
        entry = reader.scalar(select(Audit))
    assert (entry.act, entry.about) == ("announcement.write", "announcement 1")


@pytest.mark.heavy
def test_in_one_language_alone_it_says_which_that_is(board, organiser):
    tell(organiser, title_en="", text_en="")
    page = Client(board).get("/announcements/1/?lang=en")
    assert page.one("h1").get("lang") == "nb"


@pytest.mark.heavy
def test_a_language_is_written_in_whole_or_not_at_all(organiser):
    new = "/organiser/announcements/new"
    nothing = dict.fromkeys(SAID, "") | {"save": "1"}
    assert "in one language at least" in organiser.post(new, nothing, status=422).text
    page = organiser.post(new, SAID | {"text_nb": ""}, status=422)
    assert "Write a text in this language, too." in page.text
    for name, typed in {"published": "soon", "banner_until": "2027-03-28T02:30"}.items():
        page = organiser.post(new, SAID | {name: typed}, status=422)
        assert typed in [field.get("value") for field in page.all("input")]
    page = organiser.post(new, SAID | {"banner_until": "2027-03-01T09:59"}, status=422)
    assert "would end before it begins" in page.text


@pytest.mark.heavy
def test_a_preview_saves_nothing(board, organiser):
    data = SAID | {"preview": "1"}
    del data["save"]
    page = organiser.post("/organiser/announcements/new", data, status=200)
    assert "Preview: nothing is saved yet" in page.text
    assert "In the hall." in page.text
    assert "Nothing has been announced yet." in organiser.get("/announcements/").text


def test_what_is_scheduled_in_the_events_zone_is_told_at_that_moment(board, organiser, now):
    tell(organiser, published="2027-03-01T12:00", banner_until="2027-03-01T13:00")
    client, noon = Client(board), now + timedelta(hours=2)  # Oslo is an hour ahead of UTC
    with clock.fixed(noon - timedelta(seconds=1)):
        client.get("/announcements/1/", status=404)
        assert "Lunch" not in client.get("/").text
        before = client.raw("/").headers["ETag"]
    with clock.fixed(noon):
        client.get("/announcements/1/")
        assert "Lunch" in client.get("/challenges/").one("div[@class='banner']/p/a").text
        assert client.raw("/", headers={"If-None-Match": before}).status_code == 200
        assert "Lunch" in client.fragment("/announcements/banner").text
        client.fragment("/announcements/live")
    with clock.fixed(noon + timedelta(hours=1)):
        assert "Lunch" not in client.get("/").text
        assert "Lunch" in client.get("/announcements/").text


@pytest.mark.heavy
def test_the_banner_is_above_every_page_even_one_that_says_no(board, organiser):
    tell(organiser, banner_until="2027-03-02T10:00", urgent="y")
    client = Client(board)
    for address, status in {"/": 200, "/datasets/visits/": 200, "/nothing": 404}.items():
        banner = client.get(address, status=status).one("div[@class='banner banner-urgent']")
        assert "".join(banner.itertext()) == "Urgent: Lunch"


@pytest.mark.heavy
def test_a_change_and_a_withdrawal_are_marked(board, organiser, now):
    tell(organiser, banner_until="2027-03-02T10:00")
    client = Client(board)
    with clock.fixed(now + timedelta(minutes=5)):
        organiser.post("/organiser/announcements/1/", SAID | {"title_en": "Lunch at one"})
        assert "changed" in client.get("/announcements/1/").text
        assert "Lunch at one" in client.get("/announcements/").text
    with clock.fixed(now + timedelta(minutes=9)):
        organiser.post("/organiser/announcements/1/withdraw", form="/organiser/announcements/")
        assert not client.get("/").all("div[@class='banner']")
        for address in ("/announcements/", "/announcements/1/"):
            assert "withdrawn" in client.get(address).text
            assert "In the hall" not in client.get(address).text
        organiser.get("/organiser/announcements/1/", status=404)


@pytest.mark.heavy
def test_hostile_words_are_shown_and_never_run(board, organiser):
    tell(organiser, title_en=HOSTILE, text_en=HOSTILE, banner_until="2027-03-02T10:00")
    for address in ("/", "/announcements/", "/announcements/1/", "/organiser/announcements/"):
        page = organiser.get(address)
        assert HOSTILE in page.text
        assert not [image for image in page.all("img") if image.get("src") == "x"]


@pytest.mark.heavy
def test_banners_cost_one_query_and_a_broken_table_no_page(board, organiser):
    client = Client(board)
    with board.extensions["state"].write() as writer:
        writer.connection().exec_driver_sql("DROP TABLE announcements")
    client.get("/challenges/")


# --- mail -----------------------------------------------------------------------------------------


@pytest.fixture
def people(mailing):
    """Members of whom one said yes, one has no sure address, and somebody who never joined."""
    yes = visitor(mailing, "yes@example.org", language="nb", **SURE)
    yes.post("/account/mail/", {"announcements": "y"})
    account(mailing, "silent@example.org", **SURE)
    account(mailing, "unsure@example.org")
    account(mailing, "outside@example.org", joined=False, **SURE)
    return visitor(mailing, "o@example.org", roles=[Role.ORGANISER], **SURE)


def run(app):
    """Do what is due but the sending."""
    with app.extensions["state"].read() as reader:
        due = select(Job).where(Job.kind == "announcement", Job.due_at <= clock.now())
        payloads = [dict(job.payload) for job in reader.scalars(due)]
    with app.app_context():
        for payload in payloads:
            jobs.HANDLERS["announcement"](payload)


@pytest.mark.heavy
def test_it_is_mailed_at_its_moment_once_and_to_those_who_said_yes(mailing, people, mails, now):
    tell(people, published="2027-03-01T12:00", by_mail="y")
    run(mailing)
    assert mails() == []
    with clock.fixed(now + timedelta(hours=2)):
        run(mailing)
        run(mailing)
    (told,) = mails()
    assert (told["to"], told["subject"]) == ("yes@example.org", "Lunsj")
    assert "I **hallen**." in told["text"]
    assert "http://localhost/account/mail/" in told["text"]


@pytest.mark.heavy
def test_what_is_urgent_goes_to_every_member(mailing, people, mails):
    tell(people, urgent="y", by_mail="y")
    run(mailing)
    assert [m["to"] for m in mails()] == ["yes@example.org", "silent@example.org", "o@example.org"]
    assert "because you take part" in mails()[1]["text"]


@pytest.mark.heavy
def test_what_was_moved_or_withdrawn_is_not_mailed_at_the_old_moment(mailing, people, mails, now):
    tell(people, published="2027-03-01T12:00", by_mail="y")
    moved = SAID | {"published": "2027-03-01T14:00", "by_mail": "y"}
    people.post("/organiser/announcements/1/", moved)
    with clock.fixed(now + timedelta(hours=3)):
        run(mailing)
        assert mails() == []
    people.post("/organiser/announcements/1/withdraw", form="/organiser/announcements/")
    with clock.fixed(now + timedelta(hours=5)):
        run(mailing)
        assert mails() == []
