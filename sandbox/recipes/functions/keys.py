"""Keys whose order tells nothing."""

from __future__ import annotations

import numpy as np

from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import Constant, Integers, function
from sandbox.recipes.vectors import Array

ROUNDS = 6
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ over the golden ratio, an odd number


@function()
def shuffled(here: Here, number: Integers, digits: Constant) -> Integers:
    """Another number of so many digits, one to one: code('R-', shuffled(row, 6), 6) is a key.

    number: whole numbers of 0 or more, each different, such as the row's. digits: how many decimal
    digits there is room for. No two numbers become the same one, and the order of the results tells
    nothing. A Feistel network keyed by the event's seed; results beyond the room walk on until they
    fall into it (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).

    Example: code('L-', shuffled(row, 6), 6)
    """
    if not isinstance(digits, int) or not 1 <= digits <= 15:
        raise Unfit("digits is a whole number from 1 to 15", str(digits))
    fix = "give it more digits"
    return one_to_one(here, number, 10**digits, f"the number in {digits} digits", fix)


def one_to_one(here: Here, number: Array, room: int, what: str, fix: str) -> Array:
    """Each of the numbers from 0 to room − 1 as another one of them, no two as the same.

    what, fix: how Unfit says that one is too large or below 0: "there is no room for …".
    """
    numbers = np.array(here.spread(number))
    if numbers.size and (numbers.min() < 0 or numbers.max() >= room):
        found = str(numbers.max() if numbers.max() >= room else numbers.min())
        raise Unfit(f"there is no room for {what}", found, fix=fix)
    half = np.uint64(((room - 1).bit_length() + 1) // 2)
    keys = here.words_for(ROUNDS, "rounds")
    outside = np.ones(numbers.shape, bool)
    while outside.any():
        numbers[outside] = _permuted(numbers[outside], half, keys)
        outside &= numbers >= room
    return numbers


def _permuted(numbers: Array, half: np.uint64, keys: Array) -> Array:
    """A permutation of 0 to 2^(2·half) − 1."""
    mask = (np.uint64(1) << half) - np.uint64(1)
    left, right = numbers.astype(np.uint64) >> half, numbers.astype(np.uint64) & mask
    for key in keys:
        mixed = (right + key) * SPREAD
        mixed ^= mixed >> np.uint64(29)
        left, right = right, left ^ ((mixed * SPREAD >> np.uint64(32)) & mask)
    return ((left << half) | right).astype(np.int64)
