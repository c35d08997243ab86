"""The team's draft: written by several at once, saved by itself, with all that was ever in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from sandbox.board import deadlines
from sandbox.board.access import members
from sandbox.board.arrival import arrived
from sandbox.board.deadlines import Deadline
from sandbox.board.forms import N_, Form
from sandbox.board.people.visitor import myself
from sandbox.board.projects import submitting, writing
from sandbox.board.projects.writing import Other, Saved, Typed, empty, held
from sandbox.board.served import event, generation
from sandbox.board.site import page
from sandbox.board.store import db, release
from sandbox.board.talk.names import names
from sandbox.board.teams.own import my_team
from sandbox.board.words import gettext
from sandbox.projects.fields import BY_NAME, CHOICES, FIELDS, MOST_LINKS, USED, missing
from sandbox.state.projects import Image, Project, Revision, Submission
from sandbox.ui import languages

pages = Blueprint("draft", __name__, url_prefix="/project")
Answer = str | tuple[str, int] | Response
ONE_SITTING = timedelta(minutes=10)  # of one person: shown as one entry of the history
MOST_REVISIONS, MOST_CHARACTERS = 400, 30_000  # of one page of it


class Section(NamedTuple):
    """A part of the page; all of FIELDS stand in one, in their order."""

    id: str
    heading: str
    names: tuple[str, ...]


SECTIONS = (
    Section("what", N_("What becomes better"), ("title", "outcome", "summary")),
    Section("made", N_("Who made what"), ("people_made", "tools_made")),
    Section("helps", N_("Whether it helps, and how to try it"),
            ("evidence", "how_to_try", "prototype")),
    Section("see", N_("Links and pictures"), ("links",)),
    Section("rights", N_("What others may do with it"), ("licence",)),
    Section("models", N_("Models"), tuple(f.name for f in FIELDS if f.name.startswith("ai"))),
)  # fmt: skip
CHOICE_WORDS = {"none": N_("No"), "used": N_("Yes")}


def own_project() -> Project:
    """The project of the visitor's team, with what its pages show."""
    team = my_team()
    asked = select(Project).where(Project.team_id == team.id)
    found = (
        db()
        .scalars(asked.options(joinedload(Project.team), joinedload(Project.images)))
        .unique()
        .one_or_none()
    )
    return found or abort(404)


def images_of(project: Project) -> list[Image]:
    return [image for image in project.images if image.removed_at is None]


def deadline_of(project: Project) -> Deadline:
    """What holds for the team now, by the moment at which the request began to arrive."""
    return deadlines.of(db(), project.team.challenge, project.team_id, arrived())


def about(project: Project, submitted: Sequence[Submission] | None = None) -> dict[str, Any]:
    """What every page about a project says: its challenge, its deadline, what counts.

    `submitted` are all its submissions, where the page has them anyway.
    """
    challenge = generation().catalog.challenges.get(project.team.challenge)
    return {
        "project": project,
        "team": project.team,
        "challenge": challenge.title.best(page().language)[0] if challenge else "",
        "deadline": deadline_of(project),
        "counting": (
            submitting.counting(db(), project.id)
            if submitted is None
            else next((one for one in reversed(submitted) if one.withdrawn_at is None), None)
        ),
        "labels": {field.name: field.label for field in FIELDS},
    }


# --- writing --------------------------------------------------------------------------------------


@pages.route("/", methods=["GET", "POST"])
@members
def edit() -> Answer:
    project = own_project()
    if request.method == "GET":
        return _editor(project, project.fields)
    typed = writing.read(request.form)
    saved = _save(project, typed)
    if request.accept_mimetypes.best == "application/json":
        return _told(project, typed, saved)
    if typed.wrong or saved.conflicts:
        release()
        shown = {**project.fields, **typed.shown, **saved.newer}
        return _editor(project, shown, typed, saved.conflicts), 409 if saved.conflicts else 422
    flash(gettext("Saved."))
    return redirect(url_for("draft.submit" if "submit" in request.form else "draft.edit"))


def _save(project: Project, typed: Typed) -> Saved:
    """Keep what can be kept; what was chosen in a conflict is no conflict any more."""
    form = request.form
    chosen = {name: form.get(f"choice-{name}") for name in BY_NAME}
    values = {n: value for n, value in typed.values.items() if chosen[n] != "theirs"}
    for name in [n for n in typed.shown if chosen[n] == "theirs"]:
        typed.wrong.pop(name, None)
        del typed.shown[name]
    saved = writing.save(
        db(),
        project,
        values,
        base=form.get("revision", 0, type=int),
        pen=form.get("pen", "")[:40],
        by=myself().id,
        unkept={name: typed.shown[name] for name in typed.wrong},
        undecided=[n for n in form.getlist("undecided") if n in BY_NAME and not chosen[n]],
    )
    db().commit()
    return saved


