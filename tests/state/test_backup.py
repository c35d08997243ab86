"""A backup is made while the board runs, and put back on either database, row by row the same."""

import hashlib
import json
import stat
import threading
import zipfile
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import URL, make_url, select, text

from sandbox import clock
from sandbox.errors import BackupError
from sandbox.state import audit
from sandbox.state.backup import backup, restore
from sandbox.state.database import State, connect, migrate
from sandbox.state.people import Account, RoleHeld, SkillHeld
from sandbox.state.records import Job, Setting
from sandbox.state.tables import Base
from sandbox.state.topics import Answer, Question
from tests import postgres as postgresql

pytestmark = pytest.mark.heavy

NORWEGIAN = 'Blåbærsyltetøy – «æøå» 🫐\n\t"x"'


def fill(state):
    """Something of every kind of value, in tables that lean on each other, and a log."""
    now = clock.now()
    with state.write() as writer:
        kari = Account(email="kari@example.org", name=NORWEGIAN, created_at=now, joined_at=now)
        gone = Account(created_at=now, deleted_at=now + timedelta(microseconds=7))
        writer.add_all([kari, gone])
        writer.flush()
        kari.roles.append(RoleHeld(role="organiser", granted_at=now, granted_by=gone.id))
        kari.skills.append(SkillHeld(skill="user"))
        question = Question(about="event", text=NORWEGIAN, language="nb", asked_at=now)
        question.answers.append(Answer(text="Ja.", language="nb", at=now, by=kari.id))
        writer.add(question)
        writer.add(Setting(name="odd", value={"n": None, "a": [1, 2.5, "x"]}, changed_at=now))
        for number in range(1200):
            writer.add(Job(kind="mail", payload={"n": number}, made_at=now, due_at=now))
        audit.record(writer, "role.grant", f"account {kari.id}", gone.id, role="organiser")
        audit.record(writer, "event.change", "name", None, before="a", after="ø")


def rows(state):
    with state.read() as reader:
        return {
            table.name: [
                tuple(row) for row in reader.execute(select(table).order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
        }


@contextmanager
def empty(kind, folder, request):
    """A migrated database without rows, of either kind."""
    if kind == "sqlite":
        folder.mkdir()
        address = str(URL.create("sqlite", database=str(folder / "board.sqlite")))
        migrate(address)
        state = State(connect(URL.create("sqlite", database=str(folder / "board.sqlite"))))
        yield state
        state.close()
        return
    with postgresql.database(request.getfixturevalue("postgres"), "migrated") as address:
        state = State(connect(make_url(address)))
        yield state
        state.close()


BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.heavy)]


@pytest.mark.parametrize("source", BOTH)
@pytest.mark.parametrize("target", BOTH)
def test_every_row_comes_back_the_same(source, target, tmp_path, request):
    (tmp_path / "up" / "ab").mkdir(parents=True)
    (tmp_path / "up" / "ab" / "cd.png").write_bytes(b"\x89PNG\x00picture")
    with empty(source, tmp_path / "a", request) as before:
        fill(before)
        backup(before, tmp_path / "up", tmp_path / "b.zip")
        with empty(target, tmp_path / "c", request) as after:
            told = restore(after, tmp_path / "down", tmp_path / "b.zip")
            assert rows(after) == rows(before)
            assert told.rows["jobs"] == 1200 and told.files == 1
            with after.read() as reader:
                assert list(audit.broken(reader)) == []
            goes_on(after)
    assert (tmp_path / "down" / "ab" / "cd.png").read_bytes() == b"\x89PNG\x00picture"


def goes_on(state):
    """New rows get new numbers, and the log is locked again."""
    with state.write() as writer:
        made = Account(email="new@example.org", created_at=clock.now())
        writer.add(made)
        audit.record(writer, "x", "y")
    assert made.id == 3
    with pytest.raises(Exception, match="append-only"), state.write() as writer:
        writer.execute(text("UPDATE audit SET act = 'z'"))


def test_what_was_there_is_gone_after_a_restore(state, tmp_path):
    backup(state, tmp_path / "up", tmp_path / "empty.zip")
    fill(state)
    restore(state, tmp_path / "up", tmp_path / "empty.zip")
    assert not any(rows(state).values())


def test_a_backup_shows_one_moment_while_others_write(state, tmp_path):
    """Each writer adds a pair; a backup that saw half of one would have an odd number."""
    done = threading.Event()

    def write():
        while not done.is_set():
            with state.write() as writer:
                for _ in range(2):
                    writer.add(Account(created_at=clock.now()))
                    writer.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [backup(state, tmp_path, tmp_path / f"{n}.zip").rows["accounts"] for n in range(5)]
    finally:
        done.set()
        writer.join()
    assert all(count % 2 == 0 for count in counts)
    restore(state, tmp_path / "up", tmp_path / "4.zip")
    assert len(rows(state)["accounts"]) == counts[4]


