"""What becomes of pictures: they go when nothing needs them, and come back with a backup."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import String

from sandbox import clock
from sandbox.board import retention, uploads
from sandbox.state.backup import backup, restore
from sandbox.state.tables import Base
from tests.board.gallery.pictures import picture

# Columns of these names that are no files: hashes of something else, or of what lies in the row.
NO_FILES = {f"{name}.digest" for name in ("submissions", "documents", "noted", "packs", "audit")}


@pytest.fixture
def place(board, workspace, tmp_path, monkeypatch):
    """The board with uploads of its own, and a retention that asks for them."""
    own = replace(workspace, state=tmp_path / "own")
    live = board.extensions["served"]._live
    monkeypatch.setattr(live, "now", lambda: own)
    return own


def test_every_column_that_names_a_file_keeps_it():
    named = {f"{c.class_.__tablename__}.{c.key}" for c in uploads.NAMED_BY}
    looks_so = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name in ("digest", "small", "file") and isinstance(column.type, String)
    }
    assert looks_so == named | NO_FILES


def erase(board, place, days):
    with clock.fixed(clock.now() + timedelta(days=days)):
        done = retention.run(board.extensions["state"], place)
    found = {one.rule.name: one.count for one in done}
    return found["picture"], found["file"]


def files(place):
    return sorted(f.name for f in place.uploads.rglob("*") if f.is_file())


def test_a_picture_that_was_taken_out_and_never_submitted_is_erased_with_its_files(
    board, place, owls
):
    owls.add(alt="stays")
    owls.add(picture(size=(640, 401)), alt="goes")
    kept, gone = owls.images()
    assert len(files(place)) == 4
    name = f"picture-{gone.id}-remove"
    owls.member.post(f"/project/images/{gone.id}", {name: "1"}, form="/project/images")
    assert erase(board, place, 0.9) == (0, 0)
    assert erase(board, place, 1.1) == (1, 2)
    assert [image.alt for image in owls.images()] == ["stays"]
    assert files(place) == sorted([kept.digest, kept.small])
    owls.add(picture(size=(640, 401)), alt="again")  # and it can be sent anew
    assert len(files(place)) == 4


def test_a_picture_that_was_submitted_stays_also_when_it_was_taken_out(board, place, owls):
    owls.add()
    (image,) = owls.images()
    owls.submit()
    name = f"picture-{image.id}-remove"
    owls.member.post(f"/project/images/{image.id}", {name: "1"}, form="/project/images")
    assert erase(board, place, 400) == (0, 0)
    assert len(files(place)) == 2


def test_a_file_without_a_row_goes_after_a_day_and_one_that_is_sent_again_does_not(board, place):
    with board.app_context():
        digest = uploads.keep(b"nobody's")
        half = uploads.path(digest).with_name(".0123.part")
        half.write_bytes(b"half")
        assert erase(board, place, 0.9) == (0, 0)
        long_ago = (clock.now() - timedelta(days=2)).timestamp()
        for file in (uploads.path(digest), half):
            os.utime(file, (long_ago, long_ago))
        uploads.keep(b"nobody's")
        assert erase(board, place, 0) == (0, 1)
        assert files(place) == [digest]
        assert erase(board, place, 1.1) == (0, 1)


def test_a_restored_board_shows_the_picture(board, place, owls, tmp_path):
    owls.add()
    (image,) = owls.images()
    uploads_of = place.uploads
    (uploads_of / image.digest[:2] / ".0123.part").write_bytes(b"on its way")
    file = tmp_path / "backup.zip"
    told = backup(board.extensions["state"], uploads_of, file)
    assert told.files == 2
    before = owls.member.raw(f"/images/{image.digest}.webp").data
    for each in uploads_of.rglob("*"):
        if each.is_file():
            each.unlink()
    owls.act(lambda writer, project: writer.delete(project.images[0]))
    assert owls.member.raw(f"/images/{image.digest}.webp").status_code == 404
    restore(board.extensions["state"], uploads_of, file)
    assert owls.member.raw(f"/images/{image.digest}.webp").data == before
    if os.name == "posix":
        modes = {f.stat().st_mode & 0o777 for f in uploads_of.rglob("*") if f.is_file()}
        assert modes == {0o600}