def _told(project: Project, typed: Typed, saved: Saved) -> Response:
    """The same for the script of the page: what it then knows to be kept, and what is not."""
    who = names(other.by for other in saved.conflicts.values())
    said = {
        "revision": saved.revision,
        "at": languages.hour(project.changed_at, page().lang, event().zone),
        "wrong": typed.wrong,
        "newer": saved.newer,
        "conflicts": {
            name: {"value": other.value, "text": as_text(other.value), "by": who.get(other.by or 0)}
            for name, other in saved.conflicts.items()
        },
    }
    answer: Response = jsonify(said)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def as_text(value: Any) -> str:
    """What a field holds, as text to read: links one a line."""
    if isinstance(value, str):
        return value
    return "\n".join(f"{link['label']}: {link['address']}" for link in value)


def _editor(
    project: Project,
    fields: Mapping[str, Any],
    typed: Typed | None = None,
    conflicts: Mapping[str, Other] | None = None,
) -> str:
    conflicts = conflicts or {}
    return render_template(
        "board/projects/draft.html",
        **about(project),
        sections=SECTIONS,
        fields=BY_NAME,
        values={name: held(fields, name) for name in BY_NAME},
        rows=_rows(held(fields, "links")),
        wrong=typed.wrong if typed else {},
        conflicts=conflicts,
        text=as_text,
        names=names([project.changed_by, *(other.by for other in conflicts.values())]),
        images=images_of(project),
        choices=CHOICES,
        words=CHOICE_WORDS,
        pen=request.form.get("pen", "")[:40] or writing.new_pen(),
        form=Form(formdata=None),
        missing=missing(project.fields),
        reader=myself().id,
        used=USED,
    )


def _rows(links: list[dict[str, str]]) -> list[dict[str, str]]:
    """Those that there are, and empty ones up to the most."""
    blank = {"label": "", "address": ""}
    return links + [blank] * (MOST_LINKS - len(links))


# --- what was ever in it --------------------------------------------------------------------------


@dataclass
class Sitting:
    """Saves of one person with little time between them; of each field what it held at the end."""

    by: int | None
    began: Any
    ended: Any
    fields: dict[str, tuple[int, Any]]  # the revision that it is of, and what it held


@pages.route("/history", methods=["GET", "POST"])
@members
def history() -> Answer:
    project = own_project()
    if request.method == "POST":
        return _take_back(project)
    before = request.args.get("before", project.revision + 1, type=int)
    found, older = _sittings(project, before)
    return render_template(
        "board/projects/history.html",
        project=project,
        team=project.team,
        sittings=found,
        older=older,
        labels={field.name: field.label for field in FIELDS},
        now={name: held(project.fields, name) for name in BY_NAME},
        text=as_text,
        names=names(one.by for one in found),
        form=Form(formdata=None),
    )


def _sittings(project: Project, before: int) -> tuple[list[Sitting], int | None]:
    """The latest sittings up to revision `before`, and the revision to go on from, if any."""
    rows = list(
        db().scalars(
            select(Revision)
            .where(Revision.project_id == project.id, Revision.revision < before)
            .order_by(Revision.revision.desc())
            .limit(MOST_REVISIONS)
        )
    )
    found: list[Sitting] = []
    characters = 0
    for one in rows:
        last = found[-1] if found else None
        if last is None or last.by != one.by or last.began - one.at > ONE_SITTING:
            if characters > MOST_CHARACTERS:
                return found, one.revision + 1
            last = Sitting(one.by, one.at, one.at, {})
            found.append(last)
        last.began = one.at
        for name, value in one.fields.items():
            if name in BY_NAME and name not in last.fields:
                last.fields[name] = (one.revision, value)
                characters += len(as_text(value))
    return found, rows[-1].revision if len(rows) == MOST_REVISIONS else None


def _take_back(project: Project) -> Response:
    """Write into a field what it held once; what it holds now stays in the history, too."""
    name, number = request.form.get("field", ""), request.form.get("revision", 0, type=int)
    then = db().scalar(
        select(Revision).where(Revision.project_id == project.id, Revision.revision == number)
    )
    if name not in BY_NAME or then is None or name not in then.fields:
        abort(404)
    value = then.fields[name] or empty(name)
    writing.save(
        db(), project, {name: value}, base=project.revision, pen=writing.new_pen(), by=myself().id
    )
    db().commit()
    flash(gettext("The earlier text is back in the draft."))
    return redirect(url_for("draft.edit") + f"#{name}")
