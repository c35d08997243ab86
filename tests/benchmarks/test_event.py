"""The benchmark of an event, in short: it runs, and everything but its pace must be right."""

import pytest

from benchmarks.event import measure
from benchmarks.report import Goal

pytestmark = pytest.mark.heavy
PACE = "ms"


@pytest.fixture(scope="module")
def goals():
    """Twenty seconds with forty people, then two kills."""
    results = list(measure(minutes=1 / 3, people=40, teams=8, kills=2))
    print(*results, sep="\n")  # what was wrong, where something is
    return {result.what: result for result in results if isinstance(result, Goal)}


def test_an_event_and_its_rush_lose_nothing_and_nothing_goes_wrong(goals):
    missed = [str(goal) for goal in goals.values() if goal.unit != PACE and not goal.met]
    assert not missed, "\n".join(missed)


def test_teams_have_really_submitted_and_been_too_late(goals):
    assert goals["submissions of teams"].measured == 7


def test_every_team_has_shown_a_picture_and_handed_in_answers(goals):
    for what in ("teams with a picture", "teams with answers"):
        assert goals[what].measured == 8
