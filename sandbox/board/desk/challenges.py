"""Challenges on the desk: where each stands, what is missing, its times, and what is done to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import Field, RadioField, StringField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, ValidationError

from sandbox.board import drafts, publishing
from sandbox.board.access import only
from sandbox.board.challenges import bundled, changes_of_times
from sandbox.board.forms import N_, Form, at_most, required, tidy, tidy_lines
from sandbox.board.local_time import (
    NoMoment,
    NoSuchHour,
    TwiceThatHour,
    Which,
    read,
    which,
    written,
)
from sandbox.board.people.visitor import myself
from sandbox.board.publishing import Act, Gate, NotPossible, Passed
from sandbox.board.served import event, generation, served
from sandbox.board.standing import Stage, Standing, forget, looks_after, standing
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.descriptors import Text
from sandbox.state.people import FORMER, Account, Role, RoleHeld
from sandbox.state.topics import ChallengeDraft, ChallengeState

pages = Blueprint("desk_challenges", __name__, url_prefix="/organiser/challenges")
Answer = str | tuple[str, int] | Response
ours = only(Role.ORGANISER, Role.OWNER)  # an owner is let in for their own alone, see `_ours`


# --- forms ----------------------------------------------------------------------------------------


class PublishForm(Form):
    """Open or announce it; `reason` is asked for where something is missing."""

    reason = TextAreaField(
        N_("Why it is published although something is missing"), [at_most(1_000)], [tidy_lines]
    )
    open_now = SubmitField(N_("Open it now"))
    announce = SubmitField(N_("Announce it"))


class WithdrawForm(Form):
    """Take it back, with a reason that everybody reads."""

    why = TextAreaField(
        N_("Why it is withdrawn"),
        [required(N_("Write the reason: it stands on the challenge’s page.")), at_most(1_000)],
        [tidy_lines],
    )
    submit = SubmitField(N_("Withdraw it"))


class PressForm(Form):
    """One button; which one is said by the address that it is sent to."""

    submit = SubmitField(N_("Confirm"))


WHICH = [SelectChoice("earlier", N_("The first time, before clocks go back")),
         SelectChoice("later", N_("The second time, after clocks have gone back"))]  # fmt: skip


class TimesForm(Form):
    """When it opens and closes, in the event's zone; either may be empty."""

    opens_at = StringField(N_("Opens"), [at_most(40)], [tidy], render_kw={"type": "datetime-local"})
    opens_which = RadioField(
        N_("Which of the two hours"), [Optional()], choices=WHICH, validate_choice=False
    )
    closes_at = StringField(
        N_("Closes"), [at_most(40)], [tidy], render_kw={"type": "datetime-local"}
    )
    closes_which = RadioField(
        N_("Which of the two hours"), [Optional()], choices=WHICH, validate_choice=False
    )
    submit = SubmitField(N_("Save the times"))

    def validate_opens_at(self, field: Field) -> None:
        """It must be a moment of the event's zone."""
        field.moment = _moment(field, self.opens_which)

    def validate_closes_at(self, field: Field) -> None:
        """So must this, and a later one."""
        field.moment = _moment(field, self.closes_which)
        opens = getattr(self.opens_at, "moment", None)
        if field.moment and not self.opens_at.data:
            raise ValidationError(gettext("It closes, so say when it opens as well."))
        if field.moment and opens and field.moment <= opens:
            raise ValidationError(gettext("It would close before it opens."))

    @property
    def asks_which(self) -> list[Field]:
        """The fields to show where an hour comes twice."""
        pairs = (self.opens_at, self.opens_which), (self.closes_at, self.closes_which)
        return [asked for field, asked in pairs if getattr(field, "twice", False) or asked.data]


def _moment(field: Field, asked: Field) -> datetime | None:
    if not field.data:
        return None
    chosen: Which = asked.data if asked.data in ("earlier", "later") else ""
    try:
        return read(field.data, event().zone, chosen)
    except NoSuchHour as error:
        near = {"before": f"{error.before:%H:%M}", "after": f"{error.after:%H:%M}"}
        told = gettext(
            "Clocks go forward over that hour, so it does not come. The nearest times are "
            "%(before)s and %(after)s."
        )
        raise ValidationError(told % near) from None
    except TwiceThatHour:
        field.twice = True
        told = gettext("Clocks go back over that hour, so it comes twice. Say below which it is.")
        raise ValidationError(told) from None
    except NoMoment:
        told = gettext("Write a date and a time such as 2027-03-05 09:00.")
        raise ValidationError(told) from None


