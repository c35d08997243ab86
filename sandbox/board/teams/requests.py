"""Asking to join, inviting, and the answers: one form each, sent from where people are shown."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField

from sandbox import clock
from sandbox.board.access import local, members
from sandbox.board.forms import N_, Form, at_most, tidy
from sandbox.board.people.visitor import myself
from sandbox.board.store import db
from sandbox.board.teams import asking, membership, own
from sandbox.board.teams.pages import Answer, AnswerForm, pages
from sandbox.board.words import gettext
from sandbox.state.teams import Team, TeamRequest


class AskForm(Form):
    """A line to whoever reads it first."""

    text = StringField(
        N_("A line about you"), [at_most(asking.LONGEST)], [tidy], render_kw={"autocomplete": "off"}
    )
    submit = SubmitField(N_("Ask to join"))


class InviteForm(Form):
    """Whom the team wants."""

    submit = SubmitField(N_("Invite to the team"))


@pages.route("/<slug>/ask", methods=["GET", "POST"])
@members
def ask(slug: str) -> Answer:
    found = db().scalar(select(Team).where(Team.slug == slug, Team.ended_at.is_(None)))
    form = AskForm()
    if found is None:
        abort(404)
    if not form.validate_on_submit():
        shown = render_template("board/teams/ask.html", form=form, team=found)
        return shown, 422 if form.errors else 200
    try:
        asking.ask(db(), found, myself(), str(form.text.data or ""))
        flash(gettext("You have asked. Whoever leads the team answers; you see it under Teams."))
    except asking.Refused as refused:
        flash(str(refused))
    db().commit()
    return redirect(url_for("teams.team", slug=slug))


@pages.post("/<slug>/invite/<int:number>")
@members
def invite(slug: str, number: int) -> Response:
    """By whoever leads, of somebody who looks for a team."""
    there = own.own_team(db(), myself())
    if there is None or there.slug != slug:
        abort(404)
    if membership.leader(db(), there.id) != myself().id:
        abort(403)
    try:
        asking.invite(db(), there, myself(), number)
        flash(gettext("Invited. They see it under Teams, and say yes or no."))
    except asking.Refused as refused:
        flash(str(refused))
    db().commit()
    return redirect(local(request.referrer) if request.referrer else url_for("teams.looking"))


@pages.post("/requests/<int:number>")
@members
def answer(number: int) -> Response:
    """Yes or no by the side that was asked, or withdrawn by the side that asked."""
    found, form = db().get(TeamRequest, number), AnswerForm()
    person, there = myself(), own.own_team(db(), myself())
    if found is None:
        abort(404)
    of_person = found.account_id == person.id
    of_team = there is not None and there.id == found.team_id
    if not (of_person or of_team):
        abort(404)
    if of_team and membership.leader(db(), found.team_id) != person.id:
        abort(403)
    back = redirect(url_for("teams.team", slug=found.team.slug) if of_team else _teams())
    if found.answered_at is not None or found.withdrawn_at is not None:
        flash(gettext("That has been answered or withdrawn meanwhile."))
        return back
    asked_by_person = found.invited_by is None
    if form.withdraw.data and of_person is asked_by_person:
        found.withdrawn_at = clock.now()
        flash(gettext("Withdrawn."))
    elif (form.yes.data or form.no.data) and of_person is not asked_by_person:
        try:
            asking.answer(db(), found, person, yes=bool(form.yes.data))
        except membership.NotLetIn as no:
            flash(no.told())  # nothing is kept: whoever waits goes on waiting
            return back
        flash(_said(yes=bool(form.yes.data), of_person=of_person))
        if of_person and form.yes.data:
            back = redirect(url_for("teams.team", slug=found.team.slug))
    db().commit()
    return back


def _said(*, yes: bool, of_person: bool) -> str:
    if of_person:
        return gettext("You are in.") if yes else gettext("You have said no.")
    return gettext("They are in.") if yes else gettext("You have said no; they are told.")


def _teams() -> str:
    return url_for("teams.index")
