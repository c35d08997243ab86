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
    shutil.copytree(example, draft, ignore=shutil.ignore_patterns("__pycache__"))
    title = slug.replace("-", " ").strip().capitalize()
    for path in draft.iterdir():
        written = json.dumps(title) if path.suffix == ".yml" else title
        text = path.read_text(encoding="utf-8").replace("TITLE", written)
        path.write_text(text, encoding="utf-8", newline="\n")
    draft.rename(folder)
    return folder


def _better(slug: str) -> str:
    meant = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-0123456789")
    return f" Try: {meant}" if SLUG.fullmatch(meant) else ""
