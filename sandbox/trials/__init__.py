"""Plan a fair comparison, assign by lot, analyse as planned, and tell it in plain words."""

from __future__ import annotations

from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.trials.analysis import analyse
from sandbox.trials.assignment import assign
from sandbox.trials.effects import effect
from sandbox.trials.frozen import freeze
from sandbox.trials.page import markdown, text
from sandbox.trials.plan import Plan, read_plan
from sandbox.trials.report import plan_page, report

__all__ = [
    "Plan",
    "analyse",
    "assign",
    "effect",
    "freeze",
    "markdown",
    "plan_page",
    "read_plan",
    "report",
    "text",
    "write_example",
]

EXAMPLE = Path(__file__).parent / "example.yml"


def write_example(path: Path) -> None:
    """Write a plan to change into one's own; SandboxError if the file is there already."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(EXAMPLE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise SandboxError(f"{path} is there already.\n    way out: name another file") from None
