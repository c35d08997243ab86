"""A challenge's leaderboard and results: pages, live fragment, and the same as CSV and JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from sandbox.board.access import everyone
from sandbox.board.api import problems
from sandbox.board.api import scores as shapes
from sandbox.board.exports import csv_file
from sandbox.board.people.visitor import me
from sandbox.board.scores import boards
from sandbox.board.scores.leaderboard import Score
from sandbox.board.served import generation
from sandbox.board.standing import readable, standing
from sandbox.board.store import db
from sandbox.board.teams.own import own_slug
from sandbox.descriptors import Descriptor
from sandbox.state.people import Role

pages = Blueprint("leaderboard", __name__, url_prefix="/challenges")
SCORE = ("score", "score_low", "score_high", "score_band", "score_rows")
LINE = ("rank", "shared", "kind", "team", "name", *SCORE, "passed_gates", "beside_today")
BOARD = (*LINE, "handed_in", "frozen_since")
RESULTS = (
    *LINE, "public_rank", "moved", "public_score", "public_low", "public_high", "chosen",
    "file_number", "receipt", "sha256", "truth", "handed_in", "kit_version",
)  # fmt: skip


@pages.get("/<slug>/leaderboard/")
@everyone
def board(slug: str) -> str:
    return render_template(
        "board/scores/leaderboard.html", changes=boards.changes(db(), _known(slug)), **_told(slug)
    )


@pages.get("/<slug>/leaderboard/now")
@everyone
def now(slug: str) -> str:
    return render_template("board/scores/_leaderboard.html", **_told(_known(slug)))


@pages.get("/<slug>/leaderboard.csv")
@everyone
def csv(slug: str) -> Response:
    told = shapes.board(_listed(slug))
    rows = [[*_line(row), row.handed_in, told.frozen_since] for row in told.rows]
    return csv_file(f"{slug}-leaderboard.csv", BOARD, rows)


@pages.get("/<slug>/leaderboard.json")
@everyone
def json(slug: str) -> Response:
    return _json(shapes.board(_listed(slug)))


@pages.get("/<slug>/results/")
@everyone
def results(slug: str) -> str:
    shown = boards.published(db(), _known(slug))
    return render_template(
        "board/scores/results.html",
        slug=slug,
        challenge=generation().catalog.challenges[slug],
        shown=shown,
        groups=[(line, shapes.groups(file), file.private.get("gap")) for line, file in shown.first]
        if shown
        else [],
        mine=own_slug(),
        organises=_organises(),
        stands=standing(slug),
    )


@pages.get("/<slug>/results.csv")
@everyone
def results_csv(slug: str) -> Response:
    told = shapes.results(_listed(slug))
    rows = [result_line(row, told.kit_version) for row in told.rows]
    return csv_file(f"{slug}-results.csv", RESULTS, rows)


@pages.get("/<slug>/results.json")
@everyone
def results_json(slug: str) -> Response:
    return _json(shapes.results(_listed(slug)))


# --- what they rest on ----------------------------------------------------------------------------


def _known(slug: str) -> str:
    """`slug`, if the visitor may read the challenge."""
    return slug if readable(slug) else abort(404)


def _listed(slug: str) -> str:
    """`slug`, if everybody may: files are the same for all who ask."""
    there = slug in generation().catalog.challenges
    return slug if there and standing(slug).listed else abort(404)


def _told(slug: str) -> dict[str, Any]:
    return {
        "slug": slug,
        "challenge": generation().catalog.challenges[slug],
        "shown": boards.public(db(), slug),
        "mine": own_slug(),
        "organises": _organises(),
        "stands": standing(slug),
    }


def _organises() -> bool:
    person = me()
    return person is not None and person.has(Role.ORGANISER)


def _json(shape: Descriptor) -> Response:
    """The same bytes for everybody, and asked for again each time: a freeze holds at once."""
    response = Response(problems.written(shape), mimetype="application/json")
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.add_etag()
    response.make_conditional(request)
    return response


def _line(row: shapes.Place) -> list[object]:
    return [row.rank, row.shared, row.kind, row.team, row.name, *_numbers(row.score),
            row.score.band, row.score.rows, row.passed_gates, row.beside_today]  # fmt: skip


def result_line(row: shapes.Final, kit_version: str) -> list[object]:
    """A line of the results in the order of `RESULTS`."""
    return [*_line(row), row.public_rank, row.moved, *_numbers(row.public), *_file(row.file),
            kit_version]  # fmt: skip


def _file(file: shapes.FinalFile | None) -> list[object]:
    if file is None:
        return [None] * 6
    return [file.chosen, file.number, file.receipt, file.sha256, file.truth, file.handed_in]


def _numbers(score: shapes.Scored | Score) -> list[object]:
    return [score.value, score.low, score.high]
