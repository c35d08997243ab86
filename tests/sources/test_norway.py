"""The snapshot of Norway is whole, consistent, and noticed when it is changed."""

import hashlib

import pytest

from sandbox import sources
from sandbox.errors import SourceError
from sandbox.workspace import KIT

NORWAY = KIT / "datasets" / "norway"


def test_totals_are_those_that_the_owners_publish(norway):
    municipalities = norway["municipalities"]
    assert (len(norway["counties"]), len(municipalities)) == (15, 357)
    assert sum(m["population"] for m in municipalities) == 5_550_203
    assert sum(m["area_km2"] for m in municipalities) == pytest.approx(323_804.56, abs=0.01)


def test_names_are_in_their_order_and_the_norwegian_one_is_among_them(norway):
    names = {}
    for row in norway["municipality_names"]:
        assert row["name_id"] == f"{row['municipality_code']}-{row['position']}"
        names.setdefault(row["municipality_code"], []).append((row["position"], row["name"]))
    for code, said in names.items():
        assert [position for position, _ in said] == list(range(1, len(said) + 1)), code
    assert sum(len(said) > 1 for said in names.values()) == 22
    for row in norway["municipalities"]:
        assert row["name"] in [name for _, name in names[row["municipality_code"]]]


def test_every_municipality_lies_in_the_county_of_its_code_and_in_norway(norway):
    counties = {row["county_code"] for row in norway["counties"]}
    for row in norway["municipalities"]:
        assert row["county_code"] == row["municipality_code"][:2]
        assert row["county_code"] in counties
        assert 57 < row["latitude"] < 72
        assert 4 < row["longitude"] < 32


def test_a_changed_snapshot_is_refused_and_its_bad_cells_are_told(dataset, tmp_path):
    folder = tmp_path / "norway"
    (folder / "data").mkdir(parents=True)
    for name in ("source.yml", *(f"data/{t}.csv" for t in dataset.tables)):
        (folder / name).write_bytes((NORWAY / name).read_bytes())
    file = folder / "data" / "municipalities.csv"
    file.write_text(
        file.read_text("utf-8").replace("0301,Oslo,03,717710", "0301,Oslo,03,many"), "utf-8"
    )
    with pytest.raises(SourceError) as caught:
        sources.load(folder, dataset, "datasets/norway")
    cell, changed = caught.value.problems
    assert (cell.where, cell.found) == ("datasets/norway/data/municipalities.csv:2", "'many'")
    assert changed.found == hashlib.sha256(file.read_bytes()).hexdigest()
