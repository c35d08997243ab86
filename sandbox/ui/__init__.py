"""The look that board and explorer share: layout, components, styles, languages.

Any Jinja environment, synchronous or not, becomes able to use it with `equip(environment)`; each
page is then rendered with `**page_context(…)` and extends `sandbox/layout.html`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from sandbox import clock
from sandbox.descriptors import Text
from sandbox.ui import charts, languages, markdown
from sandbox.workspace import Event

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE_COOKIE = "lang"

# Every answer carries these, from the board and from the explorer.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class Link:
    """A link of the layout; `current` marks where the reader is."""

    label: str
    href: str
    current: bool = False
    language: str | None = None


@dataclass(frozen=True)
class Page:
    """What every page knows: the event, the reader's language, and where the page is.

    `language` is the reader's; `lang` is that of the interface's words and of the html element.
    `person` is the reader's name, empty for a stranger, None where nobody can be known.
    """

    event: Event
    language: str
    path: str
    person: str | None = None
    organises: bool = False

    @property
    def lang(self) -> str:
        return languages.interface(self.language)

    @property
    def language_name(self) -> str:
        return languages.NAMES[self.language]

    @property
    def words(self) -> NullTranslations:
        return languages.translator(self.language)

    @property
    def navigation(self) -> tuple[Link, ...]:
        _ = self.words.gettext
        here = urlsplit(self.path).path
        data = here.startswith(("/datasets/", "/data/"))
        links = (
            Link(_("Challenges"), self.to("/challenges/"), here.startswith("/challenges/")),
            Link(_("Data"), self.to("/datasets/"), data),
            Link(_("Starters"), self.to("/starters/"), here.startswith("/starters/")),
            Link(_("Questions"), self.to("/questions/"), here.startswith("/questions/")),
            Link(_("Teams"), self.to("/teams/"), here.startswith(("/teams/", "/project/"))),
            Link(_("Projects"), self.to("/projects/"), here.startswith("/projects/")),
        )
        desk = Link(_("Organise"), self.to("/organiser/"), here.startswith("/organiser/"))
        return (*links, desk) if self.organises else links

    @property
    def own(self) -> Link:
        """The reader's own pages, by the first of their names, or the way to get any."""
        _ = self.words.gettext
        here = urlsplit(self.path).path
        if self.person == "":
            return Link(_("Sign in"), self.to("/sign-in/"), here.startswith("/sign-in/"))
        first = (self.person or "").partition(" ")[0]
        return Link(first or _("Account"), self.to("/account/"), here.startswith("/account/"))

    def to(self, address: str) -> str:
        """A board address; from a page below /data/ it takes along the language chosen there."""
        chosen = parse_qs(urlsplit(self.path).query).get("_lang")
        return f"{address}?lang={self.language}" if chosen else address

    def subscribed(self, address: str) -> str:
        """A board address for a program that asks it again later, and then has no cookie."""
        return f"{address}?lang={self.language}" if len(self.event.languages) > 1 else address

    @property
    def language_links(self) -> tuple[Link, ...]:
        """This page in each language of the event; none when there is no choice."""
        offered = self.event.languages if len(self.event.languages) > 1 else ()
        return tuple(
            Link(languages.NAMES[tag], self.in_language(tag), tag == self.language, tag)
            for tag in offered
        )

    def in_language(self, tag: str) -> str:
        """The address of this page in another language, everything else in it kept."""
        address = urlsplit(self.path)
        # Below /data/ names without an underscore are filters on columns.
        name = "_lang" if address.path.startswith("/data/") else "lang"
        kept = [(k, v) for k, v in parse_qsl(address.query, keep_blank_values=True) if k != name]
        return f"{address.path}?{urlencode([*kept, (name, tag)])}"


def page_context(event: Event, language: str, path: str) -> dict[str, Any]:
    """What the layout needs; `path` is the page's address with its query, as the reader sees it."""
    return {"page": Page(event, language, path)}


