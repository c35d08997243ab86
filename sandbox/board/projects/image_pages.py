"""A team's pictures: sent by a plain form, described, put in order, shown to whom they are for."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, send_file, url_for
from flask_wtf.file import FileField
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse
from wtforms import StringField, SubmitField, TextAreaField
from wtforms.validators import InputRequired

from sandbox import clock
from sandbox.board import uploads
from sandbox.board.access import everyone, members
from sandbox.board.forms import N_, Form, at_most, required, tidy
from sandbox.board.people import limits
from sandbox.board.people.visitor import me, must_join, myself
from sandbox.board.projects import showing
from sandbox.board.projects.images import TOLD, NoPicture, Stored, encoded, stored
from sandbox.board.site import at_most_bytes
from sandbox.board.store import db, release, state
from sandbox.board.teams import own
from sandbox.board.words import gettext
from sandbox.projects.fields import MOST_IMAGES
from sandbox.state.people import Role
from sandbox.state.projects import Image, Project

pages = Blueprint("images", __name__)
Answer = str | tuple[str, int] | AnyResponse
MOST_REQUEST = 30_000_000  # so that a photo which is too large is told so by its form
TRIES = (limits.Limit("image", "account", 60, timedelta(hours=1)),)
POLICY = "default-src 'none'; sandbox"
IN_PUBLIC = "public, max-age=60"  # an organiser may hide a project, and that has to arrive


class Words(Form):
    """What a picture shows, for those who do not see it, and what stands below it."""

    alt = TextAreaField(
        N_("What does it show?"),
        [required(N_("Say in a sentence what the picture shows.")), at_most(300)],
        [tidy],
    )
    caption = StringField(
        N_("Caption"), [at_most(200)], [tidy], render_kw={"autocomplete": "off"}
    )  # fmt: skip


class AddForm(Words):
    """A picture, with its words."""

    # A telephone that is told these kinds turns its own format into JPEG by itself.
    file = FileField(
        N_("Picture"),
        [InputRequired(N_("Choose a picture."))],
        render_kw={"accept": "image/jpeg,image/png,image/webp,image/gif"},
    )
    submit = SubmitField(N_("Add the picture"))


class ChangeForm(Words):
    """What can be done with a picture that is there."""

    save = SubmitField(N_("Save the words"))
    earlier = SubmitField(N_("Move up"))
    later = SubmitField(N_("Move down"))
    remove = SubmitField(N_("Remove"))


# --- the team's own -------------------------------------------------------------------------------


@pages.route("/project/images", endpoint="own", methods=["GET", "POST"])
@members
@at_most_bytes(MOST_REQUEST)
def own_images() -> Answer:
    form, team = AddForm(), own.my_team()
    if form.validate_on_submit():
        if _added(form, team.id, myself().id):
            return redirect(url_for("images.own"))
        return _page(form), 422
    return _page(form), 422 if form.errors else 200


@pages.errorhandler(413)
def _far_too_large(error: HTTPException) -> Any:
    """What is too large even to be looked at; nothing of the form has been read."""
    reader = me()
    if reader is None or must_join(reader) or own.own_team(db(), reader) is None:
        return error
    form = AddForm(formdata=None)
    form.file.errors = [TOLD["bytes"]]
    return _page(form), 413


def _added(form: AddForm, team_id: int, person_id: int) -> bool:
    """Keep the picture that was sent; if not, the form says why, and nothing is kept."""
    wait = limits.spend(db(), TRIES, str(person_id))
    release()  # decoding is slow, and others want to write
    if wait:
        form.file.errors = [limits.told(wait)]
        return False
    try:
        made = stored(encoded(form.file.data.stream.read()))
    except NoPicture as refused:
        form.file.errors = [str(refused)]
        return False
    with state().write() as writer:
        project = project_of(writer, team_id)
        there = add(writer, project, made, str(form.alt.data), str(form.caption.data), person_id)
    if there is None:
        told = gettext("There are %(most)s pictures already. Remove one first.")
        form.file.errors = [told % {"most": MOST_IMAGES}]
        return False
    flash(gettext("The picture is kept. It belongs to the draft, and is submitted with it."))
    return True


def add(
    writer: Session, project: Project, made: Stored, alt: str, caption: str, by: int | None
) -> Image | None:
    """Put a picture into the draft, the same one once; None if there are as many as may be."""
    now = clock.now()
    images = writer.scalars(select(Image).where(Image.project_id == project.id)).all()
    found = next((image for image in images if image.digest == made.digest), None)
    if found is None or found.removed_at is not None:
        if sum(image.removed_at is None for image in images) >= MOST_IMAGES:
            return None
        found = found or Image(project_id=project.id, **asdict(made))
        found.position = max((image.position for image in images), default=0) + 1
        found.added_at, found.added_by, found.removed_at = now, by, None
        writer.add(found)
    found.alt, found.caption = alt, caption
    writer.flush()
    return found


@pages.post("/project/images/<int:number>")
@members
def change(number: int) -> Answer:
    project = project_of(db(), own.my_team().id)
    image = db().get(Image, number)
    if image is None or image.project_id != project.id or image.removed_at is not None:
        abort(404)
    form = ChangeForm(prefix=_prefix(image))
    if form.remove.data:
        image.removed_at = clock.now()
        flash(gettext("The picture is removed from the draft. What was submitted keeps it."))
    elif form.earlier.data or form.later.data:
        _move(_images(db(), project.id), image, -1 if form.earlier.data else 1)
    elif form.validate_on_submit():
        image.alt, image.caption = str(form.alt.data), str(form.caption.data)
        flash(gettext("The words are kept."))
    else:
        return _page(AddForm(formdata=None), form, image.id), 422
    db().commit()
    return redirect(url_for("images.own"))


def _move(images: list[Image], image: Image, by: int) -> None:
    """One place up or down; at an end it stays where it is."""
    at = images.index(image)
    images.insert(max(at + by, 0), images.pop(at))
    for position, each in enumerate(images, start=1):
        each.position = position


def _page(form: AddForm, wrong: ChangeForm | None = None, number: int = 0) -> str:
    project = project_of(db(), own.my_team().id)
    images = _images(db(), project.id)
    rows = [(image, wrong if wrong and image.id == number else _form(image)) for image in images]
    return render_template(
        "board/projects/images.html", rows=rows, form=form, most=MOST_IMAGES, wrong=wrong or form
    )


def _form(image: Image) -> ChangeForm:
    shown: dict[str, Any] = {"alt": image.alt, "caption": image.caption}
    return ChangeForm(formdata=None, prefix=_prefix(image), data=shown)


def _prefix(image: Image) -> str:
    return f"picture-{image.id}-"


def _images(session: Session, project_id: int) -> list[Image]:
    """Those of the draft, in their order."""
    asked = select(Image).where(Image.project_id == project_id, Image.removed_at.is_(None))
    return list(session.scalars(asked.order_by(Image.position, Image.id)))


def project_of(session: Session, team_id: int) -> Project:
    return session.scalars(select(Project).where(Project.team_id == team_id)).one()


# --- the pictures themselves ----------------------------------------------------------------------


@pages.get("/images/<digest>.webp")
@everyone
def image(digest: str) -> Response:
    """Shown to its team and to organisers, and to all once it is in the open gallery."""
    if not uploads.DIGEST.fullmatch(digest):
        abort(404)
    holders, reader = showing.holders(db(), digest), me()
    in_public = any(shown for _, shown in holders)
    organises = reader is not None and reader.has(Role.ORGANISER)
    if not (in_public or (holders and organises) or any(own.is_mine(team) for team, _ in holders)):
        abort(404)
    file = uploads.path(digest)
    if not file.is_file():
        abort(404)
    response = send_file(file, mimetype="image/webp", etag=digest, max_age=0)
    response.headers["Cache-Control"] = IN_PUBLIC if in_public else "private, no-cache"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Content-Disposition"] = "inline"
    return response
