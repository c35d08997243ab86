"""What a project says of itself, in the order in which it is asked; the outcome comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from sandbox.board.words import N_

MOST_LINKS = 8
MOST_IMAGES = 8
MOST_ADDRESS = 500  # characters
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
