"""A challenge on the desk: its gates, its times, what is done to it, and by whom."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox import clock
from sandbox.state.records import Audit
from sandbox.state.topics import ChallengeState
from tests.board.client import Client
from tests.board.visitors import account, enter, visitor

SLUG = "shorter-queue"
DESK = f"/organiser/challenges/{SLUG}/"
PAGE = f"/challenges/{SLUG}/"
NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_noon():
    with clock.fixed(NOON):
        yield


@pytest.fixture
def organiser(real):
    return visitor(real, "org@example.org", roles=["organiser"])


def act(client, name, data=None, **more):
    return client.post(f"{DESK}{name}", data, form=DESK, **more)


def acts(app):
    with app.extensions["state"].read() as reader:
        return [(one.act, one.detail) for one in reader.query(Audit).order_by(Audit.id)]


def kept(app):
    with app.extensions["state"].read() as reader:
        return reader.get(ChallengeState, SLUG)


def test_a_challenge_lives_from_draft_to_withdrawn(real, organiser):
    stranger = Client(real)
    with clock.fixed(NOON):
        stranger.get(PAGE, status=404)
        act(organiser, "publish", {"announce": "1", "reason": "A rehearsal."})
        assert "Announced" in stranger.get(PAGE).text
        act(organiser, "publish", {"open_now": "1", "reason": "A rehearsal."})
        assert "Open" in stranger.get(PAGE).text
    with clock.fixed(NOON + timedelta(minutes=5)):
        act(organiser, "close")
        assert "Answers are not taken any more." in stranger.get(PAGE).text
        act(organiser, "publish", {"open_now": "1", "reason": "A rehearsal."})
        assert "has no closing time" in stranger.get(PAGE).text
        act(organiser, "publish", {"open_now": "1"}, status=409)
        act(organiser, "withdraw", {"why": " "}, status=422)
        act(organiser, "withdraw", {"why": "Its data was wrong."})
        assert "Its data was wrong." in stranger.get(PAGE, status=410).text
    done = [name for name, _ in acts(real)]
    assert [name for name in done if name != "challenge.times_changed"] == [
        "challenge.announced", "challenge.opened", "challenge.closed", "challenge.opened",
        "challenge.withdrawn",
    ]  # fmt: skip


def test_what_is_missing_keeps_it_closed_unless_a_reason_is_written(real, organiser):
    page = act(organiser, "publish", {"open_now": "1"}, status=422)
    assert "Write why it is published so." in page.text
    assert kept(real) is None
    act(organiser, "publish", {"open_now": "1", "reason": "The owner is on a train."})
    ((_, detail),) = [one for one in acts(real) if one[0] == "challenge.opened"]
    assert detail["without"] == ["owner", "review", "preview"]
    assert detail["reason"] == "The owner is on a train."


def test_with_every_gate_passed_no_reason_is_needed(real, organiser):
    owner = visitor(real, "owner@example.org", roles=[("owner", SLUG)])
    act(owner, "confirm")
    act(organiser, "review")
    act(organiser, "preview")
    page = organiser.get(DESK)
    assert page.text.count("Done") == 4
    assert not [field for field in page.all("textarea") if field.get("name") == "reason"]
    act(organiser, "publish", {"open_now": "1"})
    assert "without" not in dict(acts(real))["challenge.opened"]


def test_only_its_own_owner_confirms_it(real, organiser):
    other = visitor(real, "other@example.org", roles=[("owner", "another")])
    for client in (organiser, other):
        answer = client.flask.post(f"{DESK}confirm", data={"csrf_token": organiser.token(DESK)})
        assert answer.status_code in (400, 403)
    assert kept(real) is None
    other.get(DESK, status=403)
    assert SLUG not in other.get("/organiser/challenges/").text


def test_one_person_is_not_two(real):
    both = visitor(real, "both@example.org", roles=["organiser", ("owner", SLUG)])
    act(both, "confirm")
    page = act(both, "review", status=409)
    assert "Nothing was done" in page.text
    assert kept(real).reviewed_at is None
    assert "Two people are needed" in page.text


def test_who_wrote_it_last_does_not_review_it(real):
    number = account(real, "writer@example.org", roles=["organiser"])
    with real.extensions["state"].write() as writer:
        writer.add(ChallengeState(slug=SLUG, withdrawn_why="", written_by=number))
    writer_ = enter(real, number)
    act(writer_, "review", status=409)
    act(visitor(real, "second@example.org", roles=["organiser"]), "review")
    assert kept(real).reviewed_by not in (None, number)


def test_a_gate_holds_for_one_text_alone(real, organiser):
    act(organiser, "review")
    with real.extensions["state"].write() as writer:
        writer.get(ChallengeState, SLUG).reviewed_digest = "of another text"
    page = act(organiser, "publish", {"open_now": "1"}, status=422)
    assert "I have reviewed it" in page.text


def set_times(client, opens="", closes="", **more):
    return act(client, "times", {"opens_at": opens, "closes_at": closes} | more.pop("also", {}),
               **more)  # fmt: skip


def test_times_are_of_the_events_zone_and_a_change_is_told_once_it_is_published(real, organiser):
    set_times(organiser, "2027-03-29T09:00", "2027-03-30T15:00")
    assert kept(real).opens_at == datetime(2027, 3, 29, 7, tzinfo=UTC)
    assert dict(acts(real))["challenge.times_set"]["opens_at"] == "2027-03-29T07:00+00:00"
    with clock.fixed(NOON):
        act(organiser, "publish", {"announce": "1", "reason": "A rehearsal."})
        assert "Times changed" not in Client(real).get(PAGE).text
        set_times(organiser, "2027-03-29T10:00", "2027-03-30T15:00")
        told = Client(real).get(PAGE).text
    assert "Times changed Friday 5 March 2027, 13:00: opens Monday 29 March 2027, 10:00" in told
    assert dict(acts(real))["challenge.times_changed"]["was"]["opens_at"] == (
        "2027-03-29T07:00+00:00"
    )


def test_the_night_on_which_an_hour_does_not_come(real, organiser):
    page = set_times(organiser, "2027-03-28T02:30", status=422)
    assert "The nearest times are 01:59 and 03:00." in page.text
    assert "2027-03-28T02:30" in page.html
    assert kept(real) is None


def test_the_night_on_which_an_hour_comes_twice(real, organiser):
    page = set_times(organiser, "2027-10-31T02:30", "2027-10-31T12:00", status=422)
    assert "The first time, before clocks go back" in page.text
    set_times(organiser, "2027-10-31T02:30", "2027-10-31T12:00", also={"opens_which": "later"})
    assert kept(real).opens_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    (chosen,) = [f for f in organiser.get(DESK).all("input") if f.get("checked") is not None]
    assert (chosen.get("name"), chosen.get("value")) == ("opens_which", "later")


@pytest.mark.parametrize(
    ("opens", "closes", "told"),
    [
        ("2027-03-05T09:00", "2027-03-05T09:00", "It would close before it opens."),
        ("", "2027-03-05T09:00", "say when it opens as well"),
        ("soon", "", "Write a date and a time"),
    ],
)
def test_times_that_cannot_be_are_refused_and_stay_in_the_form(
    real, organiser, opens, closes, told
):
    page = set_times(organiser, opens, closes, status=422)
    assert told in page.text
    assert {opens, closes} <= {field.get("value") for field in page.all("input")}
    assert kept(real) is None


def test_acts_that_do_not_fit_its_state_change_nothing(real, organiser):
    act(organiser, "close", status=409)
    act(organiser, "withdraw", {"why": "No reason."}, status=409)
    assert kept(real) is None
    assert acts(real) == []


def test_in_the_demo_a_confirmation_does_not_hide_the_challenge(board):
    organiser = visitor(board, roles=["organiser"])
    act(organiser, "review")
    assert "Open" in Client(board).get(PAGE).text


@pytest.mark.parametrize("slug", ["..", "%2e%2e", "..%2f..%2fevent", "Shorter-Queue", "x" * 300,
                                  "nowhere", ".history", "shorter-queue%00"])  # fmt: skip
def test_a_name_that_is_no_challenge_leads_nowhere(organiser, slug):
    for rest in ("/", "/edit/en", "/draft", "/preview", "/put", ".zip"):
        answer = organiser.raw(f"/organiser/challenges/{slug}{rest}")
        assert answer.status_code in (404, 308), f"{slug}{rest}: {answer.status}"


def test_names_of_people_stay_out_of_the_log(real, organiser):
    act(organiser, "review")
    act(organiser, "publish", {"open_now": "1", "reason": "A rehearsal."})
    assert "org@example.org" not in str(acts(real))
    assert "Org" not in str(acts(real))
