"""A brief as its parts: what it opens with, its sections, and the names it puts in backticks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Section:
    """A heading of the second level, its line, and how many signs of text follow it."""

    title: str
    line: int
    length: int


@dataclass(frozen=True)
class Brief:
    """`opening`: how many signs of text precede the first section. `names`: name → its line."""

    file: str
    language: str
    titles: int
    opening: int
    sections: tuple[Section, ...]
    names: dict[str, int]


def briefs(folder: Path, shown: str) -> Iterator[Brief]:
    """Every brief in a challenge's folder, English first; `shown` is the folder for its author."""
    for path in sorted(folder.glob("brief*.md"), key=lambda path: (path.name != "brief.md", path)):
        tag = path.name.removeprefix("brief").removesuffix(".md").removeprefix(".") or "en"
        yield read(path.read_text(encoding="utf-8"), f"{shown}/{path.name}", tag)


def read(text: str, file: str, language: str) -> Brief:
    """The parts of a brief, by its Markdown, whatever words its headings use."""
    from markdown_it import MarkdownIt  # here, since most who load a catalog read no brief

    titles, opening, line = 0, 0, 1
    sections: list[Section] = []
    names: dict[str, int] = {}
    heading = ""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        line = token.map[0] + 1 if token.map else line
        if token.type == "heading_open":
            heading = token.tag
        elif token.type == "inline":
            count = len(token.content)
            if heading == "h1":
                titles += 1
            elif heading == "h2":
                sections.append(Section(token.content, line, 0))
            elif sections:
                last = sections[-1]
                sections[-1] = Section(last.title, last.line, last.length + count)
            else:
                opening += count
            for child in token.children or ():
                if child.type == "code_inline":
                    names.setdefault(child.content, line)
        elif token.type == "heading_close":
            heading = ""
    return Brief(file, language, titles, opening, tuple(sections), names)
