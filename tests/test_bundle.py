"""A bundle is opened whole or not at all, and never written to."""

import hashlib
import json
import sqlite3

import pytest

from sandbox.bundle import FORMAT, open_bundle
from sandbox.errors import BundleError


def manifest_of(folder, **more):
    files = [
        {
            "path": path.relative_to(folder).as_posix(),
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    ]
    return {"format": FORMAT, "kit_version": "1", "seed_commitment": "x", "files": files, **more}


@pytest.fixture
def folder(tmp_path):
    """A bundle at a path with every character that an address would read as something else."""
    folder = tmp_path / "a b?c#d%20é"
    (folder / "datasets").mkdir(parents=True)
    with sqlite3.connect(folder / "sandbox.db") as db:
        db.execute("CREATE TABLE trees (name TEXT) STRICT")
        db.execute("INSERT INTO trees VALUES ('oak')")
    db.close()
    (folder / "datasets" / "trees.csv").write_text("name\noak\n")
    (folder / "manifest.json").write_text(json.dumps(manifest_of(folder)))
    return folder


def refusal(folder):
    with pytest.raises(BundleError) as caught:
        open_bundle(folder)
    assert "sandbox build" in str(caught.value)
    return str(caught.value)


def test_a_whole_bundle_opens_and_is_named_by_its_manifest(folder):
    bundle = open_bundle(folder)
    assert bundle.digest == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert list(bundle.damage()) == []


def test_a_missing_and_a_cut_file_are_noticed_at_the_door(folder):
    csv = folder / "datasets" / "trees.csv"
    csv.write_text("name\n")
    assert "datasets/trees.csv has 5 bytes, not 9" in refusal(folder)
    csv.unlink()
    assert "datasets/trees.csv is missing" in refusal(folder)


def test_every_kind_of_damage_is_found_by_reading_all(folder):
    bundle = open_bundle(folder)
    (folder / "datasets" / "trees.csv").write_text("name\nelm\n")
    assert [(p.file, p.what) for p in bundle.damage()] == [
        ("datasets/trees.csv", "the content has changed")
    ]
    (folder / "datasets" / "trees.csv").write_text("name\n")
    (folder / "sandbox.db").unlink()
    assert [(p.file, p.what, p.found) for p in bundle.damage()] == [
        ("datasets/trees.csv", "wrong size", "5 bytes"),
        ("sandbox.db", "the file is missing", None),
    ]


def test_no_bundle_another_format_and_no_json_are_told_apart(folder, tmp_path):
    assert "There is no bundle" in refusal(tmp_path)
    manifest = folder / "manifest.json"
    newer = manifest_of(folder, format=FORMAT + 1, invented_later=True)
    manifest.write_text(json.dumps(newer))
    assert f"format {FORMAT + 1}; this kit reads {FORMAT}" in refusal(folder)
    manifest.write_text(json.dumps(newer)[:40])
    assert "is not JSON" in refusal(folder)
    manifest.write_bytes(b"\xff\x00")
    assert "is not JSON" in refusal(folder)
    manifest.write_text("[]")
    assert "format None" in refusal(folder)
    manifest.write_text(json.dumps({"format": FORMAT}))
    assert "damaged or of another kind (2 differences)" in refusal(folder)


@pytest.mark.parametrize(
    "path", ["../secret.toml", "/etc/hostname", "a/../../b", "..\\secret.toml"]
)
def test_a_manifest_that_leads_out_of_the_bundle_is_refused(folder, path):
    files = [{"path": path, "bytes": 1, "sha256": "x"}]
    (folder / "manifest.json").write_text(json.dumps(manifest_of(folder, files=files)))
    assert "damaged" in refusal(folder)


def test_only_listed_files_can_be_read(folder):
    bundle = open_bundle(folder)
    (folder / "notes.txt").write_text("not listed")
    assert bundle.file("datasets/trees.csv").read_text() == "name\noak\n"
    assert (bundle.has("datasets/trees.csv"), bundle.has("notes.txt")) == (True, False)
    assert bundle.entry("datasets/trees.csv").bytes == 9
    for relative in ("notes.txt", "datasets", "../secret.toml", "datasets/../datasets/trees.csv"):
        with pytest.raises(BundleError, match="is not in the bundle"):
            bundle.file(relative)


def test_the_database_is_read_and_never_written(folder):
    db = open_bundle(folder).connect()
    assert db.execute("SELECT name FROM trees").fetchall() == [("oak",)]
    for sql in ("INSERT INTO trees VALUES ('elm')", "DROP TABLE trees", "CREATE TABLE x (y)"):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute(sql)
    db.close()
    assert list(open_bundle(folder).damage()) == []
    assert sorted(path.name for path in folder.iterdir()) == [
        "datasets",
        "manifest.json",
        "sandbox.db",
    ]
