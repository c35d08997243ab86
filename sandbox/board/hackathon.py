"""hackathon.json: the event as the field's own directories and schema.org know it."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from sandbox.board.access import everyone
from sandbox.board.api import showing
from sandbox.board.scores import boards
from sandbox.board.served import address, event, generation
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.catalog import Challenge, Dataset
from sandbox.descriptors import Text

pages = Blueprint("hackathon", __name__)
Json = dict[str, Any]


@pages.get("/hackathon.json")
@everyone
def file() -> Response:
    """JSON-LD of schema.org's type Hackathon, in the reader's language.

    Source of the form: the recommendation at json.everyhack.day, and schema.org/Hackathon.
    """
    response = Response(json.dumps(_event(), ensure_ascii=False), mimetype="application/ld+json")
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.vary.update(("Accept-Language", "Cookie"))
    response.add_etag()
    response.make_conditional(request)
    return response


def _event() -> Json:
    here, catalog, home = event(), generation().catalog, address("/")
    decided = boards.all_decided(db())
    made: Json = {
        "@context": "https://schema.org",
        "@type": "Hackathon",
        "@id": home,
        "name": _words(here.name),
        "url": home,
        "inLanguage": list(here.languages),
        "isAccessibleForFree": True,
        "eventStatus": "https://schema.org/EventScheduled",
        "location": _location(),
        # As in the field, challenges and what teams make of them are the works of the event.
        "workPerformed": [
            _challenge(slug, catalog.challenges[slug], decided[slug].is_published)
            for slug in showing.challenges()
        ],
        "workFeatured": [_dataset(slug, found) for slug, found in catalog.datasets.items()],
    }
    if here.tagline:
        made["description"] = _words(here.tagline)
    if here.starts_at:
        made["startDate"] = here.starts_at.isoformat()
    if here.ends_at:
        made["endDate"] = here.ends_at.isoformat()
    if here.contact:
        said = "email" if "@" in here.contact else "description"
        contact = {"@type": "ContactPoint", "contactType": "organisers", said: here.contact}
        made["organizer"] = {"@type": "Organization", "name": _words(here.name), "url": home,
                             "contactPoint": contact}  # fmt: skip
    return made


def _location() -> Json:
    """Where people meet; an event that names no place is held on the board."""
    if place := event().place:
        return {"@type": "Place", "name": _words(place), "address": _words(place)}
    return {"@type": "VirtualLocation", "url": address("/")}


def _challenge(slug: str, found: Challenge, has_results: bool) -> Json:
    where = address(f"/challenges/{slug}/")
    lists = ["leaderboard", "results"] if has_results else ["leaderboard"]
    return {
        "@type": "CreativeWork",
        "@id": where,
        "additionalType": "challenge",
        "name": _words(found.title),
        "description": _words(found.summary),
        "url": where,
        "isBasedOn": [address(f"/datasets/{name}/") for name in found.datasets],
        "subjectOf": [_list(slug, name) for name in lists],
    }


def _list(slug: str, name: str) -> Json:
    """The leaderboard or the results: a page, and the same as files."""
    where = address(f"/challenges/{slug}/{name}")
    forms = (("csv", "text/csv"), ("json", "application/json"))
    return {
        "@type": "Dataset",
        "name": name,
        "url": f"{where}/",
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": f"{where}.{ending}"}
            for ending, kind in forms
        ],
    }


def _dataset(slug: str, found: Dataset) -> Json:
    where = address(f"/datasets/{slug}/")
    return {
        "@type": "Dataset",
        "@id": where,
        "name": _words(found.title),
        "description": _words(found.summary),
        "url": where,
        "version": found.version,
    }


def _words(found: Text) -> str:
    return found.best(page().language)[0]
