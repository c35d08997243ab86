"""Teams and files of answers for tests of scores."""

import csv
import io
import re
from datetime import timedelta

from sqlalchemy import select

from sandbox import clock
from sandbox.board import receipts
from sandbox.board.jobs import run_due
from sandbox.board.scores import answers
from sandbox.board.teams import own
from sandbox.state.records import Setting
from sandbox.state.scores import AnswerFile, Leaderboard
from sandbox.state.topics import ChallengeState
from tests.board.visitors import account, enter

SLUG = "shorter-queue"
HOME = f"/challenges/{SLUG}/answers/"


def truth(app):
    """County → its number of municipalities and the part that it is in."""
    file = app.extensions["served"].workspace.current_truth() / SLUG / "answers.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["county_code"]: (row["answer"], row["part"]) for row in csv.DictReader(lines)}


def content(app, *, right=10**9, public_right=None, note=""):
    """A file in which the first `right` counties are answered rightly (`public_right`: of the
    public part alone, all of the others wrongly); `note` makes it another file than one that says
    the same."""
    written = io.StringIO()
    print(f"county_code,answer{note}", file=written)
    for code, (answer, part) in truth(app).items():
        if public_right is None:
            good, right = right > 0, right - 1
        else:
            good, public_right = (
                part == "public" and public_right > 0,
                (public_right - (part == "public")),
            )
        print(f"{code},{answer if good else 999}", file=written)
    return written.getvalue().encode()


def team(app, name="otters", *, email=None, challenge=SLUG):
    """A team with one member: its number, its member's number."""
    member = account(app, email or f"{name}@example.org")
    with app.app_context(), app.extensions["state"].write() as writer:
        made, _ = own.begin(writer, name.capitalize(), name, challenge, member)
        return made.id, member


def crew(app, name="otters"):
    """A team's number, and a client in which its member is signed in."""
    number, member = team(app, name)
    return number, enter(app, member)


def send(app, team_id, sent, *, nonce=None, arrived=None, name="answers.csv", by=None, tries=()):
    """What `receive` says, as a request would have it said."""
    with app.test_request_context():
        return answers.receive(
            team_id=team_id,
            challenge=SLUG,
            name=name,
            content=sent,
            nonce=nonce or receipts.nonce(),
            arrived=arrived or clock.now(),
            by=by,
            tries=tries,
        )


def upload(client, sent, *, name="answers.csv", status=302, nonce=None):
    """Hand in a file by the page's form."""
    data = {"file": (io.BytesIO(sent), name)} | ({"nonce": nonce} if nonce else {})
    return client.post(HOME, data, status=status, content_type="multipart/form-data")


def files(app):
    with app.extensions["state"].read() as reader:
        return list(reader.scalars(select(AnswerFile).order_by(AnswerFile.id)))


def scored(app, team_id, sent, **more):
    """The file, after it has been scored."""
    made = send(app, team_id, sent, **more)
    run_due(app)
    return next(file for file in files(app) if file.id == made.id)


def decide(app, **told):
    """Say something of the leaderboard, in place of the defaults."""
    whole = {"daily": 10, "finals": 2, "ladder": True} | told
    with app.extensions["state"].write() as writer:
        writer.merge(Leaderboard(challenge=SLUG, changed_at=clock.now(), **whole))


def closes(app, at):
    """Open the challenge until `at`."""
    with app.extensions["state"].write() as writer:
        now = clock.now()
        writer.merge(
            ChallengeState(
                slug=SLUG, published_at=now - timedelta(days=1), opens_at=now - timedelta(hours=1),
                closes_at=at,
            )
        )  # fmt: skip


def said(page):
    return re.sub(r"\s+", " ", page.text)


class SlowBody(io.RawIOBase):
    """A request's body, before which arrives somebody else writes into the board's database."""

    def __init__(self, app, body):
        self.state, self.body, self.written = app.extensions["state"], io.BytesIO(body), False

    def readable(self):
        return True

    def readinto(self, buffer):
        if not self.written:
            with self.state.write() as writer:
                writer.add(Setting(name="meanwhile", value={}, changed_at=clock.now()))
            self.written = True
        return self.body.readinto(buffer)
