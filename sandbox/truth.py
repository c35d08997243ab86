"""Write hidden answers, and open them; only the build and the judge import this."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

from sandbox.errors import TruthError


def salted_hashes(folder: Path, salt: bytes) -> dict[str, str]:
    """CSV file → SHA-256 of salt and content: published before the event, checked afterwards.

    What else lies there are the same cells as Parquet, for the next build. Its bytes differ between
    versions of the library that writes it, so nobody elsewhere could be held to them.
    """
    return {
        path.relative_to(folder).as_posix(): salted_hash(path, salt)
        for path in sorted(folder.rglob("*.csv"))
        if path.is_file()
    }


def salted_hash(path: Path, salt: bytes) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.sha256(salt)).hexdigest()


def commitment(seed: bytes, salt: bytes) -> str:
    """What the bundle may say of its seed: SHA-256 of salt and seed."""
    return hashlib.sha256(salt + seed).hexdigest()


def answers_digest(folder: Path, challenge: str) -> bytes:
    """SHA-256 of a challenge's name and hidden answers: what draws about them may begin from."""
    file = (folder / challenge / "answers.csv").read_bytes()
    return hashlib.sha256(challenge.encode() + b"\0" + file).digest()


def open_answers(folder: Path, challenge: str) -> list[dict[str, str]]:
    """The hidden answers of a challenge, as text by column, in the order of their key."""
    path = folder / challenge / "answers.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise TruthError(f"{path} is damaged: {error}. Build again: sandbox build") from None
    except OSError:
        raise TruthError(
            f"There are no hidden answers for {challenge} here, so nothing can be scored. "
            "Answers are scored where the bundle was built."
        ) from None
