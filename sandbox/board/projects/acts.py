"""What a team does with its draft: submit it, get a receipt, withdraw, submit again."""

from __future__ import annotations

from datetime import datetime

from flask import Response as FlaskResponse
from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from sandbox.board import deadlines, mail, receipts
from sandbox.board.access import members
from sandbox.board.arrival import arrived
from sandbox.board.forms import Form
from sandbox.board.people.visitor import myself
from sandbox.board.projects import submitting
from sandbox.board.projects.draft import about, as_text, deadline_of, images_of, own_project, pages
from sandbox.board.projects.submitting import Fate, content_of
from sandbox.board.served import event
from sandbox.board.site import page
from sandbox.board.store import db, release
from sandbox.board.talk.names import names
from sandbox.board.words import gettext
from sandbox.projects.fields import FIELDS, missing
from sandbox.state.people import Account
from sandbox.state.projects import Project, Submission
from sandbox.state.records import Setting
from sandbox.state.teams import Membership

Answer = str | tuple[str, int] | Response


# --- submitting -----------------------------------------------------------------------------------


@pages.route("/submit", methods=["GET", "POST"])
@members
def submit() -> Answer:
    project = own_project()
    return _submitted(project) if request.method == "POST" else _checklist(project)


def _checklist(project: Project) -> str:
    """What is missing, what becomes public, what has changed, and the one button."""
    known = about(project)
    before: Submission | None = known["counting"]
    content = content_of(project, page().language)
    return render_template(
        "board/projects/submit.html",
        **known,
        missing=missing(project.fields),
        without_alt=[image for image in images_of(project) if not image.alt],
        images=images_of(project),
        changes=submitting.changes(before.content, content) if before else [],
        nonce=receipts.nonce(),
        form=Form(formdata=None),
        opens_at=gallery_opens_at(),
        reader=myself().id,
    )


def _submitted(project: Project) -> Answer:
    """The act, in one transaction with all that it depends on; sent twice it is done once."""
    nonce = f"{project.id}:{request.form.get('nonce', '')[:64] or receipts.nonce()}"
    there = db().scalar(select(Submission).where(Submission.nonce == nonce))
    if there is None:
        if not deadline_of(project).open:
            release()
            return _too_late(project)
        if missing(project.fields) or not project.team.challenge:
            release()
            return _checklist(project), 422
        there = submitting.submit(
            db(), project, content_of(project, page().language),
            nonce=nonce, at=arrived(), by=myself().id,
        )  # fmt: skip
        _mail(project, there)
        db().commit()
        if request.form.get("revision", project.revision, type=int) != project.revision:
            flash(gettext("Your team went on writing after you opened the page before this one. "
                          "What was submitted is what stands below."))  # fmt: skip
    return redirect(url_for("draft.receipt", number=there.number))


def _too_late(project: Project, withdraws: bool = False) -> Answer:
    """When it closed, when this came, what is kept, whom to ask."""
    shown = render_template(
        "board/projects/late.html", **about(project), arrived=arrived(), withdraws=withdraws
    )
    return shown, 409


def _mail(project: Project, made: Submission) -> None:
    """The receipt for every member who has an address, in their language."""
    people = db().scalars(
        select(Account)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.team_id == project.team_id, Membership.left_at.is_(None))
        .where(Account.email.is_not(None), Account.deleted_at.is_(None))
        .order_by(Account.id)
    )
    for person in people:
        mail.post(
            db(), str(person.email), person.language or event().languages[0], "receipt",
            team=project.team.name, title=made.content["fields"].get("title", ""),
            submission=made, code=receipts.shown(made.receipt),
        )  # fmt: skip


def gallery_opens_at() -> datetime | None:
    """When what was submitted becomes public, as far as the organisers have said."""
    found = db().get(Setting, "gallery")
    told = found.value.get("opened_at") if found else None
    return datetime.fromisoformat(told) if told else None


# --- receipts -------------------------------------------------------------------------------------


@pages.get("/submissions/")
@members
def submissions() -> str:
    project = own_project()
    found = _all(project)
    return render_template(
        "board/projects/submissions.html",
        **about(project, found),
        submissions=list(reversed(found)),
        fates=submitting.fates(found),
        names=names(one.by for one in found),
        code=receipts.shown,
    )


@pages.get("/submissions/<int:number>/")
@members
def receipt(number: int) -> str:
    project = own_project()
    found = _all(project)
    one = _numbered(found, number)
    known = about(project, found)
    own = known["deadline"] if one.challenge == project.team.challenge else _deadline(one)
    return render_template(
        "board/projects/receipt.html",
        **known,
        submission=one,
        code=receipts.shown(one.receipt),
        fate=submitting.fates(found)[number],
        may_withdraw=own.open,
        written=[(f.label, as_text(one.content["fields"][f.name]), f.name)
                 for f in FIELDS if one.content["fields"].get(f.name)],
        names=names([one.by, one.withdrawn_by]),
        form=Form(formdata=None),
        counts=Fate.COUNTS,
    )  # fmt: skip


@pages.get("/submissions/<int:number>.json")
@members
def content(number: int) -> FlaskResponse:
    """The very bytes whose SHA-256 the receipt names."""
    one = _numbered(_all(own_project()), number)
    answer = FlaskResponse(receipts.canonical(one.content), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="submission-{number}.json"'
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@pages.post("/submissions/<int:number>/withdraw")
@members
def withdraw(number: int) -> Answer:
    project = own_project()
    found = _all(project)
    one = _numbered(found, number)
    if submitting.fates(found)[number] is not Fate.COUNTS:
        flash(gettext("It did not count any more: nothing was changed."))
    elif not _deadline(one).open:
        release()
        return _too_late(project, withdraws=True)
    else:
        submitting.withdraw(db(), project.id, number, myself().id)
        db().commit()
        flash(gettext("Withdrawn. Nothing of your team counts now, until you submit again."))
    return redirect(url_for("draft.receipt", number=number))


def _deadline(one: Submission) -> deadlines.Deadline:
    """Of the challenge that it was submitted for, which may be another than the team's now."""
    return deadlines.of(db(), one.challenge, one.project.team_id, arrived())


def _all(project: Project) -> list[Submission]:
    asked = select(Submission).where(Submission.project_id == project.id)
    return list(db().scalars(asked.order_by(Submission.number)))


def _numbered(found: list[Submission], number: int) -> Submission:
    return next((one for one in found if one.number == number), None) or abort(404)
