"""Make a folder of content to begin with: small, real, and right as it stands."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.workspace import SLUG, Workspace

EXAMPLES = Path(__file__).parent


def challenge(workspace: Workspace, slug: str) -> Path:
    """A challenge's folder among the event's content, or among the kit's for the demo.

    Raises SandboxError if the name cannot be one, or is taken.
    """
    return _made(workspace, "challenges", EXAMPLES / "challenge", slug)


def _made(workspace: Workspace, kind: str, example: Path, slug: str) -> Path:
    if not SLUG.fullmatch(slug):
        raise SandboxError(f"{slug!r} cannot be a name: small letters, digits and hyphens, and a "
                           f"letter first.{_better(slug)}")  # fmt: skip
    if taken := workspace.folders(kind).get(slug):
        raise SandboxError(f"{slug} exists already: {taken}. Choose another name; to change it for "
                           "an event alone, copy that folder into the event's.")  # fmt: skip
    folder = workspace.content_roots[-1] / kind / slug
    draft = folder.with_name(f".{slug}.new")  # a name that begins so is no content yet
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, text in _texts(example, slug.replace("-", " ").strip().capitalize()).items():
        (draft / name).write_text(text, encoding="utf-8", newline="\n")
    draft.rename(folder)
    return folder


def challenge_texts(title: str) -> dict[str, str]:
    """The files of a new challenge by name, called `title`."""
    return _texts(EXAMPLES / "challenge", title)


def _texts(example: Path, title: str) -> dict[str, str]:
    texts = {}
    for path in sorted(example.iterdir()):
        if path.is_file():
            written = json.dumps(title, ensure_ascii=False) if path.suffix == ".yml" else title
            texts[path.name] = path.read_text(encoding="utf-8").replace("TITLE", written)
    return texts


def _better(slug: str) -> str:
    meant = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-0123456789")
    return f" Try: {meant}" if SLUG.fullmatch(meant) else ""
