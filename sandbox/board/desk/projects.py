"""Projects at the organisers' desk: where each stands, when the gallery opens, what is hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response as AnyResponse
from wtforms import StringField, SubmitField, TextAreaField

from sandbox import clock
from sandbox.board import exports, moments, standing
from sandbox.board.access import only
from sandbox.board.forms import N_, Form, at_most, required, tidy, tidy_lines
from sandbox.board.people.visitor import myself
from sandbox.board.projects import showing
from sandbox.board.served import address, event
from sandbox.board.site import page
from sandbox.board.standing import Stage
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.projects import fields
from sandbox.state import audit
from sandbox.state.people import Role
from sandbox.state.projects import Project, Submission
from sandbox.state.records import Setting
from sandbox.state.teams import Team

pages = Blueprint("desk_projects", __name__, url_prefix="/organiser/projects")
Answer = str | tuple[str, int] | AnyResponse


class GalleryForm(Form):
    """When everybody sees what was submitted."""

    at = StringField(
        N_("Open it at"), [], [tidy],
        render_kw={"type": "datetime-local", "autocomplete": "off"},
    )  # fmt: skip
    now = SubmitField(N_("Open the gallery now"))
    later = SubmitField(N_("Open it at that time"))
    close = SubmitField(N_("Close the gallery"))


class HideForm(Form):
    """Why a project is taken out of the gallery."""

    why = TextAreaField(
        N_("Why?"), [required(N_("Say why: the team reads it.")), at_most(500)], [tidy_lines]
    )
    submit = SubmitField(N_("Hide it from the gallery"))


class ShowForm(Form):
    """One button."""

    submit = SubmitField(N_("Show it in the gallery again"))


@dataclass(frozen=True)
class Line:
    """A project in the list: its draft, and what of it counts."""

    team: Team
    project: Project
    submission: Submission | None
    missing: list[str]  # labels of the fields that the draft still lacks, to be translated

    @property
    def state(self) -> str:
        """draft, submitted, changed (since it was submitted), or hidden."""
        if self.project.hidden_at is not None:
            return "hidden"
        if self.submission is None:
            return "draft"
        sent = self.submission.content.get("fields") or {}
        return "submitted" if _told(sent) == _told(self.project.fields) else "changed"


def _told(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is in fields that are asked for, empty ones left out, as submissions leave them out."""
    asked = (one.name for one in fields.FIELDS if fields.is_asked(one, said))
    return {name: said[name] for name in asked if said.get(name)}


# --- the list -------------------------------------------------------------------------------------


@pages.get("/")
@only(Role.ORGANISER)
def index() -> str:
    return _index(GalleryForm(formdata=None))


def _index(form: GalleryForm) -> str:
    opens = showing.opened_at(db())
    if not form.is_submitted():
        form.at.data = moments.as_typed(opens, event().zone)
    return render_template(
        "board/desk/projects.html",
        lines=lines(db()),
        opens=opens,
        opened=showing.has_come(opens),
        form=form,
        still_open=_still_open(),
    )


def lines(session: Session) -> list[Line]:
    """Every project of a team that is there, or that has submitted; by the teams' names."""
    counting = {one.project.id: one.submission for one in showing.submitted(session, hidden=True)}
    asked = select(Project).join(Team).options(joinedload(Project.team)).order_by(Team.name)
    return [
        Line(
            project.team, project, counting.get(project.id),
            [field.label for field in fields.missing(project.fields)],
        )
        for project in session.scalars(asked)
        if project.team.ended_at is None or project.id in counting
    ]  # fmt: skip


def _still_open() -> list[Any]:
    """Titles of challenges that still take answers: what opens now can be read by rivals."""
    catalog = standing.seen().catalog.challenges
    return [
        catalog[slug].title.best(page().language)[0]
        for slug, stands in standing.standings().items()
        if stands.stage is Stage.OPEN and slug in catalog
    ]


@pages.post("/gallery")
@only(Role.ORGANISER)
def open_gallery() -> Answer:
    form = GalleryForm()
    if not form.validate_on_submit():
        return _index(form), 422
    opens: datetime | None = clock.now()
    if form.later.data:
        try:
            opens = moments.parse(str(form.at.data), event().zone)
        except moments.NoSuchMoment as wrong:
            form.at.errors = [str(wrong)]
            return _index(form), 422
    elif form.close.data:
        opens = None
    elif not form.now.data:
        abort(400)
    _set(opens)
    return redirect(url_for("desk_projects.index"))


