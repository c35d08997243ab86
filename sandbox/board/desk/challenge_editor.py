"""Challenges are written here by people without a terminal: drafts, their preview, and their way
into the event's folder, out of it as a zip, and back from one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField, FileRequired
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Field, HiddenField, SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from sandbox import clock
from sandbox.board import drafts
from sandbox.board.access import only
from sandbox.board.challenges import brief_name, told
from sandbox.board.desk import challenge_form
from sandbox.board.desk.building import request_build
from sandbox.board.desk.challenge_form import FIRST, EditForm, Section
from sandbox.board.desk.challenges import Answer, PressForm, draft_of, ours
from sandbox.board.drafts import Draft, NotImported, NotWritten
from sandbox.board.forms import N_, Form, at_most, required, tidy
from sandbox.board.people.visitor import myself
from sandbox.board.publishing import Act
from sandbox.board.served import Generation, event, generation, served
from sandbox.board.site import page
from sandbox.board.standing import looks_after
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.catalog import Challenge
from sandbox.descriptors import FALLBACK, LANGUAGES
from sandbox.errors import Problem
from sandbox.state import audit
from sandbox.state.people import Role
from sandbox.state.topics import ChallengeDraft
from sandbox.workspace import SLUG

pages = Blueprint("desk_challenge_editor", __name__, url_prefix="/organiser/challenges")


# --- beginning and ending -------------------------------------------------------------------------


class NewForm(Form):
    """A title, a name for its address, and what it begins from."""

    title = StringField(
        N_("Title"), [required(N_("Write what the challenge is called.")), at_most(120)], [tidy]
    )
    slug = StringField(N_("Name in its address"), [at_most(60)], [tidy])
    like = SelectField(N_("Begin from"), choices=[])
    submit = SubmitField(N_("Begin"))

    def validate_slug(self, field: Field) -> None:
        """Made from the title where it is left empty."""
        field.data = field.data or _slug_of(str(self.title.data or ""))
        if db().get(ChallengeDraft, field.data) is not None:
            raise ValidationError(gettext("There is a draft of this name already."))
        if not drafts.is_free(field.data, served().workspace):
            raise ValidationError(
                gettext(
                    "Choose another name: small letters, digits and hyphens, a letter first, and "
                    "not one that is taken."
                )
            )


LETTERS = str.maketrans(dict(zip("øåöäüé", "oaoaue", strict=True)) | {"æ": "ae"})


def _slug_of(title: str) -> str:
    """A title as a name: Kortere kø becomes kortere-ko."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower().translate(LETTERS)).strip("-0123456789")
    return words[: drafts.LONGEST_SLUG].rstrip("-")


@pages.route("/new", methods=["GET", "POST"])
@only(Role.ORGANISER)
def new() -> Answer:
    asked = NewForm()
    known = generation().catalog.challenges
    others = [slug for slug in served().workspace.folders("challenges") if slug in known]
    example = gettext("A small example: in which municipality a desk opens")
    asked.like.choices = [
        SelectChoice("", example),
        *(SelectChoice(slug, known[slug].title.best(page().lang)[0]) for slug in others),
    ]
    if not asked.validate_on_submit():
        shown = render_template("board/desk/challenges/new.html", form=asked)
        return shown, 422 if asked.errors else 200
    slug = str(asked.slug.data)
    draft = drafts.begun(served().workspace, str(asked.title.data), str(asked.like.data or ""))
    if asked.like.data:
        draft = replace(draft, files=challenge_form.called(draft.files, str(asked.title.data)))
    _keep(slug, draft)
    audit.record(db(), "challenge.begun", slug, myself().id, like=asked.like.data or "")
    db().commit()
    flash(gettext("It is a draft. Make it yours, part by part."))
    return redirect(url_for("desk_challenge_editor.edit", slug=slug, language=FIRST))


