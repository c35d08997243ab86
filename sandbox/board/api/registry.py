"""Endpoints, each said once: the route, what it takes, what it answers, who may call it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from flask import Blueprint, Response, current_app, request
from flask_wtf import CSRFProtect
from pydantic import BeforeValidator, Field
from pydantic_core import from_json

from sandbox.board import access
from sandbox.board.api import problems
from sandbox.board.api.problems import Refused
from sandbox.board.people import tokens
from sandbox.board.store import release
from sandbox.descriptors import Descriptor, Expected, Source, make
from sandbox.errors import Problem, did_you_mean

pages = Blueprint("api", __name__, url_prefix="/api/v1")
Shape = Descriptor
Function = Callable[..., Any]
Model = TypeVar("Model", bound=Descriptor)
MOST_BYTES = 64_000
LARGEST = 2_147_483_647  # what both databases keep as a number of a row
PART = {"slug": "<slug>", "number": f"<int(min=1, max={LARGEST}):number>"}


def attach(csrf: CSRFProtect) -> None:
    """The API asks for protection against forged requests itself: a token needs none."""
    csrf.exempt(pages)


@dataclass(frozen=True)
class Endpoint:
    """What is said of one. `example` fills path and query, `sends` is the body to try it with.

    `takes` is the media type of a body that is no JSON, of at most `most()` bytes; `headers` maps
    those that it reads to their pattern and what they are for.
    """

    method: Literal["GET", "POST"]
    path: str
    function: Function
    answer: type[Shape]
    view: Function
    scope: str | None
    query: type[Shape] | None
    body: type[Shape] | None
    example: str
    sends: Mapping[str, Any] = field(default_factory=dict)
    may_conflict: bool = False
    takes: str | None = None
    most: Callable[[], int] | None = None
    headers: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        return (inspect.getdoc(self.function) or "").partition("\n")[2].strip()

    @property
    def access(self) -> access.Access:
        found: access.Access = self.view.access  # type: ignore[attr-defined]
        return found

    @property
    def parts(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def status(self) -> int:
        return 201 if self.method == "POST" else 200

    @property
    def refusals(self) -> list[int]:
        """The statuses of errors that it can answer with."""
        found = {401, 422, 429, 503}
        if self.parts or self.body:
            found.add(404)
        if self.takes:
            found |= {413, 415}
        if self.access.known:
            found.add(403)
        if self.body:
            found |= {400, 413, 415}
        if self.may_conflict:
            found.add(409)
        return sorted(found)


ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(
    method: Literal["GET", "POST"],
    path: str,
    answer: type[Shape],
    who: Callable[[Function], Function] = access.everyone,
    *,
    scope: str | None = None,
    query: type[Shape] | None = None,
    body: type[Shape] | None = None,
    example: str = "",
    sends: Mapping[str, Any] | None = None,
    may_conflict: bool = False,
    takes: str | None = None,
    most: Callable[[], int] | None = None,
    headers: Mapping[str, tuple[str, str]] | None = None,
) -> Callable[[Function], Function]:
    """Make a function an endpoint. It takes the path's parts, then `query` and `body` as objects.

    What `takes` another kind of body than JSON gets it as bytes, `content`.

    It returns an `answer`; its docstring is the description. `who` is a mark of access, `scope`
    what a token must have. Query and body are named so because their unknown keys are refused.
    """

    def register(function: Function) -> Function:
        def view(**parts: Any) -> Response:
            return _answered(ENDPOINTS[function.__name__], parts)

        view.__name__ = function.__name__
        made = Endpoint(
            method, path, function, answer, who(view), scope, query, body,
            example or path, sends or {}, may_conflict, takes, most, headers or {},
        )  # fmt: skip
        ENDPOINTS[made.name] = made
        rule = re.sub(r"{(\w+)}", lambda part: PART[part[1]], path)
        pages.add_url_rule(rule, made.name, made.view, methods=[method])
        return function

    return register


def _answered(asked: Endpoint, parts: dict[str, Any]) -> Response:
    try:
        _allowed(asked)
        taken = dict(parts)
        if asked.query or request.args:
            taken |= _query(asked)
        if asked.body:
            taken["body"] = _body(asked.body)
        if asked.takes:
            taken["content"] = _content(asked)
        found: Shape = asked.function(**taken)
    except Refused as refused:
        return problems.refusal(refused)
    response = Response(problems.written(found), asked.status, mimetype="application/json")
    if asked.method == "GET":
        response.add_etag()
        response.make_conditional(request)
    return response


def _allowed(asked: Endpoint) -> None:
    """By a token that has the scope; by a cookie only with the token against forged requests."""
    token = tokens.current()
    if token is None:
        if asked.method != "GET" and current_app.config["WTF_CSRF_ENABLED"]:
            current_app.extensions["csrf"].protect()
    elif asked.scope and asked.scope not in token.scopes:
        raise Refused(403, f"This needs a token with the scope {asked.scope}.")


def _query(asked: Endpoint) -> dict[str, Any]:
    found = dict(request.args.lists())
    twice = [
        Problem(f"{name} stands more than once", "query", fix="send it once")
        for name, values in found.items()
        if len(values) > 1
    ]
    read = _made({n: v[0] for n, v in found.items()}, asked.query or Nothing, "query", twice)
    return {"query": read} if asked.query else {}


def _body(model: type[Shape]) -> Shape:
    if request.mimetype != "application/json":
        raise Refused(415)
    request.max_content_length = MOST_BYTES
    release()  # a body may take minutes to arrive, in which others may write
    try:
        value = from_json(request.get_data(), allow_inf_nan=False)
    except ValueError as error:
        raise Refused(400, f"The body is not JSON: {error}") from None
    return _made(value, model, "body", [])


def _content(asked: Endpoint) -> bytes:
    if request.mimetype != asked.takes:
        raise Refused(415, f"The body is to be sent as: Content-Type: {asked.takes}")
    request.max_content_length = asked.most() if asked.most else MOST_BYTES
    release()  # a body may take minutes to arrive, in which others may write
    return request.get_data(cache=False)


def _made(value: Any, model: type[Model], where: str, wrong: list[Problem]) -> Model:
    made = make(Source(where, value, {}), model, wrong)
    if wrong or made is None:
        raise Refused(422, problems=wrong)
    return made


@pages.after_request
def _finish(response: Response) -> Response:
    """Anonymous reads are anybody's, on any site; all else is between the reader and the board."""
    response.vary.update(("Authorization", "Cookie"))
    if request.method in ("GET", "HEAD"):
        stranger = "Authorization" not in request.headers and "Cookie" not in request.headers
        if stranger:
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = "ETag, Link, Retry-After"
        if response.status_code < 400:
            response.headers["Cache-Control"] = f"{'public' if stranger else 'private'}, no-cache"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


