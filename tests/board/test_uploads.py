"""Files that are handed in: by their content's hash, once, whole, and for their owner's eyes."""

import hashlib
import os
import stat

import pytest

from sandbox.board import uploads


@pytest.fixture
def place(app):
    with app.app_context():
        yield


def test_a_file_lies_under_the_hash_of_its_content_readable_by_its_owner_alone(place):
    digest = uploads.keep(b"what was handed in")
    assert digest == hashlib.sha256(b"what was handed in").hexdigest()
    file = uploads.path(digest)
    assert file.read_bytes() == b"what was handed in"
    assert file.parent.name == digest[:2]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_same_content_twice_is_one_file_that_is_not_written_again(place, monkeypatch):
    digest = uploads.keep(b"twice")
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("it was written again"))
    assert uploads.keep(b"twice") == digest


@pytest.mark.parametrize("name", ["", "..", "0" * 63, "0" * 65, "A" * 64, "../" + "0" * 61,
                                  "0" * 64 + "\n", "0" * 63 + "/"])  # fmt: skip
def test_what_is_no_digest_names_no_file(place, name):
    with pytest.raises(ValueError, match="no digest"):
        uploads.path(name)


def test_a_disk_that_fails_leaves_nothing_half(place, monkeypatch):
    def full(_descriptor):
        raise OSError("no space left on the device")

    monkeypatch.setattr(os, "fsync", full)
    digest = hashlib.sha256(b"too much").hexdigest()
    with pytest.raises(OSError, match="no space"):
        uploads.keep(b"too much")
    assert not uploads.path(digest).exists()
    assert not list(uploads.path(digest).parent.glob(".*"))
