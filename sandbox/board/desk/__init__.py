"""The organisers' desk: everything an event needs, without a terminal."""

from __future__ import annotations

from flask import Blueprint, render_template

from sandbox.board.access import only
from sandbox.state.people import Role

pages = Blueprint("desk", __name__, url_prefix="/organiser")


@pages.get("/")
@only(Role.ORGANISER)
def overview() -> str:
    return render_template("board/desk/overview.html")
