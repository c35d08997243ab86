"""Words in the reader's language, for what Python says on a page."""

from __future__ import annotations

from flask import g

from sandbox.ui import languages
from sandbox.ui.languages import N_ as N_


def gettext(message: str) -> str:
    """`message` in the language of the page that is being answered."""
    return languages.translator(g.language).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    return languages.translator(g.language).ngettext(one, many, count)