def test_a_reader_sees_the_old_state_until_a_restore_has_ended(file_state, tmp_path):
    backup(file_state, tmp_path / "up", tmp_path / "empty.zip")
    fill(file_state)
    with file_state.read() as reader:
        assert len(reader.scalars(select(Account)).all()) == 2
        restore(file_state, tmp_path / "up", tmp_path / "empty.zip")
        reader.expire_all()
        assert len(reader.scalars(select(Account)).all()) == 2
    assert not rows(file_state)["accounts"]


def test_the_file_is_for_its_owner_alone_and_replaces_none(state, tmp_path):
    file = tmp_path / "b.zip"
    backup(state, tmp_path, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    with pytest.raises(BackupError, match="exists already"):
        backup(state, tmp_path, file)
    assert file.read_bytes() == before
    assert [f.name for f in tmp_path.glob(".b.zip*")] == []


def rewritten(file, into, **changes):
    """A copy of a backup in which files are others; None leaves one out."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(into, "w") as new:
        for name in old.namelist():
            content = changes.get(name, old.read(name)) if name in changes else old.read(name)
            if content is not None:
                new.writestr(name, content)
    return into


def head_with(file, **changes):
    with zipfile.ZipFile(file) as archive:
        return json.dumps(json.loads(archive.read("backup.json")) | changes)


def of_the_first_migration(file):
    """The files of a backup that differ where later tables are not there, nor queues of jobs."""
    with zipfile.ZipFile(file) as archive:
        tables = json.loads(archive.read("backup.json"))["tables"]
        lines = archive.read("tables/jobs.jsonl").splitlines()
    place = list(tables["jobs"]["columns"]).index("queue")
    del tables["jobs"]["columns"]["queue"]
    rows = (json.loads(line) for line in lines)
    kept = "".join(json.dumps(row[:place] + row[place + 1 :]) + "\n" for row in rows).encode()
    tables["jobs"]["sha256"] = hashlib.sha256(kept).hexdigest()
    head = head_with(
        file, migration="0001", tables={name: said for name, said in tables.items() if said["rows"]}
    )
    return {"backup.json": head, "tables/jobs.jsonl": kept}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda f: {"tables/accounts.jsonl": b"[]\n"}, "damaged.*accounts"),
        (lambda f: {"tables/jobs.jsonl": None}, "damaged.*jobs"),
        (lambda f: {"backup.json": None}, "no backup of a board"),
        (lambda f: {"backup.json": "{"}, "no backup of a board"),
        (lambda f: {"backup.json": "[1]"}, "no backup of a board"),
        (lambda f: {"backup.json": head_with(f, migration="9999", kit="7.0")}, r"newer kit \(7.0"),
        (lambda f: {"backup.json": head_with(f, format=2)}, "newer kit"),
    ],
)
def test_a_damaged_or_foreign_file_changes_nothing(state, tmp_path, change, told):
    fill(state)
    good = tmp_path / "b.zip"
    backup(state, tmp_path / "up", good)
    before = rows(state)
    with pytest.raises(BackupError, match=told):
        restore(state, tmp_path / "up", rewritten(good, tmp_path / "bad.zip", **change(good)))
    assert rows(state) == before


def test_what_is_no_zip_is_told(state, tmp_path):
    (tmp_path / "x.zip").write_bytes(b"nothing")
    with pytest.raises(BackupError, match="no backup of a board, or it is cut short"):
        restore(state, tmp_path, tmp_path / "x.zip")


def test_an_upload_that_would_leave_its_folder_is_refused(state, tmp_path):
    good = tmp_path / "b.zip"
    backup(state, tmp_path / "up", good)
    files = {"../evil": hashlib.sha256(b"x").hexdigest()}
    bad = rewritten(good, tmp_path / "bad.zip", **{"backup.json": head_with(good, files=files)})
    with zipfile.ZipFile(bad, "a") as archive:
        archive.writestr("uploads/../evil", b"x")
    with pytest.raises(BackupError, match="evil"):
        restore(state, tmp_path / "up", bad)
    assert not (tmp_path / "evil").exists()


def test_a_backup_of_an_older_kit_is_brought_up_to_date(state, tmp_path):
    """As a kit of the first migration would have written it: the same tables, and no lock yet."""
    fill(state)
    good = tmp_path / "b.zip"
    backup(state, tmp_path / "up", good)
    before = rows(state)
    old = rewritten(good, tmp_path / "old.zip", **of_the_first_migration(good))
    restore(state, tmp_path / "up", old)
    assert rows(state) == before
    goes_on(state)
