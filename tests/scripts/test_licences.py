"""No package without a licence, none under a refused one, and every dataset's licence explained."""

import re
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]


def metadata(**fields):
    """A package's metadata as importlib.metadata gives it; underscores stand for hyphens."""
    message = Message()
    for name, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"License_Expression": "MIT", "License": "something else"}, "MIT"),
        (
            {"Classifier": ["License :: OSI Approved :: MIT License", "Topic :: X :: Y"]},
            "MIT License",
        ),
        ({"License": "Apache-2.0"}, "Apache-2.0"),
        ({"License": "x" * 100}, ""),
        ({}, ""),
    ],
)
def test_a_licence_is_read_from_the_clearest_field(licences, fields, expected):
    found = SimpleNamespace(metadata=metadata(Name="p", **fields), files=[])
    assert licences.licence(found) == expected


def test_a_package_whose_metadata_is_silent_is_known_by_its_licence_file(licences):
    text = (
        "Copyright 2020\n\nPermission is hereby granted,\nfree of charge, to any person obtaining"
    )
    file = SimpleNamespace(name="LICENSE", read_text=lambda encoding: text)
    found = SimpleNamespace(metadata=metadata(Name="p"), files=[file])
    assert licences.licence(found) == "MIT (by its text)"


@pytest.mark.parametrize(
    "licence",
    ["AGPL-3.0-or-later", "GNU Affero General Public License v3", "BUSL-1.1", "SSPL-1.0", ""],
)
def test_a_refused_or_missing_licence_is_a_problem(licences, licence):
    (problem,) = licences.problems([licences.Package("p", "1", licence)])
    assert "p 1" in problem


def test_the_locked_environment_has_nothing_refused(licences):
    found = licences.packages(ROOT / "requirements-dev.lock")
    assert len(found) > 50
    assert licences.problems(found) == []


def test_every_licence_a_dataset_names_is_explained():
    explained = (ROOT / "LICENSES" / "README.md").read_text("utf-8")
    for descriptor in ROOT.glob("datasets/*/dataset.yml"):
        licence = re.search(r"^licence: *(\S+)", descriptor.read_text("utf-8"), re.MULTILINE)
        assert licence[1] in explained, f"{descriptor}: LICENSES/README.md lacks {licence[1]}"
