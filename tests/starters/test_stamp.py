"""What starters share is the same in each, and small enough to carry."""

from __future__ import annotations

import json
import subprocess
import sys

from sandbox.workspace import KIT

SAMPLES = sorted(KIT.glob("starter_templates/*/*/data/sample/*"))


def test_the_copies_in_the_starters_equal_their_source() -> None:
    command = [sys.executable, str(KIT / "scripts" / "_stamp.py"), "--check", "--files"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_sample_is_small_and_says_what_it_is() -> None:
    assert len(SAMPLES) >= 2
    for folder in SAMPLES:
        files = sorted(folder.glob("*.json"))
        assert 0 < sum(file.stat().st_size for file in files) <= 100_000
        for file in files:
            about = json.loads(file.read_text(encoding="utf-8"))
            assert about["licence"] and about["publisher"] and about["reference_date"]
            assert about["origin"] in ("open", "synthetic")
            assert about["origin"] == "synthetic" or about["attribution"]
            assert len(about["rows"]) == about["sample"]["rows"] > 0
            assert all(len(row) == len(about["columns"]) for row in about["rows"])
