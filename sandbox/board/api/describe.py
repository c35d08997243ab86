"""The API described in OpenAPI 3.1, from the same endpoints that answer."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sandbox import __version__
from sandbox.board import webhooks
from sandbox.board.api import problems
from sandbox.board.api.problems import ProblemShape
from sandbox.board.api.registry import ENDPOINTS, LARGEST, Endpoint
from sandbox.board.people.tokens import SCOPES

PREFIX = "/api/v1"
PARTS = {
    "slug": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,79}$"},
    "number": {"type": "integer", "minimum": 1, "maximum": LARGEST},
}
SAYS = {
    "slug": "The name that stands in the list and in the address of its page.",
    "number": "The number that stands in the list.",
}
Json = dict[str, Any]


@cache
def document() -> Json:
    """The whole description; the same for every event of this version of the kit."""
    schemas = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The board of a Sandbox event",
            "version": __version__,
            "summary": "Everything that pages show, and questions and announcements to write.",
            "description": "For people: /api/. What is promised to stay: docs/api.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in sorted({_tag(e) for e in ENDPOINTS.values()})],
        "paths": _paths(),
        "webhooks": {name: {"post": _told(name)} for name in webhooks.FORMS},
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made on /account/tokens/. Scopes: "
                    + "; ".join(f"{scope} ({said})" for scope, said in SCOPES.items()),
                }
            },
            "responses": {
                str(status): _problem(status) for status in problems.KINDS if status != 405
            },
        },
    }


def ref(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _schemas() -> Json:
    answers = [(e.answer, "serialization") for e in ENDPOINTS.values()]
    bodies = [(e.body, "validation") for e in ENDPOINTS.values() if e.body]
    told = [(form, "serialization") for form in webhooks.FORMS.values()]
    models: Any = [*answers, *bodies, *told, (ProblemShape, "serialization"),
                   (webhooks.Message, "serialization")]  # fmt: skip
    _, made = models_json_schema(
        list(dict.fromkeys(models)), ref_template="#/components/schemas/{model}"
    )
    return dict(sorted(made["$defs"].items()))


def _paths() -> Json:
    found: dict[str, Json] = {}
    for endpoint in ENDPOINTS.values():
        path = found.setdefault(PREFIX + endpoint.path, {})
        path[endpoint.method.lower()] = _operation(endpoint)
    return found


def _operation(said: Endpoint) -> Json:
    made: Json = {
        "operationId": said.name,
        "summary": said.summary,
        "tags": [_tag(said)],
        "security": [{"token": [said.scope] if said.scope else []}] if said.access.known else [{}],
        "parameters": parameters(said),
        "responses": {
            str(said.status): _answer(said),
            **{str(s): {"$ref": f"#/components/responses/{s}"} for s in said.refusals},
        },
    }
    if said.description:
        made["description"] = said.description
    if said.method == "GET":
        made["responses"]["304"] = {"description": "As the reader's If-None-Match has it already."}
    if said.body:
        content: Json = {"schema": ref(said.body), "example": dict(said.sends)}
        made["requestBody"] = {"required": True, "content": {"application/json": content}}
    if said.takes:
        text: Json = {"schema": {"contentMediaType": said.takes}}
        made["requestBody"] = {"required": True, "content": {said.takes: text}}
    return made


def _answer(said: Endpoint) -> Json:
    made: Json = {
        "description": said.summary,
        "content": {"application/json": {"schema": ref(said.answer)}},
    }
    if said.method == "GET":
        made["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return made


def parameters(said: Endpoint) -> list[Json]:
    """Of the path, then of the headers, then of the query."""
    of_path: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": PARTS[name],
         "description": SAYS[name]}
        for name in said.parts
    ]  # fmt: skip
    of_path += [
        {"name": name, "in": "header", "required": False, "description": what,
         "schema": {"type": "string", "pattern": pattern}}
        for name, (pattern, what) in said.headers.items()
    ]  # fmt: skip
    if said.query is None:
        return of_path
    fields = said.query.model_json_schema()["properties"]
    return of_path + [
        {"name": name, "in": "query", "required": False, "schema": _plain(schema),
         "description": schema.get("description", "")}
        for name, schema in fields.items()
    ]  # fmt: skip


def _plain(schema: Json) -> Json:
    """Of a parameter that may be left out: it is never sent as null."""
    kept = {k: v for k, v in schema.items() if k not in ("title", "description", "anyOf")}
    if kept.get("default", ...) is None:
        del kept["default"]
    (one,) = [s for s in schema.get("anyOf", [{}]) if s.get("type") != "null"]
    made: Json = {**one, **kept}
    return made


def _problem(status: int) -> Json:
    made: Json = {
        "description": problems.KINDS[status][1],
        "content": {problems.MIMETYPE: {"schema": ref(ProblemShape)}},
    }
    if status in (429, 503):
        made["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}
        }
    if status == 401:
        made["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return made


def _told(name: str) -> Json:
    """A call to a receiver; the headers are those of Standard Webhooks."""
    headers = {
        "webhook-id": "The same for every attempt: whoever has seen it does nothing.",
        "webhook-timestamp": "Seconds since 1970; refuse what is older than five minutes.",
        "webhook-signature": "v1, and the base64 of HMAC-SHA256 over id.timestamp.body",
    }
    data = {"properties": {"type": {"const": name}, "data": ref(webhooks.FORMS[name])}}
    return {
        "operationId": name.replace(".", "_"),
        "summary": (webhooks.FORMS[name].__doc__ or "").partition("\n")[0],
        "parameters": [
            {"name": header, "in": "header", "required": True, "description": said,
             "schema": {"type": "string"}}
            for header, said in headers.items()
        ],
        "requestBody": {
            "content": {"application/json": {"schema": {"allOf": [ref(webhooks.Message), data]}}}
        },
        "responses": {
            "2XX": {"description": "Received."},
            "410": {"description": "Wants no more: the webhook is ended."},
        },
    }  # fmt: skip


def _tag(said: Endpoint) -> str:
    return said.path.split("/")[1]
