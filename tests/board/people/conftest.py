"""People at the door: mail that is caught, passwords that are quick, and forms sent as they are."""

import re

import pytest
from argon2 import PasswordHasher

from sandbox.board import jobs, mail
from sandbox.board.people import passwords
from sandbox.workspace import Mail

BY_MAIL = {
    "mail": Mail(host="mail.example.org", sender="board@example.org"),
    "public_url": "http://localhost",
}


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch):
    """Real Argon2id, at a price that tests can pay many times; one test looks at the real price."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: hasher)
    passwords._nobodys.cache_clear()


@pytest.fixture
def with_mail(board_of, monkeypatch):
    """A board that sends mail, its `outbox` of (to, subject, text), and the link in a mail to one.

    Use it as `app, link = with_mail(registration="open")`; `link(address)` sends what is due.
    """
    outbox = []
    monkeypatch.setattr(mail, "deliver", lambda _settings, *sent: outbox.append(sent))

    def make(**settings):
        app = board_of(**BY_MAIL | settings)

        def link(address):
            jobs.run_due(app)
            texts = [text for to, _, text in outbox if to == address]
            return (
                re.search(r"http://localhost(/sign-in/link/\S+)", texts[-1])[1] if texts else None
            )

        app.outbox = outbox
        return app, link

    return make
