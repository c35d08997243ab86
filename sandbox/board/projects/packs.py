"""Without a network: the team's key, packs that members bring, and codes that they tell ahead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import Select, select
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField

from sandbox import clock
from sandbox.board import deadlines, receipts
from sandbox.board.access import members
from sandbox.board.arrival import arrived
from sandbox.board.forms import N_, Form, required, tidy
from sandbox.board.people import limits
from sandbox.board.people.visitor import myself
from sandbox.board.projects import receiving
from sandbox.board.projects.receiving import Came, State, TooManyNotes
from sandbox.board.served import address, event, generation
from sandbox.board.site import at_most_bytes, page
from sandbox.board.standing import seen
from sandbox.board.store import db, release
from sandbox.board.talk.names import names
from sandbox.board.teams.own import my_team
from sandbox.board.words import gettext
from sandbox.projects import keys
from sandbox.projects.codes import grouped, short
from sandbox.projects.faults import Fault, Told
from sandbox.projects.packs import MOST_BYTES
from sandbox.state.projects import Noted, Pack, Submission
from sandbox.state.teams import Team
from sandbox.ui import languages

pages = Blueprint("packs", __name__, url_prefix="/project")
Answer = str | tuple[str, int] | Response
# A file a little too large is still told how large it is; what is far larger is not read at all.
MOST_OF_A_REQUEST = 2 * MOST_BYTES
TRIES = (
    limits.Limit("pack", "account", 30, timedelta(minutes=15)),
    limits.Limit("pack", "address", 600, timedelta(minutes=15)),
)
STATES = {
    State.ACCEPTED: N_("submitted"),
    State.SUPERSEDED: N_("a later submission counts"),
    State.WAITING: N_("waits for an organiser"),
    State.REFUSED: N_("not taken"),
}


class BringForm(Form):
    """One file."""

    file = FileField(
        N_("The pack"),
        [FileRequired(N_("Choose the file whose name ends in .pack.json."))],
        render_kw={"accept": ".json,application/json"},
    )
    submit = SubmitField(N_("Bring the pack"))


class NoteForm(Form):
    """A code, as `sandbox submission pack` printed it."""

    code = StringField(
        N_("The pack’s code"),
        [required(N_("Write the code that was printed when the pack was made."))],
        [tidy],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    note = SubmitField(N_("Note the code"))


class KeyForm(Form):
    """A press of a button."""

    make = SubmitField(N_("Make and download a key"))


@pages.route("/pack", methods=["GET", "POST"])
@members
@at_most_bytes(MOST_OF_A_REQUEST)
def bring() -> Answer:
    team, form = my_team(), BringForm()
    if not form.validate_on_submit():
        return _shown(team, bring_form=form), 422 if form.errors else 200
    wait = limits.spend(db(), TRIES, str(myself().id))
    release()  # what follows takes its own turns, and reads pictures in between
    if wait:
        form.file.errors = [limits.told(wait)]
        return _shown(team, bring_form=form), 429
    content, by = form.file.data.read(), myself().id
    came = receiving.take(content, team_id=team.id, by=by, arrived=arrived())
    if came.state is State.REFUSED and not came.why:
        return _shown(team, bring_form=form, came=came), 422
    tell(came)
    return redirect(url_for("packs.bring"))


def tell(came: Came) -> None:
    """Say on the next page what came of a pack that was taken; of others its list says it."""
    number = {"number": came.number, "moment": shown(came)}
    if came.state is State.SUPERSEDED:
        told = gettext(
            "The pack is kept, and counts from %(moment)s on. Submission %(number)s came later, so "
            "that one counts."
        )
    elif came.withdrawn:
        told = gettext(
            "This pack is submission %(number)s, which was withdrawn. To submit it again, pack it "
            "again: a new file is a new submission."
        )
    elif came.state is State.ACCEPTED:
        told = gettext(
            "Submitted: the pack is submission %(number)s, and counts from %(moment)s on."
        )
    else:
        return
    flash(told % number)


def shown(came: Came) -> str:
    """The moment as of which it counts, in the event's zone."""
    if came.counts_from is None:
        return "–"
    return languages.moment(came.counts_from, page().language, event().zone)


