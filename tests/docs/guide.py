"""docs/participant.md as its tests read it: the numbered steps, and the words of pages in them."""

import re
from typing import NamedTuple

from markdown_it import MarkdownIt

from tests.docs.reading import ROOT

PAGE = ROOT / "docs" / "participant.md"
STEP = re.compile(r"^(\d+)\. \*\*(.+?)\.?\*\*(.*(?:\n(?: .*)?)*)", re.MULTILINE)


class Step(NamedTuple):
    """One numbered step: its number, what it says to do, and the *words of pages* it names."""

    number: int
    title: str
    words: tuple[str, ...]


def steps():
    """Every numbered step of the guide, in its order."""
    return [
        Step(int(number), title, tuple(emphasised(rest)))
        for number, title, rest in STEP.findall(PAGE.read_text("utf-8"))
    ]


def emphasised(text):
    """What stands in *single* emphasis: in the guides these are words of pages, and nothing else.

    Emphasis ends where `strong` begins, and the other way round; guides mix neither.
    """
    for block in MarkdownIt().enable("table").parse(text):
        found = None
        for token in block.children or ():
            if token.type == "em_open":
                found = ""
            elif token.type == "em_close":
                yield found
                found = None
            elif found is not None:
                found += " " if token.type == "softbreak" else token.content


def shown_in(words, text):
    """Whether a page shows these words; numbers in them, such as an hour, may be others."""
    pattern = re.sub(r"\d+", r"\\d+", re.escape(words))
    return re.search(rf"(?<!\w){pattern}(?!\w)", text) is not None
