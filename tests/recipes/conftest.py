"""A small dataset and its recipe, written on the spot: what each test needs and nothing else."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from sandbox import recipes
from sandbox.catalog import Dataset
from sandbox.recipes.drawing import Drawing
from sandbox.recipes.recipe import read_recipe


def _dataset(tables, assumptions):
    """The descriptor of tables given as {name: {column: type, or type and > table}}; key first."""
    described = {}
    for name, columns in tables.items():
        made = {}
        for column, said in columns.items():
            kind, _, parent = said.partition(" > ")
            made[column] = {"type": kind, "title": {"en": column}}
            if parent:
                made[column]["references"] = parent
        described[name] = {
            "title": {"en": name}, "row": {"en": "a row"}, "key": next(iter(columns)),
            "columns": made,
        }  # fmt: skip
    return Dataset.model_validate(
        {
            "title": {"en": "t"}, "summary": {"en": "s"}, "version": "1.0.0", "origin": "synthetic",
            "licence": "CC0-1.0", "publisher": "p", "contact": "a@example.org",
            "reference_date": "2026-01-01", "tables": described,
            "assumptions": [{"figure": {"en": text}, "assumed": True} for text in assumptions],
        },
        strict=False,
    )  # fmt: skip


@dataclass
class Kitchen:
    """One dataset folder with its recipe; `draw` and `check` as the build would call them."""

    folder: Path
    dataset: Dataset
    upstream: dict

    def draw(self, seed=b"seed", **more):
        """What was drawn, every table read into memory."""
        drawn = recipes.draw(self.folder, self.dataset, self.upstream, seed, **more)
        groups = {
            group: {name: table.to_table() for name, table in getattr(drawn, group).items()}
            for group in ("full", "published", "truth")
        }
        return replace(drawn, **groups)

    def check(self, tables=None):
        return recipes.check(self.folder, self.dataset, tables or {})

    def drawing(self, seed=b"seed", scale=1.0):
        recipe, problems = read_recipe(self.folder)
        assert not problems
        return Drawing(recipe, self.dataset, self.upstream, seed, scale)


def kitchen(root, tables, recipe, *, files=None, upstream=None, assumptions=(), asof="2026-01-01"):
    """A dataset below `root`, for a test that needs several, or cannot take a fixture."""
    folder = root / "datasets" / "trial"
    folder.mkdir(parents=True, exist_ok=True)
    text = recipe if isinstance(recipe, str) else yaml.safe_dump(recipe, sort_keys=False)
    (folder / "recipe.yml").write_text(f"asof: {asof}\n{text}", encoding="utf-8")
    for name, content in (files or {}).items():
        (folder / name).write_text(content, encoding="utf-8")
    return Kitchen(folder, _dataset(tables, assumptions), upstream or {})


@pytest.fixture
def cook(tmp_path):
    """cook({table: {column: type}}, recipe, files={name: text}) → Kitchen"""

    return partial(kitchen, tmp_path)


@pytest.fixture
def column(cook):
    """column('integer', 'expression', rows=…) → the values of that one column."""

    def values(kind, expression, rows=1000, seed=b"seed", **more):
        body = {"rows": rows, "id": "row", "value": expression, **more.pop("also", {})}
        recipe = {"tables": {"things": body}}
        kitchen = cook({"things": {"id": "integer", "value": kind}}, recipe, **more)
        return kitchen.draw(seed).full["things"].column("value").to_pylist()

    return values
