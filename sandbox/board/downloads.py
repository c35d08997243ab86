"""Files of the bundle: whole, in ranges, or not at all when the reader already has them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, send_file

from sandbox.board.access import everyone
from sandbox.board.served import generation
from sandbox.board.standing import readable

pages = Blueprint("downloads", __name__)
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "jsonld": "application/ld+json",
}


@pages.get("/datasets/<slug>/datapackage.json")
@everyone
def datapackage(slug: str) -> Response:
    return _listed(f"datasets/{slug}/datapackage.json", as_download=False)


@pages.get("/datasets/<slug>/quality.jsonld")
@everyone
def quality(slug: str) -> Response:
    return _listed(f"datasets/{slug}/quality.jsonld", as_download=False)


@pages.get("/datasets/<slug>/files/<table>.<any(csv, parquet):suffix>")
@everyone
def table_file(slug: str, table: str, suffix: str) -> Response:
    return _listed(f"datasets/{slug}/{table}.{suffix}")


@pages.get("/challenges/<slug>/answers-template.csv")
@everyone
def answers_template(slug: str) -> Response:
    if not readable(slug):
        abort(404)
    file = f"challenges/{slug}/answers-template.csv"
    return _listed(file, name=f"{slug}-answers.csv")


def _listed(file: str, *, name: str | None = None, as_download: bool = True) -> Response:
    """A file that the manifest lists, with its hash as ETag; 404 for any other name."""
    bundle = generation().bundle
    if not bundle.has(file):
        abort(404)
    entry = bundle.entry(file)
    response = send_file(
        bundle.file(file),
        mimetype=TYPES[file.rpartition(".")[2]],
        as_attachment=as_download,
        download_name=name or file.rpartition("/")[2],
        conditional=True,
        etag=entry.sha256,
        last_modified=None,
    )
    response.headers["Cache-Control"] = "public, no-cache"
    return response
