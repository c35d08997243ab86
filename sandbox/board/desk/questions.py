"""The organisers' view of questions: what waits for whom, how fast answers come, what is hidden."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, render_template
from sqlalchemy import select

from sandbox.board.access import only
from sandbox.board.store import db
from sandbox.board.talk import duty, places
from sandbox.board.talk.places import Place
from sandbox.board.talk.questions import headline
from sandbox.state.people import Account, Role, RoleHeld
from sandbox.state.topics import Question

pages = Blueprint("desk_questions", __name__, url_prefix="/organiser/questions")
MOST = 100


@pages.get("/")
@only(Role.ORGANISER)
def index() -> str:
    every = list(db().scalars(select(Question).order_by(Question.asked_at, Question.id)))
    shown = [question for question in every if not question.hidden_at]
    waiting = [question for question in shown if not question.answered_at][:MOST]
    named = _named()
    return render_template(
        "board/desk/questions.html",
        pace=_pace(shown),
        paces=_paces(shown),
        waiting=[(q, place := places.of(q), _whose(place, named)) for q in waiting],
        hidden=[question for question in every if question.hidden_at],
        headline=headline,
    )


def _pace(questions: Iterable[Question]) -> duty.Pace:
    return duty.pace((question.asked_at, question.answered_at) for question in questions)


def _paces(questions: list[Question]) -> list[tuple[Place, duty.Pace]]:
    """One for the event, and for each challenge and dataset that somebody asked about."""
    groups: dict[tuple[str, str], list[Question]] = {}
    for question in questions:
        groups.setdefault((question.about, question.slug), []).append(question)
    return [
        (places.found(Place(about, slug).key) or Place(about, slug), _pace(group))
        for (about, slug), group in sorted(groups.items())
    ]


def _named() -> list[tuple[str, str, str]]:
    """Role, scope and name of everybody who is named to answer somewhere."""
    rows = db().execute(
        select(RoleHeld.role, RoleHeld.scope, Account.name)
        .join(Account, Account.id == RoleHeld.account_id)
        .where(RoleHeld.role.in_(list(duty.FIRST.values())), Account.deleted_at.is_(None))
        .order_by(Account.name)
    )
    return [(role, scope, name) for role, scope, name in rows]


def _whose(place: Place, named: list[tuple[str, str, str]]) -> list[str]:
    first = duty.FIRST.get(place.about)
    return [name for role, scope, name in named if role == first and scope in ("", place.slug)]
