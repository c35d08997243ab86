"""Bringing an event along from dribdat: upload its data package, look, and confirm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, SelectField, SubmitField
from wtforms.fields.choices import SelectChoice as Choice
from wtforms.validators import InputRequired

from sandbox import clock
from sandbox.board import moments
from sandbox.board.access import only
from sandbox.board.desk import dribdat, settings, setup
from sandbox.board.desk.dribdat import Brief, Found
from sandbox.board.forms import N_, CheckboxesField, Form
from sandbox.board.people.visitor import myself
from sandbox.board.served import event, served
from sandbox.board.site import at_most_bytes
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import Role
from sandbox.state.records import Setting
from sandbox.state.topics import ChallengeDraft
from sandbox.ui.languages import NAMES

pages = Blueprint("imports", __name__, url_prefix="/organiser/import")
Answer = str | tuple[str, int] | Response
DONE = "import.done"  # the Setting that holds what the last import left for people to do


class UploadForm(Form):
    """One file."""

    package = FileField(
        N_("datapackage.json, or the archive (.zip) with it"),
        [InputRequired(N_("Choose the file that dribdat exported."))],
        render_kw={"accept": ".json,.zip"},
    )
    submit = SubmitField(N_("Look at it"))


class ConfirmForm(Form):
    """What of it shall be taken over."""

    seen = HiddenField()
    language = SelectField(
        N_("The language that its texts are in"), [InputRequired(N_("Choose a language."))]
    )
    settings = BooleanField(N_("Name, sentence and dates of the event"))
    challenges = CheckboxesField(N_("Challenges, as drafts"))
    submit = SubmitField(N_("Take it over"))
    forget = SubmitField(N_("Forget it"))


@pages.route("/", methods=["GET", "POST"])
@only(Role.ORGANISER)
@at_most_bytes(dribdat.MOST_BYTES)
def form() -> Answer:
    asked, problems = UploadForm(), []
    if request.method == "POST" and not setup.writable():
        return _uploading(asked, []), 409
    if asked.validate_on_submit():
        try:
            found = dribdat.read(asked.package.data.read())
        except dribdat.NotAPackage as error:
            problems = error.problems
        else:
            kept = Setting(name=_pending(), value=found.plain(), changed_at=clock.now())
            db().merge(kept)
            db().commit()
            return redirect(url_for("imports.preview"))
    return _uploading(asked, problems), 422 if asked.errors or problems else 200


def _uploading(asked: UploadForm, problems: list[str]) -> str:
    done, kept = db().get(Setting, DONE), db().get(Setting, _pending())
    return render_template(
        "board/desk/import.html", form=asked, problems=problems, writable=setup.writable(),
        pending=kept.value["name"] if kept else None,
        done=done, left=Found.from_plain(done.value["found"]) if done else None,
        drafts=done.value["drafts"] if done else [],
    )  # fmt: skip


@pages.route("/preview", methods=["GET", "POST"])
@only(Role.ORGANISER)
def preview() -> Answer:
    kept = db().get(Setting, _pending())
    if kept is None:
        return redirect(url_for("imports.form"))
    found, asked = Found.from_plain(kept.value), ConfirmForm()
    new = _new(found)
    asked.language.choices = [Choice(tag, NAMES[tag]) for tag in event().languages]
    asked.challenges.choices = [Choice(brief.slug, brief.title) for brief in new]
    if request.method == "GET":
        asked.seen.data = settings.digest(served().workspace)
        asked.settings.data, asked.challenges.data = True, [brief.slug for brief in new]
    elif asked.forget.data:
        db().delete(kept)
        db().commit()
        return redirect(url_for("imports.form"))
    elif setup.writable() and asked.validate() and _taken(asked, found, kept):
        return redirect(url_for("imports.form"))
    shown = render_template(
        "board/desk/import_preview.html", form=asked, found=found, new=new,
        gaps=dribdat.gaps(new),
        here=[brief for brief in found.challenges if brief not in new],
        writable=setup.writable(),
    )  # fmt: skip
    return shown, 422 if asked.errors else 200


def _pending() -> str:
    """The Setting that holds what this organiser has uploaded and not confirmed yet."""
    return f"import.{myself().id}"


def _new(found: Found) -> list[Brief]:
    """Challenges whose name no folder and no draft has yet: an import overwrites nothing."""
    there = set(db().scalars(select(ChallengeDraft.slug)))
    there |= set(served().workspace.folders("challenges"))
    return [brief for brief in found.challenges if brief.slug not in there]


def _taken(asked: ConfirmForm, found: Found, kept: Setting) -> bool:
    """Take over what was chosen: all of it, or nothing."""
    now, chosen = clock.now(), set(asked.challenges.data or ())
    wanted = _settings(asked, found) if asked.settings.data else {}
    if asked.form_errors:
        return False
    drafts = [brief for brief in found.challenges if brief.slug in chosen]
    for brief in drafts:
        files = dribdat.draft(brief, asked.language.data)
        made = ChallengeDraft(slug=brief.slug, files=files, edited_at=now, edited_by=myself().id)
        db().add(made)
    left = {"found": found.plain(), "drafts": [(b.slug, b.title) for b in drafts]}
    db().merge(Setting(name=DONE, value=left, changed_at=now))
    db().delete(kept)
    audit.record(db(), "event.import", "dribdat", actor_id=myself().id,
                 drafts=[brief.slug for brief in drafts])  # fmt: skip
    done = gettext("Taken over.")
    return setup.kept(asked, "event.settings", wanted, setup.FIELDS, done=done)


def _settings(asked: ConfirmForm, found: Found) -> dict[str, Any]:
    """Key of event.toml → value, for what is said in the package and differs from what is so."""
    now, tag = event(), str(asked.language.data)
    words: dict[str, tuple[str, Mapping[str, str]]] = {
        "name": (found.name, now.name.root),
        "tagline": (sentence(found), now.tagline.root if now.tagline else {}),
    }
    wanted: dict[str, Any] = {
        key: _in(tag, text, before)
        for key, (text, before) in words.items()
        if text and before.get(tag) != text
    }
    for key, typed in (("starts", found.starts), ("ends", found.ends)):
        if not typed:
            continue
        try:
            moment = moments.parse(typed, now.zone)
        except moments.NoSuchMoment as error:
            asked.form_errors.append(str(error))
            continue
        if moment != getattr(now, f"{key}_at"):
            wanted[key] = moment.astimezone(now.zone).replace(tzinfo=None)
    return wanted


def _in(tag: str, text: str, before: Mapping[str, str]) -> str | dict[str, str]:
    words = {**before, tag: text}
    return text if [*words] == ["en"] else words


def sentence(found: Found) -> str:
    """One sentence about the event: its summary, or the first short line of its description."""
    first = found.description.strip().partition("\n")[0].strip("# *_")
    return found.summary or (first if len(first) <= 200 else "")
