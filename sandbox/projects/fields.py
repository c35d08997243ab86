"""What a project says of itself, in the order in which it is asked; the outcome comes first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from sandbox.projects.faults import Fault
from sandbox.ui.languages import N_

MOST_LINKS = 8
MOST_IMAGES = 8
MOST_ADDRESS = 500  # characters
MOST_LABEL = 120  # characters of a link’s words
LICENCES = ("EUPL-1.2", "MIT", "Apache-2.0", "BSD-3-Clause", "GPL-3.0-or-later",
            "AGPL-3.0-or-later", "CC-BY-4.0", "CC0-1.0")  # fmt: skip
NONE, USED = "none", "used"
Kind = Literal["line", "text", "address", "links", "choice"]


@dataclass(frozen=True)
class Field:
    """One field: how it is asked for, how long it may be, and whether a submission needs it.

    `ai` fields are asked for where a model was used, and are needed only then.
    """

    name: str
    label: str
    hint: str
    kind: Kind
    most: int
    needed: bool = False
    ai: bool = False


FIELDS = (
    Field("title", N_("What is it called?"), "", "line", 80, needed=True),
    Field("outcome", N_("What becomes better, and for whom?"),
          N_("Begin with a person: what can they do that they could not do before?"),
          "text", 1500, needed=True),
    Field("summary", N_("What have you made, in one sentence?"),
          N_("It stands on the card in the gallery."), "line", 200, needed=True),
    Field("people_made", N_("What did you make yourselves?"),
          N_("Ideas, interviews, code, drawings: what people of the team did."), "text", 2000,
          needed=True),
    Field("tools_made", N_("What did tools make?"),
          N_("Code, text, pictures or figures that came from a program or a model, and which. "
             "Write “nothing” if nothing did."), "text", 2000, needed=True),
    Field("evidence", N_("How do you know that it helps?"),
          N_("Numbers with their source, people who tried it, a test, a score. Say what you do not "
             "know, too."), "text", 3000, needed=True),
    Field("how_to_try", N_("How can others try it?"),
          N_("The steps, from nothing to seeing it work."), "text", 1500),
    Field("prototype", N_("Address of the prototype"),
          N_("An address on the venue’s network is fine: http://192.168.1.20:5000/"), "address",
          MOST_ADDRESS),
    Field("links", N_("Links"), N_("Code, slides, a stored question."), "links", MOST_LINKS),
    Field("licence", N_("Licence"), N_("What others may do with what you made."), "choice", 40,
          needed=True),
    Field("ai", N_("Is a model part of it, or did one help to make it?"), "", "choice", 10,
          needed=True),
    Field("ai_model", N_("Which model, in which version?"), N_("And who runs it, and where."),
          "line", 200, needed=True, ai=True),
    Field("ai_purpose", N_("What does it do?"),
          N_("And what it must not be used for."), "text", 1000, needed=True, ai=True),
    Field("ai_data", N_("What was it given?"),
          N_("Data it was trained with or that was sent to it. Personal data is for no model."),
          "text", 1000, needed=True, ai=True),
    Field("ai_checked", N_("How do people check it?"),
          N_("Who looks at what it says, and can say no."), "text", 1000, needed=True, ai=True),
    Field("ai_limits", N_("Where does it go wrong?"),
          N_("Errors that you saw, and groups for whom it works less well."),
          "text", 1000, ai=True),
)  # fmt: skip
CHOICES: Mapping[str, tuple[str, ...]] = {"licence": LICENCES, "ai": (NONE, USED)}
BY_NAME = {field.name: field for field in FIELDS}


def is_asked(field: Field, fields: Mapping[str, Any]) -> bool:
    """Whether the field is asked for, given what the others say."""
    return not field.ai or fields.get("ai") == USED


def missing(fields: Mapping[str, Any]) -> list[Field]:
    """What a submission still needs."""
    return [f for f in FIELDS if f.needed and is_asked(f, fields) and not fields.get(f.name)]


def is_address(text: str) -> bool:
    """Whether `text` is a web address that a page may link to."""
    try:
        parts = urlsplit(text)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return False
    odd = any(ord(c) <= 32 or c in '\\"<>' for c in text)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port_is_one and not odd


def faults(fields: Mapping[str, Any]) -> Iterator[tuple[Field, Fault]]:
    """What keeps `fields` from being submitted, field by field: absent, too long, of another kind.

    What is no field at all is not looked at here.
    """
    absent = missing(fields)
    for field in FIELDS:
        if field in absent:
            yield field, Fault(N_("This is still needed"), N_("nothing"), N_("an answer"))
        elif field.name in fields and (fault := _fault(field, fields[field.name])):
            yield field, fault


def _fault(field: Field, value: Any) -> Fault | None:
    if field.kind == "links":
        return _links_fault(value)
    if not isinstance(value, str):
        return Fault(N_("This is not text"), N_("something else"), N_("text"))
    if len(value) > field.most:
        return _too_long(len(value), field.most)
    if field.kind == "address" and value and not is_address(value):
        return _no_address(value)
    known = CHOICES.get(field.name)
    if known and value and value not in known:
        return Fault(
            N_("This is not one of the choices"),
            N_("%(value)s"),
            N_("one of these: %(known)s"),
            values={"value": value, "known": ", ".join(known)},
        )
    return None


def _links_fault(value: Any) -> Fault | None:
    if not isinstance(value, list | tuple) or not all(map(_is_link, value)):
        return Fault(
            N_("This is not a list of links"),
            N_("something else"),
            N_("a label and an address for each"),
        )
    if len(value) > MOST_LINKS:
        return Fault(
            N_("These are too many links"),
            N_("%(count)s links"),
            N_("at most %(most)s links"),
            values={"count": len(value), "most": MOST_LINKS},
        )
    for link in value:
        for part, most in (("address", MOST_ADDRESS), ("label", MOST_LABEL)):
            if len(link[part]) > most and (part == "address" or link[part] != link["address"]):
                return _too_long(len(link[part]), most)
        if not is_address(link["address"]):
            return _no_address(link["address"])
    return None


def _is_link(link: Any) -> bool:
    return (
        isinstance(link, dict)
        and link.keys() == {"label", "address"}
        and all(isinstance(part, str) for part in link.values())
    )


def _too_long(length: int, most: int) -> Fault:
    return Fault(
        N_("This is too long"),
        N_("%(length)s characters"),
        N_("at most %(most)s characters"),
        N_("Shorten it."),
        {"length": length, "most": most},
    )


def _no_address(value: str) -> Fault:
    return Fault(
        N_("This is not the address of a page"),
        N_("%(value)s"),
        N_("an address such as https://example.org/our-project"),
        values={"value": value},
    )