def equip(environment: Environment) -> None:
    """Give `environment` the shared templates, translations, filters and globals."""
    shared = FileSystemLoader(TEMPLATES)
    loaders: list[BaseLoader] = [environment.loader] if environment.loader else []
    environment.loader = ChoiceLoader([*loaders, shared])
    environment.policies["ext.i18n.trimmed"] = True
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        _gettext, _ngettext, newstyle=True
    )
    environment.globals |= {"static_url": static_url, "charts": charts}
    environment.filters |= _FILTERS


@cache
def static_url(name: str) -> str:
    """The address of a file in `static/`, changed whenever its content is, so it may be kept."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:10]}"


@pass_context
def _gettext(context: Context, message: str) -> str:
    page: Page = context["page"]
    return page.words.gettext(message)


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int) -> str:
    page: Page = context["page"]
    return page.words.ngettext(one, many, count)


@pass_context
def _words(context: Context, text: Text | None) -> Markup:
    """Words for people, marked with their language where it is not the page's."""
    if text is None:
        return Markup("")
    page: Page = context["page"]
    words, tag = text.best(page.language)
    if tag == page.lang:
        return escape(words)
    return Markup('<span lang="{}">{}</span>').format(tag, words)


@pass_context
def _plain(context: Context, text: Text) -> str:
    """The same words without markup, for titles and attributes."""
    page: Page = context["page"]
    return text.best(page.language)[0]


def _bare(label: str) -> str:
    """A label as an attribute takes it: the words alone of what `words` has marked up."""
    return label.striptags() if isinstance(label, Markup) else label


@pass_context
def _markdown(context: Context, text: str, below: int = 1, by_anybody: bool = False) -> Markup:
    page: Page = context["page"]
    label = page.words.gettext("Table")
    return markdown.render(text, below=below, table_label=label, by_anybody=by_anybody)


def _by_language(format_value: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def formatted(context: Context, value: Any, *options: Any) -> str:
        page: Page = context["page"]
        return format_value(value, page.lang, *options)

    return formatted


@pass_context
def _moment(context: Context, value: datetime) -> str:
    page: Page = context["page"]
    return languages.moment(value, page.lang, page.event.zone)


@pass_context
def _brief(context: Context, value: datetime) -> str:
    page: Page = context["page"]
    return languages.brief(value, page.lang, page.event.zone)


@pass_context
def _second(context: Context, value: datetime) -> str:
    page: Page = context["page"]
    return languages.to_the_second(value, page.lang, page.event.zone)


@pass_context
def _hour(context: Context, value: datetime) -> str:
    page: Page = context["page"]
    return languages.hour(value, page.lang, page.event.zone)


@pass_context
def _zone(context: Context, value: datetime) -> str:
    """The event's zone in words, and its offset at that moment."""
    page: Page = context["page"]
    return languages.zone_name(value, page.lang, page.event.zone)


@pass_context
def _until(context: Context, value: datetime) -> str:
    """How far ahead a moment is: in 2 days."""
    page: Page = context["page"]
    return languages.away(value - clock.now(), page.lang)


def reach(contact: str) -> Markup:
    """How to reach somebody, as a link where it is an address of e-mail or of a page."""
    if contact.startswith(("https://", "http://")):
        return Markup('<a href="{0}">{0}</a>').format(contact)
    if re.fullmatch(r"[^\s@]+@[^\s@]+", contact):
        return Markup('<a href="mailto:{0}">{0}</a>').format(contact)
    return escape(contact)


_FILTERS: dict[str, Callable[..., Any]] = {
    "words": _words,
    "plain": _plain,
    "bare": _bare,
    "markdown": _markdown,
    "number": _by_language(languages.number),
    "percent": _by_language(languages.percent),
    "size": _by_language(languages.size),
    "day": _by_language(languages.day),
    "duration": _by_language(languages.duration),
    "moment": _moment,
    "brief": _brief,
    "second": _second,
    "hour": _hour,
    "zone": _zone,
    "until": _until,
    "reach": reach,
}
