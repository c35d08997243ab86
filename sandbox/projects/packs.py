"""A pack: one file with all that a team submits, signed with the team's key, made offline.

It is flat JSON: `format` (1), `payload` (base64 of canonical JSON, see `Payload`), `key` (the
team's public Ed25519 key, base64) and `signature` (over the payload's bytes, base64). The SHA-256
of the payload's bytes is the pack's digest, and the digest's first part its short code. Nothing in
it is a path, and nothing is compressed, so that reading it cannot write or grow.
"""

from __future__ import annotations

import binascii
import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AfterValidator, Field, ValidationError

from sandbox.descriptors import Descriptor, Expected
from sandbox.errors import SandboxError
from sandbox.projects.codes import canonical, short
from sandbox.projects.faults import Fault
from sandbox.projects.fields import MOST_IMAGES
from sandbox.ui.languages import N_

FORMAT = 1
MOST_BYTES = 25_000_000  # of the file: half an hour's patience on a bad line, seconds by stick
MOST_ANSWERS = 20
PARTS = ("format", "key", "payload", "signature")
# Commas and brackets: a frame has 4, and a payload a few more than all its texts can hold. What
# has millions of them in 25 MB becomes a gigabyte of objects once it is parsed.
MOST_IN_FRAME, MOST_IN_PAYLOAD = 20, 200_000
AGAIN = N_("Make it again by `sandbox submission pack` and bring the new file.")
COPY = N_("Copy the file again from where it was made, and bring the copy.")


class PackRefused(SandboxError):
    """The file is not a pack that anybody could take; `fault` says why, for any language."""

    def __init__(self, fault: Fault):
        self.fault = fault
        super().__init__(". ".join(part for part in fault.told() if part))


def _base64(text: str) -> str:
    try:
        b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Expected("base64 (RFC 4648, section 4)") from None
    return text


def _moment(text: str) -> str:
    try:
        if datetime.fromisoformat(text).tzinfo is not None:
            return text
    except ValueError:
        pass
    raise Expected("a moment with its zone such as 2027-03-06T13:59:00Z")


Base64 = Annotated[str, AfterValidator(_base64)]


class PackedImage(Descriptor):
    """A picture as it is in the pack; the board decodes and encodes it anew."""

    content: Base64
    alt: str = Field(max_length=500)
    caption: str = Field(max_length=500)

    @property
    def bytes(self) -> bytes:
        return b64decode(self.content)


class PackedAnswers(Descriptor):
    """A file of answers to a challenge."""

    name: str = Field(max_length=200)
    content: Base64

    @property
    def bytes(self) -> bytes:
        return b64decode(self.content)


class Payload(Descriptor):
    """What is signed.

    `event` is the event's `seed_commitment`, and `made_at` claimed, not proven.
    """

    event: str = Field(max_length=100)
    team: str = Field(max_length=100)
    challenge: str = Field(max_length=100)
    language: str = Field(max_length=20)
    fields: dict[str, Any]
    images: tuple[PackedImage, ...] = Field(max_length=MOST_IMAGES)
    answers: dict[str, PackedAnswers] = Field(max_length=MOST_ANSWERS)
    made_at: Annotated[str, AfterValidator(_moment)]


@dataclass(frozen=True)
class Pack:
    """A pack whose signature is right for the key that it names; whose key that is, others know."""

    payload: Payload
    digest: str
    public_key: str

    @property
    def code(self) -> str:
        return short(self.digest)

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.payload.made_at)


