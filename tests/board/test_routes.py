"""Who may call what: a table of every route, and each role tried on each of them."""

import pytest
from sqlalchemy import select

from sandbox.board import access
from sandbox.state.people import Role, SignIn
from tests.board import twins
from tests.board.visitors import visitor

EVERYONE = access.Access()
KNOWN = access.Access(known=True)
MEMBERS = access.Access(known=True, joined=True)


def only(*roles):
    return access.Access(True, True, frozenset(roles))


# Endpoint → who may call it. A route that is missing here fails the tests: say who it is for.
TABLE = {
    "static": EVERYONE,
    "favicon": EVERYONE,
    "robots": EVERYONE,
    "healthz": EVERYONE,
    "home.home": EVERYONE,
    "challenges.index": EVERYONE,
    "challenges.challenge": EVERYONE,
    "datasets.index": EVERYONE,
    "datasets.dataset": EVERYONE,
    "downloads.datapackage": EVERYONE,
    "downloads.quality": EVERYONE,
    "downloads.table_file": EVERYONE,
    "downloads.answers_template": EVERYONE,
    "starters.index": EVERYONE,
    "starters.starter": EVERYONE,
    "starters.download": EVERYONE,
    "sign_in.form": EVERYONE,
    "sign_in.link": EVERYONE,
    "sign_in.sent": EVERYONE,
    "sign_in.password": EVERYONE,
    "sign_in.out": KNOWN,
    "providers.begin": EVERYONE,
    "providers.back": EVERYONE,
    "codes.form": EVERYONE,
    "codes.code": EVERYONE,
    "join.form": KNOWN,
    "account.overview": KNOWN,
    "keys.password": KNOWN,
    "keys.remove": KNOWN,
    "keys.sessions": KNOWN,
    "keys.end_session": KNOWN,
    "keys.end_others": KNOWN,
    "keys.providers_page": KNOWN,
    "keys.link_provider": KNOWN,
    "keys.unlink_provider": KNOWN,
    "account.edit": KNOWN,
    "account.consent": KNOWN,
    "account.export": KNOWN,
    "account.delete": KNOWN,
    "documents.document": EVERYONE,
    "teams.index": EVERYONE,
    "teams.team": EVERYONE,
    "teams.new": MEMBERS,
    "teams.join": MEMBERS,
    "teams.act": MEMBERS,
    "teams.edit": MEMBERS,
    "teams.leaving": MEMBERS,
    "teams.hand_over": MEMBERS,
    "teams.take_out": MEMBERS,
    "teams.ask": MEMBERS,
    "teams.invite": MEMBERS,
    "teams.answer": MEMBERS,
    "teams.looking": MEMBERS,
    "packs.bring": MEMBERS,
    "packs.note": MEMBERS,
    "packs.key": MEMBERS,
    "desk_packs.index": only(Role.ORGANISER),
    "desk_packs.note": only(Role.ORGANISER),
    "desk_packs.decide": only(Role.ORGANISER),
    "desk_packs.file": only(Role.ORGANISER),
    "images.own": MEMBERS,
    "images.change": MEMBERS,
    "images.image": EVERYONE,
    "projects.gallery": EVERYONE,
    "projects.project": EVERYONE,
    "projects.present": EVERYONE,
    "projects.present_all": EVERYONE,
    "desk_projects.index": only(Role.ORGANISER),
    "desk_projects.open_gallery": only(Role.ORGANISER),
    "desk_projects.hide": only(Role.ORGANISER),
    "desk_projects.csv": only(Role.ORGANISER),
    "desk_projects.json": only(Role.ORGANISER),
    "draft.edit": MEMBERS,
    "draft.history": MEMBERS,
    "draft.submit": MEMBERS,
    "draft.submissions": MEMBERS,
    "draft.receipt": MEMBERS,
    "draft.content": MEMBERS,
    "draft.withdraw": MEMBERS,
    "desk.overview": only(Role.ORGANISER),
    "desk_invites.overview": only(Role.ORGANISER),
    "desk_invites.new": only(Role.ORGANISER),
    "desk_invites.invite": only(Role.ORGANISER),
    "desk_invites.end": only(Role.ORGANISER),
    "desk_people.overview": only(Role.ORGANISER),
    "desk_people.listed": only(Role.ORGANISER),
    "desk_people.new": only(Role.ORGANISER),
    "desk_people.person": only(Role.ORGANISER),
    "desk_people.grant": only(Role.ORGANISER),
    "desk_people.revoke": only(Role.ORGANISER),
    "desk_people.block": only(Role.ORGANISER),
    "desk_people.unblock": only(Role.ORGANISER),
    "desk_people.link": only(Role.ORGANISER),
    "desk_people.card": only(Role.ORGANISER),
    "desk_people.send": only(Role.ORGANISER),
    "desk_cards.overview": only(Role.ORGANISER),
    "desk_cards.end": only(Role.ORGANISER),
    "setup.form": only(Role.ORGANISER),
    "setup.mail_form": only(Role.ORGANISER),
    "setup.mail_test": only(Role.ORGANISER),
    "content.form": only(Role.ORGANISER),
    "building.overview": only(Role.ORGANISER),
    "building.now": only(Role.ORGANISER),
    "building.stop": only(Role.ORGANISER),
    "imports.form": only(Role.ORGANISER),
    "imports.preview": only(Role.ORGANISER),
    "desk_challenges.index": only(Role.ORGANISER, Role.OWNER),
    "desk_challenges.overview": only(Role.ORGANISER, Role.OWNER),
    "desk_challenges.publish": only(Role.ORGANISER),
    "desk_challenges.close": only(Role.ORGANISER),
    "desk_challenges.withdraw": only(Role.ORGANISER),
    "desk_challenges.times": only(Role.ORGANISER),
    "desk_challenges.confirm": only(Role.OWNER),
    "desk_challenges.review": only(Role.ORGANISER, Role.OWNER),
    "desk_challenges.preview": only(Role.ORGANISER, Role.OWNER),
    "desk_challenge_editor.new": only(Role.ORGANISER),
    "desk_challenge_editor.discard": only(Role.ORGANISER),
    "desk_challenge_editor.edit": only(Role.ORGANISER, Role.OWNER),
    "desk_challenge_editor.preview": only(Role.ORGANISER, Role.OWNER),
    "desk_challenge_editor.put": only(Role.ORGANISER),
    "desk_challenge_editor.bring": only(Role.ORGANISER),
    "desk_challenge_editor.export": only(Role.ORGANISER),
    "desk_backups.overview": only(Role.ORGANISER),
    "desk_backups.download": only(Role.ORGANISER),
    "desk_log.overview": only(Role.ORGANISER),
    "desk_teams.overview": only(Role.ORGANISER),
    "desk_teams.listed": only(Role.ORGANISER),
    "desk_teams.team": only(Role.ORGANISER),
    "desk_teams.grace": only(Role.ORGANISER),
    "desk_teams.end_grace": only(Role.ORGANISER),
    "desk_teams.end": only(Role.ORGANISER),
    "desk_teams.place": only(Role.ORGANISER),
    "tokens.form": MEMBERS,
    "tokens.end": MEMBERS,
    "desk_webhooks.form": only(Role.ORGANISER),
    "desk_webhooks.one": only(Role.ORGANISER),
    "desk_webhooks.test": only(Role.ORGANISER),
    "desk_webhooks.end": only(Role.ORGANISER),
    "answers.own": MEMBERS,
    "answers.hand_in": MEMBERS,
    "answers.one": MEMBERS,
    "answers.now": MEMBERS,
    "answers.file": MEMBERS,
    "answers.final": MEMBERS,
    "hackathon.file": EVERYONE,
    "api_pages.overview": EVERYONE,
    "api_pages.openapi": EVERYONE,
    "api.get_event": EVERYONE,
    "api.list_challenges": EVERYONE,
    "api.get_challenge": EVERYONE,
    "api.list_datasets": EVERYONE,
    "api.get_dataset": EVERYONE,
    "api.list_starters": EVERYONE,
    "api.list_announcements": EVERYONE,
    "api.publish_announcement": only(Role.ORGANISER),
    "api.list_questions": EVERYONE,
    "api.get_question": EVERYONE,
    "api.ask_question": MEMBERS,
    "api.answer_question": MEMBERS,
    "api.get_me": MEMBERS,
    "api.list_projects": EVERYONE,
    "api.get_project": EVERYONE,
    "api.hand_in_answers": MEMBERS,
    "api.list_answers": MEMBERS,
    "api.get_answers": MEMBERS,
    "api.list_teams": MEMBERS,
    "api.get_team": MEMBERS,
    "questions.index": EVERYONE,
    "questions.live": EVERYONE,
    "questions.one": EVERYONE,
    "questions.live_answers": EVERYONE,
    "questions.ask": MEMBERS,
    "questions.edit": MEMBERS,
    "questions.answer": MEMBERS,
    "questions.pin": MEMBERS,
    "questions.hide": only(Role.ORGANISER),
    "questions.hide_answer": only(Role.ORGANISER),
    "announcements.index": EVERYONE,
    "announcements.live": EVERYONE,
    "announcements.one": EVERYONE,
    "announcements.banner": EVERYONE,
    "help.ask": MEMBERS,
    "help.live_mine": MEMBERS,
    "help.queue": only(Role.MENTOR, Role.ORGANISER),
    "help.live_queue": only(Role.MENTOR, Role.ORGANISER),
    "help.take": only(Role.MENTOR, Role.ORGANISER),
    "help.back": only(Role.MENTOR, Role.ORGANISER),
    "help.end": MEMBERS,
    "feed.atom": EVERYONE,
    "calendar.ics": EVERYONE,
    "wishes.form": KNOWN,
    "desk_questions.index": only(Role.ORGANISER),
    "desk_announcements.index": only(Role.ORGANISER),
    "desk_announcements.new": only(Role.ORGANISER),
    "desk_announcements.edit": only(Role.ORGANISER),
    "desk_announcements.withdraw": only(Role.ORGANISER),
    "desk_texts.index": only(Role.ORGANISER),
    "desk_texts.edit": only(Role.ORGANISER),
    "desk_needs.index": only(Role.ORGANISER),
    "desk_young.index": only(Role.ORGANISER),
    "desk_young.decide": only(Role.ORGANISER),
    "desk_retention.index": only(Role.ORGANISER),
    "desk_retention.now": only(Role.ORGANISER),
    "leaderboard.board": EVERYONE,
    "leaderboard.now": EVERYONE,
    "leaderboard.csv": EVERYONE,
    "leaderboard.json": EVERYONE,
    "leaderboard.results": EVERYONE,
    "leaderboard.results_csv": EVERYONE,
    "leaderboard.results_json": EVERYONE,
    "desk_scores.index": only(Role.ORGANISER),
    "desk_scores.overview": only(Role.ORGANISER),
    "desk_scores.files": only(Role.ORGANISER),
    "desk_scores.file": only(Role.ORGANISER),
    "desk_scores.rules": only(Role.ORGANISER),
    "desk_scores.freeze": only(Role.ORGANISER),
    "desk_scores.thaw": only(Role.ORGANISER),
    "desk_scores.publish": only(Role.ORGANISER),
    "desk_scores.withdraw": only(Role.ORGANISER),
    "desk_scores.aside": only(Role.ORGANISER),
    "desk_scores.back": only(Role.ORGANISER),
    "desk_scores.again": only(Role.ORGANISER),
    "desk_scores.files_csv": only(Role.ORGANISER),
    "desk_scores.files_json": only(Role.ORGANISER),
    "desk_scores.results_csv": only(Role.ORGANISER),
    "api.get_leaderboard": EVERYONE,
    "api.get_results": EVERYONE,
}
# What a route's variable parts are filled with; a page that does not exist is no refusal.
PARTS = {
    "slug": "shorter-queue",
    "language": "nb",
    "token": "t" * 43,
    "name": "mark.svg",
    "table": "visits",
}
SAFE = {"GET", "HEAD", "OPTIONS"}


