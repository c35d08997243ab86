"""Joining: a name, and a yes to terms and code of conduct in the version that is read."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField

from sandbox import clock
from sandbox.board.access import local, signed_in
from sandbox.board.forms import N_, Form, at_most, required, tidy
from sandbox.board.people.visitor import myself, to_accept
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.state.people import Acceptance

pages = Blueprint("join", __name__, url_prefix="/join")


class JoinForm(Form):
    """What is needed to take part."""

    name = StringField(
        N_("Your name, as others shall see it"),
        [required(N_("Write your name, or what you want to be called.")), at_most(80)],
        [tidy],
        render_kw={"autocomplete": "name"},
    )
    submit = SubmitField(N_("Join"))


@pages.route("/", methods=["GET", "POST"])
@signed_in
def form() -> str | tuple[str, int] | Response:
    person, asked = myself(), JoinForm()
    documents = to_accept(person)
    if not asked.validate_on_submit():
        if request.method == "GET":
            asked.name.data = person.name
        shown = render_template("board/people/join.html", form=asked, documents=documents)
        return shown, 422 if asked.errors else 200
    now = clock.now()
    person.name = str(asked.name.data)
    person.joined_at = person.joined_at or now
    db().add_all(
        [
            Acceptance(account_id=person.id, document_id=d.id, language=page().lang, at=now)
            for d in documents
        ]
    )
    db().commit()
    return redirect(local(request.args.get("next")))
