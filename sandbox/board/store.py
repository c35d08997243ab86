"""The board's database in a request: one session, which writes only where the method may."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from sqlalchemy.orm import Session

from sandbox.state import State

SAFE = ("GET", "HEAD", "OPTIONS")


def attach(app: Flask, state: State) -> None:
    app.extensions["state"] = state
    app.teardown_appcontext(_close)


def state() -> State:
    found: State = current_app.extensions["state"]
    return found


def db() -> Session:
    """This request's session. A form's view says `db().commit()` when what it did shall stay.

    What only reads (GET) reads one moment's state; what may write has the database for itself until
    it commits or ends, so it must not wait for anything else meanwhile.
    """
    if "db" not in g:
        g.db = state().reader() if request.method in SAFE else state().writer()
    session: Session = g.db
    return session


def release() -> None:
    """Let others write while this request does something slow; nothing of it may be pending."""
    db().commit()


def _close(_error: BaseException | None) -> None:
    if (session := g.pop("db", None)) is not None:
        session.close()
