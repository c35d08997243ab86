"""Terms, code of conduct, privacy and accessibility: as pages, each version with its date."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import Blueprint, abort, g, render_template, request

from sandbox.board import retention
from sandbox.board.access import everyone
from sandbox.board.people import ages, details, texts
from sandbox.board.served import event
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.state.people import Document
from sandbox.ui import languages

pages = Blueprint("documents", __name__)
ADDRESSES = {kind.address: name for name, kind in texts.KINDS.items()}
QUOTED = ",".join(f'"{address}"' for address in ADDRESSES)

# Whom to complain to about personal data, and about a page of a public body that is not
# accessible; looked up 2026-11-26, sources in docs/legal.md.
DATA_AUTHORITIES = {
    "NO": "[Datatilsynet](https://www.datatilsynet.no/)",
    "SE": "[Integritetsskyddsmyndigheten (IMY)](https://www.imy.se/)",
    "DK": "[Datatilsynet](https://www.datatilsynet.dk/)",
    "FI": "[Dataombudsmannens byrå](https://tietosuoja.fi/sv/)",
    "IS": "[Persónuvernd](https://www.personuvernd.is/)",
}
ACCESS_AUTHORITIES = {
    "NO": "[Diskrimineringsnemnda](https://www.diskrimineringsnemnda.no/)",
    "SE": "[Digg](https://www.digg.se/tdosanmalan)",
    "DK": "[Digitaliseringsstyrelsen](https://digst.dk/digital-inklusion/webtilgaengelighed/)",
    "FI": "[Traficom](https://www.tillganglighetskrav.fi/)",
    "IS": "[Umboðsmaður Alþingis](https://www.umbodsmadur.is/)",
}


class Shown(NamedTuple):
    """A document as a reader gets it: Markdown without gaps, and the language that it is in."""

    document: Document
    text: str
    language: str


@pages.get(f"/<any({QUOTED}):address>")
@everyone
def document(address: str) -> str:
    kind = ADDRESSES[address]
    number = request.args.get("version", type=int)
    found = texts.version(db(), kind, number) if number else texts.current(db(), kind)
    if found is None:
        abort(404)
    return render_template(
        "board/documents/document.html",
        kind=texts.KINDS[kind],
        shown=shown(found),
        versions=texts.versions(db(), kind),
    )


def shown(found: Document) -> Shown:
    """The document in the reader's language, or the nearest, with the event's own facts."""
    text, language = texts.in_language(found, page().language)
    return Shown(found, filled(text, language), language)


def filled(text: str, language: str) -> str:
    """`text` with the event's facts in place of {event}, {contact} …; other braces stay."""
    for name, fact in FACTS.items():
        gap = "{" + name + "}"
        if gap in text:
            text = text.replace(gap, fact(language))
    return text


def _days() -> dict[str, int]:
    """Rule → days, asked once for a page that shows several texts."""
    if "days" not in g:
        g.days = retention.days_of(db())
    found: dict[str, int] = g.days
    return found


def _age(_language: str) -> str:
    if "age" not in g:
        g.age = ages.limit(db(), event().country)
    return str(g.age)


def _link(address: str | None, language: str) -> str:
    """An address as a link, where it is one; else the words themselves."""
    if not address:
        told = languages.translator(language)
        return told.gettext("the organisers, at the information desk")
    if address.startswith(("https://", "http://")) or ("@" in address and " " not in address):
        return f"<{address}>"
    return address


def _asked(language: str) -> str:
    told = languages.translator(language)
    asked = [details.ASKED[name] for name in details.ASKED if name in event().ask]
    lines = [f"- {told.gettext(one.label)}: {told.gettext(one.why)}" for one in asked]
    return "\n".join(lines) or "- " + told.gettext("Nothing more at this event.")


def _kept(language: str) -> str:
    """The periods as they are now, so that the notice never says others than the job knows."""
    told = languages.translator(language)
    lines = []
    for rule in retention.BY_NAME.values():
        if rule.name not in (*event().ask, *ALWAYS_KEPT):
            continue
        days = _days()[rule.name]
        period = (
            told.ngettext("%(days)s day after the event", "%(days)s days after the event", days)
            if rule.after_event and event().ends_at
            else told.ngettext("%(days)s day", "%(days)s days", days)
        )
        lines.append(f"- {told.gettext(rule.what)}: {period % {'days': days}}")
    return "\n".join(lines)


# Every event has these; what it asks for comes beside them.
ALWAYS_KEPT = (
    "guardian", "help", "account", "follow_up", "unfinished", "sign_in", "attempt", "job", "copy",
)  # fmt: skip
FACTS: dict[str, Callable[[str], str]] = {
    "event": lambda language: event().name.best(language)[0],
    "contact": lambda language: _link(event().contact, language),
    "conduct_contact": lambda language: _link(event().conduct_contact or event().contact, language),
    "age": _age,
    "data_authority": lambda _: DATA_AUTHORITIES[event().country],
    "access_authority": lambda _: ACCESS_AUTHORITIES[event().country],
    "asked": _asked,
    "kept": _kept,
    "date": lambda language: languages.day(texts.WRITTEN.date(), language),
}
