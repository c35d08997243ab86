"""Receipts: a short code that people can read out, and a digest that anybody can compute again."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from sandbox.projects.codes import ALPHABET, canonical

LENGTH = 10


def new() -> str:
    """A code that no other receipt has: 31¹⁰ of them."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str) -> str:
    """The code in groups, as people read it: ABCDE-FGHJK."""
    return f"{code[:5]}-{code[5:]}"


def read(typed: str) -> str:
    """The code that somebody typed, in whatever groups and letters."""
    return "".join(c for c in typed.upper() if c in ALPHABET)


def nonce() -> str:
    """What a form carries so that, sent twice over a bad line, it is done once."""
    return secrets.token_urlsafe(18)


def digest(content: Any) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


__all__ = ["ALPHABET", "LENGTH", "canonical", "digest", "new", "nonce", "read", "shown"]
