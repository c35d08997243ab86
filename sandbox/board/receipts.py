"""Receipts: a short code that people can read out, and a digest that anybody can compute again."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from sandbox.projects.codes import ALPHABET, canonical, grouped

LENGTH = 10


def new(letters: int = LENGTH) -> str:
    """A code that no other receipt has: 31¹⁰ of them; others draw shorter ones in the same way."""
    return "".join(secrets.choice(ALPHABET) for _ in range(letters))


def shown(code: str) -> str:
    """The code in groups, as people read it: ABCDE-FGHJK."""
    return grouped(code)


def read(typed: str) -> str:
    """The code that somebody typed, in whatever groups and letters."""
    return "".join(c for c in typed.upper() if c in ALPHABET)


def nonce() -> str:
    """What a form carries so that, sent twice over a bad line, it is done once."""
    return secrets.token_urlsafe(18)


def digest(content: Any) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


__all__ = ["ALPHABET", "LENGTH", "canonical", "digest", "new", "nonce", "read", "shown"]
