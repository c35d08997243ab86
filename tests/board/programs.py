"""Programs for tests: what speaks to the API with a token, or as a stranger."""

from sqlalchemy import select

from sandbox import clock
from sandbox.board.people.tokens import PREFIX, SCOPES
from sandbox.board.people.visitor import fingerprint
from sandbox.state.people import Account
from sandbox.state.projects import Project, Submission
from sandbox.state.records import Setting, Token
from sandbox.state.teams import Membership, Team
from tests.board.visitors import account

V1 = "/api/v1"


def token(app, account_id, scopes=tuple(SCOPES), *, token="t" * 43, **more):
    """A token of the account, as it is sent."""
    with app.extensions["state"].write() as writer:
        writer.add(
            Token(
                account_id=account_id, name="a test", token_hash=fingerprint(PREFIX + token),
                scopes=list(scopes), made_at=clock.now(), **more,
            )
        )  # fmt: skip
    return PREFIX + token


class Program:
    """Sends requests to the API; `get` and `post` answer JSON, and check the status."""

    def __init__(self, app, token=None):
        self.flask = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, method, path, **options):
        headers = {**self.headers, **options.pop("headers", {})}
        return self.flask.open(V1 + path, method=method, headers=headers, **options)

    def get(self, path, *, status=200, **options):
        return self._read(self.send("GET", path, **options), status)

    def post(self, path, json, *, status=201, **options):
        return self._read(self.send("POST", path, json=json, **options), status)

    def _read(self, answer, status):
        assert answer.status_code == status, f"{answer.status}: {answer.get_data(as_text=True)}"
        kind = "application/json" if status < 400 else "application/problem+json"
        assert answer.mimetype == kind
        return answer.get_json()


def joins(app, slug, email="robot@example.org"):
    """Let a program's account belong to a team."""
    with app.extensions["state"].write() as writer:
        team = writer.scalar(select(Team).where(Team.slug == slug))
        person = writer.scalar(select(Account).where(Account.email == email))
        team.members.append(Membership(account_id=person.id, joined_at=clock.now()))


def program(app, email="robot@example.org", *, scopes=tuple(SCOPES), roles=(), joined=True):
    """A program with a token of a new account."""
    made = account(app, email, roles=roles, joined=joined)
    return Program(app, token(app, made, scopes, token=email.ljust(43, "t")))


def night_owls(app):
    """A team that has submitted its project into an open gallery."""
    now = clock.now()
    team = Team(slug="night-owls", name="Night owls", code_hash="x", made_at=now)
    project = Project(team=team, fields={}, field_revisions={}, made_at=now, changed_at=now)
    fields = {"title": "Shorter waits", "licence": "MIT", "links": ["https://example.org/"]}
    content = {"fields": fields, "language": "nb", "challenge": "shorter-queue", "images": []}
    with app.extensions["state"].write() as writer:
        writer.add_all(
            [
                Setting(name="gallery", value={"opened_at": now.isoformat()}, changed_at=now),
                Submission(
                    project=project, number=1, receipt="x", nonce="x", challenge="shorter-queue",
                    content=content, digest="0" * 64, at=now, received_at=now,
                ),
            ]
        )  # fmt: skip