@pages.post("/pack/note")
@members
def note() -> Answer:
    """Tell a pack's code ahead of the pack."""
    team, form = my_team(), NoteForm()
    if not form.validate_on_submit():
        return _shown(team, note_form=form), 422
    code = receiving.code_of(str(form.code.data))
    if code is None:
        told = gettext(
            "This is no pack’s code. One has 15 letters and digits, such as ABCDE-FGHJK-MNPQR; the "
            "digest, 64 digits and letters from a to f, is fine, too."
        )
        form.code.errors = [told]
        return _shown(team, note_form=form), 422
    try:
        made = receiving.note(db(), team.id, code, at=arrived(), by=myself().id)
    except TooManyNotes:
        form.code.errors = [
            gettext("Your team has told %(most)s codes, and no more are noted. Bring a pack.")
            % {"most": receiving.MOST_NOTES}
        ]
        return _shown(team, note_form=form), 422
    db().commit()
    told = gettext(
        "Noted: %(code)s, %(moment)s. Keep this very file, and bring it as soon as you can."
    )
    moment = languages.moment(made.at, page().language, event().zone)
    flash(told % {"code": grouped(code), "moment": moment})
    return redirect(url_for("packs.bring"))


@pages.post("/key")
@members
def key() -> Response:
    """Make another key, keep its public half, and hand out the private one, once."""
    team, form = my_team(), KeyForm()
    if not form.validate():
        abort(400)
    made = keys.TeamKey(
        format=keys.FORMAT,
        event=generation().bundle.manifest.seed_commitment,
        event_name=event().name.best(page().language)[0],
        address=address("/").rstrip("/"),
        team=team.slug,
        team_name=team.name,
        challenge=team.challenge,
        challenges=_challenges(),
        language=page().language,
        made_at=f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
        private_key=keys.new_private_key(),
    )
    team.public_key, team.key_made_at, team.key_made_by = made.public_key, clock.now(), myself().id
    db().commit()
    return Response(
        made.file(),
        mimetype="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{team.slug}.key"',
            "Cache-Control": "no-store",
        },
    )


def _challenges() -> dict[str, str]:
    found = seen().catalog.challenges
    return {slug: one.title.best(page().language)[0] for slug, one in found.items()}


# --- the page -------------------------------------------------------------------------------------


def _shown(
    team: Team,
    *,
    bring_form: BringForm | None = None,
    note_form: NoteForm | None = None,
    came: Came | None = None,
) -> str:
    found = with_submissions(select(Pack).where(Pack.team_id == team.id))
    noted = db().scalars(select(Noted).where(Noted.team_id == team.id).order_by(Noted.id))
    return render_template(
        "board/packs/pack.html",
        team=team,
        bring=bring_form or BringForm(formdata=None),
        note=note_form or NoteForm(formdata=None),
        key=KeyForm(formdata=None),
        came=came,
        packs=found,
        faults=faults_of,
        noted=list(noted),
        brought={short(row.digest) for row, _ in found},
        deadline=deadlines.of(db(), team.challenge, team.id, arrived()) if team.challenge else None,
        names=names([team.key_made_by, *(row.brought_by for row, _ in found)]),
        **words(),
    )


def words() -> dict[str, object]:
    """What the templates of both sides need to show a pack."""
    return {
        "states": STATES,
        "grouped": grouped,
        "receipt": receipts.shown,
        "code_of": lambda row: grouped(short(row.digest)),
        "told": lambda faults: [fault.told(gettext) for fault in faults],
        "most": languages.number(MOST_BYTES // 1_000_000, page().language),
    }


def faults_of(row: Pack) -> list[Told]:
    return [Fault.from_plain(one).told(gettext) for one in row.faults]


def with_submissions(asked: Select[Any]) -> list[tuple[Pack, Submission | None]]:
    """The packs, the newest first, each with what it has become."""
    both = asked.outerjoin(Submission, Submission.id == Pack.submission_id).add_columns(Submission)
    return [(pack, made) for pack, made in db().execute(both.order_by(Pack.id.desc()))]