@pages.post("/<slug>/discard")
@only(Role.ORGANISER)
def discard(slug: str) -> Answer:
    row = db().get(ChallengeDraft, slug) or abort(404)
    if not PressForm().validate_on_submit():
        abort(400)
    db().delete(row)
    audit.record(db(), "challenge.draft_discarded", slug, myself().id)
    db().commit()
    flash(gettext("The draft is gone. What is in the event stays as it is."))
    return redirect(url_for("desk_challenges.index"))


# --- drafts ---------------------------------------------------------------------------------------


def _current(slug: str) -> Draft:
    """The draft, else what lies on this machine as one; 404 for neither, 403 for another's."""
    row = db().get(ChallengeDraft, slug)
    on_disk = SLUG.fullmatch(slug) and slug in served().workspace.folders("challenges")
    if row is None and not on_disk:
        abort(404)
    if not looks_after(myself(), slug):
        abort(403)
    return draft_of(row) if row else drafts.of_folder(served().workspace, slug)


def _keep(slug: str, draft: Draft) -> None:
    row = db().get(ChallengeDraft, slug)
    if row is None:
        row = ChallengeDraft(slug=slug, code_from=draft.code_from, made_from=draft.made_from)
        db().add(row)
    row.files = dict(draft.files)
    row.edited_at, row.edited_by = clock.now(), myself().id


def _tongues(draft: Draft) -> list[str]:
    """The languages to write in: the first, the event's, and those that the draft is in."""
    there = [tag for tag in LANGUAGES if brief_name(tag) in draft.files]
    return list(dict.fromkeys([FIRST, *event().languages, *there]))


# --- editing --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A field that somebody else has saved meanwhile, as they have it and as you have it."""

    label: str
    theirs: str
    yours: str


@pages.route("/<slug>/edit/<language>", methods=["GET", "POST"])
@ours
def edit(slug: str, language: str) -> Answer:
    draft = _current(slug)
    if language not in LANGUAGES:
        abort(404)
    form, parts = _form(draft, language)
    if request.method == "GET":
        return _edit_page(slug, draft, language, form, parts, with_problems=True)
    if not form.validate():
        return _edit_page(slug, draft, language, form, parts), 422
    if form.based_on.data != draft.digest and (apart := _apart(draft, form, parts, language)):
        form.based_on.data = draft.digest  # saved once more, it is meant
        return _edit_page(slug, draft, language, form, parts, apart=apart), 409
    files = challenge_form.saved(draft.files, form, parts, language)
    if files != draft.files:
        _keep(slug, replace(draft, files=files))
        db().commit()
    flash(gettext("The draft is saved. Participants do not see it yet."))
    return redirect(url_for("desk_challenge_editor.edit", slug=slug, language=language))


def _form(draft: Draft, language: str) -> tuple[EditForm, list[Section]]:
    """What concerns scoring is for organisers: it decides what the hidden answers are."""
    sent = list(request.form) if request.method == "POST" else ()
    parts = challenge_form.sections(challenge_form.data_of(draft.files), language, sent)
    has_box = language == FIRST and myself().has(Role.ORGANISER)
    held = challenge_form.values(draft.files, parts, language)
    made = challenge_form.form_class(parts, has_box=has_box)
    return made(data={**held, "based_on": draft.digest}), parts


def _apart(draft: Draft, form: EditForm, parts: list[Section], language: str) -> list[Difference]:
    """Where the form and what has been saved meanwhile differ."""
    theirs = challenge_form.values(draft.files, parts, language)
    return [
        Difference(str(field.label.text), theirs[field.name], str(field.data or ""))
        for field in form
        if field.name in theirs and (field.data or "").strip() != theirs[field.name].strip()
    ]


