"""The benchmarks' common form: what is met, what is missed, and what the runner makes of it."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.report import Goal, Row, report

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("measured", "bound", "met"),
    [
        (3.0, "at least", True),
        (2.9, "at least", False),
        (3.0, "at most", True),
        (3.1, "at most", False),
        (math.nan, "at least", False),
        (math.nan, "at most", False),
    ],
)
def test_a_goal_is_met_on_its_limit_and_on_the_right_side_of_it(measured, bound, met):
    assert Goal("speed", measured, bound, 3.0).met is met


def test_rows_are_printed_as_they_come_and_goals_after_them(capsys):
    seen = []

    def results():
        yield Goal("ratio to the peer", 0.8, "at least", 0.9, "times")
        yield Row("our build", 1_234_567.0, "rows/s", ratio=0.8)
        seen.append(capsys.readouterr().out)

    (goal,) = report(results())
    assert not goal.met
    assert "our build" in seen[0]
    assert "1,234,567 rows/s" in seen[0]
    assert "ratio 0.8" in seen[0]
    assert "MISSED" in capsys.readouterr().out


def test_an_unknown_benchmark_is_refused_with_the_names_there_are():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "nonsense" in done.stderr


@pytest.mark.parametrize(("flags", "code"), [([], 0), (["--check"], 1)])
def test_only_a_check_fails_on_a_missed_goal(tmp_path, flags, code):
    package = tmp_path / "benchmarks"
    package.mkdir()
    for name in ("__init__", "__main__", "report"):
        source = (ROOT / "benchmarks" / f"{name}.py").read_text("utf-8")
        (package / f"{name}.py").write_text(source, "utf-8")
    (package / "slow.py").write_text(
        '"""Something too slow."""\nfrom benchmarks.report import Goal\n'
        'def measure():\n    yield Goal("time", 2.0, "at most", 1.0, "s")\n',
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "slow", *flags],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert "0 of 1 goals met" in done.stdout
