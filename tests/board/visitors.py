"""People for tests: accounts with roles, signed in as somebody would be."""

from sqlalchemy import select

from sandbox import clock
from sandbox.board.people import passes, texts
from sandbox.state.people import Account, RoleHeld
from tests.board.client import Client

# What somebody sends who joins and is old enough, besides a name.
JOINS = {"language": "en", "age": "old_enough", "terms": "y", "code_of_conduct": "y",
         "read": "terms:1 code_of_conduct:1"}  # fmt: skip


def account(app, email="kari@example.org", *, roles=(), joined=True, **more):
    """The number of a new account; a role is its name, or (name, scope)."""
    now = clock.now()
    pairs = [(role, "") if isinstance(role, str) else role for role in roles]
    more = {"name": (email or "").partition("@")[0].capitalize()} | more
    with app.extensions["state"].write() as writer:
        made = Account(
            email=email, created_at=now, joined_at=now if joined else None,
            roles=[RoleHeld(role=role, scope=scope, granted_at=now) for role, scope in pairs],
            **more,
        )  # fmt: skip
        writer.add(made)
        writer.flush()
        if joined:
            texts.accept(writer, made.id, texts.MUST_BE_ACCEPTED, "en")
        return made.id


def enter(app, account_id):
    """A client in which the account is signed in, by a link as people get it."""
    with app.extensions["state"].write() as writer:
        token = passes.link_for(writer, writer.get_one(Account, account_id))
    client = Client(app)
    client.post(f"/sign-in/link/{token}")
    return client


def visitor(app, email="kari@example.org", **more):
    """A client with a new account signed in."""
    return enter(app, account(app, email, **more))


def everybody_accepts(app):
    """Whoever has joined accepts what has been published meanwhile."""
    with app.extensions["state"].write() as writer:
        for number in writer.scalars(select(Account.id).where(Account.joined_at.is_not(None))):
            texts.accept(writer, number, [one.kind for one in texts.unread(writer, number)], "en")
