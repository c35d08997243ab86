"""What people have told the organisers: food, needs at the venue, telephone numbers, consent."""

from __future__ import annotations

from flask import Blueprint, render_template
from sqlalchemy import select

from sandbox.board import retention
from sandbox.board.access import only
from sandbox.board.people import details
from sandbox.board.served import event
from sandbox.board.store import db
from sandbox.state.people import Account, Consent, Detail, Role

pages = Blueprint("desk_needs", __name__, url_prefix="/organiser/needs")


@pages.get("/")
@only(Role.ORGANISER)
def index() -> str:
    told = (
        select(Detail.field, Account.name, Detail.value)
        .join(Account, Account.id == Detail.account_id)
        .where(Detail.field.in_(details.ASKED))
        .order_by(Account.name, Detail.id)
    )
    by_field: dict[str, list[tuple[str, str]]] = {field: [] for field in details.ASKED}
    for field, name, value in db().execute(told):
        by_field[field].append((name, value))
    later = (
        select(Account.email)
        .join(Consent, Consent.account_id == Account.id)
        .where(Consent.purpose == details.FOLLOW_UP, Consent.withdrawn_at.is_(None))
        .where(Account.email.is_not(None))
        .order_by(Account.email)
    )
    return render_template(
        "board/desk/needs.html",
        told={field: rows for field, rows in by_field.items() if rows or field in event().ask},
        asked=details.ASKED,
        later=list(db().scalars(later)),
        kept=retention.kept(db(), event().ends_at),
    )
