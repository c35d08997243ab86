"""Markdown that people write becomes HTML that cannot harm: CommonMark and tables, then a sieve."""

from __future__ import annotations

from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS = {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "code", "pre", "a"}
TAGS |= {"blockquote", "br", "hr", "table", "thead", "tbody", "tr", "th", "td", "div"}
# Only what our own renderer writes; raw HTML in the source is shown as text and never gets here.
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "div": {"class", "role", "tabindex", "aria-label"},
}
KEPT = 500


@lru_cache(maxsize=KEPT)  # lists show everybody the same texts, and each takes half a millisecond
def render(text: str, *, below: int = 1, table_label: str = "Table") -> Markup:
    """HTML of `text`, its headings one level and more below a heading of level `below`.

    Raw HTML, images, and links other than http, https and mailto become text or vanish.
    """
    tokens = _parser().parse(text)
    _settle_headings(tokens, below)
    html = _parser().renderer.render(_scrolling_tables(tokens, table_label), _parser().options, {})
    html = html.replace("<pre>", '<pre tabindex="0">')  # code scrolls sideways, by keyboard as well
    safe = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(safe)  # noqa: S704 (nh3 has just cleaned it)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _settle_headings(tokens: list[Token], below: int) -> None:
    """No level is skipped, whatever the author wrote: screen readers jump by level."""
    open_levels: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
            while open_levels and open_levels[-1] >= level:
                open_levels.pop()
            open_levels.append(level)
        if token.type.startswith("heading_"):
            token.tag = f"h{min(below + len(open_levels), 6)}"


def _scrolling_tables(tokens: list[Token], label: str) -> list[Token]:
    """A wide table scrolls inside its own labelled frame, so that the page never does."""
    framed: list[Token] = []
    for token in tokens:
        if token.type == "table_open":
            frame = Token("frame_open", "div", 1, block=True)
            frame.attrs = {"class": "scroll", "role": "region", "tabindex": "0"}
            frame.attrs |= {"aria-label": label}
            framed.append(frame)
        framed.append(token)
        if token.type == "table_close":
            framed.append(Token("frame_close", "div", -1, block=True))
    return framed
