"""Teams: who works together on what, made and joined by code, and which skills are missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import SelectChoice, SelectField, StringField, SubmitField

from sandbox.board import deadlines, standing
from sandbox.board.access import everyone, members
from sandbox.board.arrival import arrived
from sandbox.board.deadlines import Deadline
from sandbox.board.forms import N_, Form, at_most, required, tidy
from sandbox.board.people import limits
from sandbox.board.people.profile import SHORT
from sandbox.board.people.visitor import me, must_join, myself
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.teams import asking, membership, own, rosters, sizes
from sandbox.board.teams.naming import is_taken, slug_of
from sandbox.board.teams.rosters import Roster
from sandbox.board.words import gettext
from sandbox.state.people import Account, Role, Skill
from sandbox.state.teams import Grace, Team, TeamRequest

pages = Blueprint("teams", __name__, url_prefix="/teams")
Answer = str | tuple[str, int] | Response
TRIES = (
    limits.Limit("team", "account", 20, timedelta(minutes=15)),
    limits.Limit("team", "address", 600, timedelta(minutes=15)),
)


class TeamForm(Form):
    """A name and a challenge; either can be changed later."""

    name = StringField(
        N_("The team’s name"),
        [required(N_("Give the team a name.")), at_most(60)],
        [tidy],
        render_kw={"autocomplete": "off"},
    )
    challenge = SelectField(N_("Challenge"))
    submit = SubmitField(N_("Make the team"))


class CodeForm(Form):
    """A code, as a member of the team reads it out."""

    code = StringField(
        N_("The team’s code"),
        [required(N_("Write the code that a member of the team tells you."))],
        [tidy],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    submit = SubmitField(N_("Join the team"))


class OwnForm(Form):
    """What members may do."""

    new_code = SubmitField(N_("Show a new code"))
    leave = SubmitField(N_("Leave the team"))


class AnswerForm(Form):
    """What may be said to a request or an invitation, by either side."""

    yes = SubmitField(N_("Yes"))
    no = SubmitField(N_("No"))
    withdraw = SubmitField(N_("Withdraw"))


class Covered(NamedTuple):
    """A skill, and how many members bring it."""

    skill: str
    members: int


class Way(NamedTuple):
    """How somebody outside gets into a team: whether they may ask, and if not, why not."""

    may_ask: bool = False
    why: str = ""
    request: TeamRequest | None = None  # of theirs, or to them, that waits


def cover(roster: Roster) -> list[Covered]:
    """How many of these people bring each skill that a team needs, in a fixed order."""
    return [
        Covered(SHORT[skill], sum(skill in member.skills for member in roster.here))
        for skill in Skill
    ]


# --- pages ----------------------------------------------------------------------------------------


@pages.get("/")
@everyone
def index() -> str:
    found = list(db().scalars(select(Team).where(Team.ended_at.is_(None)).order_by(Team.name)))
    known, reader = rosters.of(db(), [team.id for team in found]), me()
    mine = next((t for t in found if reader and known[t.id].member(reader.id)), None)
    asked = asking.of_person(db(), reader.id) if reader and not mine else []
    return render_template(
        "board/teams/index.html",
        teams=[(team, known[team.id], cover(known[team.id])) for team in found],
        titles=titles(),
        sizes=sizes.of(db()),
        mine=mine,
        invitations=[one for one in asked if one[0].invited_by],
        requests=[one for one in asked if not one[0].invited_by],
        answers=AnswerForm(formdata=None),
    )


@pages.get("/<slug>/")
@everyone
def team(slug: str) -> str:
    found, given = _of(slug)
    roster, reader = rosters.one(db(), found.id), me()
    inside = reader is not None and roster.member(reader.id) is not None
    joined = reader is not None and not must_join(reader)
    known = titles()
    return render_template(
        "board/teams/team.html",
        team=found,
        roster=roster,
        cover=cover(roster),
        skills=SHORT,
        ordered=rosters.ordered,
        titles=known,
        names=_names(roster, joined=joined, inside=inside, reader=reader),
        inside=inside,
        leads=reader is not None and roster.leads(reader.id),
        asked=asking.of_team(db(), found.id) if inside else [],
        given=[one for one in given if one.challenge in known],
        deadline=_deadline(found, given) if inside and found.challenge in known else None,
        sizes=sizes.of(db()),
        way=None if inside or reader is None or not joined else _way(found, reader),
        form=OwnForm(formdata=None),
        answers=AnswerForm(formdata=None),
    )


def _of(slug: str) -> tuple[Team, list[Grace]]:
    """The team, and the time it was given and still has, by one query."""
    asked = (
        select(Team, Grace)
        .outerjoin(Grace, (Grace.team_id == Team.id) & Grace.ended_at.is_(None))
        .where(Team.slug == slug.replace("\0", ""))
        .order_by(Grace.until.desc(), Grace.id.desc())
    )
    rows = list(db().execute(asked)) or abort(404)
    return rows[0][0], [grace for _, grace in rows if grace is not None]


def _names(
    roster: Roster, *, joined: bool, inside: bool, reader: Account | None
) -> Mapping[int, str] | None:
    """Member → the name that this reader may see; None for strangers, who see none.

    The name of a young person is for the own team and for organisers.
    """
    if reader is None or not joined:
        return None
    all_of_it = inside or reader.has(Role.ORGANISER)
    everybody = (*roster.before, *roster.here)
    return {m.number: m.name if all_of_it else m.public_name for m in everybody}


def _deadline(found: Team, given: list[Grace]) -> Deadline:
    """As `deadlines.of` says, from what this page has read already."""
    until = max((one.until for one in given if one.challenge == found.challenge), default=None)
    return deadlines.Deadline(standing.standing(found.challenge), arrived(), until)


def _way(found: Team, reader: Account) -> Way:
    """How the reader, who is not in this team, gets in; what `asking.ask` asks again."""
    if found.ended_at is not None:
        return Way()
    waits = next((one for one, _ in asking.of_person(db(), reader.id) if one.team_id == found.id),
                 None)  # fmt: skip
    if waits is not None:
        return Way(request=waits)
    there = own.own_team(db(), reader)
    if there is not None:
        return Way(why=gettext("You are in %(team)s.") % {"team": there.name})
    if not found.open_to_requests:
        return Way(why=gettext("Who wants to join needs the team’s code. Ask one of its members."))
    return Way(may_ask=True)


@pages.route("/new", methods=["GET", "POST"])
@members
def new() -> Answer:
    form, there = TeamForm(), own.own_team(db(), myself())
    form.challenge.choices = challenge_choices()
    if there is not None:
        return redirect(url_for("teams.team", slug=there.slug))
    if form.validate_on_submit():
        name = str(form.name.data)
        if is_taken(db(), name):
            form.name.errors = [gettext("There is a team of this name. Choose another.")]
        else:
            return _make(name, str(form.challenge.data))
    shown = render_template("board/teams/new.html", form=form)
    return shown, 422 if form.errors else 200


def _make(name: str, challenge: str) -> Response:
    made, code = own.begin(db(), name, slug_of(name), challenge, myself().id)
    db().commit()
    tell_code(code)
    return redirect(url_for("teams.team", slug=made.slug))


@pages.route("/join", methods=["GET", "POST"])
@members
def join() -> Answer:
    form, there = CodeForm(), own.own_team(db(), myself())
    if there is not None:
        return redirect(url_for("teams.team", slug=there.slug))
    if form.validate_on_submit():
        if answer := _by_code(form):
            return answer
        return render_template("board/teams/join.html", form=form), 422
    return render_template("board/teams/join.html", form=form), 422 if form.errors else 200


def _by_code(form: CodeForm) -> Response | None:
    person = myself()
    if limits.spend(db(), TRIES, str(person.id)):
        form.code.errors = [gettext("Too many tries. Wait a quarter of an hour.")]
        return None
    typed = own.code_hash(str(form.code.data))
    found = db().scalar(select(Team).where(Team.code_hash == typed, Team.ended_at.is_(None)))
    if found is None:
        form.code.errors = [gettext("No team has this code. Ask for a new one.")]
        db().commit()  # the try counts
        return None
    limits.forgive(db(), TRIES, str(person.id))
    try:
        membership.let_in(db(), found, person.id)
    except membership.NotLetIn as no:
        form.code.errors = [no.told()]
        db().commit()
        return None
    db().commit()
    flash(gettext("You are in."))
    return redirect(url_for("teams.team", slug=found.slug))


# --- what several of them rest on -----------------------------------------------------------------


def titles() -> dict[str, str]:
    """Challenge that the reader may see → its title in their language."""
    found = standing.seen().catalog.challenges
    return {slug: challenge.title.best(page().language)[0] for slug, challenge in found.items()}


def challenge_choices(kept: str = "") -> list[SelectChoice]:
    """None yet, and each challenge that can be read; with one that was chosen and now cannot."""
    known = {"": N_("Not decided yet")} | titles()
    if kept not in known:
        known[kept] = gettext("As before (not shown at present)")
    return [SelectChoice(slug, title) for slug, title in known.items()]


def tell_code(code: str) -> None:
    told = gettext(
        "Others join by this code: %(code)s. It is shown only now; you can make another."
    )
    flash(told % {"code": f"{code[:4]} {code[4:]}"})
