"""Who may call which view: each says so by a mark, and a view without one answers nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from sandbox.board.people.visitor import me, must_join
from sandbox.state.people import Role

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """`known`: signed in. `joined`: has accepted what must be. `roles`: holds one of these."""

    known: bool = False
    joined: bool = False
    roles: frozenset[Role] = frozenset()


def everyone(view: View) -> View:
    """Open to all, signed in or not."""
    return _marked(view, Access())


def signed_in(view: View) -> View:
    """For whoever is signed in, even before having joined: their own account."""
    return _marked(view, Access(known=True))


def members(view: View) -> View:
    """For those who have joined: registered, and accepted terms and code of conduct as they are."""
    return _marked(view, Access(known=True, joined=True))


def only(*roles: Role) -> Callable[[View], View]:
    """For members who hold one of `roles`; what a role's scope allows is for the view to ask."""
    return lambda view: _marked(view, Access(True, True, frozenset(roles)))


def _marked(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view


def attach(app: Flask) -> None:
    app.before_request(_enforce)


def of(app: Flask, endpoint: str) -> Access | None:
    """What the view of `endpoint` says; None if it says nothing."""
    return getattr(app.view_functions[endpoint], "access", None)


def _enforce() -> Response | None:
    if request.endpoint is None:
        return None  # no such page, or not by this method: the error page says so
    access = of(current_app, request.endpoint)
    if access is None:
        raise RuntimeError(f"{request.endpoint} does not say who may call it")
    if not access.known:
        return None
    person = me()
    if person is None:
        if request.path.startswith("/api/"):
            abort(401)
        return redirect(url_for("sign_in.form", next=_here()))
    if access.joined and must_join(person):
        if request.path.startswith("/api/"):
            abort(403)
        return redirect(url_for("join.form", next=_here()))
    if access.roles and not person.has(*access.roles):
        abort(403)
    return None


def _here() -> str:
    """The page to come back to: this one, or the one whose form was sent."""
    return local(request.full_path if request.method == "GET" else request.referrer)


def local(address: str | None) -> str:
    """`address` as a path on this board; whatever leads elsewhere becomes the home page.

    Browsers read a backslash as a slash and drop tabs and line ends, so none of these passes.
    """
    if not address or address.startswith("//") or any(ord(c) <= 32 or c == "\\" for c in address):
        return "/"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    if parts.netloc and f"{parts.scheme}://{parts.netloc}/" != request.host_url:
        return "/"
    path = parts.path if parts.netloc or not parts.scheme else ""
    if not path.startswith("/") or path.startswith("//"):
        return "/"
    return f"{path}?{parts.query}" if parts.query else path
