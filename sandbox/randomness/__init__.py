"""Random words addressed by seed, name and row, and the plain numbers made of them.

Every word is a pure function of (seed, name, site, row): a Philox generator keyed by their SHA-256,
whose counter is the row. Only raw words are used, since NumPy promises its bit generators' streams
across versions but not its distribution methods (NEP 19).
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Words = NDArray[np.uint64]
WORDS_PER_COUNT = 4  # one step of Philox 4×64 yields four words
MOST = 2**32  # of what `below` chooses among


def words(seed: bytes, name: str, site: str, start: int, stop: int) -> Words:
    """The 64-bit words of rows `start` to `stop` (not included), for a call site of a column."""
    digest = hashlib.sha256(b"\0".join((seed.hex().encode(), name.encode(), site.encode())))
    generator = np.random.Philox(key=int.from_bytes(digest.digest()[:16], "little"))
    generator.advance(start // WORDS_PER_COUNT)
    skipped = start % WORDS_PER_COUNT
    return generator.random_raw(stop - start + skipped)[skipped:]


def uniform(raw: Words) -> NDArray[np.float64]:
    """Numbers in [0, 1), from the upper 53 bits."""
    return np.asarray((raw >> np.uint64(11)) * 2.0**-53, np.float64)


def below(raw: Words, limit: Array) -> NDArray[np.int64]:
    """Whole numbers in [0, limit), limit ≤ 2³²: multiply and shift (Lemire, arXiv:1805.10941)."""
    upper = (raw >> np.uint64(32)) * np.asarray(limit).astype(np.uint64)
    upper >>= np.uint64(32)
    return upper.view(np.int64)
