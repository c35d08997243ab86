"""A descriptor with every kind of promise: required, keys, foreign keys, codes."""

import pytest

from sandbox.catalog.models import Dataset
from sandbox.descriptors import load_yaml, make

DESCRIBED = """
title: Trees
summary: Trees and woods.
version: 1.0.0
origin: open
licence: CC0-1.0
publisher: x
contact: a@example.org
reference_date: 2026-01-02
tables:
  trees:
    title: Trees
    row: One row is one tree.
    key: code
    columns:
      code: {type: string, title: Code, required: true}
      wood: {type: string, title: Wood, references: woods}
      height: {type: number, title: Height, required: true}
      rings: {type: integer, title: Rings, codes: {"1": one, "2": two}}
      alive: {type: boolean, title: Alive}
      planted: {type: date, title: Planted}
      seen: {type: datetime, title: Seen}
      note: {type: string, title: Note}
"""


@pytest.fixture
def dataset():
    problems = []
    made = make(load_yaml(DESCRIBED.replace(", references: woods", ""), "d"), Dataset, problems)
    linked = make(load_yaml(DESCRIBED, "d"), Dataset, problems)
    assert problems == [] and made
    return linked
