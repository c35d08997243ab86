"""functions.py beside a recipe: words of its own, for a process that the vocabulary lacks.

from sandbox.recipes.own_functions import Here, Integers, Numbers, function

@function()
def tide(here: Here, hour: Numbers) -> Numbers:
    \"\"\"The height of the tide in metres at an hour of the day.\"\"\"
    return 1.2 * np.cos(hour / 12.4 * 2 * np.pi)
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from sandbox.errors import Problem
from sandbox.recipes.here import Here
from sandbox.recipes.operators import SHOWN, Unfit
from sandbox.recipes.registry import (
    Anything,
    Booleans,
    Constant,
    Constants,
    Dates,
    Datetimes,
    Durations,
    FileName,
    Function,
    Integers,
    ManyRows,
    Numbering,
    Numbers,
    OtherTable,
    References,
    Strings,
    Theirs,
    function,
    vocabulary_of_its_own,
)

__all__ = [
    "Anything",
    "Booleans",
    "Constant",
    "Constants",
    "Dates",
    "Datetimes",
    "Durations",
    "FileName",
    "Here",
    "Integers",
    "ManyRows",
    "Numbering",
    "Numbers",
    "OtherTable",
    "References",
    "Strings",
    "Theirs",
    "Unfit",
    "function",
    "read_functions",
]

FILE = "functions.py"


def read_functions(folder: Path, shown: str) -> tuple[Mapping[str, Function], list[Problem]]:
    """The functions that functions.py in `folder` adds to the language, and what is wrong in it.

    shown: the folder as its author knows it. The file is code, and it runs here.
    """
    path = folder / FILE
    if not path.is_file():
        return {}, []
    with vocabulary_of_its_own() as added:
        try:
            _run(path)
        except (Exception, SystemExit) as error:
            what = f"{FILE} cannot be used: {_said(error)}"
            fix = getattr(error, "fix", None) or "correct that line"
            return {}, [Problem(what, f"{shown}/{FILE}", _line(error, path), fix=fix)]
    return added, []


def _run(path: Path) -> None:
    name = f"sandbox_recipe_{path.parent.name.replace('-', '_')}"
    specification = spec_from_file_location(name, path)
    assert specification is not None and specification.loader is not None
    module = module_from_spec(specification)
    # Annotations are looked up in the module by its name while a function is decorated.
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    finally:
        del sys.modules[name]


def raised(name: str, error: Exception, folder: Path) -> Unfit:
    """What is told of a function of functions.py that raised an error while it was called."""
    at = _line(error, folder / FILE)
    found = f"{FILE}:{at}" if at else FILE
    fix = "correct that line, or raise Unfit(what, fix=…) in it for values that it cannot take"
    return Unfit(f"{name}() of {FILE} raised {_said(error)}", found, fix=fix)


def _said(error: BaseException) -> str:
    if isinstance(error, Unfit):
        return error.what
    if isinstance(error, SyntaxError):
        return error.msg
    said = " ".join(str(error).split())[:SHOWN]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _line(error: BaseException, path: Path) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
