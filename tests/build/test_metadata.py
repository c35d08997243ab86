"""The Data Package of a built dataset tells a machine what the page tells people."""

import hashlib
import json

import pytest

from sandbox.build import build

pytestmark = pytest.mark.heavy


@pytest.fixture
def package(kit):
    folder = build(kit) / "datasets" / "norway"
    return folder, json.loads((folder / "datapackage.json").read_text())


def test_every_resource_is_there_with_its_size_and_hash(package):
    folder, described = package
    for resource in described["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_licence_source_and_reference_date_are_said(package):
    _, described = package
    assert described["licenses"][0]["name"] == "CC-BY-4.0"
    assert described["licenses"][0]["path"].startswith("https://creativecommons.org/")
    assert any("Kartverket" in source["title"] for source in described["sources"])
    assert described["sandbox:referenceDate"] == "2024-01-01"


def test_keys_codes_and_units_stand_in_the_schema(package):
    _, described = package
    schema = next(r["schema"] for r in described["resources"] if r["name"] == "municipalities")
    assert schema["primaryKey"] == ["municipality_code"]
    assert schema["foreignKeys"] == [
        {
            "fields": ["county_code"],
            "reference": {"resource": "counties", "fields": ["county_code"]},
        }
    ]
    fields = {field["name"]: field for field in schema["fields"]}
    assert fields["municipality_code"]["type"] == "string"
    assert fields["area_km2"]["unit"] == "km²"
    assert fields["language_form"]["constraints"]["enum"] == ["bokmal", "nynorsk", "neutral"]
