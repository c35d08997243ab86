"""Names of people and streets, from vocabularies that were frozen once and are never made anew."""

from __future__ import annotations

import numpy as np

from sandbox.recipes import declared, keyed
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import Strings, function
from sandbox.recipes.vectors import coded, same_codes
from sandbox.recipes.vocabularies import vocabulary

SEXES = ("F", "M")


@function(declared=declared.given_name)
def given_name(here: Here, sex: Strings) -> Strings:
    """A Norwegian given name, each of a hundred equally likely.

    sex: 'F' or 'M'. Source: Faker's no_NO vocabulary (MIT), frozen in vocabularies/no_NO.json.

    Example: given_name(sex)
    """
    women, men = vocabulary("given_names_female"), vocabulary("given_names_male")
    known, ours = same_codes(coded(np.arange(2), SEXES), here.every(sex))
    male = ours == known[1]
    if not (male | (ours == known[0])).all():
        raise Unfit("a sex is 'F' or 'M' here")
    here.kept.update(words=(len(women), len(men)), male=male)
    place = keyed.below(here.words(), np.where(male, len(men), len(women)))
    return coded(place + male * len(women), (*women, *men))


@function(declared=declared.one_of)
def family_name(here: Here) -> Strings:
    """A Norwegian family name, each of 101 equally likely.

    Source: Faker's no_NO vocabulary (MIT), frozen in vocabularies/no_NO.json.

    Example: family_name()
    """
    return _one_of(here, vocabulary("family_names"))


@function(declared=declared.one_of)
def street_name(here: Here) -> Strings:
    """An invented Norwegian street name: a family name and an ending, such as Aasenbakken.

    Source: Faker's no_NO vocabulary (MIT), frozen in vocabularies/no_NO.json.

    Example: street_name() + ' ' + text(integer(1, 120))
    """
    endings = vocabulary("street_endings")
    return _one_of(here, tuple(n + e for n in vocabulary("family_names") for e in endings))


def _one_of(here: Here, words: tuple[str, ...]) -> Strings:
    here.kept["words"] = len(words)
    return coded(keyed.below(here.words(), np.array(len(words))), words)
