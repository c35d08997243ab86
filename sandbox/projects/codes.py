"""Bytes that can be computed again, and codes that people read out."""

from __future__ import annotations

import json
from typing import Any

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that looks like something else
SHORT = 15  # letters and digits of a short code


def canonical(content: Any) -> bytes:
    """JSON in one way alone: sorted keys, no spaces, UTF-8. Its SHA-256 is what receipts name."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def short(digest: str) -> str:
    """A SHA-256 as 15 letters and digits: its number to base 31, the last digit first.

    There are 31¹⁵ = 2⁷⁴ of them, so nobody finds other content for one that has been read out.
    """
    number, code = int(digest, 16), ""
    for _ in range(SHORT):
        number, digit = divmod(number, len(ALPHABET))
        code += ALPHABET[digit]
    return code


def grouped(code: str) -> str:
    """The code in groups of five, as people read it: ABCDE-FGHJK-MNPQR."""
    return "-".join(code[start : start + 5] for start in range(0, len(code), 5))
