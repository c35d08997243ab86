import numpy as np

from sandbox.recipes.own_functions import Integers, Numbers, function


@function()
def stay(number: Integers) -> Integers:
    """How many minutes a visit lasts."""


@function()
def shared(number: Integers) -> Numbers:
    """One value too many."""
    return np.append(number, 1.5)
