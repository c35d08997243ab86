"""Households and persons of recipe.yml, written out in NumPy and Arrow: what no interpreter costs.

The random words are those of the recipe's call sites, so that the tables must come out the same.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.recipes import calendars, keyed
from sandbox.recipes.functions import identifiers
from sandbox.recipes.functions.texts import _ascii
from sandbox.recipes.numbering import numbered
from sandbox.recipes.vectors import Array
from sandbox.recipes.vocabularies import vocabulary

ASOF = date(2026, 1, 1)
SIZES = np.array([0.391, 0.282, 0.123, 0.126, 0.055, 0.023])
LAST_HOUSE = 120


def tables(
    seed: bytes, households: int, municipalities: pa.Table, ages: Array
) -> dict[str, pa.Table]:
    """So many households and the persons in them; `ages`: the share of each age from 0."""

    def words(place: str, site: str, rows: int) -> keyed.Words:
        return keyed.words(seed, f"norway.{place}", site, 0, rows)

    residents = municipalities.column("population").to_numpy()
    per_place = np.ceil(residents / 4_000).astype(np.int64)
    first_postcode = np.cumsum(per_place) - per_place

    raw = words("households.municipality_code", "pick0", households)
    place = keyed.guided(raw, keyed.guide(residents.astype(float), 20))
    raw = words("households.size", "choice0", households)
    size = keyed.guided(raw, keyed.guide(SIZES, 16)) + 1
    raw = words("households.street_address", "street_name0", households)
    families, endings = vocabulary("family_names"), vocabulary("street_endings")
    street = keyed.below(raw, np.array(len(families) * len(endings)))
    raw = words("households.street_address", "integer0", households)
    house = keyed.below(raw, np.array(LAST_HOUSE))
    streets = pa.array([name + ending + " " for name in families for ending in endings])
    houses = pa.array([str(number) for number in range(1, LAST_HOUSE + 1)])
    address = pc.binary_join_element_wise(
        streets.take(pa.array(street)), houses.take(pa.array(house)), ""
    )
    raw = words("households.postcode", "pick0", households)
    postcode = first_postcode[place] + keyed.below(raw, per_place[place])
    codes = pa.array([f"{number:04}" for number in range(100, 100 + int(per_place.sum()))])
    raw = words("households._family_name", "family_name0", households)
    family = keyed.below(raw, np.array(len(families)))
    of_households = {
        "household_id": pa.array(np.arange(1, households + 1)),
        "municipality_code": municipalities.column("municipality_code").combine_chunks()
        .take(pa.array(place)),
        "size": pa.array(size),
        "street_address": address,
        "postcode": codes.take(pa.array(postcode)),
    }  # fmt: skip

    home = np.repeat(np.arange(households), size)
    count = len(home)
    key = np.arange(1, count + 1)
    raw = words("persons.sex", "choice0", count)
    male = keyed.guided(raw, keyed.guide(np.array([0.497, 0.503]), 16))
    age = keyed.guided(words("persons._age", "draw0", count), keyed.guide(ages, 16))
    birthdays = calendars.years_before(ASOF, np.arange(len(ages) + 1))
    raw = words("persons.birth_date", "born0", count)
    born = birthdays[1:][age] + 1 + keyed.below(raw, (birthdays[:-1] - birthdays[1:])[age])
    women, men = vocabulary("given_names_female"), vocabulary("given_names_male")
    room = np.array([len(women), len(men)])
    raw = words("persons.given_name", "given_name0", count)
    given = keyed.below(raw, room[male]) + male * len(women)
    z = keyed.normal(words("persons.income", "lognormal0", count))
    income = np.exp(10.2 + 2.6 * np.exp(-(((age - 48) / 26) ** 2)) + 0.5 * z)
    income = np.round(income).astype(np.int64)

    given_names, family_names = pa.array([*women, *men]), pa.array(families)
    first = pa.array([_ascii(name) + "." for name in (*women, *men)])
    last = pa.array([_ascii(name) for name in families])
    at_home, of_family, of_given = pa.array(home), pa.array(family[home]), pa.array(given)
    email = pc.binary_join_element_wise(
        first.take(of_given), last.take(of_family), pa.array(key).cast(pa.string()),
        pa.scalar("@example.org"), "",
    )  # fmt: skip
    of_persons = {
        "person_id": pa.array(key),
        "national_id": _national_ids(seed, born, male),
        "given_name": given_names.take(of_given),
        "family_name": family_names.take(of_family),
        "sex": pa.array(["F", "M"]).take(pa.array(male)),
        "birth_date": pa.array(born.astype(np.int32)).cast(pa.date32()),
        "municipality_code": municipalities.column("municipality_code").combine_chunks()
        .take(pa.array(place[home])),
        "street_address": address.take(at_home),
        "postcode": codes.take(pa.array(postcode[home])),
        "income": pa.array(income, mask=age < 17),
        "email": email,
        "household_id": pa.array(home + 1),
    }  # fmt: skip
    return {"households": pa.table(of_households), "persons": pa.table(of_persons)}


def _national_ids(seed: bytes, born: Array, male: Array) -> pa.Array:
    """Valid numbers from the same tables as the recipe's function has."""
    group = (born - identifiers.FIRST_DAY) * 2 + male
    fronts, kinds = identifiers._fronts(0)
    counts, tails = identifiers._tails()
    kind = kinds[group]
    room = counts[kind]
    raw = keyed.words(seed, "norway.persons.national_id", "national_id_no0.shift", 0, len(kinds))
    place = (numbered(group) + keyed.below(raw[group], room)) % room
    tail = tails.take(kind * (len(tails) // len(counts)) + place)
    return identifiers._six_and_five(fronts.take(group >> 1), identifiers._five_digits().take(tail))
