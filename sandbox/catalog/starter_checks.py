"""A starter is a cookiecutter template that runs no code and asks little."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sandbox.catalog.content import Described
from sandbox.descriptors import read_text
from sandbox.errors import Problem

MOST_QUESTIONS = 4


def starter_problems(d: Described) -> Iterator[Problem]:
    """What is wrong with cookiecutter.json, and with the folders beside it."""
    yield from _folders(d)
    file = f"{d.shown}/cookiecutter.json"
    text = read_text(d.folder / "cookiecutter.json", file)
    if isinstance(text, Problem):
        yield text
        return
    try:
        asked = json.loads(text)
    except json.JSONDecodeError as error:
        what, fix = f"this is not JSON: {error.msg}", "check commas and quotes up to here"
        yield Problem(what, file, error.lineno, fix=fix)
        return
    except RecursionError:
        yield Problem("it is nested too deep", file, 1)
        return
    if isinstance(asked, dict):
        yield from _questions(asked, text, file)
    else:
        yield Problem("it is not a map of questions", file, 1, expected='{"project_name": "…"}')


def _questions(asked: dict[str, Any], text: str, file: str) -> Iterator[Problem]:
    questions = [key for key in asked if not key.startswith("_")]
    if "project_slug" not in questions and "project_name" not in questions:
        yield Problem("it asks for no project_name", file, 1, fix='add "project_name"')
    visible = [key for key in questions if not str(asked[key]).startswith("{{")]
    if len(visible) > MOST_QUESTIONS:
        line = _line(text, visible[MOST_QUESTIONS])
        found = f"{len(visible)}: {', '.join(visible)}"
        expected = f"at most {MOST_QUESTIONS}"
        yield Problem("it asks too much", file, line, found, expected)
    prompts = asked.get("__prompts__", {})
    for key in visible:
        if not isinstance(prompts, dict) or key not in prompts:
            what, fix = f"{key} has no words in __prompts__", "say there what is asked for"
            yield Problem(what, file, _line(text, key), fix=fix)
    if "_extensions" in asked:
        what = "extensions run code when a starter is made"
        yield Problem(what, file, _line(text, "_extensions"), fix="delete them")


def _folders(d: Described) -> Iterator[Problem]:
    if (d.folder / "hooks").exists():
        what = "hooks run code when a starter is made"
        yield Problem(what, f"{d.shown}/hooks", fix="delete them")
    if not any("{{" in folder.name for folder in d.folder.iterdir() if folder.is_dir()):
        what = "there is no project to generate"
        yield Problem(what, d.shown, expected="a folder {{cookiecutter.project_slug}}")
    for path in sorted(d.folder.rglob("*{%*")):
        what = "a file or folder whose name is conditional cannot be made the same way everywhere"
        yield Problem(what, f"{d.shown}/{path.relative_to(d.folder).as_posix()}", fix="rename it")


def _line(text: str, key: str) -> int | None:
    found = re.search(rf"{re.escape(json.dumps(key))}\s*:", text)
    return text.count("\n", 0, found.start()) + 1 if found else None
