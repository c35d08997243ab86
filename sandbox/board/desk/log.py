"""The audit log as a page and a file: who with rights did what, and whether the seals hold."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from sqlalchemy import func, select

from sandbox.board.access import only
from sandbox.board.store import db
from sandbox.state import audit
from sandbox.state.people import Account, Role
from sandbox.state.records import Audit

pages = Blueprint("desk_log", __name__, url_prefix="/organiser/log")
ON_A_PAGE = 100


@pages.get("/")
@only(Role.ORGANISER)
def overview() -> str:
    """The newest first; `?before=NUMBER` goes on from there, `?act=` keeps one kind of act."""
    chosen, before = request.args.get("act", ""), request.args.get("before", type=int)
    found = select(Audit, Account).outerjoin(Account, Account.id == Audit.actor_id)
    if chosen:
        found = found.where(Audit.act == chosen)
    if before is not None:
        found = found.where(Audit.id < before)
    entries = db().execute(found.order_by(Audit.id.desc()).limit(ON_A_PAGE + 1)).all()
    return render_template(
        "board/desk/log.html",
        entries=entries[:ON_A_PAGE],
        more=len(entries) > ON_A_PAGE,
        acts=db().scalars(select(Audit.act).distinct().order_by(Audit.act)).all(),
        chosen=chosen,
        count=db().scalar(select(func.count()).select_from(Audit)),
        broken=list(audit.broken(db())),
    )
