"""Teams at the organisers' desk: who is in which and who in none, what they submitted, how large
they may be, and more time for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse
from wtforms import IntegerField, SelectChoice, SelectField, StringField, SubmitField
from wtforms.validators import NumberRange, ValidationError

from sandbox import clock
from sandbox.board import exports, standing
from sandbox.board.access import only
from sandbox.board.desk.announcements import MomentField
from sandbox.board.forms import N_, Form, at_most, required, tidy
from sandbox.board.people.profile import SHORT
from sandbox.board.people.visitor import myself
from sandbox.board.served import generation
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.teams import graces, membership, rosters, sizes
from sandbox.board.teams.rosters import Member, Roster
from sandbox.board.teams.sizes import Sizes
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import Account, Role, RoleHeld
from sandbox.state.projects import Project, Submission
from sandbox.state.teams import Grace, Membership, Team

pages = Blueprint("desk_teams", __name__, url_prefix="/organiser/teams")
Answer = str | tuple[str, int] | AnyResponse
MOST_SHOWN = 100  # people without a team
A_NUMBER = {"inputmode": "numeric"}


class SizesForm(Form):
    """How many members a team should have at least, and may have at most."""

    least = IntegerField(
        N_("At least"), [required(N_("Write how many a team needs."))], render_kw=A_NUMBER
    )
    most = IntegerField(
        N_("At most"), [required(N_("Write how many a team may have."))], render_kw=A_NUMBER
    )
    submit = SubmitField(N_("Save"))

    def validate_most(self, field: IntegerField) -> None:
        """The one holds the other."""
        if self.least.data and field.data and field.data < self.least.data:
            raise ValidationError(gettext("Write at least as many as above."))


class PlaceForm(Form):
    """Which team somebody shall be in."""

    team = SelectField(N_("Team"))
    submit = SubmitField(N_("Move"))


class GraceForm(Form):
    """More time for one challenge, and why."""

    challenge = SelectField(N_("Challenge"))
    until = MomentField(
        N_("Until"),
        [required(N_("Say until when."))],
        filters=[tidy],
        render_kw={"type": "datetime-local"},
    )
    why = StringField(
        N_("Why?"), [required(N_("Say why, in one sentence.")), at_most(200)], [tidy],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    submit = SubmitField(N_("Give more time"))

    def validate_until(self, field: MomentField) -> None:
        """Later than now, and later than for everybody."""
        if field.moment is None:
            return
        closes = standing.standing(str(self.challenge.data)).closes_at
        if field.moment <= clock.now():
            raise ValidationError(gettext("That is over. Choose a later moment."))
        if closes is not None and field.moment <= closes:
            raise ValidationError(gettext("Everybody has until then. Choose a later moment."))


class ActForm(Form):
    """Buttons whose page has said what they do."""

    take_back = SubmitField(N_("Take back"))
    end = SubmitField(N_("End this team"))


@dataclass(frozen=True)
class Work:
    """How far a team's project is: its draft, and the submission that counts."""

    begun: bool = False
    changed_at: datetime | None = None
    submitted: Submission | None = None


# --- all of them ----------------------------------------------------------------------------------


