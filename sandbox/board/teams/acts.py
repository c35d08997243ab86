"""What a team does with itself: says what it is about, changes its code, hands over the lead,
takes somebody out; and how one leaves."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    RadioField,
    SelectChoice,
    SubmitField,
    TextAreaField,
)

from sandbox.board import standing
from sandbox.board.access import members
from sandbox.board.forms import (
    N_,
    CheckboxesField,
    Form,
    at_most,
    required,
    tidy_lines,
)
from sandbox.board.people.profile import SHORT
from sandbox.board.people.visitor import myself
from sandbox.board.projects.submitting import counting
from sandbox.board.store import db
from sandbox.board.talk import mails, wishes
from sandbox.board.teams import membership, own, rosters
from sandbox.board.teams.naming import is_taken
from sandbox.board.teams.pages import (
    Answer,
    OwnForm,
    TeamForm,
    challenge_choices,
    pages,
    tell_code,
    titles,
)
from sandbox.board.teams.rosters import Member, Roster
from sandbox.board.words import gettext
from sandbox.state.people import Account, Skill
from sandbox.state.projects import Project, Submission
from sandbox.state.teams import Team


class EditForm(TeamForm):
    """What a team says of itself; any member may change it."""

    pitch = TextAreaField(
        N_("What are you about?"), [at_most(600)], [tidy_lines], render_kw={"autocomplete": "off"}
    )
    skills = CheckboxesField(
        N_("Whom do you look for?"), choices=[SelectChoice(s, SHORT[s]) for s in Skill]
    )
    open_to_requests = BooleanField(N_("Others may ask to join"))
    submit = SubmitField(N_("Save"))
    sure = SubmitField(N_("Change the challenge"))


class LeadForm(Form):
    """Who shall lead."""

    member = RadioField(N_("Who shall lead?"), [required(N_("Choose a member."))])
    submit = SubmitField(N_("Hand over"))


class OutForm(Form):
    """The one act of a page that has said what it means."""

    submit = SubmitField(N_("Take out of the team"))


@pages.route("/<slug>/edit", methods=["GET", "POST"])
@members
def edit(slug: str) -> Answer:
    found, form = _mine(slug), EditForm()
    form.challenge.choices = challenge_choices(found.challenge)
    if not form.validate_on_submit():
        if request.method == "GET":
            _fill(form, found)
        shown = render_template("board/teams/edit.html", form=form, team=found)
        return shown, 422 if form.errors else 200
    if is_taken(db(), str(form.name.data), but=found.id):
        form.name.errors = [gettext("There is a team of this name. Choose another.")]
        return render_template("board/teams/edit.html", form=form, team=found), 422
    submitted = _submitted_elsewhere(found, str(form.challenge.data))
    if submitted is not None and not form.sure.data:
        return _asks_whether(found, form, submitted)
    _save(found, form)
    flash(gettext("Saved."))
    return redirect(url_for("teams.team", slug=slug))


def _fill(form: EditForm, found: Team) -> None:
    form.name.data, form.challenge.data = found.name, found.challenge
    form.pitch.data, form.skills.data = found.pitch, list(found.skills)
    form.open_to_requests.data = found.open_to_requests


def _save(found: Team, form: EditForm) -> None:
    found.name, found.challenge = str(form.name.data), str(form.challenge.data)
    found.pitch, found.skills = str(form.pitch.data or ""), rosters.ordered(form.skills.data or ())
    found.open_to_requests = bool(form.open_to_requests.data)
    db().commit()


def _submitted_elsewhere(found: Team, challenge: str) -> Submission | None:
    """What counts now, if it was for another challenge than `challenge`, which is news."""
    if challenge == found.challenge:
        return None
    project = db().scalar(select(Project.id).where(Project.team_id == found.id))
    counts = counting(db(), project) if project is not None else None
    return counts if counts is not None and counts.challenge != challenge else None


def _asks_whether(found: Team, form: EditForm, submitted: Submission) -> str:
    """The page that says what another challenge means for what was submitted."""
    names = {field.name for field in form} - {"csrf_token", "submit", "sure"}
    kept = [pair for pair in request.form.items(multi=True) if pair[0] in names]
    slug = str(form.challenge.data)
    return render_template(
        "board/teams/challenge.html",
        team=found,
        form=form,
        kept=kept,
        submitted=submitted,
        titles=titles(),
        stands=standing.standing(slug) if slug else None,
    )


@pages.post("/<slug>/")
@members
def act(slug: str) -> Response:
    """Leave, or make a new code, which ends the old one."""
    form, there = OwnForm(), _mine(slug)
    if form.new_code.data:
        code = own.new_code(there)
        db().commit()
        tell_code(code)
        return redirect(url_for("teams.team", slug=slug))
    if form.leave.data:
        membership.leave(db(), there.id, myself().id)
        db().commit()
        flash(gettext("You have left the team."))
    return redirect(url_for("teams.index"))


@pages.get("/<slug>/leave")
@members
def leaving(slug: str) -> str:
    """What leaving means, and the button that does it."""
    found = _mine(slug)
    roster = rosters.one(db(), found.id)
    others = [member for member in roster.here if member.number != myself().id]
    return render_template(
        "board/teams/leave.html",
        team=found,
        others=others,
        next=others[0] if others and roster.leads(myself().id) else None,
        form=OwnForm(formdata=None),
    )


@pages.route("/<slug>/lead", methods=["GET", "POST"])
@members
def hand_over(slug: str) -> Answer:
    found, form = _led(slug), LeadForm()
    others = [m for m in _roster(found).here if m.number != myself().id]
    form.member.choices = [SelectChoice(str(m.number), m.name) for m in others]
    if form.validate_on_submit():
        membership.hand_over(db(), found.id, int(form.member.data))
        db().commit()
        flash(gettext("Handed over."))
        return redirect(url_for("teams.team", slug=slug))
    shown = render_template("board/teams/lead.html", form=form, team=found)
    return shown, 422 if form.errors else 200


@pages.route("/<slug>/members/<int:number>", methods=["GET", "POST"])
@members
def take_out(slug: str, number: int) -> Answer:
    """Only whoever leads; what it means is said before it is done."""
    found, form = _led(slug), OutForm()
    member = _roster(found).member(number)
    if member is None or number == myself().id:
        abort(404)
    if form.validate_on_submit():
        return _taken_out(found, member)
    return render_template("board/teams/out.html", form=form, team=found, member=member)


def _taken_out(found: Team, member: Member) -> Response:
    membership.leave(db(), found.id, member.number)
    code = own.new_code(found)  # since they know the one before
    to = db().get_one(Account, member.number)
    mails.tell(db(), to, wishes.TEAMS, "team_out", team=found)
    db().commit()
    flash(gettext("%(name)s is no longer in the team.") % {"name": member.name})
    tell_code(code)
    return redirect(url_for("teams.team", slug=found.slug))


def _mine(slug: str) -> Team:
    """The team of that address, if the visitor is in it."""
    there = own.own_team(db(), myself())
    return there if there is not None and there.slug == slug else abort(404)


def _led(slug: str) -> Team:
    """The same, if the visitor leads it."""
    there = _mine(slug)
    return there if membership.leader(db(), there.id) == myself().id else abort(403)


def _roster(found: Team) -> Roster:
    return rosters.one(db(), found.id)
