"""The board on which people look for a team and teams for people, the best fits first, each with
its reasons in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import SelectChoice, SelectField, StringField, SubmitField

from sandbox import clock
from sandbox.board.access import members
from sandbox.board.forms import N_, CheckboxesField, Form, at_most, tidy
from sandbox.board.people.profile import SHORT
from sandbox.board.people.visitor import myself
from sandbox.board.served import event
from sandbox.board.store import db
from sandbox.board.teams import asking, rosters, sizes, suggestions
from sandbox.board.teams.pages import Answer, challenge_choices, pages, titles
from sandbox.board.teams.rosters import Roster
from sandbox.board.teams.suggestions import Group, Person, Reason, Suggestion, Why
from sandbox.board.words import gettext, ngettext
from sandbox.state.people import Account, Role, SkillHeld
from sandbox.state.teams import Seeker, Team, TeamRequest
from sandbox.ui import languages

ON_A_PAGE = 30  # of either list


class LookingForm(Form):
    """What somebody says who looks for a team; their name and skills are in their account."""

    challenge = SelectField(N_("Challenge"))
    languages = CheckboxesField(N_("Languages that you work in"))
    text = StringField(
        N_("A line about you"), [at_most(asking.LONGEST)], [tidy], render_kw={"autocomplete": "off"}
    )
    submit = SubmitField(N_("I look for a team"))
    stop = SubmitField(N_("I do not look any more"))


@dataclass(frozen=True)
class Looker:
    """Somebody who looks, as the page shows them."""

    person: Person
    name: str  # empty for a young person, but for organisers
    said: Seeker | None  # what they say, or said before


class Looks(NamedTuple):
    """What the page rests on: teams with their rosters, the reader's own, and who looks."""

    teams: Sequence[Team]
    known: Mapping[int, Roster]
    mine: Team | None
    own: Looker
    lookers: Mapping[int, Looker]


class Place(NamedTuple):
    """Which page of the lists is shown, and how many there are."""

    at: int
    last: int


@pages.route("/looking/", methods=["GET", "POST"])
@members
def looking() -> Answer:
    reader, form = myself(), LookingForm()
    teams = list(db().scalars(select(Team).where(Team.ended_at.is_(None)).order_by(Team.id)))
    known = rosters.of(db(), [team.id for team in teams])
    mine = next((team for team in teams if known[team.id].member(reader.id)), None)
    own, lookers = looking_now(db(), reader)
    form.challenge.choices = challenge_choices(own.said.challenge if own.said else "")
    form.languages.choices = [SelectChoice(t, languages.NAMES[t]) for t in event().languages]
    if mine is None and form.validate_on_submit():
        return _said(form, own.said, reader)
    if request.method == "GET":
        _fill(form, own.said, reader)
    shown = _page(form, Looks(teams, known, mine, own, lookers))
    return shown, 422 if form.errors else 200


def _said(form: LookingForm, before: Seeker | None, reader: Account) -> Answer:
    now = clock.now()
    if form.stop.data:
        if before is not None:
            before.ended_at = before.ended_at or now
        flash(gettext("You are no longer shown here."))
    else:
        said = before or Seeker(account_id=reader.id, languages=[], began_at=now)
        if said.ended_at is not None:
            said.began_at, said.ended_at = now, None
        said.challenge = str(form.challenge.data)
        said.languages = list(form.languages.data or ())
        said.text = str(form.text.data or "")
        db().add(said)
        flash(gettext("You are shown here to those who take part, until you are in a team."))
    db().commit()
    return redirect(url_for("teams.looking"))


def _fill(form: LookingForm, said: Seeker | None, reader: Account) -> None:
    own_language = [reader.language] if reader.language in event().languages else []
    form.challenge.data = said.challenge if said else ""
    form.languages.data = said.languages if said else own_language
    form.text.data = said.text if said else ""


def _page(form: LookingForm, here: Looks) -> str:
    reader, most, mine = myself(), sizes.of(db()).most, here.mine
    groups = {team.slug: group_of(team, here.known[team.id], most) for team in here.teams}
    open_ones = [groups[t.slug] for t in here.teams if t.open_to_requests and t is not mine]
    others = [one.person for number, one in here.lookers.items() if number != reader.id]
    fits: list[Suggestion[Group]]
    people: list[Suggestion[Person]]
    if mine is None:
        languages_now = frozenset(form.languages.data or ())
        fits = suggestions.teams_for(replace(here.own.person, languages=languages_now), open_ones)
    else:
        fits = [Suggestion(group, ()) for group in open_ones if group.room]
    if mine is not None and groups[mine.slug].room:
        people = _without_seats(suggestions.people_for(groups[mine.slug], others))
    else:
        people = [Suggestion(person, ()) for person in others]
    place = _place(max(len(fits), len(people)))
    return render_template(
        "board/teams/looking.html",
        form=form,
        looks=reader.id in here.lookers,
        mine=mine,
        leads=mine is not None and here.known[mine.id].leads(reader.id),
        room=groups[mine.slug].room if mine else 0,
        own_skills=rosters.ordered(here.own.person.skills),
        teams=_part(fits, place),
        by_slug={team.slug: team for team in here.teams},
        people=_part(people, place),
        lookers=here.lookers,
        asked=_asked(db(), reader.id, mine),
        place=place,
        in_words=lambda reason: in_words(reason, of_team=mine is not None),
        skills=SHORT,
        ordered=rosters.ordered,
        language_names=languages.NAMES,
        titles=titles(),
        count=(len(fits), len(people)),
    )


