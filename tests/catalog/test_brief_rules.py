"""The rules for challenges: each fails what it is there for, and no good text for its words.

What each says of a mistake, to the letter, stands in tests/workspaces/broken-brief-*.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.catalog import survey
from sandbox.catalog.brief_rules import RULES, brief_problems
from sandbox.catalog.briefs import briefs, read
from sandbox.workspace import open_workspace
from tests.events import valid_event

MISTAKES = Path(__file__).parents[1] / "workspaces"
CHALLENGE, BRIEF = "challenge.yml", "brief.md"
OPENING = "Somebody walks to the park with a grandchild, finds no place to sit, and goes home again"


@pytest.fixture
def told(tmp_path):
    """The codes of the rules that the valid challenge breaks after words in a file are changed."""

    def check(file, words):
        event = valid_event(tmp_path / "event")
        path = event / "challenges" / "more-visits" / file
        text = path.read_text(encoding="utf-8")
        for old, new in words.items():
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        content, found = survey(replace(open_workspace(event), kit=tmp_path / "empty"))
        wrong = list(brief_problems(content.challenges["more-visits"], content))
        assert [p for p in found if p in wrong] == wrong
        assert all(p.file and p.line and p.fix for p in wrong)
        return {p.what[-4:-1] for p in wrong}

    return check


def test_every_rule_has_a_code_of_its_own_and_a_title():
    assert [rule.code for rule in RULES] == [f"C{n:02}" for n in range(1, len(RULES) + 1)]
    assert len({rule.title for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_a_mistake_that_it_alone_tells(rule):
    told = [p.read_text() for p in sorted(MISTAKES.glob("broken-brief-*/expected.txt"))]
    assert any(f"({rule.code})" in text for text in told)


PASSING = {
    "C01": (BRIEF, {OPENING: "«" + "å" * 60 + "»"}),
    "C02": (CHALLENGE, {"Whoever wants fresh air finds a park nearby.": "Friluftsliv for alle."}),
    "C03": (CHALLENGE, {"within_days: 30": "within_days: 0"}),
    "C04": (BRIEF, {"`parks`": "`park_code`, `SELECT`, `q1`, `city`, `data/parks.csv`"}),
    "C05": (CHALLENGE, {"Each row counts the same.": "The share that is right, in %."}),
    "C06": (CHALLENGE, {"2025-12-31": "1899-01-01"}),
    "C07": (CHALLENGE, {"No visitor can be recognised.": "None"}),
    "C08": (CHALLENGE, {"Learning. The visits do not exist.": "Parkplanlegging og opplæring"}),
    "C09": (CHALLENGE, {"Whether it stands": "Whether it was bought in time"}),
    "C10": (BRIEF, {"`parks` where it was.": "`parks` where.\n\n```sh\n# a comment\n```"}),
}  # fmt: skip


@pytest.mark.parametrize("code", PASSING)
def test_what_is_good_enough_passes(told, code):
    assert set(PASSING) == {rule.code for rule in RULES}
    assert told(*PASSING[code]) == set()


@pytest.mark.parametrize(
    ("file", "words", "code"),
    [
        (BRIEF, {OPENING: "We build an app"}, "C01"),
        (CHALLENGE, {"Whoever wants fresh air finds a park nearby.": "An app."}, "C02"),
        (CHALLENGE, {"It gets a tree.": "It gets a bench."}, "C03"),
        (BRIEF, {"`minutes`": "`minuts`"}, "C04"),
        (CHALLENGE, {"Each row counts the same.": "The score = all / right."}, "C05"),
        (CHALLENGE, {"2025-12-31": "2999-12-31"}, "C06"),
        (CHALLENGE, {"  - No visitor can be recognised.\n": "  []\n"}, "C07"),
        (CHALLENGE, {"Learning. The visits do not exist.": "Learning"}, "C08"),
        (CHALLENGE, {"Whether it stands": "Whether it was bought"}, "C09"),
        (BRIEF, {"## What you have": "## Nothing\n\n## What you have"}, "C10"),
    ],
    ids=[rule.code for rule in RULES],
)
def test_what_is_not_fails_by_its_own_rule_alone(told, file, words, code):
    assert told(file, words) == {code}


def test_a_challenge_that_is_wrong_in_itself_is_not_held_to_the_rules_as_well(tmp_path):
    """One mistake is told once: a name that does not exist is enough to mend first."""
    event = valid_event(tmp_path / "event")
    path = event / "challenges" / "more-visits" / CHALLENGE
    text = path.read_text().replace("[parks, visits]", "[parks, vists]")
    path.write_text(text.replace("within_days: 30", "within_days: null"))
    _, found = survey(replace(open_workspace(event), kit=tmp_path / "empty"))
    assert [p.what for p in found] == ["datasets names 'vists', which does not exist"]


def test_a_brief_is_read_by_its_markdown_and_not_by_its_words():
    text = (
        "# Tittel\n\nÅpning.\n\n## En\n\n- a `b`\n\n### Under\n\n| x |\n|---|\n| `c` |\n\n## To\n"
    )
    brief = read(text, "brief.nb.md", "nb")
    assert (brief.titles, brief.opening) == (1, len("Åpning."))
    assert [(s.title, s.line, s.length > 0) for s in brief.sections] == [
        ("En", 5, True),
        ("To", 15, False),
    ]
    assert brief.names == {"b": 7, "c": 13}


def test_the_english_brief_is_read_first(tmp_path):
    for name in ("brief.nb.md", "brief.md", "brief.da.md"):
        (tmp_path / name).write_text("# x\n")
    assert [brief.language for brief in briefs(tmp_path, "x")] == ["en", "da", "nb"]