@pages.route("/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def overview() -> Answer:
    form, between = SizesForm(), NumberRange(1, sizes.LARGEST, N_("Write a number from 1 to 50."))
    extra = {"least": [between], "most": [between]}
    if form.validate_on_submit(extra_validators=extra):
        chosen = Sizes(int(form.least.data), int(form.most.data))
        sizes.choose(db(), chosen)
        audit.record(db(), "teams.sizes", "", actor_id=myself().id, **chosen._asdict())
        db().commit()
        flash(gettext("Saved. Teams that are larger stay as they are; nobody more gets in."))
        return redirect(url_for("desk_teams.overview"))
    held = sizes.of(db())
    if not form.is_submitted():
        form.least.data, form.most.data = held
    teams = list(db().scalars(select(Team).order_by(Team.name)))
    alone = without_team(db())
    shown = render_template(
        "board/desk/teams.html",
        form=form,
        sizes=held,
        teams=[team for team in teams if team.ended_at is None],
        ended=[team for team in teams if team.ended_at is not None],
        rosters=_rosters(),
        work=works(db()),
        given=_given([team.id for team in teams]),
        titles=_titles(),
        alone=alone[:MOST_SHOWN],
        alone_more=max(len(alone) - MOST_SHOWN, 0),
    )
    return shown, 422 if form.errors else 200


@pages.get("/teams.csv")
@only(Role.ORGANISER)
def listed() -> Response:
    """Every team with members, size, challenge, draft and submission."""
    teams, held = list(db().scalars(select(Team).order_by(Team.slug))), sizes.of(db())
    known, done, given = _rosters(), works(db()), _given([team.id for team in teams])
    columns = ("slug", "name", "challenge", "members", "least", "most", "names", "skills",
               "looks_for", "open_to_requests", "made_at", "ended_at", "draft_changed_at",
               "submitted_at", "submitted_for", "receipt", "more_time_until")  # fmt: skip
    rows = []
    for team in teams:
        roster, work = known.get(team.id, Roster()), done.get(team.id, Work())
        submitted, more = work.submitted, given.get(team.id)
        rows.append(
            (
                team.slug, team.name, team.challenge, len(roster.here), held.least, held.most,
                "; ".join(m.name for m in roster.here), "; ".join(rosters.ordered(roster.skills)),
                "; ".join(team.skills), team.open_to_requests, team.made_at, team.ended_at,
                work.changed_at if work.begun else None, submitted and submitted.at,
                submitted and submitted.challenge, submitted and submitted.receipt,
                more[0].until if more else None,
            )
        )  # fmt: skip
    return exports.csv_file("teams.csv", columns, rows)


def works(session: Session) -> dict[int, Work]:
    """Team → how far its project is, by one query."""
    asked = (
        select(Project.team_id, Project.revision, Project.changed_at, Submission)
        .outerjoin(
            Submission,
            (Submission.project_id == Project.id) & Submission.withdrawn_at.is_(None),
        )
        .order_by(Submission.number)
    )
    return {
        team: Work(revision > 0, changed_at, submission)  # the newest, which comes last, counts
        for team, revision, changed_at, submission in session.execute(asked)
    }


def without_team(session: Session) -> list[Any]:
    """Those who take part, have no other role, and are in no team: (number, name), by name."""
    inside = select(Membership.account_id).where(Membership.left_at.is_(None))
    others = select(RoleHeld.account_id).where(RoleHeld.role != Role.PARTICIPANT)
    asked = (
        select(Account.id, Account.name)
        .where(Account.joined_at.is_not(None), Account.deleted_at.is_(None))
        .where(Account.blocked_at.is_(None))
        .where(Account.id.not_in(inside), Account.id.not_in(others))
    )
    return sorted(session.execute(asked).all(), key=lambda row: (row.name.casefold(), row.id))


# --- one of them ----------------------------------------------------------------------------------


@pages.get("/<int:number>/")
@only(Role.ORGANISER)
def team(number: int) -> str:
    found = db().get(Team, number) or abort(404)
    return _page(found, _grace_form(found, sent=False))


def _page(found: Team, form: GraceForm) -> str:
    return render_template(
        "board/desk/team.html",
        team=found,
        roster=rosters.one(db(), found.id),
        skills=SHORT,
        ordered=rosters.ordered,
        sizes=sizes.of(db()),
        work=works(db()).get(found.id, Work()),
        graces=graces.ever(db(), found.id),
        titles=_titles(),
        form=form,
        act=ActForm(formdata=None),
    )


def _grace_form(found: Team, *, sent: bool) -> GraceForm:
    """Only a challenge that ends at some moment can end later for one team."""
    form = GraceForm() if sent else GraceForm(formdata=None)
    known = _titles()
    form.challenge.choices = [
        SelectChoice(slug, known[slug])
        for slug, stands in standing.standings().items()
        if stands.closes_at is not None and stands.listed
    ]
    if not sent:
        form.challenge.data = found.challenge
    return form


@pages.post("/<int:number>/grace")
@only(Role.ORGANISER)
def grace(number: int) -> Answer:
    found = db().get(Team, number) or abort(404)
    form = _grace_form(found, sent=True)
    if not form.validate_on_submit():
        return _page(found, form), 422
    until, by = form.until.moment, myself().id
    assert until is not None, "the form asks for it"
    graces.give(db(), found.id, str(form.challenge.data), until, str(form.why.data), by)
    db().commit()
    flash(gettext("More time is given. The team reads it on its page."))
    return redirect(url_for("desk_teams.team", number=number))


@pages.post("/<int:number>/grace/<int:given>/end")
@only(Role.ORGANISER)
def end_grace(number: int, given: int) -> Answer:
    found = db().get(Grace, given)
    if found is None or found.team_id != number:
        abort(404)
    graces.take_back(db(), found, myself().id)
    db().commit()
    flash(gettext("Taken back. What was submitted meanwhile stays submitted."))
    return redirect(url_for("desk_teams.team", number=number))


@pages.post("/<int:number>/end")
@only(Role.ORGANISER)
def end(number: int) -> Answer:
    """Of a team that nobody is in."""
    found = db().get(Team, number) or abort(404)
    if membership.size(db(), number):
        flash(gettext("Somebody is in this team. Move them first."))
    elif found.ended_at is None:
        membership.end(db(), found)
        audit.record(db(), "team.end", f"team {number}", actor_id=myself().id)
        db().commit()
        flash(gettext("The team has ended."))
    return redirect(url_for("desk_teams.team", number=number))


# --- somebody -------------------------------------------------------------------------------------


@pages.route("/people/<int:number>", methods=["GET", "POST"])
@only(Role.ORGANISER)
def place(number: int) -> Answer:
    """Put somebody into a team, into another one, or into none."""
    person = db().get(Account, number)
    if person is None or person.deleted_at or person.joined_at is None:
        abort(404)
    form, known = PlaceForm(), _rosters()
    live = select(Team).where(Team.ended_at.is_(None)).order_by(Team.name)
    teams = [(team, known.get(team.id, Roster()).here) for team in db().scalars(live)]
    there, here = next(
        ((team, here) for team, here in teams if number in {m.number for m in here}), (None, ())
    )
    before = "" if there is None else str(there.id)
    form.team.choices = _places(teams)
    if form.validate_on_submit():
        if form.team.data == before:
            return redirect(url_for("desk_teams.overview"))
        try:
            return _moved(person, there, str(form.team.data))
        except membership.NotLetIn as no:
            db().rollback()
            form.team.errors = [no.told()]
    elif request.method == "GET":
        form.team.data = before
    shown = render_template(
        "board/desk/team_place.html", form=form, account=person, there=there, alone=len(here) == 1
    )
    return shown, 422 if form.errors else 200


def _places(teams: Sequence[tuple[Team, Sequence[Member]]]) -> list[SelectChoice]:
    """No team, and every team, with how many are in it."""
    most, told = sizes.of(db()).most, gettext("%(team)s (%(size)s of %(most)s)")
    found = [SelectChoice("", gettext("No team"))]
    for team, here in teams:
        words = {"team": team.name, "size": len(here), "most": most}
        found.append(SelectChoice(str(team.id), told % words))
    return found


def _moved(person: Account, there: Team | None, chosen: str) -> AnyResponse:
    """Raises NotLetIn, after which nothing of it may be kept."""
    if there is not None:
        membership.leave(db(), there.id, person.id)
    if chosen:
        membership.let_in(db(), db().get_one(Team, int(chosen)), person.id)
    audit.record(
        db(), "team.moved", f"account {person.id}", actor_id=myself().id,
        team=int(chosen) if chosen else None, before=there.id if there else None,
    )  # fmt: skip
    db().commit()
    flash(gettext("Moved.") if chosen else gettext("They are in no team now."))
    if chosen:
        return redirect(url_for("desk_teams.team", number=int(chosen)))
    return redirect(url_for("desk_teams.overview"))


def _rosters() -> dict[int, Roster]:
    return dict(rosters.of(db()))


def _given(team_ids: list[int]) -> dict[int, list[Grace]]:
    """Team → the time it was given and still has, the latest first."""
    found: dict[int, list[Grace]] = {}
    for one in graces.holding(db(), team_ids):
        found.setdefault(one.team_id, []).append(one)
    return found


def _titles() -> dict[str, str]:
    """Every challenge, also one that is a draft: the desk sees them all."""
    known = generation().catalog.challenges
    return {slug: one.title.best(page().language)[0] for slug, one in known.items()}
