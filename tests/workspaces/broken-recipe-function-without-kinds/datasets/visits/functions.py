from sandbox.recipes.own_functions import Integers, function


@function()
def stay(number) -> Integers:
    """How many minutes a visit lasts."""
    return number