def group_of(team: Team, roster: Roster, most: int) -> Group:
    """A team as suggestions see it; its languages are those its members are written to in."""
    return Group(
        slug=team.slug,
        brings=roster.skills,
        asks=frozenset(team.skills),
        languages=frozenset(m.language for m in roster.here if m.language),
        challenge=team.challenge,
        size=len(roster.here),
        most=most,
    )


def looking_now(session: Session, reader: Account) -> tuple[Looker, dict[int, Looker]]:
    """The reader, and account → everybody who looks and takes part, the longest first; one query.

    Organisers see the names of the young, too.
    """
    asked = (
        select(Account.id, Account.joined_at, Account.blocked_at, *rosters.COLUMNS, Seeker,
               SkillHeld.skill)
        .outerjoin(Seeker, Seeker.account_id == Account.id)
        .outerjoin(SkillHeld, SkillHeld.account_id == Account.id)
        .where((Account.id == reader.id) | (Seeker.id.is_not(None) & Seeker.ended_at.is_(None)))
        .order_by(Seeker.began_at, Account.id)
    )  # fmt: skip
    rows: dict[int, Any] = {}
    skills: dict[int, set[str]] = {}
    for row in session.execute(asked):
        rows[row.id] = row
        skills.setdefault(row.id, set()).update([row.skill] if row.skill else [])
    shown = 0 if reader.has(Role.ORGANISER) else 1
    found = {
        number: _looker(row, frozenset(skills[number]), place, shown)
        for place, (number, row) in enumerate(rows.items())
    }
    looking = {number: one for number, one in found.items() if _looks(rows[number])}
    return found[reader.id], looking


def _looks(row: Any) -> bool:
    here = row.joined_at is not None and row.blocked_at is None and row.deleted_at is None
    return here and row.Seeker is not None and row.Seeker.ended_at is None


def _looker(row: Any, skills: frozenset[str], place: int, shown: int) -> Looker:
    seeker: Seeker | None = row.Seeker
    tongues = frozenset(seeker.languages if seeker else ())
    person = Person(row.id, skills, tongues, seeker.challenge if seeker else "", place)
    return Looker(person, rosters.named(row.name, row.age_band, row.deleted_at)[shown], seeker)


def _asked(session: Session, reader: int, mine: Team | None) -> set[Any]:
    """What waits between the reader and others: slugs of teams, or numbers of people."""
    if mine is None:
        return {team.slug for _, team in asking.of_person(session, reader)}
    rows = session.scalars(asking.waiting().where(TeamRequest.team_id == mine.id))
    return {row.account_id for row in rows}


def _without_seats(found: list[Suggestion[Person]]) -> list[Suggestion[Person]]:
    """A team knows its own seats; they are no reason to prefer one of its candidates."""
    return [
        Suggestion(one.found, tuple(r for r in one.reasons if r.why is not Why.ROOM))
        for one in found
    ]


def _place(most: int) -> Place:
    last = max(-(-most // ON_A_PAGE), 1)
    return Place(min(max(request.args.get("page", 1, type=int), 1), last), last)


def _part(found: Sequence[Any], place: Place) -> Sequence[Any]:
    return found[(place.at - 1) * ON_A_PAGE : place.at * ON_A_PAGE]


# --- reasons in words -----------------------------------------------------------------------------


def in_words(reason: Reason, *, of_team: bool) -> str:
    """A reason as its reader is told it: a team about somebody, or somebody about a team."""
    if reason.why is Why.CHALLENGE:
        return (
            gettext("wants the same challenge")
            if of_team
            else gettext("works on the challenge that you want")
        )
    if reason.why is Why.ROOM:
        seats = int(reason.of[0])
        return ngettext("%(num)s seat left", "%(num)s seats left", seats) % {"num": seats}
    if reason.why is Why.LANGUAGE:
        return gettext("speaks %(languages)s, as you do") % {
            "languages": ", ".join(languages.NAMES.get(tag, tag) for tag in reason.of)
        }
    skills = ", ".join(gettext(SHORT[skill]).casefold() for skill in rosters.ordered(reason.of))  # type: ignore[index]
    said = {
        (Why.WANTED, True): gettext("brings what you look for: %(skills)s"),
        (Why.LACKING, True): gettext("brings what you lack: %(skills)s"),
        (Why.WANTED, False): gettext("looks for what you bring: %(skills)s"),
        (Why.LACKING, False): gettext("lacks what you bring: %(skills)s"),
    }
    return said[reason.why, of_team] % {"skills": skills}
