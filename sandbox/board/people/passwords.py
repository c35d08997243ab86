"""Passwords: Argon2id as RFC 9106 recommends it for little memory, and rules that help."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from sandbox.board.words import gettext

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


def problem(password: str, about: Iterable[str]) -> str | None:
    """Why `password` would be guessed soon, in the reader's language; None if it would not.

    `about` is what everybody knows of this account: the event's name, the person's, the address.
    """
    if len(password) < SHORTEST:
        told = gettext("Use at least %(shortest)s characters; four words of your own do.")
        return told % {"shortest": SHORTEST}
    if len(password) > LONGEST:
        return gettext("Use at most %(longest)s characters.") % {"longest": LONGEST}
    if len(_own_part(password, about)) < SHORTEST // 2:
        return gettext(
            "This is easy to guess: it is mostly made of common words, rows of keys, or what is "
            "known of you or the event."
        )
    return None


# Taken out of a password wherever they stand: words that lists of stolen passwords begin with, in
# the event's languages too, and rows of keys, of which four in a row are nobody's own idea.
COMMON = (
    "password", "passord", "passwort", "losenord", "lösenord", "adgangskode", "kodeord",
    "welcome", "velkommen", "valkommen", "välkommen", "letmein", "iloveyou", "dragon", "monkey",
    "football", "fotball", "fotboll", "fodbold", "baseball", "superman", "batman", "princess",
    "sunshine", "master", "shadow", "secret", "hemmelig", "hemlig", "trustno", "admin", "login",
    "sommer", "summer", "winter", "vinter", "hackathon", "sandbox", "changeme", "whatever",
)  # fmt: skip
ROWS = ("01234567890", "qwertyuiopå", "asdfghjkløæ", "asdfghjklöä", "zxcvbnm,.-",
        "abcdefghijklmnopqrstuvwxyzæøå", "1qaz2wsx3edc4rfv5tgb")  # fmt: skip
RUN = 4


def _own_part(password: str, about: Iterable[str]) -> str:
    """What is left of a password without all that."""
    left = password.casefold()
    for word in sorted({*COMMON, *_words(about)}, key=len, reverse=True):
        left = left.replace(word, "")
    left = re.sub(r"(.+?)\1+", r"\1", left)
    return "".join(c for at, c in enumerate(left) if not _in_a_row(left, at))


def _in_a_row(text: str, at: int) -> bool:
    """Whether the character at `at` is one of four neighbours on a row, in either direction."""
    runs = (text[start : start + RUN] for start in range(max(at - RUN + 1, 0), at + 1))
    return any(len(run) == RUN and (run in row or run[::-1] in row) for run in runs for row in ROWS)


def _words(about: Iterable[str]) -> set[str]:
    return {
        word for text in about for word in re.split(r"[\W_]+", text.casefold()) if len(word) > 3
    }
