"""Only what is stale is made again, and nobody can tell from the bundle."""

import shutil
from dataclasses import replace

import pytest

from sandbox.build import build
from sandbox.workspace import KIT, open_workspace
from tests.build.test_generations import Notes, contents

pytestmark = pytest.mark.heavy
SCALE = 0.05


@pytest.fixture
def whole_kit(tmp_path):
    """The demo on a copy of all the kit's content."""
    root = tmp_path / "kit"
    for part in ("datasets", "challenges", "starter_templates", "demo"):
        shutil.copytree(KIT / part, root / part)
    return replace(open_workspace(), kit=root, folder=root / "demo", state=tmp_path / "state")


def test_a_changed_dataset_is_made_again_and_the_others_are_not(whole_kit, rewrite, tmp_path):
    build(whole_kit, scale=SCALE)
    permits = whole_kit.kit / "datasets" / "building-permits" / "dataset.yml"
    rewrite(permits, "en: Applications, nb", "en: All applications, nb")
    notes = Notes()
    continued = build(whole_kit, scale=SCALE, progress=notes)
    assert "norway: unchanged" in notes
    assert "population: unchanged" in notes
    assert "building-permits: drawing …" in notes
    afresh = build(replace(whole_kit, state=tmp_path / "elsewhere"), scale=SCALE)
    assert contents(continued) == contents(afresh)
    assert contents(continued.parent / "truth") == contents(afresh.parent / "truth")


def test_a_dataset_with_held_out_rows_is_taken_over_whole(whole_kit, rewrite, tmp_path):
    build(whole_kit, scale=SCALE)
    population = whole_kit.kit / "datasets" / "population" / "dataset.yml"
    rewrite(population, "en: Households, nb", "en: All households, nb")
    notes = Notes()
    continued = build(whole_kit, scale=SCALE, progress=notes)
    assert "building-permits: unchanged" in notes
    afresh = build(replace(whole_kit, state=tmp_path / "elsewhere"), scale=SCALE)
    assert contents(continued) == contents(afresh)
    assert contents(continued.parent / "truth") == contents(afresh.parent / "truth")


def test_a_changed_parent_makes_what_is_derived_from_it_stale(whole_kit, rewrite):
    build(whole_kit, scale=SCALE)
    norway = whole_kit.kit / "datasets" / "norway" / "dataset.yml"
    rewrite(norway, "One row is one county.", "A row is a county.")
    notes = Notes()
    build(whole_kit, scale=SCALE, progress=notes)
    assert not any("unchanged" in note for note in notes)
