"""Passwords: Argon2id as RFC 9106 recommends it for little memory, and rules that help."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

SHORTEST, LONGEST = 12, 200  # characters; NIST SP 800-63B asks for length and against rules


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


@cache
def _nobodys() -> str:
    """What an unknown account is compared with, so that it takes as long as a known one."""
    return hashed("nobody's password")


def hashed(password: str) -> str:
    return _hasher().hash(password)


def right(password: str, kept: str | None) -> bool:
    """Whether `password` is the one of which `kept` is the hash; as slow when there is none.

    Call it outside of a writing transaction: it is slow on purpose.
    """
    try:
        return _hasher().verify(kept or _nobodys(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Whether the hash was made under weaker parameters than today's."""
    return _hasher().check_needs_rehash(kept)