# --- what queries are made of ---------------------------------------------------------------------


def _whole(value: object) -> object:
    """Digits as a number; Python itself would take "1_0" and " 10" as well."""
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,9}", value, re.ASCII):
            raise Expected("a whole number")
        return int(value)
    return value


MOST = 100
YesNo = Literal["yes", "no"]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,79}$")]
Limit = Annotated[int, Field(ge=1, le=MOST), BeforeValidator(_whole)]


class Nothing(Shape):
    """An endpoint without parameters refuses all."""


class Paged(Shape):
    """A part of a list: at most `limit`, from where the answer before said `next`."""

    limit: Limit = Field(50, description=f"How many at most: 1 to {MOST}.")


class PagedByName(Paged):
    """Of a list in the order of names."""

    after: Slug | None = Field(None, description="The name that the page before ended with.")


class PagedByTime(Paged):
    """Of a list that begins with the newest."""

    before: Annotated[str, Field(pattern=r"^[0-9]{1,16}-[0-9]{1,9}$")] | None = Field(
        None, description="As the page before says in its `next`: do not make it yourself."
    )


def known(slug: str, names: Mapping[str, Any], kind: str) -> Any:
    """What is named so, or a refusal that says what there is."""
    if slug not in names:
        wrong = Problem(f"no such {kind}", "path", fix=did_you_mean(slug, list(names)))
        raise Refused(404, f"There is no {kind} {slug}.", [wrong])
    return names[slug]
