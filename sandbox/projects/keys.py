"""A team's key: a file that the board hands out once, and whoever has it can pack for the team."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AfterValidator, Field, ValidationError

from sandbox.descriptors import Descriptor, Expected
from sandbox.errors import PackError, Problem
from sandbox.projects.packs import Base64

FORMAT = 1
MOST_BYTES = 100_000
NOTE = "Whoever has this file can submit for the team. Keep it to yourselves."
ANOTHER = "download the team's key from the board once more: Your project, Without a network"


def _seed(text: str) -> str:
    if len(b64decode(text)) != 32:
        raise Expected("32 bytes in base64")
    return text


class TeamKey(Descriptor):
    """The file `<team>.key`: the private half, and what a packing machine cannot ask the board.

    `challenges` maps the names of those that the team could see to their titles; `event` is the
    event's `seed_commitment`, as in its bundle's manifest.
    """

    note: str = NOTE
    format: int
    event: str
    event_name: str
    address: str
    team: str
    team_name: str
    challenge: str
    challenges: dict[str, str] = Field(default_factory=dict)
    language: str
    made_at: str
    private_key: Annotated[Base64, AfterValidator(_seed)] = Field(repr=False)

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(b64decode(self.private_key))

    @property
    def public_key(self) -> str:
        """As packs name it, and as the board keeps it."""
        return b64encode(self.private.public_key().public_bytes_raw()).decode()

    def file(self) -> bytes:
        return json.dumps(self.model_dump(), indent=1, ensure_ascii=False).encode() + b"\n"


def new_private_key() -> str:
    """Another private half, from the system's randomness."""
    return b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def read(path: Path) -> TeamKey:
    """The key in a file. Raises PackError when there is none."""
    if not path.is_file():
        raise PackError([Problem("there is no key here", str(path), fix=ANOTHER)])
    if (size := path.stat().st_size) > MOST_BYTES:
        raise PackError([_no_key(path, f"{size:,} bytes")])
    try:
        told: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise PackError([_no_key(path, "something that is not JSON")]) from None
    if isinstance(told, dict) and told.get("format", FORMAT) != FORMAT:
        raise PackError([_no_key(path, f"format {str(told['format'])[:20]}")])
    try:
        return TeamKey.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise PackError([_no_key(path, f"{where}: {first['msg']}")]) from None


def _no_key(path: Path, found: str) -> Problem:
    expected = "the file <team>.key as the board handed it out"
    return Problem("this is no team's key", str(path), None, found, expected, ANOTHER)
