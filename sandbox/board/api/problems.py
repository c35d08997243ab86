"""The one form of everything that goes wrong in the API: RFC 9457, with a way out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import Response, request
from werkzeug.exceptions import HTTPException

from sandbox.descriptors import Descriptor
from sandbox.errors import Problem

API = "/api/v1/"
MIMETYPE = "application/problem+json"
# Status → the fragment of its paragraph on /api/, its title, and what to do.
KINDS = {
    400: ("bad-request", "The request cannot be read", "Compare it with the example on /api/."),
    401: ("token", "A token is needed, or this one does not hold",
          "Make one on /account/tokens/ and send it as: Authorization: Bearer <token>"),
    403: ("not-yours", "This is not for you",
          "Ask an organiser for the role, or make a token that has the scope."),
    404: ("nothing-here", "There is nothing here", "The lists name what there is."),
    405: ("method", "This address does not take that method", "See the header Allow."),
    408: ("too-slow", "The request did not arrive", "Send it again; nothing was changed."),
    409: ("conflict", "This cannot be done now", "Look at the state and try again."),
    413: ("too-large", "The request is too large", "Send less."),
    415: ("media-type", "The body is of another kind",
          "Send it as: Content-Type: application/json, or as the example on /api/ does."),
    422: ("invalid", "Something in the request is not right", "Each problem names its way out."),
    429: ("too-many", "Too many requests", "Wait as many seconds as Retry-After says."),
    503: ("not-ready", "The data is not ready yet", "Try again in half a minute."),
    500: ("ours", "The mistake is ours", "It stands in the log; nothing of yours was changed."),
}  # fmt: skip


class Detail(Descriptor):
    """One thing that is wrong: what, where, what was found and expected, and the way out."""

    what: str
    where: str
    found: str | None = None
    expected: str | None = None
    fix: str | None = None


class ProblemShape(Descriptor):
    """An error. `type` leads to its explanation, `problems` lists everything at once."""

    type: str
    title: str
    status: int
    detail: str
    fix: str
    problems: tuple[Detail, ...] = ()


class Refused(Exception):
    """Raised by an endpoint; `problems` are what is wrong in the request."""

    def __init__(
        self, status: int, detail: str = "", problems: Iterable[Problem] = (), retry: int = 0
    ):
        super().__init__(detail)
        self.status, self.detail, self.retry = status, detail, retry
        self.problems = tuple(problems)


def asked() -> bool:
    """Whether the request is one to the API, so that its errors are JSON."""
    return request.path.startswith(API)


def written(shape: Descriptor) -> str:
    """JSON that no old browser takes for a page, whatever text is in it."""
    return shape.model_dump_json().replace("<", "\\u003c")


def answer(status: int, detail: str = "", problems: Sequence[Problem] = ()) -> Response:
    """The error as a response; statuses without words of their own are told as their family."""
    kind, title, fix = KINDS.get(status) or KINDS[500 if status >= 500 else 400]
    shape = ProblemShape(
        type=f"/api/#{kind}",
        title=title,
        status=status,
        detail=detail or title,
        fix=fix,
        problems=tuple(
            Detail(what=p.what, where=p.file, found=p.found, expected=p.expected, fix=p.fix)
            for p in problems
        ),
    )
    response = Response(written(shape), status, mimetype=MIMETYPE)
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return response


def _too_large() -> str:
    sent, most = request.content_length, request.max_content_length
    return f"The body has {sent or 'too many'} bytes; at most {most} are taken here."


def refusal(refused: Refused) -> Response:
    response = answer(refused.status, refused.detail, refused.problems)
    if refused.retry:
        response.headers["Retry-After"] = str(refused.retry)
    return response


def of_http(error: HTTPException) -> Response:
    """What Flask refuses by itself, in the same form, with the headers that belong to it."""
    response = answer(error.code or 500, _too_large() if error.code == 413 else "")
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response
