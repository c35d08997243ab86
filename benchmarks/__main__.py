"""Run one benchmark by name, or list them all: `python -m benchmarks [NAME] [--check]`."""

import argparse
import ast
import importlib
import os
import platform
import sys
from pathlib import Path

from benchmarks.report import report
from sandbox.errors import SandboxError

_NOT_BENCHMARKS = {
    "__init__",
    "__main__",
    "browser",
    "crowd",
    "filling",
    "report",
    "serving",
    "taken",
}


def available() -> dict[str, str]:
    """The benchmarks' names, each with the first line of its docstring; none is imported for it."""
    return {
        path.stem: (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]
        for path in sorted(Path(__file__).parent.glob("*.py"))
        if path.stem not in _NOT_BENCHMARKS
    }


def main() -> int:
    """Return 1 if a goal is missed and `--check` was given, else 0."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=available(), help="which; none lists them")
    parser.add_argument("--minutes", type=float, help="how long an event takes; only for event")
    parser.add_argument("--check", action="store_true", help="exit 1 when a goal is missed")
    options = parser.parse_args()
    if options.minutes is not None and options.name != "event":
        parser.error("--minutes is for event alone")
    if not options.name:
        print("\n".join(f"{name:10} {sentence}" for name, sentence in available().items()))
        return 0
    print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    try:
        chosen = {} if options.minutes is None else {"minutes": options.minutes}
        goals = report(importlib.import_module(f"benchmarks.{options.name}").measure(**chosen))
    except SandboxError as error:
        sys.exit(str(error))
    missed = sum(not goal.met for goal in goals)
    print(f"{len(goals) - missed} of {len(goals)} goals met")
    return int(bool(options.check and missed))


if __name__ == "__main__":
    sys.exit(main())
