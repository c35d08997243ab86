"""A short document as blocks, written as Markdown or as plain text for a terminal or a letter."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 80
MARKUP = re.compile(r"[\\`*\[\]]|<(?=[\w/!?])|(?<!\w)_|_(?!\w)|^[#>]")


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Answer:
    """The sentence that a reader in a hurry must find."""

    text: str


@dataclass(frozen=True)
class Warn:
    """What nobody may overlook; `label` is the word for it, such as Warning."""

    label: str
    text: str


@dataclass(frozen=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table; the first column holds words, the others figures if `figures` says so."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: bool = False


Block = Heading | Paragraph | Answer | Warn | Bullets | Grid


def markdown(blocks: Sequence[Block]) -> str:
    """The document as CommonMark with tables; words from a plan or a file never become markup."""
    return "\n\n".join(map(_markdown, blocks)) + "\n"


def text(blocks: Sequence[Block]) -> str:
    """The document as plain text, 80 characters a line; tables may be wider."""
    return "\n\n".join(map(_text, blocks)) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_safe(block.text)}"
        case Paragraph():
            return _safe(block.text)
        case Answer():
            return f"**{_safe(block.text)}**"
        case Warn():
            return f"> **{_safe(block.label)}.** {_safe(block.text)}"
        case Bullets():
            return "\n".join(f"- {_safe(item)}" for item in block.items)
        case Grid():
            rule = ["---", *("--:" if block.figures else "---" for _ in block.head[1:])]
            rows = [block.head, rule, *block.rows]
            cells = [[_safe(cell).replace("|", r"\|") for cell in row] for row in rows]
            return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _safe(words: str) -> str:
    """Words on one line, with what Markdown would take for markup escaped."""
    return MARKUP.sub(r"\\\g<0>", " ".join(words.split()))


def _text(block: Block) -> str:
    match block:
        case Heading():
            line = "=" if block.level == 1 else "-"
            return f"{block.text}\n{line * len(block.text)}"
        case Paragraph() | Answer():
            return textwrap.fill(block.text, WIDTH)
        case Warn():
            return textwrap.fill(f"!! {block.label}: {block.text}", WIDTH, subsequent_indent="   ")
        case Bullets():
            return "\n".join(
                textwrap.fill(f"- {item}", WIDTH, subsequent_indent="  ") for item in block.items
            )
        case Grid():
            return _columns(block)


def _columns(grid: Grid) -> str:
    rows = [grid.head, *grid.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(grid.head))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0])]
        for cell, width in zip(row[1:], widths[1:], strict=True):
            cells.append(cell.rjust(width) if grid.figures else cell.ljust(width))
        return "  ".join(cells).rstrip()

    return "\n".join([line(grid.head), line(["-" * width for width in widths]),
                      *map(line, grid.rows)])  # fmt: skip
