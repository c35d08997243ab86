"""Ways to have a file of answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def answers_file(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Writes text (UTF-8) or bytes to answers.csv."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "answers.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