def _set(opens: datetime | None) -> None:
    now, said = clock.now(), opens.isoformat() if opens else None
    value = {"opened_at": said}
    db().merge(Setting(name=showing.SETTING, value=value, changed_at=now))
    act = "gallery.opened" if opens else "gallery.closed"
    audit.record(db(), act, "gallery", actor_id=myself().id, opened_at=said)
    db().commit()
    if opens is None:
        flash(gettext("The gallery is closed: teams and organisers alone see projects."))
    elif opens <= now:
        flash(gettext("The gallery is open: everybody sees what was submitted."))
    else:
        flash(gettext("The gallery opens by itself at that time."))


# --- one ------------------------------------------------------------------------------------------


@pages.route("/<slug>/hide", methods=["GET", "POST"])
@only(Role.ORGANISER)
def hide(slug: str) -> Answer:
    """Take a project out of the gallery, saying why, or put it back."""
    asked = select(Project).join(Team).where(Team.slug == slug)
    project = db().scalar(asked.options(joinedload(Project.team))) or abort(404)
    hidden = project.hidden_at is not None
    form = ShowForm() if hidden else HideForm()
    if form.validate_on_submit():
        if hidden:
            project.hidden_at, project.hidden_by, project.hidden_why = None, None, ""
            flash(gettext("The project is in the gallery again."))
        else:
            project.hidden_at, project.hidden_by = clock.now(), myself().id
            project.hidden_why = str(form.why.data)
            flash(gettext("The project is hidden. Its team reads why on its page."))
        act = "project.shown" if hidden else "project.hidden"
        audit.record(db(), act, f"team {slug}", actor_id=myself().id)
        db().commit()
        return redirect(url_for("desk_projects.index"))
    shown = render_template("board/desk/project_hide.html", project=project, form=form)
    return shown, 422 if form.errors else 200


# --- files ----------------------------------------------------------------------------------------


COLUMNS = ("team", "team_name", "state", "challenge", "title", "summary", "licence", "prototype",
           "draft_changed_at", "submitted_at", "receipt", "digest", "missing", "hidden_why",
           "pictures", "url")  # fmt: skip


def _row(line: Line) -> dict[str, Any]:
    """What counts of a project: what was submitted, else what its draft says."""
    sent, project = line.submission, line.project
    said = (sent.content.get("fields") or {}) if sent else project.fields
    return {
        "team": line.team.slug,
        "team_name": line.team.name,
        "state": line.state,
        "challenge": sent.challenge if sent else line.team.challenge,
        **{name: said.get(name) or "" for name in ("title", "summary", "licence", "prototype")},
        "draft_changed_at": project.changed_at,
        "submitted_at": sent.at if sent else None,
        "receipt": sent.receipt if sent else "",
        "digest": sent.digest if sent else "",
        "missing": [] if sent else [field.name for field in fields.missing(project.fields)],
        "hidden_why": project.hidden_why,
        "pictures": [
            address(f"/images/{one['digest']}.webp")
            for one in (sent.content.get("images") or [] if sent else [])
        ],
        "url": address(f"/projects/{line.team.slug}/"),
    }


@pages.get("/projects.csv")
@only(Role.ORGANISER)
def csv() -> Response:
    rows = [_row(line) for line in lines(db())]
    told = [[_in_a_cell(row[name]) for name in COLUMNS] for row in rows]
    return exports.csv_file("projects.csv", COLUMNS, told)


def _in_a_cell(value: Any) -> Any:
    return " ".join(value) if isinstance(value, list) else value


@pages.get("/projects.json")
@only(Role.ORGANISER)
def json() -> Response:
    """The same, with every field of what was submitted."""
    rows = []
    for line in lines(db()):
        row = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in _row(line).items()
        }
        rows.append(
            {**row, "submitted": dict(line.submission.content) if line.submission else None}
        )
    answer = jsonify(projects=rows)
    answer.headers["Content-Disposition"] = 'attachment; filename="projects.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
