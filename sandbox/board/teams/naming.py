"""What teams are called, and the addresses that their names become."""

from __future__ import annotations

import re
import secrets
import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.state.teams import Team

LETTERS = {ord("æ"): "ae", ord("ø"): "o", ord("ð"): "d", ord("þ"): "th"}
TAKEN = frozenset({"new", "join", "looking", "requests"})  # addresses of pages


def slug_of(name: str) -> str:
    """A name as part of an address: ÆØÅ and accents become plain letters, the rest a hyphen."""
    return _plain(name) or f"team-{secrets.token_hex(3)}"


def is_taken(session: Session, name: str, but: int | None = None) -> bool:
    """Whether a team (other than `but`) is called so, or so alike that it could be mistaken.

    A team keeps the address of its first name, so that is taken as well.
    """
    plain = _plain(name)
    if plain in TAKEN:
        return True
    for number, slug, other in session.execute(select(Team.id, Team.slug, Team.name)):
        alike = other.casefold() == name.casefold() or (plain and plain in (slug, _plain(other)))
        if number != but and alike:
            return True
    return False


def _plain(name: str) -> str:
    letters = name.casefold().translate(LETTERS)
    ascii_only = unicodedata.normalize("NFKD", letters).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