def test_the_table_names_every_route_and_says_what_the_code_says(app):
    said = {endpoint: access.of(app, endpoint) for endpoint in app.view_functions}
    assert said == TABLE


@pytest.fixture
def unguarded(board, app, monkeypatch):
    """Forged forms are refused before anything else is looked at; here that is left out."""
    return twins.unguarded(board, app, monkeypatch)


WHO = ["stranger", "newcomer", "member", *Role]


@pytest.mark.parametrize("who", WHO)
def test_each_role_gets_in_where_the_table_says_and_nowhere_else(unguarded, who):
    client, number = _client(unguarded, who, "first@example.org"), 0
    for rule, method in routes(unguarded):
        asked = TABLE[rule.endpoint]
        if who != "stranger" and not _is_in(unguarded):  # some form has ended the session
            number += 1
            client = _client(unguarded, who, f"next{number}@example.org")
        answer = client.flask.open(_filled(rule), method=method)
        told = f"{who} {method} {rule}: {answer.status} {answer.headers.get('Location', '')}"
        assert _refused(answer) == (not _allowed(who, asked)), told


def _client(app, who, email):
    """A visitor of that kind."""
    if who == "stranger":
        return _Stranger(app)
    roles = () if who in ("newcomer", "member") else (who,)
    return visitor(app, email.lower(), roles=roles, joined=who != "newcomer")


