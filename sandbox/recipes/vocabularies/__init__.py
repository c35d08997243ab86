"""Frozen vocabularies, checked against the hash they were frozen with."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.errors import BuildError

FOLDER = Path(__file__).parent


@cache
def frozen(file: str) -> dict[str, Any]:
    """The content of a frozen file; BuildError if a byte of it has changed."""
    content = (FOLDER / file).read_bytes()
    wanted = json.loads((FOLDER / "hashes.json").read_text(encoding="utf-8"))[file]
    if hashlib.sha256(content).hexdigest() != wanted:
        raise BuildError(
            f"The vocabulary {file} is not as it was frozen. Restore sandbox/recipes/vocabularies "
            "from the repository: other names would make other data."
        )
    loaded: dict[str, Any] = json.loads(content)
    return loaded


@cache
def vocabulary(name: str) -> tuple[str, ...]:
    """The words of one list of no_NO.json, in their frozen order."""
    return tuple(frozen("no_NO.json")[name])
