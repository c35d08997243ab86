"""The API for people: one page from its description, which works without script and network."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Blueprint, Response, jsonify, render_template, request

from sandbox.board import webhooks
from sandbox.board.access import everyone
from sandbox.board.api import describe, problems, rates
from sandbox.board.api.registry import ENDPOINTS, MOST, MOST_BYTES, Endpoint
from sandbox.board.people.tokens import SCOPES
from sandbox.board.served import address, generation

pages = Blueprint("api_pages", __name__, url_prefix="/api")


class Told(NamedTuple):
    """An endpoint as the page shows it."""

    said: Endpoint
    parameters: list[dict[str, Any]]
    curl: str


class Row(NamedTuple):
    """A key of a shape: its type in words, and what is said of it."""

    name: str
    kind: str
    optional: bool
    description: str


@pages.get("/")
@everyone
def overview() -> str:
    schemas = describe.document()["components"]["schemas"]
    return render_template(
        "board/api/overview.html",
        told=[Told(e, describe.parameters(e), curl(e)) for e in ENDPOINTS.values()],
        shapes={name: (s.get("description", ""), _rows(s)) for name, s in schemas.items()},
        events={n: (form.__name__, said) for n, (form, said) in webhooks.EVENTS.items()},
        kinds=problems.KINDS,
        scopes=SCOPES,
        rates=rates,
        most=MOST,
        most_bytes=MOST_BYTES,
        base=address(describe.PREFIX),
    )


@pages.get("/openapi.json")
@everyone
def openapi() -> Response:
    response = jsonify(describe.document())
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.add_etag()
    response.make_conditional(request)
    return response


def curl(said: Endpoint) -> str:
    """A command that tries it, on this event and its own content."""
    catalog = generation().catalog
    named: dict[str, Mapping[str, Any]] = {
        "/challenges": catalog.challenges,
        "/datasets": catalog.datasets,
    }
    path = said.example
    if (within := said.path.partition("/{slug}")[0]) in named and path == said.path:
        path = path.replace("{slug}", next(iter(named[within]), "slug")).replace("{number}", "1")
    parts = ["curl"]
    if said.access.known:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if said.sends:
        parts.append('-H "Content-Type: application/json"')
        parts.append(f"-d {shlex.quote(json.dumps(said.sends, ensure_ascii=False))}")
    if said.takes:
        parts.append(f'-H "Content-Type: {said.takes}" --data-binary @answers.csv')
    where = address(describe.PREFIX + path)
    parts.append(shlex.quote(where) if "?" in where else where)
    return (" \\\n  " if len(parts) > 2 else " ").join(parts)


def _rows(schema: dict[str, Any]) -> list[Row]:
    required = schema.get("required", [])
    return [
        Row(name, _kind(found), name not in required, found.get("description", ""))
        for name, found in schema.get("properties", {}).items()
    ]


def _kind(found: dict[str, Any]) -> str:
    """A JSON Schema's type, in a few words that name other shapes as they are called."""
    if "$ref" in found:
        return str(found["$ref"].rpartition("/")[2])
    for several in ("anyOf", "oneOf"):
        if several in found:
            return " or ".join(map(_kind, found[several]))
    if "enum" in found:
        return " or ".join(f'"{value}"' for value in found["enum"])
    if "const" in found:
        return f'"{found["const"]}"'
    kind = found.get("format") or found.get("type", "anything")
    if kind == "array":
        return f"list of {_kind(found.get('items', {}))}"
    if isinstance(found.get("additionalProperties"), dict):
        inner = _kind(found["additionalProperties"])
        return f"map of {inner} by language" if "propertyNames" in found else f"map of {inner}"
    return str(kind)
