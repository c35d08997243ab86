"""Datasets: what a row is, what to ask, what each column means, and how far to trust it."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from sandbox.board import dictionary, joins, measured
from sandbox.board.access import everyone
from sandbox.board.site import page
from sandbox.board.standing import seen
from sandbox.board.talk import places, questions

pages = Blueprint("datasets", __name__, url_prefix="/datasets")


@pages.get("/")
@everyone
def index() -> str:
    return render_template("board/datasets.html", here=seen())


@pages.get("/<slug>/")
@everyone
def dataset(slug: str) -> str:
    here = seen()
    found = here.catalog.datasets.get(slug) or abort(404)
    return render_template(
        "board/dataset.html",
        here=here,
        slug=slug,
        dataset=found,
        entry=here.bundle.manifest.datasets[slug],
        tables=dictionary.tables(here, slug, page()),
        measures=measured.measures(here, slug, page()),
        fits=measured.fits(here, slug, page()),
        keys=joins.keys(here.catalog, slug),
        key_map=joins.key_map(here.catalog, slug),
        example=joins.example(here.catalog, slug),
        talk=questions.about(places.Place("dataset", slug, title=found.title)),
        used_by=[s for s, c in here.catalog.challenges.items() if slug in c.datasets],
    )
