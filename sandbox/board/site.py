"""What all pages have in common: language, headers, caching, errors, static files, health."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    render_template,
    request,
    send_from_directory,
)
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from sandbox import ui
from sandbox.board.access import everyone
from sandbox.board.api import problems
from sandbox.board.asgi import REFUSED
from sandbox.board.people.visitor import me
from sandbox.board.served import event, generation
from sandbox.errors import SandboxError
from sandbox.state.people import Role
from sandbox.ui import languages

log = logging.getLogger(__name__)
View = TypeVar("View", bound=Callable[..., Any])
YEAR = 365 * 24 * 3600


def at_most_bytes(count: int | Callable[[], int]) -> Callable[[View], View]:
    """Let a view take requests of so many bytes, where all others take fewer.

    A larger one is answered 413 before its body is read.
    """

    def mark(view: View) -> View:
        view.most_bytes = count  # type: ignore[attr-defined]
        return view

    return mark


def most_bytes_of(app: Flask) -> Callable[[str, str], int]:
    """Says how large a request may be, by its path and method, before there is a request.

    Endpoints of the API have limits of their own and say them; here theirs is the largest of all.
    """
    usual = int(app.config["MAX_CONTENT_LENGTH"])

    def at_most(view: View) -> int:
        most = getattr(view, "most_bytes", usual)
        if callable(most):  # it depends on what is served
            with app.app_context():
                most = most()
        return int(most)

    def most(path: str, method: str) -> int:
        if path.startswith(problems.API):
            return max(map(at_most, app.view_functions.values()))
        try:
            endpoint, _ = app.url_map.bind("").match(path, method)
        except HTTPException:  # nothing is there, or not by this method
            return usual
        return at_most(app.view_functions[endpoint])

    return most


def attach(app: Flask) -> None:
    app.before_request(_let_larger_in)
    app.before_request(_choose_language)
    app.before_request(_refuse)
    app.context_processor(lambda: {"page": page()})
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _error_page)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(SandboxError, _no_bundle)
    app.add_url_rule("/static/<name>", "static", _static)
    app.add_url_rule("/favicon.ico", "favicon", _favicon)
    app.add_url_rule("/robots.txt", "robots", _robots)
    app.add_url_rule("/healthz", "healthz", _health)


class Sessions(SecureCookieSessionInterface):
    """Signed cookies, which travel by https alone once the event's address says https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return (event().public_url or "").startswith("https:")


def page() -> ui.Page:
    """What the layout knows: the event, the reader's language, the address, and who is reading."""
    if "page" not in g:
        person, path = me(), request.full_path.removesuffix("?")
        g.page = ui.Page(
            event(),
            g.language,
            path,
            person=(person.name or None) if person else "",
            organises=bool(person and person.has(Role.ORGANISER)),
        )
    found: ui.Page = g.page
    return found


def _let_larger_in() -> None:
    """Before anything reads the request's form."""
    view = current_app.view_functions.get(request.endpoint or "")
    if most := getattr(view, "most_bytes", None):
        request.max_content_length = most() if callable(most) else most


def _choose_language() -> None:
    asked, remembered = request.args.get("lang"), request.cookies.get(ui.LANGUAGE_COOKIE)
    preferred = request.headers.get("Accept-Language")
    g.language = languages.choose(asked, remembered, preferred, event().languages)


def _finish(response: Response) -> Response:
    for name, value in ui.SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)  # a view may say something stricter itself
    is_page = response.mimetype == "text/html"  # feed readers have no use for a cookie
    if is_page and request.args.get("lang") in event().languages:
        response.set_cookie(
            ui.LANGUAGE_COOKIE,
            g.language,
            max_age=YEAR,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    if is_page:
        response.headers["Cache-Control"] = "private, no-cache"
        response.vary.update(("Accept-Language", "Cookie"))
        if response.status_code == 200:
            response.add_etag()  # a phone that comes back loads the page only if it has changed
            response.make_conditional(request)
    return response


def _refuse() -> Any:
    """Say why the server took no body, where it did not (sandbox.board.asgi)."""
    status = request.environ.get(REFUSED)
    if status is None:
        return None
    if status == 413:
        abort(413)
    retry = {"Retry-After": "5"} if status == 503 else {}
    if problems.asked():
        said = "Too much is being sent at this moment. Nothing was changed." if retry else ""
        response = problems.answer(status, said)
        response.headers.update(retry)
        return response
    return render_template("board/not_taken.html", code=status), status, retry


# --- errors ---------------------------------------------------------------------------------------


def _error_page(error: HTTPException) -> Any:
    if error.response is not None or (error.code or 500) < 400:
        return error  # a redirect, or an answer that is ready
    if isinstance(error, InternalServerError):
        log.error("%s %s failed", request.method, request.path, exc_info=error.original_exception)
    if problems.asked():
        return problems.of_http(error)
    shown = render_template(
        "board/error.html",
        code=error.code,
        error=error,
        sent=request.content_length,
        most=request.max_content_length,
    )
    return shown, error.code


def _forged(error: CSRFError) -> Any:
    """A form that is too old, or was never ours: nothing was done, and nothing that was written is
    lost, since the browser's way back still has it."""
    if problems.asked():
        said = "A browser's session needs the header X-CSRFToken here; a program uses a token."
        return problems.answer(400, said)
    return render_template("board/error.html", code="form", error=error), 400


def _no_bundle(error: SandboxError) -> Any:
    """The reader is told to wait; what to do, with paths, is for the organiser's log alone."""
    log.error("%s", error)
    if problems.asked():
        return problems.refusal(problems.Refused(503, retry=30))
    return render_template("board/error.html", code=503, error=error), 503, {"Retry-After": "30"}


# --- files and health -----------------------------------------------------------------------------


@everyone
def _static(name: str) -> Response:
    response = _file(name)
    if request.args.get("v"):
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


@everyone
def _favicon() -> Response:
    return _file("favicon.ico")


def _file(name: str) -> Response:
    return send_from_directory(ui.STATIC, name, max_age=3600)


@everyone
def _robots() -> Response:
    """Search engines may read the pages; queries below /data/ are endless."""
    return Response("User-agent: *\nDisallow: /data/\n", mimetype="text/plain")


@everyone
def _health() -> Response:
    here = generation()
    if not here.bundle.database.is_file():
        abort(503)
    answer = jsonify(status="ok", bundle=here.bundle.digest, event=str(event().name))
    answer.headers["Cache-Control"] = "no-store"
    return answer
