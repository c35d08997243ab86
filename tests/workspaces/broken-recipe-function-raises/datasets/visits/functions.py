from sandbox.recipes.own_functions import Integers, Strings, function


@function()
def stay(number: Integers, park: Strings) -> Integers:
    """How many minutes a visit lasts."""
    return number * {"0101": 60}[park]
