"""Packs at the desk: taken from a stick, told ahead by their code, and decided on when late."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, send_file, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as AnyResponse
from wtforms import SelectField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice

from sandbox.board import mail, uploads
from sandbox.board.access import only
from sandbox.board.arrival import arrived
from sandbox.board.forms import N_, Form, at_most, required, tidy_lines
from sandbox.board.people.visitor import myself
from sandbox.board.projects import packs, receiving
from sandbox.board.projects.packs import BringForm, NoteForm, tell
from sandbox.board.projects.receiving import Came, State, TooManyNotes
from sandbox.board.served import event
from sandbox.board.site import at_most_bytes, page
from sandbox.board.store import db, release, state
from sandbox.board.talk import wishes
from sandbox.board.talk.names import names
from sandbox.board.words import gettext
from sandbox.projects.codes import grouped, short
from sandbox.state import audit
from sandbox.state.people import Account, Role
from sandbox.state.projects import Noted, Pack
from sandbox.state.teams import Membership, Team
from sandbox.ui import languages

pages = Blueprint("desk_packs", __name__, url_prefix="/organiser/packs")
Answer = str | tuple[str, int] | AnyResponse
MOST_SHOWN = 200  # packs, the newest; an event has a few dozen


class DeskNoteForm(NoteForm):
    """A code, and whose it is: whoever tells it may be at the telephone."""

    team = SelectField(N_("Team"))


class DecideForm(Form):
    """Yes or no to a pack that came too late; the team reads the reason."""

    why = TextAreaField(
        N_("Why"), [required(N_("Say why: the team reads it.")), at_most(500)], [tidy_lines]
    )
    accept = SubmitField(N_("Let it count"))
    refuse = SubmitField(N_("Do not take it"))


@pages.route("/", methods=["GET", "POST"])
@only(Role.ORGANISER)
@at_most_bytes(packs.MOST_OF_A_REQUEST)
def index() -> Answer:
    """Take in a pack for whichever team has signed it."""
    form = BringForm()
    if not form.validate_on_submit():
        return _shown(bring=form), 422 if form.errors else 200
    release()  # what follows takes its own turns, and reads pictures in between
    content, by = form.file.data.read(), myself().id
    came = receiving.take(content, team_id=None, by=by, arrived=arrived())
    with state().write() as writer:
        about = f"team {came.team_id}" if came.team_id else ""
        detail = {"state": str(came.state), "file": came.file}
        audit.record(writer, "pack.brought", about, actor_id=by, **detail)
    if came.state is State.REFUSED and not came.why:
        return _shown(bring=form, came=came), 422
    tell(came)
    return redirect(url_for("desk_packs.index"))


@pages.post("/note")
@only(Role.ORGANISER)
def note() -> Answer:
    form = DeskNoteForm()
    _offer_teams(form)
    if not form.validate_on_submit():
        return _shown(note=form), 422
    code = receiving.code_of(str(form.code.data))
    if code is None:
        form.code.errors = [gettext("A code has 15 letters and digits. Let them read it again.")]
        return _shown(note=form), 422
    try:
        made = receiving.note(db(), int(form.team.data), code, at=arrived(), by=myself().id)
    except TooManyNotes:
        form.code.errors = [gettext("This team has told too many codes. Take a pack from it.")]
        return _shown(note=form), 422
    audit.record(db(), "pack.noted", f"team {made.team_id}", actor_id=myself().id, code=code)
    db().commit()
    moment = languages.moment(made.at, page().language, event().zone)
    told = gettext("Noted: %(code)s, %(moment)s.")
    flash(told % {"code": grouped(code), "moment": moment})
    return redirect(url_for("desk_packs.index"))


@pages.post("/<int:number>")
@only(Role.ORGANISER)
def decide(number: int) -> Answer:
    """Let a pack that came too late count, or not; either way the team is told why."""
    row = db().get(Pack, number) or abort(404)
    form = DecideForm(prefix=_prefix(row))
    waits, decided = row.state == State.WAITING, row.decided_at is not None
    if not waits or (decided and not form.accept.data):
        flash(gettext("Somebody has decided on this pack already."))
        return redirect(url_for("desk_packs.index"))
    if not form.validate_on_submit():
        return _shown(decide={row.id: form}), 422
    if not decided:  # else it was let in, and broken off before it was submitted
        act = receiving.allow if form.accept.data else receiving.refuse
        act(db(), row, str(form.why.data), myself().id)
        db().commit()
    release()
    return _let_in(row) if form.accept.data else _kept_out(row)


def _kept_out(row: Pack) -> Answer:
    _tell_team(row, None)
    flash(gettext("Not taken. The team reads why."))
    return redirect(url_for("desk_packs.index"))


def _let_in(row: Pack) -> Answer:
    came = receiving.again(row, myself().id)
    if came.state is State.REFUSED:
        return _shown(came=came), 422
    _tell_team(row, came)
    tell(came)
    return redirect(url_for("desk_packs.index"))


def _tell_team(row: Pack, came: Came | None) -> None:
    """A mail to each member whose address is known to be theirs; their page says it anyway."""
    if not mail.possible():
        return
    with state().write() as writer:
        asked = select(Account).join(Membership, Membership.account_id == Account.id)
        asked = asked.where(Membership.team_id == row.team_id, Membership.left_at.is_(None))
        for person in writer.scalars(asked):
            if person.email and person.email_confirmed_at and not person.blocked_at:
                mail.post(
                    writer, person.email, wishes.language(person, event().languages), "pack",
                    code=grouped(short(row.digest)), why=row.why,
                    counts=came is not None and came.state is State.ACCEPTED,
                )  # fmt: skip


@pages.get("/<int:number>/file")
@only(Role.ORGANISER)
def file(number: int) -> Response:
    """The file as it came, which nobody opens here."""
    row = db().get(Pack, number) or abort(404)
    if not uploads.path(row.file).is_file():
        abort(404)
    return send_file(
        uploads.path(row.file),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=f"{row.digest[:8]}.pack.json",
        max_age=0,
    )


# --- the page -------------------------------------------------------------------------------------


def _offer_teams(form: DeskNoteForm) -> None:
    teams = db().execute(select(Team.id, Team.name).where(Team.ended_at.is_(None)))
    form.team.choices = [SelectChoice(str(i), name) for i, name in sorted(teams, key=_by_name)]


def _by_name(row: tuple[int, str]) -> str:
    return row[1].casefold()


def _prefix(row: Pack) -> str:
    return f"pack{row.id}"


def _shown(
    *,
    bring: BringForm | None = None,
    note: DeskNoteForm | None = None,
    decide: dict[int, DecideForm] | None = None,
    came: Came | None = None,
) -> str:
    asked = select(Pack).options(joinedload(Pack.team)).limit(MOST_SHOWN)
    found = packs.with_submissions(asked)
    rows = [row for row, _ in found]
    if note is None:
        note = DeskNoteForm(formdata=None)
        _offer_teams(note)
    brought = {(row.team_id, short(row.digest)) for row in rows}
    noted = db().execute(
        select(Noted, Team.name).join(Team, Team.id == Noted.team_id).order_by(Noted.id)
    )
    waiting = [row for row in rows if row.state == State.WAITING]
    forms = {r.id: DecideForm(formdata=None, prefix=_prefix(r)) for r in waiting} | (decide or {})
    return render_template(
        "board/desk/packs.html",
        bring=bring or BringForm(formdata=None),
        note=note,
        came=came,
        waiting=waiting,
        others=[(row, made) for row, made in found if row.state != State.WAITING],
        decide=forms,
        wrong=[form for form in (decide or {}).values() if form.errors],
        open_notes=[(one, team) for one, team in noted if (one.team_id, one.digest) not in brought],
        faults=packs.faults_of,
        names=names([row.brought_by for row in rows]),
        **packs.words(),
    )
