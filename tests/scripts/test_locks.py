"""The lock files agree with pyproject.toml, pin every hash, and name no address."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS = PROJECT["dependency-groups"]
WANTED = {
    "requirements.lock": [*PROJECT["project"]["dependencies"], *GROUPS["install"]],
    "requirements-dev.lock": [
        *PROJECT["project"]["dependencies"],
        *GROUPS["install"],
        *GROUPS["dev"],
    ],
}


def pins(lock):
    """The versions a lock holds by canonical name (several where markers divide them)."""
    found = {}
    for name, version in re.findall(
        r"^([\w.-]+)==([^\s;]+)", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE
    ):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize(
    ("lock", "requirement"), [(lock, text) for lock, texts in WANTED.items() for text in texts]
)
def test_every_direct_dependency_is_locked_within_its_range(lock, requirement):
    wanted = Requirement(requirement)
    locked = pins(lock).get(canonicalize_name(wanted.name))
    assert locked, f"{wanted.name} is not in {lock}: run scripts/lock"
    outside = [version for version in locked if version not in wanted.specifier]
    assert not outside, f"{lock} has {wanted.name} {outside}, outside {wanted.specifier}"


def test_what_serves_is_what_was_tested():
    development = pins("requirements-dev.lock")
    assert {name: development.get(name) for name in pins("requirements.lock")} == pins(
        "requirements.lock"
    )


@pytest.mark.parametrize("lock", WANTED)
def test_every_pin_has_its_hashes_and_no_line_an_address(lock):
    text = (ROOT / lock).read_text("utf-8")
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        assert "--hash=sha256:" in entry, entry
    assert "://" not in text
    assert not re.search(r"^--", text, flags=re.MULTILINE)
