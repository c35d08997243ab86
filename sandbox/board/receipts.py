"""Receipts: a short code that people can read out, and a digest that anybody can compute again."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that looks like something else
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


def canonical(content: Any) -> bytes:
    """JSON in one way alone: sorted keys, no spaces, UTF-8. Its SHA-256 is what receipts name."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def digest(content: Any) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()
