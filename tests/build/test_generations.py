"""A build replaces the current bundle at once and only when it is right."""

import hashlib
import os
import shutil
from dataclasses import replace
from itertools import pairwise

import pytest

from sandbox.build import build, is_fresh
from sandbox.build.inputs import folder_hash
from sandbox.bundle import open_bundle
from sandbox.errors import BuildError, BundleError, CatalogError, ExpectationsMissed

pytestmark = pytest.mark.heavy


class Notes(list):
    def say(self, text):
        self.append(text)


def contents(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_the_same_inputs_give_the_same_bytes_in_another_folder(kit, tmp_path):
    first = build(kit)
    second = build(replace(kit, state=tmp_path / "elsewhere"))
    assert contents(first.parent) == contents(second.parent)


def test_a_fresh_bundle_is_left_alone(kit):
    path = build(kit)
    changed = (path / "manifest.json").stat().st_mtime_ns
    notes = Notes()
    assert build(kit, progress=notes) == path
    assert (path / "manifest.json").stat().st_mtime_ns == changed
    assert len(notes) == 1
    assert "up to date" in notes[0]


def test_the_manifest_says_under_salt_what_the_bundle_was_made_from(kit, norway, rewrite):
    first = open_bundle(build(kit)).manifest.made_from
    assert {"datasets/norway", "sandbox/build", "sandbox/recipes"} <= set(first)
    plain = hashlib.sha256(folder_hash(norway).encode()).hexdigest()
    assert not {plain, folder_hash(norway)} & set(first.values())
    rewrite(norway / "dataset.yml", "One row is one county.", "A row is a county.")
    second = open_bundle(build(kit)).manifest.made_from
    assert {name for name in first if first[name] != second[name]} == {"datasets/norway"}


def test_a_changed_descriptor_makes_the_bundle_stale(kit, norway, rewrite):
    first = build(kit)
    rewrite(norway / "dataset.yml", "One row is one county.", "A row is a county.")
    assert not is_fresh(kit)
    assert build(kit) != first
    assert is_fresh(kit)


def test_missed_expectations_are_all_told_and_the_old_bundle_goes_on(kit, norway, rewrite):
    first = build(kit)
    rewrite(norway / "dataset.yml", "equals: 5550203", "equals: 5550204")
    rewrite(norway / "dataset.yml", "equals: 22", "equals: 23")
    with pytest.raises(ExpectationsMissed) as raised:
        build(kit)
    told = str(raised.value)
    assert len(raised.value.problems) == 2
    assert "datasets/norway/dataset.yml" in told
    assert "found: 5550203" in told
    assert "expected: 23" in told
    assert kit.current_bundle() == first
    assert not list(kit.generations.glob(".*"))


def test_problems_of_descriptors_are_told_before_anything_is_written(kit, norway, rewrite):
    rewrite(norway / "dataset.yml", "key: county_code", "key: county")
    with pytest.raises(CatalogError, match="county_code"):
        build(kit)
    assert not kit.state.exists()


def test_two_generations_are_kept(kit, norway, rewrite):
    titles = ["nb: Fylker}", "nb: Fylkene}", "nb: Alle fylker}"]
    made = [build(kit).parent.name]
    for old, new in pairwise(titles):
        rewrite(norway / "dataset.yml", old, new)
        made.append(build(kit).parent.name)
    assert len(set(made)) == 3
    assert {g.name for g in kit.generations.iterdir()} == set(made[-2:])


def test_drafts_of_builds_that_were_killed_are_swept_away(kit):
    dead = kit.generations / ".building-999999999-x"
    alive = kit.generations / f".building-{os.getpid()}-x"
    for draft in (dead, alive):
        draft.mkdir(parents=True)
    build(kit)
    assert not dead.exists()
    assert alive.exists()


def test_a_damaged_bundle_is_made_again(kit):
    path = build(kit)
    database = path / "sandbox.db"
    database.write_bytes(database.read_bytes()[:-100])
    with pytest.raises(BundleError, match=r"sandbox\.db"):
        open_bundle(path)
    assert not list(open_bundle(build(kit)).damage())


def test_missing_truth_is_made_again_beside_the_same_bundle(kit):
    path = build(kit)
    shutil.rmtree(path.parent / "truth")
    assert build(kit) == path
    assert (path.parent / "truth").is_dir()


def test_a_state_folder_that_cannot_be_written_is_told_in_one_sentence(kit):
    kit.state.parent.mkdir(exist_ok=True)
    kit.state.write_text("a file where the folder should be")
    with pytest.raises(BuildError, match="cannot be written"):
        build(kit)


def test_only_the_owner_may_enter_the_truth(kit):
    truth = build(kit).parent / "truth"
    assert os.name != "posix" or truth.stat().st_mode & 0o077 == 0
