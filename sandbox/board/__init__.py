"""The board: what the bundle holds as pages, and what people do with it during an event."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask_wtf import CSRFProtect

from sandbox import ui
from sandbox.board import (
    access,
    challenges,
    datasets,
    desk,
    documents,
    downloads,
    hackathon,
    home,
    site,
    standing,
    starters,
    store,
)
from sandbox.board.api import (  # noqa: F401 (each adds its endpoints)
    answer_files,
    projects,
    reads,
    registry,
    scores,
    writes,
)
from sandbox.board.api import pages as api_pages
from sandbox.board.desk import announcements as desk_announcements
from sandbox.board.desk import (
    backups,
    building,
    cards,
    challenge_editor,
    content,
    imports,
    invites,
    log,
    setup,
)
from sandbox.board.desk import challenges as desk_challenges
from sandbox.board.desk import needs as desk_needs
from sandbox.board.desk import packs as desk_packs
from sandbox.board.desk import people as desk_people
from sandbox.board.desk import projects as desk_projects
from sandbox.board.desk import questions as desk_questions
from sandbox.board.desk import retention as desk_retention
from sandbox.board.desk import scores as desk_scores
from sandbox.board.desk import teams as desk_teams
from sandbox.board.desk import texts as desk_texts
from sandbox.board.desk import webhooks as desk_webhooks
from sandbox.board.desk import young as desk_young
from sandbox.board.people import account, codes, join, keys, providers, sign_in, tokens
from sandbox.board.projects import acts as project_acts  # noqa: F401 (adds its pages)
from sandbox.board.projects import draft, gallery, image_pages, packs
from sandbox.board.projects import reaching as reaching  # which adds its job
from sandbox.board.scores import pages as answers
from sandbox.board.scores import shown as leaderboard
from sandbox.board.served import Served
from sandbox.board.talk import announcements, calendar, feed, help, questions, wishes
from sandbox.board.teams import acts, looking, requests  # noqa: F401 (each adds its pages)
from sandbox.board.teams import pages as teams
from sandbox.bundle import Bundle, open_bundle
from sandbox.state import State, open_state
from sandbox.workspace import Workspace

MOST_BYTES = 2_000_000  # of a request; what may be larger says so itself
PUBLIC = (home, challenges, datasets, downloads, starters, documents, hackathon, leaderboard)
PEOPLE = (sign_in, providers, codes, join, account, keys, tokens, wishes, teams)
PACKS = (packs, desk_packs)
PROJECTS = (draft, image_pages, gallery)
TALK = (questions, announcements, help, feed, calendar)
SCORES = (answers,)
DESK = (
    desk,
    setup,
    content,
    building,
    imports,
    desk_texts,
    desk_challenges,
    challenge_editor,
    invites,
    cards,
    desk_people,
    desk_teams,
    desk_young,
    desk_needs,
    desk_announcements,
    desk_projects,
    desk_questions,
    desk_scores,
    desk_webhooks,
    backups,
    desk_retention,
    log,
)
API = (registry, api_pages)


def create_app(
    workspace: Workspace,
    open_current: Callable[[], Bundle] | None = None,
    state: State | None = None,
) -> Flask:
    """A WSGI application; `open_current` opens the bundle to serve, by default the workspace's.

    `state` is the board's database, by default the event's own, which is then brought up to date.
    """
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY=workspace.session_key,
        SESSION_COOKIE_NAME="sandbox",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,  # else each page sets a cookie, and none can be kept
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_BYTES,
        WTF_CSRF_TIME_LIMIT=None,  # a form may be open on a phone for as long as its session lasts
    )
    app.extensions["served"] = Served(
        workspace, open_current or (lambda: open_bundle(workspace.current_bundle()))
    )
    store.attach(app, state or open_state(workspace))
    ui.equip(app.jinja_env)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.session_interface = site.Sessions()
    site.attach(app)
    tokens.attach(app)
    registry.attach(CSRFProtect(app))
    access.attach(app)
    announcements.attach(app)
    standing.attach(app)
    for topic in (*PUBLIC, *PEOPLE, *PACKS, *PROJECTS, *TALK, *SCORES, *DESK, *API):
        app.register_blueprint(topic.pages)
    return app
