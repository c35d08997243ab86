"""The board's database: made, brought up to date, read and written by several at once."""

import gc
import re
import stat
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from sandbox import clock
from sandbox.errors import StateError
from sandbox.state import audit, database, open_state
from sandbox.state.records import Audit, Setting
from sandbox.state.tables import Base


def test_migrations_make_what_the_tables_say(state):
    with state.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_file_is_for_its_owner_alone(file_state, workspace):
    for file in workspace.state.glob("board.sqlite*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_opening_again_changes_nothing_and_copies_nothing(file_state, workspace):
    with file_state.write() as writer:
        writer.add(Setting(name="x", value={"a": 1}, changed_at=clock.now()))
    open_state(workspace).close()
    with file_state.read() as reader:
        assert reader.get_one(Setting, "x").value == {"a": 1}
    assert [f.name for f in workspace.state.glob("*.sqlite")] == ["board.sqlite"]


def test_an_older_database_is_copied_aside_before_it_is_migrated(workspace, monkeypatch):
    from alembic import command

    from sandbox.state.database import address, configuration, connect

    monkeypatch.delenv("DATABASE_URL", raising=False)
    engine, config = connect(address(workspace)), configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    open_state(workspace).close()
    (copy,) = workspace.state.glob("board-0001-*.sqlite")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with create_engine(f"sqlite:///{copy}").connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"


def test_a_database_of_a_newer_kit_is_left_alone(state, workspace):
    with state.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StateError, match=r"newer kit .*9999.*Upgrade the kit"):
        open_state(workspace)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "no address of a database"),
        ("mysql://u:hunter2@h/d", "names mysql"),
        ("postgresql://u:hunter2@127.0.0.1:1/d", "cannot be used"),
        ("sqlite:////proc/nowhere/board.sqlite", "refused|cannot"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(
    workspace, monkeypatch, url, told
):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises((StateError, OSError)) as raised:
        open_state(workspace)
    assert "hunter2" not in str(raised.value)
    if isinstance(raised.value, StateError):
        assert re.search(told, str(raised.value))


def test_writers_take_turns_and_lose_nothing(state):
    with state.write() as writer:
        writer.add(Setting(name="count", value={"n": 0}, changed_at=clock.now()))

    def add():
        for _ in range(20):
            with state.write() as writer:
                row = writer.get_one(Setting, "count")
                row.value = {"n": row.value["n"] + 1}

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with state.read() as reader:
        assert reader.get_one(Setting, "count").value == {"n": 80}


def test_what_is_not_committed_is_not_kept(state):
    writer = state.writer()
    writer.add(Setting(name="x", value={}, changed_at=clock.now()))
    writer.flush()
    writer.close()
    with state.read() as reader:
        assert reader.get(Setting, "x") is None


def test_moments_come_back_in_utc_and_without_a_zone_are_refused(state):
    moment = clock.now()
    with state.write() as writer:
        writer.add(Setting(name="x", value={}, changed_at=moment))
    with state.read() as reader:
        assert reader.scalar(select(Setting.changed_at)) == moment
    with pytest.raises(Exception, match="without a zone"), state.write() as writer:
        writer.add(Setting(name="y", value={}, changed_at=moment.replace(tzinfo=None)))


# --- the audit log --------------------------------------------------------------------------------


def acts(state):
    with state.write() as writer:
        for act in ("a", "b", "c"):
            audit.record(writer, act, "x", 7, why=act)


@pytest.mark.parametrize("statement", ["UPDATE audit SET act = 'z'", "DELETE FROM audit"])
def test_the_audit_log_refuses_changes(state, statement):
    acts(state)
    with pytest.raises(DBAPIError, match="append-only"), state.write() as writer:
        writer.execute(text(statement))
    with state.read() as reader:
        assert list(reader.scalars(select(Audit.act))) == ["a", "b", "c"]


def test_an_entry_that_was_changed_behind_its_back_is_found(state):
    acts(state)
    with state.read() as reader:
        assert list(audit.broken(reader)) == []
    with state.engine.begin() as connection, audit.unlocked(connection):
        connection.execute(text("UPDATE audit SET act = 'z' WHERE id = 2"))
    with state.read() as reader:
        assert list(audit.broken(reader)) == [2]


@pytest.fixture
def turns(workspace, monkeypatch):
    """The line in which a file's writers wait, and the state whose it is."""
    made = []

    class Seen(database._Turns):
        def __init__(self):
            super().__init__()
            made.append(self)

    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(database, "_Turns", Seen)
    opened = open_state(workspace)
    yield made[-1], opened
    opened.close()


def test_a_writer_has_its_turn_until_it_ends_in_whatever_way(turns):
    line, state = turns

    def committed(writer):
        writer.commit()

    def rolled_back(writer):
        writer.rollback()

    def closed(writer):
        writer.close()

    def lost(writer):
        writer.connection().invalidate()
        writer.close()

    for end in (committed, rolled_back, closed, lost):
        writer = state.writer()
        writer.get(Setting, "x")
        assert line._has_it is not None
        end(writer)
        assert line._has_it is None, end.__name__
    writer = state.writer()
    writer.get(Setting, "x")
    del writer  # forgotten without an end
    gc.collect()
    assert line._has_it is None


def test_a_writer_that_goes_on_after_a_commit_takes_another_turn(turns):
    line, state = turns
    with state.writer() as writer:
        for number in range(3):
            writer.merge(Setting(name="x", value={"n": number}, changed_at=clock.now()))
            writer.commit()
    with state.read() as reader:
        assert reader.get_one(Setting, "x").value == {"n": 2}
        assert line._has_it is None, "who only reads waits for nobody"
