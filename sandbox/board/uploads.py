"""Files that people hand in: each lies in uploads/ under the SHA-256 of its content, unchanged.

The name says what is in it and nothing of where it came from; nothing there is ever served, opened
or unpacked by its name or by what its sender said of it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.served import served
from sandbox.state.projects import Image, Pack, Submission
from sandbox.state.scores import AnswerFile

DIGEST = re.compile(r"[0-9a-f]{64}")


def keep(content: bytes) -> str:
    """Write `content` so that it outlives a power cut, and say its digest; twice is once."""
    digest = hashlib.sha256(content).hexdigest()
    target = path(digest)
    if target.exists():
        os.utime(target)  # it is wanted anew, so it is no orphan
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


# --- what nothing refers to -----------------------------------------------------------------------

# Every column that names a file here. What a submission names besides, it never gives up.
NAMED_BY = (Image.digest, Image.small, AnswerFile.digest, Pack.file)
LEAST = timedelta(hours=1)  # between a file and the row that names it; nobody takes as long


def orphans(reader: Session, folder: Path, older: timedelta) -> list[Path]:
    """Files below `folder` that no row names, and that nobody has sent for so long.

    Among them what was half written when the power went.
    """
    over = (clock.now() - max(older, LEAST)).timestamp()
    files = [file for file in folder.glob("??/*") if file.is_file()] if folder.is_dir() else []
    old = [file for file in files if file.stat().st_mtime <= over]
    named = _named(reader) if old else set()
    return sorted(file for file in old if file.name not in named)


def _named(reader: Session) -> set[str]:
    found = {name for column in NAMED_BY for name in reader.scalars(select(column).distinct())}
    for content in reader.scalars(select(Submission.content)):
        found |= {str(image.get("digest")) for image in content.get("images") or []}
    return found


def _sync_folder(folder: Path) -> None:
    """A file's name is as safe as its content only when the folder is written, too."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
