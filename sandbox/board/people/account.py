"""One's own account: what is kept, which sessions are open, and the way out."""

from __future__ import annotations

from flask import Blueprint, render_template
from wtforms import SubmitField

from sandbox.board.access import signed_in
from sandbox.board.forms import N_, Form
from sandbox.board.people.visitor import myself

pages = Blueprint("account", __name__, url_prefix="/account")


class SignOutForm(Form):
    """One button."""

    submit = SubmitField(N_("Sign out"))


@pages.get("/")
@signed_in
def overview() -> str:
    return render_template(
        "board/people/account.html", account=myself(), sign_out=SignOutForm(formdata=None)
    )
