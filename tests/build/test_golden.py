"""A dataset of the demo does not change silently: its version must say so."""

import json

import pytest

from sandbox import clock
from sandbox.build import accept, build
from sandbox.build.golden import VersionsDue
from sandbox.errors import SandboxError

pytestmark = pytest.mark.heavy


@pytest.fixture
def accepted(kit):
    accept(kit, "norway", "First edition.")
    return kit


def test_accepting_writes_digests_and_a_changelog(kit, norway):
    path = accept(kit, "norway", "First edition.")
    golden = json.loads(path.read_text())
    assert golden["version"] == "1.0.0"
    assert set(golden) == {"version", "schema", "content"}
    today = f"{clock.now():%Y-%m-%d}"
    assert f"- 1.0.0 ({today}): First edition." in (norway / "CHANGELOG.md").read_text()


def test_words_may_change_without_a_new_version(accepted, norway, rewrite):
    rewrite(norway / "dataset.yml", "One row is one county.", "A row is a county.")
    build(accepted)


def test_changed_content_asks_for_a_minor_version(accepted, norway, rewrite):
    change_content(norway, rewrite)
    with pytest.raises(VersionsDue) as raised:
        build(accepted)
    assert "set version: 1.1.0" in str(raised.value)


def test_a_changed_schema_asks_for_a_major_version(accepted, norway, rewrite):
    rewrite(norway / "dataset.yml", "references: counties", "description: Which county.")
    with pytest.raises(VersionsDue) as raised:
        build(accepted)
    assert "set version: 2.0.0" in str(raised.value)


def test_the_raised_version_is_accepted_and_the_log_keeps_the_older_lines(
    accepted, norway, rewrite
):
    change_content(norway, rewrite)
    rewrite(norway / "dataset.yml", "version: 1.0.0", "version: 1.1.0")
    accept(accepted, "norway", "Ås has another area.")
    build(accepted)
    lines = (norway / "CHANGELOG.md").read_text().splitlines()
    assert lines[0] == "# Changes"
    assert "1.1.0" in lines[2]
    assert "1.0.0" in lines[3]


def test_a_build_that_is_not_at_scale_one_is_not_compared(accepted, norway, rewrite):
    change_content(norway, rewrite)
    build(accepted, scale=0.5)


def test_what_is_not_a_dataset_cannot_be_accepted(kit):
    with pytest.raises(SandboxError, match="did you mean norway"):
        accept(kit, "norwai", "A slip.")


def change_content(norway, rewrite):
    """A county gets another name; the hash of the file is renewed with it."""
    from sandbox.bundle import sha256

    data = norway / "data" / "counties.csv"
    before = sha256(data)
    rewrite(data, "Møre og Romsdal", "Møre og Romsdal fylke")
    rewrite(norway / "source.yml", before, sha256(data))
