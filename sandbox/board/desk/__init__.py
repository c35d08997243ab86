"""The organisers' desk: everything an event needs, without a terminal."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, render_template

from sandbox.board.access import only
from sandbox.state.people import Role

pages = Blueprint("desk", __name__, url_prefix="/organiser")


class Section(NamedTuple):
    """A part of the desk: the view it begins at, its name, and what it is for."""

    endpoint: str
    title: str
    summary: str


# In the order in which an organiser needs them.
SECTIONS: tuple[Section, ...] = ()


@pages.get("/")
@only(Role.ORGANISER)
def overview() -> str:
    return render_template("board/desk/overview.html", sections=SECTIONS)
