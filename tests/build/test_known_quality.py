"""What a build measures of its tables, what it holds them to, and what it keeps to itself."""

import json

import pytest

from sandbox.build import build
from sandbox.errors import ExpectationsMissed
from sandbox.quality import WITHHELD
from tests.build.test_generations import contents

pytestmark = pytest.mark.heavy

DATASET = """
title: Trees
summary: Trees and the woods they stand in.
version: 1.0.0
origin: synthetic
licence: CC0-1.0
publisher: x
contact: a@example.org
reference_date: 2026-01-01
tables:
  woods:
    title: Woods
    row: One row is one wood.
    key: wood_id
    columns:
      wood_id: {type: integer, title: Wood, required: true}
      kind: {type: string, title: Kind, codes: {pine: Pine, birch: Birch}}
  trees:
    title: Trees
    row: One row is one tree.
    key: tree_id
    columns:
      tree_id: {type: integer, title: Tree}
      wood_id: {type: integer, title: Wood, references: woods}
      height: {type: number, title: Height}
"""
RECIPE = """
asof: 2026-01-01
tables:
  woods:
    rows: 90
    wood_id: row
    kind: choice(pine=.6, birch=.4)
  trees:
    rows: 900
    tree_id: row
    wood_id: pick(woods)
    height: normal(9, 2)
"""


@pytest.fixture
def trees(kit):
    """The folder of a synthetic dataset beside the open one."""
    folder = kit.kit / "datasets" / "trees"
    folder.mkdir()
    (folder / "dataset.yml").write_text(DATASET, encoding="utf-8")
    (folder / "recipe.yml").write_text(RECIPE, encoding="utf-8")
    return folder


def _quality(bundle, slug="trees"):
    return json.loads((bundle / "datasets" / slug / "quality.json").read_bytes())


def test_what_was_drawn_stands_beside_what_was_declared(kit, trees):
    fits = _quality(build(kit))["fits"]
    assert [(f["table"], f["column"], f["call"]) for f in fits] == [
        ("woods", "kind", "choice(pine=0.6, birch=0.4)"),
        ("trees", "wood_id", "pick(woods)"),
        ("trees", "height", "normal(9, 2)"),
    ]
    assert all(0 <= f["distance"] <= f["allowed"] < 1 for f in fits)
    assert [f["rows"] for f in fits] == [90, 900, 900]


def test_what_was_drawn_earlier_is_told_again_as_it_was(kit, trees, norway, rewrite, tmp_path):
    first = build(kit)
    told = (first / "datasets" / "trees" / "quality.json").read_bytes()
    rewrite(norway / "dataset.yml", "Norway", "Noreg")
    again = build(kit)
    assert again != first
    assert (again / "datasets" / "trees" / "quality.json").read_bytes() == told


def test_a_build_fails_with_every_promise_that_is_broken(kit, trees, rewrite):
    before = build(kit)
    rewrite(trees / "dataset.yml", "birch: Birch", "beech: Beech")
    rewrite(trees / "dataset.yml", "title: Height", "title: Height, required: true")
    rewrite(trees / "recipe.yml", "normal(9, 2)", "when(row > 3, normal(9, 2))")
    with pytest.raises(ExpectationsMissed) as caught:
        build(kit)
    assert {p.file for p in caught.value.problems} == {"datasets/trees/dataset.yml"}
    assert sorted(p.what.partition(" rows ")[2] for p in caught.value.problems) == [
        "have a code that is not described",
        "have no value, and one is required",
    ]
    assert kit.current_bundle() == before


def test_tables_with_planted_faults_keep_their_figures_for_the_reveal(kit, trees, rewrite):
    plain = _quality(build(kit))
    with (trees / "recipe.yml").open("a", encoding="utf-8") as recipe:
        recipe.write("    faults:\n    - missing(height, .5)\n    - broken_key(wood_id, .1)\n")
    bundle = build(kit)
    told = _quality(bundle)
    assert set(told["tables"]["trees"]) == {"rows", "withheld"}
    assert told["tables"]["woods"] == plain["tables"]["woods"]
    assert [f["table"] for f in told["fits"]] == ["woods"]
    shut = {m["computed_on"] for m in told["measures"] if m.get("status") == WITHHELD}
    assert shut == {"trees", "trees.wood_id"}
    kept = json.loads((bundle.parent / "truth" / "trees" / "quality.json").read_bytes())
    assert kept["tables"]["trees"]["columns"]["height"]["filled"] < 0.6
    assert all("value" in m for m in kept["measures"])
    linked = (bundle / "datasets" / "trees" / "quality.jsonld").read_text(encoding="utf-8")
    assert "unique-keys" in linked and "trees.csv#col=3" not in linked


def test_a_dataset_without_faults_keeps_nothing_back(kit, trees):
    bundle = build(kit)
    assert not (bundle.parent / "truth" / "trees" / "quality.json").exists()
    assert contents(bundle)["datasets/trees/quality.jsonld"]
