"""The scripts' shared modules lie outside the package; tests load them from their files."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    """Import `scripts/<name>.py` under its own name."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def setup():
    return load("_setup")


@pytest.fixture
def licences():
    return load("_licences")


@pytest.fixture
def tidy():
    return load("_tidy")
