"""Where a challenge stands follows from a row and the clock, and decides who sees it where."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox import clock
from sandbox.board import standing
from sandbox.board.standing import Stage
from sandbox.state.topics import ChallengeState
from tests.board.client import Client, queries
from tests.board.visitors import visitor

SLUG = "shorter-queue"
NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MISSING = object()


def row(**values):
    return ChallengeState(slug=SLUG, withdrawn_why=values.pop("why", ""), **values)


# What a row says → where the challenge stands at noon.
ROWS = {
    "published, no times": ({"published_at": NOON}, "announced"),
    "not published": ({"opens_at": NOON - HOUR}, "draft"),
    "published later": ({"published_at": NOON + HOUR, "opens_at": NOON - HOUR}, "draft"),
    "opens later": ({"published_at": NOON - HOUR, "opens_at": NOON + HOUR}, "announced"),
    "opens now": ({"published_at": NOON - HOUR, "opens_at": NOON}, "open"),
    "closes later": (
        {"published_at": NOON - HOUR, "opens_at": NOON - HOUR, "closes_at": NOON + HOUR}, "open",
    ),
    "closes now": (
        {"published_at": NOON - HOUR, "opens_at": NOON - HOUR, "closes_at": NOON}, "closed",
    ),
    "withdrawn": (
        {"published_at": NOON - HOUR, "opens_at": NOON - HOUR, "withdrawn_at": NOON}, "withdrawn",
    ),
    "withdrawn unseen": ({"withdrawn_at": NOON - HOUR}, "draft"),
}  # fmt: skip


@pytest.mark.parametrize(("values", "expected"), ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("is_demo", [True, False])
def test_a_row_means_the_same_in_the_demo_and_in_an_event(values, expected, is_demo):
    assert standing.of(row(**values), is_demo=is_demo, now=NOON).stage == expected


def test_without_a_row_the_demo_is_open_and_an_event_is_not_begun():
    assert standing.of(None, is_demo=True).stage is Stage.OPEN
    assert standing.of(None, is_demo=False).stage is Stage.DRAFT


WHO = {"stranger": (), "participant": ("participant",), "judge": ("judge",),
       "owner of another": (("owner", "other"),), "its owner": (("owner", SLUG),),
       "organiser": ("organiser",)}  # fmt: skip
OURS = ("its owner", "organiser")
# Stage → who finds it: "all", those who look after it, or nobody; and what its page answers.
TABLE = {
    "draft": ("ours", 404),
    "announced": ("all", 200),
    "open": ("all", 200),
    "closed": ("all", 200),
    "withdrawn": ("nobody", 410),
}
STATES = {
    "draft": MISSING,
    "announced": {"published_at": NOON, "opens_at": NOON + HOUR},
    "open": {"published_at": NOON, "opens_at": NOON},
    "closed": {"published_at": NOON, "opens_at": NOON - HOUR, "closes_at": NOON},
    "withdrawn": {"published_at": NOON, "withdrawn_at": NOON, "why": "<b>Its data</b> was wrong."},
}


def put(app, values):
    if values is not MISSING:
        with app.extensions["state"].write() as writer:
            writer.add(row(**values))


def client_of(app, who):
    if who == "stranger":
        return Client(app)
    return visitor(app, f"{who.replace(' ', '-')}@example.org", roles=WHO[who])


@pytest.mark.heavy
@pytest.mark.parametrize("stage", TABLE)
def test_each_page_shows_what_the_table_says_to_whom(real, stage):
    finds, status = TABLE[stage]
    put(real, STATES[stage])
    with clock.fixed(NOON):
        for who in WHO:
            client = client_of(real, who)
            found = finds == "all" or (finds == "ours" and who in OURS)
            answers = 200 if stage == "draft" and who in OURS else status
            page = client.raw(f"/challenges/{SLUG}/")
            assert page.status_code == answers, who
            theirs = found or who in OURS
            template = client.raw(f"/challenges/{SLUG}/answers-template.csv")
            assert template.status_code == (200 if theirs else 404), who
            for address in ("/", "/challenges/", "/datasets/visits/", "/starters/hello/"):
                listed = client.raw(address).text
                assert (f'"/challenges/{SLUG}/"' in listed) == found, f"{who} {address}"
                assert ("A shorter queue" in listed) == found, f"{who} {address}"
            zipped = client.raw(f"/starters/hello.zip?challenge={SLUG}")
            assert zipped.status_code == (200 if theirs else 400), who
            assert client.raw("/starters/hello.zip").status_code == (200 if found else 400), who
            if answers == 200:
                assert stage.capitalize() in page.text


def test_a_withdrawn_challenge_says_why_and_nothing_else(real):
    put(real, STATES["withdrawn"])
    with clock.fixed(NOON):
        page = Client(real).get(f"/challenges/{SLUG}/", status=410)
    assert "<b>Its data</b> was wrong." in page.text
    assert "Rubric" not in page.text


def test_one_query_tells_a_page_about_every_challenge(real):
    put(real, STATES["open"])
    for address in ("/", "/challenges/", "/datasets/visits/", "/starters/hello/"):
        with queries(real) as asked:
            Client(real).raw(address)
        assert len([one for one in asked if "challenge_states" in one]) == 1, address


def test_the_state_changes_when_the_hour_strikes_and_nothing_runs(real):
    put(real, {"published_at": NOON, "opens_at": NOON + HOUR, "closes_at": NOON + 2 * HOUR})
    told = {-1: 404, 0: "Announced", 1: "Open", 2: "Closed"}
    for hours, expected in told.items():
        with clock.fixed(NOON + hours * HOUR):
            status = expected if expected == 404 else 200
            page = Client(real).get(f"/challenges/{SLUG}/", status=status)
        assert expected == 404 or expected in page.text


def test_times_stand_in_the_events_zone_with_weekday_zone_and_countdown(real):
    put(real, {"published_at": NOON, "opens_at": datetime(2027, 3, 29, 7, tzinfo=UTC)})
    with clock.fixed(NOON):
        page = Client(real).get(f"/challenges/{SLUG}/")
        card = Client(real).get("/challenges/")
    assert "Opens Monday 29 March 2027, 09:00, in 3 weeks" in page.text
    assert "Central European Summer Time (GMT+02:00)" in page.text  # summer time by then
    assert "Opens Monday 29 March 2027, 09:00" in card.text
    (moment,) = [t for t in page.all("time") if t.get("data-own")]
    assert moment.get("datetime") == "2027-03-29T09:00:00+02:00"
    assert "{time}" in moment.get("data-own")


def test_figures_of_a_generation_are_read_once_for_each_set_of_challenges(real):
    with real.test_request_context("/"):
        from sandbox.board.served import generation

        here = generation()
        none = here.with_challenges([])
        assert none is here.with_challenges(["unknown"])
        assert not none.catalog.challenges
        assert not none.catalog.starters["hello"].challenges
        assert here.with_challenges([SLUG]) is here
        assert SLUG in here.catalog.challenges