def signed(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """The file: the same payload and key give the same bytes, since Ed25519 draws nothing."""
    made = {
        "format": FORMAT,
        "key": b64encode(key.public_key().public_bytes_raw()).decode(),
        "payload": b64encode(payload).decode(),
        "signature": b64encode(key.sign(payload)).decode(),
    }
    return json.dumps(made, indent=1).encode() + b"\n"


def digest_of(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def read(content: bytes) -> Pack:
    """The pack in a file, once its form and its signature have held. Raises PackRefused."""
    if len(content) > MOST_BYTES:
        raise _refused(
            N_("The file is too large for a pack"), N_("%(bytes)s bytes"),
            N_("at most %(most)s bytes"),
            N_("Leave out pictures or answers, pack it again, and bring the new file."),
            bytes=f"{len(content):,}", most=f"{MOST_BYTES:,}",
        )  # fmt: skip
    envelope = _envelope(content)
    payload = _decoded("payload", envelope["payload"])
    public = _decoded("key", envelope["key"], 32)
    signature = _decoded("signature", envelope["signature"], 64)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, payload)
    except (InvalidSignature, ValueError):
        raise _refused(
            N_("The signature does not fit: the file was changed after it was packed"),
            N_("a signature of something else"), N_("the signature of exactly what is in it"), COPY,
        ) from None  # fmt: skip
    return Pack(_payload(payload), digest_of(payload), b64encode(public).decode())


def _envelope(content: bytes) -> Mapping[str, Any]:
    try:
        told = _json(content, MOST_IN_FRAME)
    except ValueError as error:
        raise _refused(
            N_("The file is not a pack, or only a part of one"),
            N_("%(bytes)s bytes that are not JSON (%(error)s)"),
            N_("a whole file whose name ends in .pack.json"), COPY,
            bytes=f"{len(content):,}", error=str(error),
        ) from None  # fmt: skip
    if not isinstance(told, dict) or sorted(told) != sorted(PARTS):
        found = ", ".join(sorted(told)[:10]) if isinstance(told, dict) else type(told).__name__
        raise _refused(
            N_("The file is JSON, and not a pack"), N_("%(found)s"), N_("%(parts)s"),
            N_("Choose the file whose name ends in .pack.json."),
            found=found or "{}", parts=", ".join(PARTS),
        )  # fmt: skip
    if told["format"] != FORMAT or isinstance(told["format"], bool):
        raise _refused(
            N_("The pack has another format"), N_("format %(found)s"), N_("format %(format)s"),
            N_("Make it with the kit that this event uses, or show it to an organiser."),
            found=str(told["format"]), format=FORMAT,
        )  # fmt: skip
    return told


def _decoded(name: str, text: object, length: int | None = None) -> bytes:
    found = f"{name}: {type(text).__name__}"
    if isinstance(text, str):
        try:
            raw = b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            found = f"{name}: …"
        else:
            if length in (None, len(raw)):
                return raw
            found = f"{name}: {len(raw)} bytes"
    raise _refused(
        N_("A part of the pack is damaged"), N_("%(found)s"), N_("base64, %(length)s bytes"), COPY,
        found=found, length=length or "≥ 0",
    )  # fmt: skip


def _payload(raw: bytes) -> Payload:
    """What the team's own program wrote and signed: wrong in here, the program is another one."""
    try:
        told = _json(raw, MOST_IN_PAYLOAD)
        is_canonical = canonical(told) == raw
    except (ValueError, RecursionError) as error:
        raise _strange(str(error)) from None
    if not is_canonical:
        raise _strange("the JSON is not in canonical form")
    try:
        return Payload.model_validate(_tuples(told))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _strange(f"{where}: {first['msg']}") from None


def _strange(error: str) -> PackRefused:
    return _refused(
        N_("The pack is signed, and what is in it is not as a pack should be"),
        N_("%(error)s"), N_("what `sandbox submission pack` writes"), AGAIN, error=error,
    )  # fmt: skip


def _tuples(told: Any) -> Any:
    """A strict form wants tuples, which JSON does not know, for its list of images."""
    if isinstance(told, dict) and isinstance(told.get("images"), list):
        return told | {"images": tuple(told["images"])}
    return told


def _json(raw: bytes, most: int) -> Any:
    """JSON without a key that stands twice, numbers that are none, or depth without an end, and
    with at most so many commas and brackets. Raises ValueError."""
    if sum(map(raw.count, (b"{", b"[", b","))) > most:
        raise ValueError("it has too many parts")
    try:
        return json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _refused(what: str, had: str, expected: str, fix: str, /, **values: Any) -> PackRefused:
    return PackRefused(Fault(what, had, expected, fix, values))
