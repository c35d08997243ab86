"""Teams and people for tests of teams."""

import re

from sqlalchemy import select

from sandbox import clock
from sandbox.board.teams import own, sizes
from sandbox.projects.codes import ALPHABET
from sandbox.state.people import SkillHeld
from sandbox.state.teams import Membership, Team, TeamRequest
from tests.board.visitors import account, enter


def person(app, first, *skills, **more):
    """The number of an account that brings these skills."""
    number = account(app, f"{first}@example.org", **more)
    with app.extensions["state"].write() as writer:
        writer.add_all(SkillHeld(account_id=number, skill=skill) for skill in skills)
    return number


def team(app, name, *members, **more):
    """The number of a team; the first of `members` leads it."""
    with app.extensions["state"].write() as writer, app.test_request_context():
        made, _ = own.begin(writer, name.capitalize(), name, more.pop("challenge", ""), members[0])
        for number in members[1:]:
            made.members.append(Membership(account_id=number, joined_at=clock.now()))
        for field, value in more.items():
            setattr(made, field, value)
        writer.flush()
        return made.id


def of_size(app, least, most):
    with app.extensions["state"].write() as writer:
        sizes.choose(writer, sizes.Sizes(least, most))


def members(app, slug):
    """(account, leads) of those who are in it, the longest first."""
    with app.extensions["state"].read() as reader:
        asked = select(Membership.account_id, Membership.leads).join(Team)
        here = asked.where(Team.slug == slug, Membership.left_at.is_(None))
        return [tuple(row) for row in reader.execute(here.order_by(Membership.id))]


def requests(app):
    """Every request and invitation: what became of it."""
    with app.extensions["state"].read() as reader:
        rows = reader.scalars(select(TeamRequest).order_by(TeamRequest.id)).all()
        return [
            "withdrawn"
            if one.withdrawn_at
            else {None: "waits", True: "yes", False: "no"}[one.accepted]
            for one in rows
        ]


def ask(client, slug, text="", status=302):
    return client.post(f"/teams/{slug}/ask", {"text": text}, status=status)


def answer(client, word, number=1, form="/teams/"):
    return client.post(f"/teams/requests/{number}", {word: "1"}, form=form)


def told(client, address="/teams/"):
    """What the page says that the client is led to."""
    return client.get(address).text


def code(client, slug):
    """A new code of the team."""
    client.post(f"/teams/{slug}/", {"new_code": "1"})
    page = client.get(f"/teams/{slug}/")
    return re.search(rf"code: ([{ALPHABET}]{{4}} [{ALPHABET}]{{4}})", page.text)[1]


__all__ = [
    "answer",
    "ask",
    "code",
    "enter",
    "members",
    "of_size",
    "person",
    "requests",
    "team",
    "told",
]