# --- the list -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A challenge in the list. `stands` is None while it is in no bundle; `lacks` counts what its
    draft must put right, None if it has no draft."""

    slug: str
    title: Text | None
    stands: Standing | None
    missing: tuple[Gate, ...]
    draft: ChallengeDraft | None
    lacks: int | None


@pages.get("/")
@ours
def index() -> str:
    return render_template(
        "board/desk/challenges/index.html", lines=list(_lines()), is_organiser=_organises()
    )


def _lines() -> Iterator[Line]:
    here, workspace = generation(), served().workspace
    kept = {row.slug: row for row in db().scalars(select(ChallengeDraft))}
    rows = {row.slug: row for row in db().scalars(select(ChallengeState))}
    lacks = drafts.problems(workspace, {slug: draft_of(row) for slug, row in kept.items()})
    known = here.catalog.challenges
    for slug in dict.fromkeys([*known, *_own_folders(), *kept]):
        if not looks_after(myself(), slug):
            continue
        draft = kept.get(slug)
        shown = known.get(slug) or (drafts.model(draft.files) if draft else None)
        yield Line(
            slug,
            shown.title if shown else None,
            standing(slug) if slug in known else None,
            publishing.lacking(rows.get(slug), publishing.digest(here.bundle, slug)),
            draft,
            len(lacks[slug]) if draft else None,
        )


def _own_folders() -> list[str]:
    """Challenges that lie in the event's own folder, in the bundle or not yet."""
    workspace = served().workspace
    home = workspace.folder / "challenges"
    return [s for s, folder in workspace.folders("challenges").items() if folder.parent == home]


def draft_of(row: ChallengeDraft) -> drafts.Draft:
    return drafts.Draft(dict(row.files), row.code_from, row.made_from)


# --- one challenge --------------------------------------------------------------------------------


@pages.get("/<slug>/")
@ours
def overview(slug: str) -> Answer:
    return _page(_ours(slug))


def _page(slug: str, *, refused: str = "", **forms: Form) -> Answer:
    """The challenge's page on the desk, with the form that was wrong in place of a fresh one."""
    here, stands = generation(), standing(slug)
    row, draft = db().get(ChallengeState, slug), db().get(ChallengeDraft, slug)
    digest = publishing.digest(here.bundle, slug)
    found = here.catalog.challenges.get(slug)
    gates = publishing.gates(row, digest)
    names = _names([gate.by for gate in gates if gate.by is not None])
    shown = render_template(
        "board/desk/challenges/overview.html",
        slug=slug,
        challenge=found or (drafts.model(draft.files) if draft else None),
        built=found is not None,
        stands=stands,
        gates=[(g, names.get(g.by, ""), _hindrance(g, row, slug, digest)) for g in gates],
        missing=[gate for gate in gates if not gate.done],
        draft=draft,
        changes=changes_of_times(slug),
        refused=refused,
        is_organiser=_organises(),
        can_edit=draft is not None or slug in served().workspace.folders("challenges"),
        press=PressForm(),
        **({"publish": PublishForm(), "withdraw": WithdrawForm(), "times": _times(row)} | forms),
    )
    wrong = any(form.errors for form in forms.values())
    return shown, 409 if refused else 422 if wrong else 200


def _ours(slug: str) -> str:
    """`slug`, if there is such a challenge and the visitor looks after it."""
    is_known = (
        slug in generation().catalog.challenges
        or slug in served().workspace.folders("challenges")
        or db().get(ChallengeDraft, slug) is not None
    )
    if not is_known:
        abort(404)
    if not looks_after(myself(), slug):
        abort(403)
    return slug


def _built(slug: str) -> str:
    """`slug`, if the bundle has it: nothing else can be opened or confirmed."""
    return slug if _ours(slug) in generation().catalog.challenges else abort(404)


def _organises() -> bool:
    return myself().has(Role.ORGANISER)


def _names(account_ids: list[int]) -> dict[int | None, str]:
    accounts = select(Account.id, Account.name, Account.deleted_at)
    found = db().execute(accounts.where(Account.id.in_(account_ids))) if account_ids else ()
    return {number: FORMER if deleted else name for number, name, deleted in found}


def _hindrance(gate: Passed, row: ChallengeState | None, slug: str, digest: str) -> str:
    """Why this visitor cannot pass the gate; "" if they can, or need not."""
    person = myself()
    if gate.done:
        return ""
    if gate.gate is Gate.OWNER and not person.has(Role.OWNER, scope=slug):
        if db().scalar(
            select(RoleHeld.id)
            .where(RoleHeld.role == Role.OWNER, RoleHeld.scope.in_(("", slug)))
            .limit(1)
        ):
            return gettext("Its owner does this when signed in.")
        return gettext("Nobody has the role of challenge owner for it yet.")
    if row and not publishing.two_people(row, gate.gate, digest, person.id):
        return gettext("Two people are needed: you wrote, reviewed or confirmed it already.")
    return ""


