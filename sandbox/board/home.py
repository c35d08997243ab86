"""Home: the event, the time left, what waits for the reader's team, and three doors."""

from __future__ import annotations

from flask import Blueprint, render_template

from sandbox import clock
from sandbox.board.access import everyone
from sandbox.board.countdown import countdown
from sandbox.board.people.visitor import me
from sandbox.board.site import page
from sandbox.board.standing import seen
from sandbox.board.store import db
from sandbox.board.teams import own, work

pages = Blueprint("home", __name__)
DOOR_QUESTIONS = 3


@pages.get("/")
@everyone
def home() -> str:
    here = seen()
    # The first question of each dataset says what kinds of questions there are.
    first = {n: here.catalog.datasets[n].questions for n in here.catalog.datasets}
    questions = [next(iter(q.items())) for q in first.values() if q][:DOOR_QUESTIONS]
    team = own.own_team(db(), me())
    return render_template(
        "board/home.html",
        here=here,
        time=countdown(page()),
        questions=questions,
        work=work.of(db(), team, clock.now()) if team else None,
    )
