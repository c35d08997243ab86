"""A board at a fixed hour, and one that can send mail."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.state import open_state
from sandbox.state.records import Job
from sandbox.workspace import Mail
from tests.board.twins import twin

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)  # a Monday; Oslo's clocks show 10:00


@pytest.fixture(autouse=True)
def now():
    """The hour at which each of these tests begins."""
    with clock.fixed(NOW):
        yield NOW


@pytest.fixture
def mailing(first, workspace, database, migrated, tmp_path):
    """A board that has a mail server, which no test here ever calls."""
    event = workspace.event.model_copy(
        update={
            "mail": Mail(host="localhost", sender="sandbox@example.org"),
            "public_url": "http://localhost",
        }
    )
    state = open_state(replace(workspace, state=migrated(tmp_path)))
    yield twin(first, replace(workspace, event=event), state)
    state.close()


@pytest.fixture
def mails(mailing):
    """What waits to be sent: a function that lists the mails, the oldest first."""

    def waiting():
        with mailing.extensions["state"].read() as reader:
            jobs = reader.scalars(select(Job).where(Job.kind == "mail").order_by(Job.id))
            return [job.payload for job in jobs]

    return waiting
