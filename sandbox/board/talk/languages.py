"""In which language something is written: asked where the event has several."""

from __future__ import annotations

from flask import request

from sandbox.board.forms import Form
from sandbox.board.served import event
from sandbox.ui.languages import NAMES


def offer_languages(form: Form, chosen: str) -> None:
    """Fill the form's field `language`, or take it out where there is no choice."""
    offered = event().languages
    if len(offered) == 1:
        del form.language
        return
    form.language.choices = [(tag, NAMES[tag]) for tag in offered]
    if request.method == "GET":
        form.language.data = chosen


def language_of(form: Form) -> str:
    """The tag that was chosen."""
    return str(form.language.data) if form.language else event().languages[0]
