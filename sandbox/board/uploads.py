"""Files that people hand in: each lies in uploads/ under the SHA-256 of its content, for good.

The name says what is in it and nothing of where it came from; nothing there is ever served, opened
or unpacked by its name or by what its sender said of it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from sandbox.board.served import served

DIGEST = re.compile(r"[0-9a-f]{64}")


def keep(content: bytes) -> str:
    """Write `content` so that it outlives a power cut, and say its digest; twice is once."""
    digest = hashlib.sha256(content).hexdigest()
    target = path(digest)
    if target.exists():
        return digest
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = target.with_name(f".{secrets.token_hex(8)}.part")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    return digest


def path(digest: str) -> Path:
    """Where the file of this digest lies, or would; ValueError for what is no digest."""
    if not DIGEST.fullmatch(digest):
        raise ValueError("no digest")
    return served().workspace.uploads / digest[:2] / digest


def _sync_folder(folder: Path) -> None:
    """A file's name is as safe as its content only when the folder is written, too."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
