"""Feed and calendar, read back as a feed reader and a calendar would."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from icalendar import Calendar

from sandbox import clock
from sandbox.state import audit
from sandbox.state.topics import Announcement, Answer, ChallengeState, Question
from tests.board.client import Client

ATOM = "{http://www.w3.org/2005/Atom}"
SPRING = datetime(2027, 3, 27, 8, tzinfo=UTC)  # Saturday, 09:00 in Oslo
SUMMER = datetime(2027, 3, 28, 13, tzinfo=UTC)  # Sunday, 15:00: clocks went forward at night


@pytest.fixture
def told(board, now):
    """A board on which everything that a feed tells has happened."""
    with board.extensions["state"].write() as writer:
        writer.add_all(
            [
                Announcement(
                    titles={"en": "A & <b>", "nb": "Å"}, texts={"en": "**x** <script>", "nb": "y"},
                    published_at=now, changed_at=now, urgent=True,
                ),
                Announcement(
                    titles={"en": "Later"}, texts={"en": "x"}, changed_at=now,
                    published_at=now + timedelta(hours=1),
                ),
                Announcement(
                    titles={"en": "Gone"}, texts={"en": "secret"}, changed_at=now,
                    published_at=now - timedelta(hours=1), withdrawn_at=now,
                ),
                ChallengeState(
                    slug="shorter-queue", published_at=now - timedelta(days=9),
                    opens_at=now - timedelta(days=1), closes_at=SUMMER,
                ),
                ChallengeState(slug="gone-from-the-bundle", published_at=now, opens_at=now),
                Question(
                    about="event", text="Where?", language="en", asked_at=now, answered_at=now,
                    pinned_at=now,
                    answers=[Answer(text="Here.", language="en", at=now, as_role="organiser")],
                ),
                Question(about="event", text="Unpinned?", language="en", asked_at=now),
            ]
        )  # fmt: skip
    return board


def feed(client, address="/feed.atom"):
    answer = client.raw(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(answer.data)


def texts(root, name):
    return [entry.findtext(ATOM + name) for entry in root.iter(ATOM + "entry")]


@pytest.mark.heavy
def test_the_feed_tells_what_has_happened_the_newest_first(told):
    assert texts(feed(Client(told)), "title") == [
        "Where?", "Urgent: A & <b>", "Withdrawn: Gone", "Open: A shorter queue",
    ]  # fmt: skip
    assert texts(feed(Client(told), "/feed.atom?lang=nb"), "title")[1] == "Haster: Å"


def test_the_feed_has_what_rfc_4287_asks_for(told):
    root = feed(Client(told))
    assert root.tag == ATOM + "feed"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    for name in ("id", "title", "updated", "author"):
        assert len(root.findall(ATOM + name)) == 1, name
    links = {link.get("rel"): link.get("href") for link in root.findall(ATOM + "link")}
    assert links["self"] == "http://localhost/feed.atom?lang=en"
    for entry in root.iter(ATOM + "entry"):
        for name in ("id", "title", "updated"):
            assert len(entry.findall(ATOM + name)) == 1, name
        assert datetime.fromisoformat(entry.findtext(ATOM + "updated")).tzinfo
        assert len(entry.findall(ATOM + "link")) == 1
        assert entry.find(ATOM + "link").get("href").startswith("http://localhost/")
    ids = [root.findtext(ATOM + "id"), *texts(root, "id")]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("tag:localhost,2026:") for name in ids)
    (content,) = [c.text for c in root.iter(ATOM + "content") if "x" in c.text]
    assert content == "<p><strong>x</strong> &lt;script&gt;</p>\n"


@pytest.mark.heavy
def test_ids_stay_and_updated_moves_only_with_a_change(told, now):
    client = Client(told)
    before = feed(client)
    with clock.fixed(now + timedelta(minutes=30)):
        assert ElementTree.tostring(feed(client)) == ElementTree.tostring(before)
        with told.extensions["state"].write() as writer:
            writer.get_one(Announcement, 1).changed_at = clock.now()
        after = feed(client)
    assert texts(after, "id") == texts(before, "id")
    assert before.findtext(ATOM + "updated") == "2027-03-01T09:00:00+00:00"
    assert after.findtext(ATOM + "updated") == "2027-03-01T09:30:00+00:00"


@pytest.mark.heavy
def test_who_has_the_feed_already_is_told_so(told):
    client = Client(told)
    first = client.raw("/feed.atom")
    assert "Set-Cookie" not in client.raw("/feed.atom?lang=nb").headers
    for headers in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        assert client.raw("/feed.atom", headers=headers).status_code == 304


@pytest.mark.heavy
def test_an_empty_feed_is_one_too_and_pages_point_to_it(board):
    client = Client(board)
    assert not texts(feed(client), "id")
    (link,) = [e for e in client.get("/?lang=nb").all("link") if "atom" in e.get("type", "")]
    assert link.get("href") == "/feed.atom?lang=nb"
    assert client.raw("/feed.atom").data == client.raw("/feed.atom").data


# --- the calendar ---------------------------------------------------------------------------------


def calendar(client, address="/calendar.ics"):
    answer = client.raw(address)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.data)


def entries(calendar):
    return {str(entry["uid"]).partition(".")[0]: entry for entry in calendar.walk("VEVENT")}


@pytest.mark.heavy
def test_the_calendar_has_the_event_and_each_opening_and_closing(told, of_event):
    found = entries(calendar(Client(told)))
    assert {"shorter-queue-opens", "shorter-queue-closes"} <= set(found)
    assert not [name for name in found if name.startswith("gone")]
    closes = found["shorter-queue-closes"]
    assert str(closes["summary"]) == "Closes, last answers: A shorter queue"
    assert closes["url"] == "http://localhost/challenges/shorter-queue/"
    event = entries(
        calendar(of_event(starts=SPRING.replace(tzinfo=None), ends=SUMMER.replace(tzinfo=None)))
    )["event"]
    assert event.start.isoformat() == "2027-03-27T08:00:00+01:00", "typed in the event's zone"
    assert event.end.isoformat() == "2027-03-28T13:00:00+02:00"


def test_hours_are_right_on_both_sides_of_a_change_of_clocks(board, now):
    with board.extensions["state"].write() as writer:
        writer.add(
            ChallengeState(
                slug="shorter-queue", published_at=now, opens_at=SPRING, closes_at=SUMMER
            )
        )
    read = calendar(Client(board))
    found = entries(read)
    assert found["shorter-queue-opens"].start.isoformat() == "2027-03-27T09:00:00+01:00"
    assert found["shorter-queue-closes"].start.isoformat() == "2027-03-28T15:00:00+02:00"
    (zone,) = read.walk("VTIMEZONE")
    rules = zone.to_tz(lookup_tzid=False)  # by its own rules, as an old calendar would
    for moment, offset in ((SPRING, 1), (SUMMER, 2)):
        assert moment.astimezone(rules).utcoffset() == timedelta(hours=offset)


@pytest.mark.heavy
def test_an_entry_keeps_its_name_and_its_version_grows_when_it_moves(told, now):
    client = Client(told)
    before = entries(calendar(client))["shorter-queue-closes"]
    with clock.fixed(now + timedelta(minutes=10)), told.extensions["state"].write() as writer:
        writer.get_one(ChallengeState, "shorter-queue").closes_at = SUMMER + timedelta(hours=1)
        audit.record(writer, "challenge.schedule", "shorter-queue")
    after = entries(calendar(client))["shorter-queue-closes"]
    assert after["uid"] == before["uid"]
    assert after["sequence"] > before["sequence"]
    assert after["last-modified"].dt > before["last-modified"].dt
    assert after.start - before.start == timedelta(hours=1)


@pytest.mark.heavy
def test_who_has_the_calendar_already_is_told_so(told):
    client = Client(told)
    tag = client.raw("/calendar.ics").headers["ETag"]
    with clock.fixed(clock.now() + timedelta(minutes=1)):
        again = client.raw("/calendar.ics", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert "/calendar.ics?lang=en" in client.get("/").links
