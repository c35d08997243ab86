"""Every message of every page has its words in each language, and the files have no others."""

import re
from functools import cache

import pytest
from babel.messages import Catalog

from sandbox.descriptors import LANGUAGES
from sandbox.ui import languages, messages

TAGS = [tag for tag in LANGUAGES if tag != "en"]
HOLES = re.compile(r"%\(\w+\)s|%%|\{\w+\}|</?\w+[^>]*>")
# Words that are the same in English. All else that reads as the English does was forgotten.
IN_ALL = {
    "%(count)s person",
    "Data",
    "Data: %(title)s",
    "Finland",
    "Mentor",
    "Port",
    "Webhook %(number)s",
    "mentor",
}
ALIKE = {
    "nb": IN_ALL | {"Import", "Type", "format %(format)s", "format %(found)s"},
    "nn": IN_ALL
    | {
        "Import",
        "OPEN",
        "Open",
        "Open: %(title)s",
        "Team",
        "Type",
        "format %(format)s",
        "format %(found)s",
    },
    "sv": IN_ALL
    | {
        "Dimension",
        "Team",
        "Test",
        "Text",
        "Text (%(language)s)",
        "Version",
        "Version %(number)s",
        "text",
        "total variation",
        "version",
    },
    "da": IN_ALL
    | {
        "Dimension",
        "Find",
        "Links",
        "Log",
        "Test",
        "Type",
        "Version",
        "Version %(number)s",
        "Webhooks",
        "total variation",
        "version",
    },
}


@cache
def used():
    """The messages of all pages."""
    return {m.id for m in messages.extract() if m.id}


def pairs(tag):
    """Each form of each message, and its words in the language."""
    for message in messages.read(tag):
        if message.id:
            forms = message.id if isinstance(message.id, tuple) else (message.id,)
            words = message.string if isinstance(message.string, tuple) else (message.string,)
            yield from zip(forms, words, strict=True)


def test_the_interface_speaks_every_language_of_the_kit():
    assert set(languages.translated()) == set(LANGUAGES)
    assert all(languages.interface(tag) == tag for tag in LANGUAGES)


@pytest.mark.parametrize("tag", TAGS)
def test_every_message_is_translated_and_none_is_left_over(tag):
    known = {m.id for m in messages.read(tag) if m.id}
    assert used() - known == set(), "run: python -m sandbox.ui.messages, and translate"
    assert known - used() == set(), "run: python -m sandbox.ui.messages"
    assert messages.untranslated(messages.read(tag)) == []
    assert not messages.read(tag).obsolete


@pytest.mark.parametrize("tag", TAGS)
def test_a_translation_leaves_the_same_holes_to_fill(tag):
    for form, word in pairs(tag):
        assert sorted(HOLES.findall(form)) == sorted(HOLES.findall(word)), form


@pytest.mark.parametrize("tag", TAGS)
def test_a_translation_is_not_the_english_words_again(tag):
    has_words = (
        (form, word) for form, word in pairs(tag) if re.search(r"[^\W\d_]", HOLES.sub("", form))
    )
    assert {form for form, word in has_words if form == word} == ALIKE[tag]


@pytest.mark.parametrize("tag", TAGS)
def test_a_translation_begins_and_ends_as_the_english_does(tag):
    """A sentence stays a sentence, a label a label: the mark at the end, spaces, the capital."""
    for form, word in pairs(tag):
        assert word == word.strip(), form
        if form[-1] in ".:?":
            assert word[-1] == form[-1], form
        if form[0].isalpha() and word[0].isalpha():
            assert form[0].isupper() == word[0].isupper(), form


# Frequent words of the neighbours, which slip in unseen: these languages look alike.
STRANGERS = {
    "nb": "berre eit frå gjera ikkje inte korleis kva kven mykje noko nokon och vart vera",
    "nn": "bare ble dere et fra gjøre hva hvem hvis hvor hvordan ikke kun mye noe noen være",
    "sv": "af at bare fra hva hvad hvem hvis hvor hvordan ikke ikkje kun noe og til",
    "da": "att av dere etter frå från hva ikkje inte mellom mye noe och rad rader till är",
}


@pytest.mark.parametrize("tag", TAGS)
def test_no_word_of_a_neighbour_has_slipped_in(tag):
    strangers = set(STRANGERS[tag].split())
    for form, word in pairs(tag):
        assert not strangers & set(re.findall(r"\w+", HOLES.sub("", word).lower())), form


def test_the_words_that_were_chosen_stay_at_the_head_of_a_file(monkeypatch, tmp_path):
    monkeypatch.setattr(messages, "TRANSLATIONS", tmp_path)
    found = Catalog()
    found.add("Data")
    monkeypatch.setattr(messages, "extract", lambda: found)
    (tmp_path / "sv.po").write_text(
        '# challenge utmaning\nmsgid ""\nmsgstr ""\n\nmsgid "Data"\nmsgstr "Data"\n', "utf-8"
    )
    messages.main()
    once = (tmp_path / "sv.po").read_bytes()
    assert once.startswith(b'# challenge utmaning\nmsgid ""\nmsgstr ""\n"Language: sv')
    messages.main()
    assert (tmp_path / "sv.po").read_bytes() == once


def test_messages_are_found_in_python_and_in_templates():
    some = {"Begins %(when)s", "Skip to the content", ("%(num)s table", "%(num)s tables")}
    assert some <= used()