def _times(row: ChallengeState | None) -> TimesForm:
    zone = event().zone
    opens, closes = (row.opens_at, row.closes_at) if row else (None, None)
    return TimesForm(
        formdata=None,
        data={
            "opens_at": written(opens, zone),
            "opens_which": which(opens, zone) or None,
            "closes_at": written(closes, zone),
            "closes_which": which(closes, zone) or None,
        },
    )


# --- acts -----------------------------------------------------------------------------------------


def _act() -> Act:
    return Act(db(), myself().id, event().public_seed is not None)


def _done(slug: str, words: str) -> Response:
    db().commit()
    forget()
    flash(words)
    return redirect(url_for("desk_challenges.overview", slug=slug))


@pages.post("/<slug>/publish")
@only(Role.ORGANISER)
def publish(slug: str) -> Answer:
    if standing(_built(slug)).stage is Stage.OPEN:
        return _refuse(slug)
    asked, row = PublishForm(), db().get(ChallengeState, slug)
    lacks = publishing.lacking(row, publishing.digest(generation().bundle, slug))
    if asked.validate_on_submit() and lacks and not asked.reason.data:
        asked.reason.errors = [gettext("Something is missing. Write why it is published so.")]
    if asked.errors or not asked.is_submitted():
        return _page(slug, publish=asked)
    try:
        if asked.announce.data:
            _act().announce(slug, lacks, str(asked.reason.data or ""))
            return _done(slug, gettext("Everybody can read it now."))
        opens = row.opens_at if row else None
        _act().open(slug, None, lacks, str(asked.reason.data or ""))
        told = gettext("It is open.")
        if opens and opens != db().get_one(ChallengeState, slug).opens_at:
            told += " " + gettext("Its opening time is now.")
        return _done(slug, told)
    except NotPossible:
        return _refuse(slug)


@pages.post("/<slug>/close")
@only(Role.ORGANISER)
def close(slug: str) -> Answer:
    asked = PressForm()
    if not asked.validate_on_submit():
        return _page(_built(slug), press=asked)
    try:
        _act().close(_built(slug))
    except NotPossible:
        return _refuse(slug)
    return _done(slug, gettext("It is closed. Its page stays."))


@pages.post("/<slug>/withdraw")
@only(Role.ORGANISER)
def withdraw(slug: str) -> Answer:
    asked = WithdrawForm()
    if not standing(_built(slug)).listed:
        return _refuse(slug)
    if not asked.validate_on_submit():
        return _page(slug, withdraw=asked)
    try:
        _act().withdraw(slug, str(asked.why.data))
    except NotPossible:
        return _refuse(slug)
    return _done(slug, gettext("It is withdrawn. Its page says why."))


@pages.post("/<slug>/times")
@only(Role.ORGANISER)
def times(slug: str) -> Answer:
    asked = TimesForm()
    if not asked.validate_on_submit():
        return _page(_built(slug), times=asked)
    opens, closes = asked.opens_at.moment, asked.closes_at.moment
    if not _act().set_times(_built(slug), opens, closes):
        return _done(slug, gettext("The times are as they were."))
    listed = standing(slug).stage is not Stage.DRAFT
    told = gettext("The times are saved.")
    return _done(slug, told + (" " + gettext("Its page tells of the change.") if listed else ""))


@pages.post("/<slug>/confirm")
@only(Role.OWNER)
def confirm(slug: str) -> Answer:
    if not myself().has(Role.OWNER, scope=slug):
        abort(403)
    return _passed(slug, Gate.OWNER, gettext("You have confirmed that this is what you ask."))


@pages.post("/<slug>/review")
@ours
def review(slug: str) -> Answer:
    return _passed(slug, Gate.REVIEW, gettext("It is noted that you have reviewed it."))


@pages.route("/<slug>/preview", methods=["GET", "POST"])
@ours
def preview(slug: str) -> Answer:
    """The challenge of the bundle as a participant sees it, whatever its state."""
    asked = PressForm()
    if asked.validate_on_submit():
        return _passed(slug, Gate.PREVIEW, gettext("It is noted that you have looked at it."))
    return render_template(
        "board/desk/challenges/preview.html", **bundled(_built(slug)), draft=None, press=asked
    )


def _passed(slug: str, gate: Gate, words: str) -> Answer:
    try:
        _act().pass_gate(_built(slug), gate, publishing.digest(generation().bundle, slug))
    except NotPossible:
        return _refuse(slug)
    return _done(slug, words)


def _refuse(slug: str) -> Answer:
    db().rollback()
    forget()
    return _page(slug, refused=gettext("This does not fit where it stands now. Nothing was done."))
