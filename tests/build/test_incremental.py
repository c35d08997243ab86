"""Only what is stale is made again, and nobody can tell from the bundle."""

import shutil
from dataclasses import replace

import pytest

from sandbox.build import build, is_fresh, scale_for
from sandbox.bundle import open_bundle
from sandbox.catalog import load
from sandbox.errors import SandboxError
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


def test_the_scale_is_chosen_by_persons_and_kept_until_another_is_asked_for(whole_kit):
    scale = scale_for(whole_kit, persons=1_500)
    made = open_bundle(build(whole_kit, scale=scale)).manifest
    assert made.datasets["population"].tables["persons"].rows == 1_500
    assert open_bundle(build(whole_kit)).manifest == made
    assert not is_fresh(whole_kit, scale=1.0)


def test_persons_cannot_be_counted_where_no_recipe_says_how_many_there_are(whole_kit, rewrite):
    recipe = whole_kit.kit / "datasets" / "population" / "recipe.yml"
    rewrite(recipe, "size: {persons: 100_000}\n", "")
    with pytest.raises(SandboxError, match="No recipe of this event says how many persons"):
        scale_for(whole_kit, persons=1_500)


def test_a_changed_parent_makes_what_is_derived_from_it_stale(whole_kit, rewrite):
    build(whole_kit, scale=SCALE)
    norway = whole_kit.kit / "datasets" / "norway" / "dataset.yml"
    rewrite(norway, "One row is one county.", "A row is a county.")
    notes = Notes()
    build(whole_kit, scale=SCALE, progress=notes)
    datasets = load(whole_kit).datasets
    apart = {slug for slug, d in datasets.items() if "norway" not in (slug, *d.derived_from)}
    assert {note for note in notes if "unchanged" in note} == {f"{s}: unchanged" for s in apart}
