"""The board: home, challenges, datasets and starters of the bundle that is served now."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from sandbox import ui
from sandbox.board import challenges, datasets, downloads, home, site, starters
from sandbox.board.served import Served
from sandbox.bundle import Bundle, open_bundle
from sandbox.workspace import Workspace


def create_app(workspace: Workspace, open_current: Callable[[], Bundle] | None = None) -> Flask:
    """A WSGI application; `open_current` opens the bundle to serve, by default the workspace's."""
    app = Flask(__name__, static_folder=None)
    app.config["SECRET_KEY"] = workspace.session_key
    app.extensions["served"] = Served(
        workspace, open_current or (lambda: open_bundle(workspace.current_bundle()))
    )
    ui.equip(app.jinja_env)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    site.attach(app)
    for topic in (home, challenges, datasets, downloads, starters):
        app.register_blueprint(topic.pages)
    return app