def _edit_page(
    slug: str,
    draft: Draft,
    language: str,
    form: EditForm,
    parts: list[Section],
    *,
    with_problems: bool = False,
    apart: list[Difference] | None = None,
) -> str:
    found: list[Problem] = []
    if with_problems:
        found = drafts.problems(served().workspace, {slug: draft})[slug]
    has_box = "box" in form
    wrong = list(challenge_form.told(found, draft.files, parts, language, has_box=has_box))
    for one in wrong:
        if one.field:
            form[one.field].errors = [*form[one.field].errors, one.words]
    first = challenge_form.values(draft.files, parts, FIRST) if language != FIRST else {}
    return render_template(
        "board/desk/challenges/edit.html",
        slug=slug,
        form=form,
        sections=parts,
        language=language,
        languages=_tongues(draft),
        in_first=first,
        problems=wrong,
        apart=apart or [],
        is_kept=db().get(ChallengeDraft, slug) is not None,
        is_organiser=myself().has(Role.ORGANISER),
        is_demo=served().workspace.is_demo,
        code_from=draft.code_from,
    )


# --- preview --------------------------------------------------------------------------------------


@pages.get("/<slug>/draft")
@ours
def preview(slug: str) -> Answer:
    """The draft as a participant would see it, over the present bundle."""
    draft = _current(slug)
    found = drafts.model(draft.files)
    if found is None:
        parsed = drafts.problems(served().workspace, {slug: draft})[slug]
        told_ = [challenge_form.line_told(problem) for problem in parsed]
        shown = render_template("board/desk/challenges/no_preview.html", slug=slug, told=told_)
        return shown, 422
    here, absent = _over_the_bundle(slug, found)
    brief, tag = _brief(draft, page().language)
    shown_of = here.catalog.challenges[slug]
    return render_template(
        "board/desk/challenges/preview.html",
        **told(here, slug, shown_of, brief, tag),
        draft=draft,
        absent=absent,
        is_new=slug not in generation().catalog.challenges,
    )


def _over_the_bundle(slug: str, found: Challenge) -> tuple[Generation, list[str]]:
    """The bundle as if it had the draft, and the names in it that the bundle does not have.

    What was judged and drawn at the build stays of the bundle's version, so a picture is shown only
    where the draft has the same one.
    """
    here = generation()
    known = here.catalog
    absent = [name for name in found.datasets if name not in known.datasets]
    absent += [] if found.starter in known.starters else [found.starter]
    absent += [name for name in found.questions if name not in known.questions]
    before = known.challenges.get(slug)
    same_picture = before is not None and before.picture == found.picture
    shown = found.model_copy(
        update={
            "datasets": tuple(name for name in found.datasets if name in known.datasets),
            "picture": found.picture if same_picture else None,
        }
    )
    catalog = known.model_copy(update={"challenges": {**known.challenges, slug: shown}})
    return Generation(here.bundle, catalog), absent


def _brief(draft: Draft, language: str) -> tuple[str, str]:
    for tag in (*FALLBACK.get(language, (language,)), FIRST):
        if brief_name(tag) in draft.files:
            return draft.files[brief_name(tag)], tag
    return "", FIRST


# --- into the event -------------------------------------------------------------------------------


class PutForm(Form):
    """Says which text is meant, so that nobody puts in place what they have not seen."""

    digest = HiddenField()
    submit = SubmitField(N_("Put it into the event"))


@pages.route("/<slug>/put", methods=["GET", "POST"])
@only(Role.ORGANISER)
def put(slug: str) -> Answer:
    row = db().get(ChallengeDraft, slug) or abort(404)
    draft, asked = draft_of(row), PutForm()
    if request.method == "GET":
        asked.digest.data = draft.digest
    db().commit()  # the check takes a while: others may write meanwhile
    wrong = drafts.problems(served().workspace, {slug: draft})[slug]
    if request.method == "GET" or not asked.validate():
        return _put_page(slug, asked, draft, wrong)
    if asked.digest.data != draft.digest:
        asked.digest.data = draft.digest
        said = gettext("It was edited meanwhile. Look at it again, then put it into the event.")
        return _put_page(slug, asked, draft, wrong, said), 409
    if wrong:
        return _put_page(slug, asked, draft, wrong), 422
    return _put_in_place(slug, asked, draft)