def _is_in(app):
    with app.extensions["state"].read() as reader:
        return reader.scalar(select(SignIn.id).where(SignIn.ended_at.is_(None))) is not None


class _Stranger:
    def __init__(self, app):
        self.flask = app.test_client()


def _allowed(who, asked):
    if who == "stranger":
        return not asked.known
    if who == "newcomer":
        return not asked.joined
    return not asked.roles or who in asked.roles


def _refused(answer):
    """Whether the answer is the way to the sign-in, to joining, or a plain no."""
    away = answer.headers.get("Location", "")
    asked_in = away.startswith(("/sign-in/?next=", "/join/?next="))
    return answer.status_code in (401, 403) or asked_in


def routes(app):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule, method


def _filled(rule):
    parts = {name: PARTS.get(name) or _plain(rule, name) for name in rule.arguments}
    return rule.build(parts, append_unknown=False)[1]


def _plain(rule, name):
    """A value that the part's converter takes."""
    converter = rule._converters[name]
    if items := getattr(converter, "items", None):
        return sorted(items)[0]
    return 1 if type(converter).__name__ == "IntegerConverter" else "x"


@pytest.mark.swift
def test_every_form_is_refused_without_its_token(board):
    client = visitor(board, roles=list(Role))
    unsafe = [(rule, method) for rule, method in routes(board) if method not in SAFE]
    assert unsafe
    for rule, method in unsafe:
        answer = client.flask.open(_filled(rule), method=method, data={"email": "a@example.org"})
        assert answer.status_code == 400, f"{method} {rule}: {answer.status}"


def test_looking_changes_nothing(board):
    client = visitor(board, roles=list(Role))
    before = _everything(board)
    for rule, method in routes(board):
        if method == "GET":
            client.raw(_filled(rule))
    assert _everything(board) == before


def _everything(app):
    """All rows of the board's database."""
    from sandbox.state.tables import Base

    with app.extensions["state"].read() as reader:
        return {
            name: sorted(map(repr, reader.execute(table.select()).all()))
            for name, table in Base.metadata.tables.items()
        }
