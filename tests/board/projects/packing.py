"""A team, its key and packs for it, for tests of what becomes of them on the board."""

import io
import json
from datetime import timedelta

from sqlalchemy import select

from sandbox import clock
from sandbox.projects import keys, packs
from sandbox.projects.codes import canonical
from sandbox.state.projects import Pack, Submission
from sandbox.state.teams import Team
from sandbox.state.topics import ChallengeState
from tests.board.visitors import visitor
from tests.projects.filled import payload

CHALLENGE = "shorter-queue"
HOUR = timedelta(hours=1)


def team(app, name="Otters", email="kari@example.org"):
    """A member of a new team, who is signed in."""
    made = visitor(app, email)
    made.post("/teams/new", {"name": name, "challenge": CHALLENGE})
    return made


def key_of(client):
    """The key that the member downloads."""
    token = client.token("/project/pack")
    answer = client.flask.post("/project/key", data={"csrf_token": token})
    assert answer.status_code == 200, answer.status
    return keys.TeamKey.model_validate(json.loads(answer.data))


def other_key(key):
    """A key that claims to be the same team's."""
    return key.model_copy(update={"private_key": keys.new_private_key()})


def packed(key, **more):
    return packs.signed(canonical(payload(key, **more)), key.private)


def sent(content):
    """The pack as a form's file."""
    return {"file": (io.BytesIO(content), "ours.pack.json")}


def bring(client, content, *, status=302, to="/project/pack"):
    client.raw(to)  # notes that somebody is here, which pages that are checked have no queries for
    return client.post(to, sent(content), status=status)


def close(app, at, *, withdrawn=None):
    """The challenge is open until `at`."""
    now = clock.now()
    with app.extensions["state"].write() as writer:
        writer.merge(
            ChallengeState(
                slug=CHALLENGE, published_at=now - 24 * HOUR, opens_at=now - 24 * HOUR,
                closes_at=at, withdrawn_at=withdrawn,
            )
        )  # fmt: skip


def rows(app, model):
    with app.extensions["state"].read() as reader:
        return list(reader.scalars(select(model).order_by(model.id)))


def submissions(app):
    return rows(app, Submission)


def states(app):
    return [row.state for row in rows(app, Pack)]


def team_id(app, slug="otters"):
    with app.extensions["state"].read() as reader:
        return reader.scalar(select(Team.id).where(Team.slug == slug))
