"""The snapshot of Norway holds every fact of what it was compiled from, and no other."""

import csv

import pytest

from tests.sources.compiled import COMPILED

FORMS = {"Bokmål": "bokmal", "Nynorsk": "nynorsk", "Nøytral": "neutral"}


@pytest.fixture(scope="module")
def compiled():
    def rows(name):
        with (COMPILED / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return rows


def test_counties_are_as_compiled(norway, compiled):
    assert norway["counties"] == compiled("counties.csv")


def test_municipalities_are_as_compiled_fact_by_fact(norway, compiled):
    assert norway["municipalities"] == [
        {
            "municipality_code": row["municipality_code"],
            "name": row["name_norwegian"],
            "county_code": row["county_code"],
            "population": int(row["population_2024_01_01"]),
            "area_km2": float(row["area_km2"]),
            "language_form": FORMS[row["language_form"]],
            "longitude": float(row["longitude"]),
            "latitude": float(row["latitude"]),
        }
        for row in compiled("municipalities.csv")
    ]


def test_official_names_are_as_compiled_in_their_order(norway, compiled):
    found = {}
    for row in norway["municipality_names"]:
        found.setdefault(row["municipality_code"], []).append(row["name"])
    assert found == {
        row["municipality_code"]: row["name_official"].split(" - ")
        for row in compiled("municipalities.csv")
    }
