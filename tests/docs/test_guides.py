"""The guides name words of pages as they stand there, and a browser goes every numbered step."""

import re
from functools import cache

import pytest

from sandbox.board.projects import images
from sandbox.board.teams import asking
from sandbox.projects import packs
from sandbox.projects.fields import MOST_IMAGES
from sandbox.ui import messages
from tests.browser import test_participant as browser
from tests.docs import guide
from tests.docs.reading import ROOT

HOLE = re.compile(r"%\(\w+\)s|\{\w+\}")
LETTERS = 4  # a message with fewer beside its holes would be found in anything


@cache
def shown():
    """The English messages of all pages, as patterns: a hole takes one word, such as a number."""
    forms = {
        form
        for message in messages.extract()
        for form in (message.id if isinstance(message.id, tuple) else (message.id,))
        if len(re.sub(r"[\W\d_]", "", HOLE.sub("", form))) >= LETTERS or not HOLE.search(form)
    }
    return [_pattern(form.replace("%%", "%")) for form in forms]


def _pattern(form):
    return re.compile(r"[\w.:-]+".join(map(re.escape, HOLE.split(form))))


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["participant.md", "organiser.md"])
def test_every_emphasised_word_of_a_guide_is_one_of_a_page(name):
    named = set(guide.emphasised((ROOT / "docs" / name).read_text("utf-8")))
    assert len(named) > 30
    assert {word for word in named if not any(one.fullmatch(word) for one in shown())} == set()


def test_a_word_that_stands_on_no_page_is_found():
    assert list(guide.emphasised("**Press** *Go on*, or *a\nb*.\n\n| *c* |\n|---|\n| *d* |")) == [
        "Go on", "a b", "c", "d",
    ]  # fmt: skip
    assert _pattern("Saved {time}").fullmatch("Saved 14:03")
    assert not _pattern("Saved {time}").fullmatch("Saved then at last")
    assert guide.shown_in("Saved 14:03", "it says Saved 09:11, and")
    assert not guide.shown_in("No", "Norway")


def test_the_steps_are_numbered_through_and_a_browser_goes_each_in_turn():
    steps = guide.steps()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert [step.title for step in steps] == [title for title, _ in browser.STEPS]
    numbered = re.findall(r"^\s*\d+\. ", guide.PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(numbered) == len(steps), "a numbered line that is no step: **Its title.** first"


def test_the_guide_gives_the_limits_as_they_are():
    text = " ".join(guide.PAGE.read_text("utf-8").split())
    assert (asking.MOST_WAITING, "for five teams at once" in text) == (5, True)
    assert (MOST_IMAGES, "Up to eight:" in text) == (8, True)
    assert f"{images.MOST_BYTES // 1_000_000} MB each" in text
    assert f"at most {packs.MOST_BYTES // 1_000_000} MB" in text
