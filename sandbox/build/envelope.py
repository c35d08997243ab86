"""The opened envelope: a folder with an event's seed, its salt, its answers, and its own content.

revealed/
  revealed.json           seed and salt, and the bundle whose commitment they open
  truth/                  the hidden answers as CSV, under the names that the manifest has, and
                          the quality of tables with planted faults, which was withheld
  datasets/ challenges/   what the event had beside the kit's content or in its place
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from sandbox.bundle import Manifest
from sandbox.descriptors import Descriptor
from sandbox.errors import VerifyError
from sandbox.truth import commitment, salted_hashes

FORMAT = 1
FILE = "revealed.json"
TRUTH = "truth"
KINDS = ("datasets", "challenges")  # of content that decides a cell of a table or an answer
MOST_BYTES = 10_000_000

Hexadecimal = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})+$")]
Folder = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(KINDS)})/[a-z][a-z0-9-]*$")]


class Envelope(Descriptor):
    """revealed.json; `bundle` is the digest of its manifest, `content` the folders beside it.

    What is known of the build (scale, versions) stands here for people; the manifest is followed.
    """

    format: int
    event: str
    bundle: str
    seed_commitment: str
    seed: Hexadecimal
    salt: Hexadecimal
    scale: float
    kit_version: str
    libraries: dict[str, str] = Field(default_factory=dict)
    content: tuple[Folder, ...] = ()


def opens(manifest: Manifest, seed: bytes, salt: bytes) -> bool:
    """Whether the bundle was committed to this seed, under this salt."""
    return commitment(seed, salt) == manifest.seed_commitment


def changed_truth(folder: Path, manifest: Manifest, salt: bytes) -> Mapping[str, str]:
    """Files of the truth in `folder` that are not those the manifest has hashes of → what is so."""
    there, promised = salted_hashes(folder, salt), manifest.truth
    found = dict.fromkeys(sorted(promised.keys() - there.keys()), "is missing")
    found |= dict.fromkeys(sorted(there.keys() - promised.keys()), "is not in the manifest")
    both = sorted(there.keys() & promised.keys())
    return found | {n: "has changed" for n in both if there[n] != promised[n]}


def read_envelope(folder: Path) -> Envelope:
    """revealed.json in `folder`; VerifyError when there is none, or it is damaged or another's."""
    path = folder / FILE
    again = "Get what the organiser revealed once more."
    try:
        if path.stat().st_size > MOST_BYTES:
            raise VerifyError(f"{path} is too large to be the file that sandbox reveal writes.")
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise VerifyError(f"There is no {FILE} in {folder}: name the folder that sandbox reveal "
                          "wrote.") from None  # fmt: skip
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise VerifyError(f"{path} is damaged, since it is not JSON: {error}. {again}") from None
    written = told.get("format") if isinstance(told, dict) else None
    if written != FORMAT:
        raise VerifyError(f"{path} has format {written!r}; this kit reads {FORMAT}: it was written "
                          "by another version, or is no revealed event.")  # fmt: skip
    try:
        envelope = Envelope.model_validate_json(raw)
    except ValidationError as error:
        wrong = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
        raise VerifyError(f"{path} is damaged: {', '.join(wrong)}. {again}") from None
    if lost := [name for name in envelope.content if not (folder / name).is_dir()]:
        raise VerifyError(f"{path} names folders that are not beside it: {', '.join(lost)}. {again}"
                          )  # fmt: skip
    return envelope
