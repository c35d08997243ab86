"""Teams: who works together on what, joined by a code, and which skills are still missing."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import timedelta
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload
from werkzeug.wrappers import Response
from wtforms import SelectChoice, SelectField, StringField, SubmitField

from sandbox import clock
from sandbox.board.access import everyone, members
from sandbox.board.forms import N_, Form, at_most, required, tidy
from sandbox.board.people import limits
from sandbox.board.people.profile import SHORT
from sandbox.board.people.visitor import me, must_join, myself
from sandbox.board.served import generation
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.teams import own
from sandbox.board.words import gettext
from sandbox.state.people import Account, Role, Skill
from sandbox.state.teams import Membership, Team

pages = Blueprint("teams", __name__, url_prefix="/teams")
Answer = str | tuple[str, int] | Response
TRIES = (
    limits.Limit("team", "account", 20, timedelta(minutes=15)),
    limits.Limit("team", "address", 600, timedelta(minutes=15)),
)
LETTERS = {ord("æ"): "ae", ord("ø"): "o", ord("ð"): "d", ord("þ"): "th"}
TAKEN = frozenset({"new", "join"})  # addresses of pages


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


class Covered(NamedTuple):
    """A skill, and how many members bring it."""

    skill: str
    members: int


def cover(people: list[Account]) -> list[Covered]:
    """How many of these people bring each skill that a team needs, in a fixed order."""
    brought = [{held.skill for held in person.skills} for person in people]
    return [Covered(SHORT[skill], sum(skill in one for one in brought)) for skill in Skill]


# --- pages ----------------------------------------------------------------------------------------


@pages.get("/")
@everyone
def index() -> str:
    found = list(db().scalars(_teams().where(Team.ended_at.is_(None)).order_by(Team.name)))
    return render_template(
        "board/teams/index.html",
        teams=[(team, _here(team), cover(_here(team))) for team in found],
        titles=_titles(),
        mine=own.own_team(db(), me()),
    )


@pages.get("/<slug>/")
@everyone
def team(slug: str) -> str:
    found: Team = db().scalar(_teams().where(Team.slug == slug)) or abort(404)
    here, reader = _here(found), me()
    inside = reader is not None and any(person.id == reader.id for person in here)
    joined = reader is not None and not must_join(reader)
    return render_template(
        "board/teams/team.html",
        team=found,
        here=here,
        before=[m for m in found.members if m.left_at],
        cover=cover(here),
        skills=SHORT,
        titles=_titles(),
        names=_names(found, joined=joined, inside=inside, reader=reader),
        inside=inside,
        form=OwnForm(formdata=None),
    )


def _names(
    found: Team, *, joined: bool, inside: bool, reader: Account | None
) -> dict[int, str] | None:
    """Member → the name that this reader may see; None for strangers, who see none.

    The name of a young person is for the own team and for organisers.
    """
    if reader is None or not joined:
        return None
    all_of_it = inside or reader.has(Role.ORGANISER)
    return {
        m.account_id: m.account.shown_name if all_of_it else m.account.public_name
        for m in found.members
    }


@pages.route("/new", methods=["GET", "POST"])
@members
def new() -> Answer:
    form, there = TeamForm(), own.own_team(db(), myself())
    known = {"": N_("Not decided yet")} | _titles()
    form.challenge.choices = [SelectChoice(slug, title) for slug, title in known.items()]
    if there is not None:
        return redirect(url_for("teams.team", slug=there.slug))
    if form.validate_on_submit():
        name = str(form.name.data)
        slug = slug_of(name)
        if _taken(db(), name, slug):
            form.name.errors = [gettext("There is a team of this name. Choose another.")]
        else:
            return _make(name, slug, str(form.challenge.data))
    shown = render_template("board/teams/new.html", form=form)
    return shown, 422 if form.errors else 200


def _make(name: str, slug: str, challenge: str) -> Response:
    _, code = own.begin(db(), name, slug, challenge, myself().id)
    db().commit()
    _tell(code)
    return redirect(url_for("teams.team", slug=slug))


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
    wait = limits.spend(db(), TRIES, str(person.id))
    found = None if wait else db().scalar(
        select(Team)
        .where(Team.code_hash == own.code_hash(str(form.code.data)))
        .where(Team.ended_at.is_(None))
    )  # fmt: skip
    if found is not None:
        limits.forgive(db(), TRIES, str(person.id))
        found.members.append(Membership(account_id=person.id, joined_at=clock.now()))
        flash(gettext("You are in."))
    db().commit()
    if found is not None:
        return redirect(url_for("teams.team", slug=found.slug))
    form.code.errors = [
        gettext("Too many tries. Wait a quarter of an hour.") if wait
        else gettext("No team has this code. Ask for a new one.")
    ]  # fmt: skip
    return None


@pages.post("/<slug>/")
@members
def act(slug: str) -> Response:
    """Leave, or make a new code, which ends the old one."""
    form, there = OwnForm(), own.own_team(db(), myself())
    if there is None or there.slug != slug:
        abort(404)
    if form.new_code.data:
        code = own.new_code(there)
        db().commit()
        _tell(code)
        return redirect(url_for("teams.team", slug=slug))
    if form.leave.data:
        leave(db(), there, myself().id)
        db().commit()
        flash(gettext("You have left the team."))
    return redirect(url_for("teams.index"))


# --- what they rest on ----------------------------------------------------------------------------


def leave(writer: Session, found: Team, account_id: int) -> None:
    """End a membership; the longest member leads on, and a team without members ends."""
    now = clock.now()
    here = [m for m in found.members if m.left_at is None]
    for membership in here:
        if membership.account_id == account_id:
            membership.left_at, membership.leads = now, False
    left = [m for m in here if m.left_at is None]
    if not left:
        found.ended_at = now
    elif not any(m.leads for m in left):
        left[0].leads = True
    writer.flush()


def slug_of(name: str) -> str:
    """A name as part of an address: ÆØÅ and accents become plain letters, the rest a hyphen."""
    plain = name.casefold().translate(LETTERS)
    ascii_only = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-") or f"team-{secrets.token_hex(3)}"


def _taken(reader: Session, name: str, slug: str) -> bool:
    same = select(Team.id).where((Team.slug == slug) | (Team.name == name))
    return slug in TAKEN or reader.scalar(same) is not None


def _teams() -> Select[Any]:
    return select(Team).options(
        selectinload(Team.members).joinedload(Membership.account).selectinload(Account.skills)
    )


def _here(found: Team) -> list[Account]:
    return [m.account for m in found.members if m.left_at is None]


def _titles() -> dict[str, str]:
    """Challenge → its title in the reader's language."""
    found = generation().catalog.challenges
    return {slug: challenge.title.best(page().language)[0] for slug, challenge in found.items()}


def _tell(code: str) -> None:
    told = gettext(
        "Others join by this code: %(code)s. It is shown only now; you can make another."
    )
    flash(told % {"code": f"{code[:4]} {code[4:]}"})
