"""In CI a skip is a failure; elsewhere it stays a skip that says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.heavy
ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

@pytest.mark.skip(reason="no browser here")
def test_skipped(): ...

@pytest.mark.xfail
def test_expected_to_fail(): assert False

def test_sound(): ...
"""


@pytest.mark.parametrize(
    ("in_ci", "code", "summary"),
    [("0", 0, "1 passed, 1 skipped, 1 xfailed"), ("1", 1, "1 passed, 1 xfailed, 1 error")],
)
def test_a_skip_fails_in_ci_only(tmp_path, in_ci, code, summary):
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:hypothesispytest", str(tmp_path)],
        env=os.environ | {"SANDBOX_CI": in_ci},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, summary in done.stdout) == (code, True), done.stdout
    assert "no browser here" in done.stdout


def test_an_import_that_is_missing_fails_in_ci(tmp_path):
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    (tmp_path / "test_some.py").write_text("import pytest\npytest.importorskip('not_there')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(tmp_path)],
        env=os.environ | {"SANDBOX_CI": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "not_there" in done.stdout
