"""Each kind of mistake is told by `sandbox check` in exactly these words, and no others."""

import os
from pathlib import Path

import pytest

MISTAKES = sorted(Path(__file__).parent.glob("broken-*"))
NEEDS_POSIX = {"broken-secrets-readable", "broken-link-outside"}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda folder: folder.name)
def test_a_mistake_is_told_in_these_words(mistake, event, spoil, check):
    if os.name != "posix" and mistake.name in NEEDS_POSIX:
        pytest.skip("modes and links as POSIX has them")
    spoil(mistake)
    printed, code = check()
    assert printed == (mistake / "expected.txt").read_text(encoding="utf-8")
    assert code == 1


def test_without_a_mistake_everything_is_in_order(check):
    told = "Everything is in order: 2 datasets, 1 challenge, 1 starter.\n"
    assert check() == (told, 0)