def _put_in_place(slug: str, asked: PutForm, draft: Draft) -> Answer:
    """Write the folder while nobody else can write to the database, so that no draft is lost."""
    row = db().get(ChallengeDraft, slug, populate_existing=True)
    if row is None or draft_of(row) != draft:
        said = gettext("It was edited meanwhile. Look at it again, then put it into the event.")
        return _put_page(slug, asked, draft, [], said), 409
    try:
        drafts.put(served().workspace, slug, draft)
    except NotWritten as error:
        return _put_page(slug, asked, draft, [], str(error)), 409
    act = Act(db(), myself().id, is_demo=False)
    act.row(slug).written_by = row.edited_by
    audit.record(db(), "challenge.put_into_event", slug, myself().id, digest=draft.digest)
    db().delete(row)
    request_build(db(), myself().id)
    db().commit()
    flash(gettext("It is in the event’s folder now, and is being built into the bundle."))
    return redirect(url_for("desk_challenges.overview", slug=slug))


def _put_page(
    slug: str, asked: PutForm, draft: Draft, wrong: list[Problem], refused: str = ""
) -> str:  # fmt: skip
    workspace = served().workspace
    chosen = workspace.event.challenges
    return render_template(
        "board/desk/challenges/put.html",
        slug=slug,
        form=asked,
        refused=refused,
        problems=[(p.file, challenge_form.line_told(p)) for p in wrong],
        is_demo=workspace.is_demo,
        not_chosen=isinstance(chosen, tuple) and slug not in chosen,
        replaces=slug in workspace.folders("challenges"),
        code_from=draft.code_from,
    )


# --- as a zip -------------------------------------------------------------------------------------


class ImportForm(Form):
    """A folder of a challenge, as it was exported."""

    zip = FileField(
        N_("The challenge’s folder as a zip"),
        [FileRequired(N_("Choose a file."))],
        render_kw={"accept": ".zip,application/zip"},
    )
    submit = SubmitField(N_("Import it as a draft"))

    def validate_zip(self, field: Field) -> None:
        """Read it in memory, and say everything that is wrong with it."""
        raw = field.data.stream.read(drafts.MOST_PACKED + 1) if field.data else b""
        try:
            field.slug, field.draft = drafts.unpacked(raw, served().workspace)
        except NotImported as error:
            said = [challenge_form.in_file(problem) for problem in error.problems]
            raise ValidationError(" · ".join(said)) from None
        if db().get(ChallengeDraft, field.slug) is not None:
            raise ValidationError(
                gettext("There is a draft of %(slug)s already. Discard it first, or export it.")
                % {"slug": field.slug}
            )


@pages.route("/import", methods=["GET", "POST"])
@only(Role.ORGANISER)
def bring() -> Answer:
    asked = ImportForm()
    if not asked.validate_on_submit():
        shown = render_template("board/desk/challenges/import.html", form=asked)
        return shown, 422 if asked.errors else 200
    slug, draft = asked.zip.slug, asked.zip.draft
    _keep(slug, draft)
    audit.record(db(), "challenge.imported", slug, myself().id, digest=draft.digest)
    db().commit()
    flash(gettext("It is a draft now. Look at it before you put it into the event."))
    return redirect(url_for("desk_challenge_editor.edit", slug=slug, language=FIRST))


@pages.get("/<slug>.zip")
@only(Role.ORGANISER)
def export(slug: str) -> AnyResponse:
    """The draft if there is one, else the folder: what `challenges/<slug>/` holds, or would."""
    draft = _current(slug)
    files = {**draft.files, **drafts.code(served().workspace, draft.code_from)}
    response = Response(drafts.packed(slug, files), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}.zip")
    response.headers["Cache-Control"] = "private, no-cache"
    return response
