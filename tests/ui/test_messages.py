"""Every message of every page has its Norwegian words, and the file has no others."""

import re

import pytest

from sandbox.ui import messages
from sandbox.ui.languages import translated

HOLES = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.mark.parametrize("tag", [tag for tag in translated() if tag != "en"])
def test_every_message_is_translated_and_none_is_left_over(tag):
    known = {m.id for m in messages.read(tag) if m.id}
    used = {m.id for m in messages.extract() if m.id}
    assert used - known == set(), "run: python -m sandbox.ui.messages, and translate"
    assert known - used == set(), "run: python -m sandbox.ui.messages"
    assert messages.untranslated(messages.read(tag)) == []
    assert not messages.read(tag).obsolete


@pytest.mark.parametrize("tag", [tag for tag in translated() if tag != "en"])
def test_a_translation_leaves_the_same_holes_to_fill(tag):
    for message in messages.read(tag):
        forms = message.id if isinstance(message.id, tuple) else (message.id,)
        words = message.string if isinstance(message.string, tuple) else (message.string,)
        for form, word in zip(forms, words, strict=True):
            assert sorted(HOLES.findall(form)) == sorted(HOLES.findall(word)), form


def test_messages_are_found_in_python_and_in_templates():
    used = {m.id for m in messages.extract()}
    assert {"Begins %(when)s", "Skip to the content", ("%(num)s table", "%(num)s tables")} <= used
