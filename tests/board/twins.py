"""An application for a test, as a copy of one that is made once: making all routes anew takes
longer than most tests."""

from copy import copy

from flask import Config

from sandbox.board.api.rates import Rates
from sandbox.board.served import Served
from sandbox.bundle import open_bundle


def twin(app, workspace, state):
    """A board like `app` for `workspace`, on the database `state`; what it changes is its own."""
    made = copy(app)
    made.config = Config(app.root_path, app.config | {"SECRET_KEY": workspace.session_key})
    served = Served(workspace, lambda: open_bundle(workspace.current_bundle()))
    made.extensions = app.extensions | {"state": state, "rates": Rates(), "served": served}
    return made


def unguarded(made, app, monkeypatch):
    """Take away the protection against forged forms: Flask-WTF asks the application it was made
    for, and the forms that of the request."""
    for one in (made, app):
        monkeypatch.setitem(one.config, "WTF_CSRF_ENABLED", False)
    return made
