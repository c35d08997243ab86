"""A kit of one small open dataset, for building in milliseconds."""

import shutil
from dataclasses import replace

import pytest

from sandbox.workspace import KIT, open_workspace


@pytest.fixture
def kit(tmp_path):
    """A demo workspace whose kit holds the dataset `norway` alone, free to be changed."""
    root = tmp_path / "kit"
    unaccepted = shutil.ignore_patterns("golden.json", "CHANGELOG.md")
    shutil.copytree(KIT / "datasets" / "norway", root / "datasets" / "norway", ignore=unaccepted)
    (root / "demo").mkdir()
    return replace(open_workspace(), kit=root, folder=root / "demo", state=tmp_path / "state")


@pytest.fixture
def norway(kit):
    return kit.folders("datasets")["norway"]


@pytest.fixture
def rewrite():
    """Change words in a file; the words must be there."""

    def change(path, old, new):
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change
