"""Who fits a team and which team fits somebody: true reasons, in an order anybody can check."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sandbox.board.teams.suggestions import (
    Group,
    Person,
    Reason,
    Why,
    people_for,
    reasons,
    teams_for,
)
from sandbox.state.people import Skill

SKILLS = some.frozensets(some.sampled_from([str(skill) for skill in Skill]))
LANGUAGES = some.frozensets(some.sampled_from(["en", "nb", "sv"]))
CHALLENGES = some.sampled_from(["", "permits", "queues"])
PEOPLE = some.builds(
    Person, some.integers(1, 99), SKILLS, LANGUAGES, CHALLENGES, some.integers(0, 9)
)
GROUPS = some.builds(
    Group, some.from_regex(r"[a-z]{1,3}", fullmatch=True), SKILLS, SKILLS, LANGUAGES, CHALLENGES,
    some.integers(0, 7), some.integers(1, 6),
)  # fmt: skip


def group(slug="otters", *, brings=(), asks=(), languages=("nb",), challenge="", size=2, most=6):
    return Group(slug, frozenset(brings), frozenset(asks), frozenset(languages), challenge, size,
                 most)  # fmt: skip


def person(number=1, *skills, languages=("nb",), challenge="", place=0):
    return Person(number, frozenset(skills), frozenset(languages), challenge, place)


def names(found):
    return [getattr(one.found, "slug", None) or one.found.number for one in found]


def test_the_reasons_are_told_in_the_order_in_which_they_count():
    here = group(brings=["developer"], asks=["user"], challenge="permits", languages=["nb", "en"])
    kari = person(1, "user", "developer", "domain_expert", challenge="permits")
    assert reasons(kari, here) == (
        Reason(Why.WANTED, ("user",)),
        Reason(Why.LACKING, ("domain_expert",)),
        Reason(Why.CHALLENGE, ("permits",)),
        Reason(Why.LANGUAGE, ("nb",)),
        Reason(Why.ROOM, ("4",)),
    )


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"asks": ["user"]}, {"brings": ["user"], "challenge": "permits"}),
        ({"challenge": "permits"}, {"challenge": "", "languages": ["nb"]}),
        ({"challenge": ""}, {"challenge": "queues", "size": 1}),
        ({"languages": ["nb"]}, {"languages": ["sv"], "size": 1}),
        ({"size": 1}, {"size": 2}),
        ({}, {"slug": "zebras"}),
    ],
)
def test_what_counts_more_comes_first_whatever_else_is_better(better, worse):
    kari = person(1, "user", challenge="permits")
    first, second = group(**{"slug": "otters"} | better), group(**{"slug": "owls"} | worse)
    assert teams_for(kari, [second, first])[0].found == first


def test_several_skills_that_are_missing_count_no_more_than_one():
    here = group(languages=[])
    longest, most = person(2, "user", place=0), person(1, "user", "developer", place=1)
    assert names(people_for(here, [most, longest])) == [2, 1]


def test_nobody_is_suggested_to_a_team_that_is_full_and_no_full_team_to_anybody():
    full = group(size=6)
    assert people_for(full, [person(1, "user")]) == []
    assert teams_for(person(1, "user"), [full]) == []


@given(PEOPLE, some.lists(GROUPS, unique_by=lambda one: one.slug), some.randoms())
def test_the_order_of_teams_follows_from_them_alone(someone, groups, chance):
    found = teams_for(someone, groups)
    shuffled = list(groups)
    chance.shuffle(shuffled)
    assert teams_for(someone, shuffled) == found
    assert {one.found for one in found} == {one for one in groups if one.size < one.most}


@given(GROUPS, some.lists(PEOPLE, unique_by=lambda one: one.number), some.randoms())
def test_the_order_of_people_follows_from_them_alone(here, people, chance):
    shuffled = list(people)
    chance.shuffle(shuffled)
    assert people_for(here, shuffled) == people_for(here, people)


@given(PEOPLE, GROUPS)
def test_every_reason_is_true_and_none_that_is_true_is_left_out(someone, here):
    told = {reason.why: set(reason.of) for reason in reasons(someone, here)}
    assert told.get(Why.WANTED, set()) == someone.skills & here.asks
    assert told.get(Why.LACKING, set()) == someone.skills - here.brings - here.asks
    assert (Why.CHALLENGE in told) == (someone.challenge == here.challenge != "")
    assert told.get(Why.LANGUAGE, set()) == someone.languages & here.languages
    assert (Why.ROOM in told) == (here.size < here.most)


@given(GROUPS, PEOPLE, some.lists(PEOPLE), some.sampled_from([str(skill) for skill in Skill]))
def test_one_more_skill_never_moves_somebody_back(here, someone, others, skill):
    others = [one for one in others if one.number != someone.number]
    more = Person(someone.number, someone.skills | {skill}, someone.languages, someone.challenge,
                  someone.place)  # fmt: skip

    def place(one):
        return names(people_for(here, [*others, one])).index(one.number) if here.room else 0

    assert place(more) <= place(someone)
