"""event.toml and secret.toml changed from the browser: checked as a whole, then replaced at once.

The file stays its author's: comments, order, and keys that no form knows are kept.
"""

from __future__ import annotations

import hashlib
import os
import secrets as random_source
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.items import InlineTable, Table

from sandbox.descriptors import Source, frozen, load_toml, read_text
from sandbox.descriptors.messages import problems as told
from sandbox.errors import EventError, Problem, SandboxError
from sandbox.workspace import Event, Workspace, read_settings

FILE, SECRETS = "event.toml", "secret.toml"
BEFORE = f"{FILE}.before"


class Edited(SandboxError):
    """event.toml is no longer the file that the form was filled from."""


class Refused(SandboxError):
    """What was chosen cannot be: `problems` are by the key of event.toml that each is about."""

    def __init__(self, problems: Mapping[str, list[Problem]]):
        self.problems = problems
        super().__init__("; ".join(str(p) for found in problems.values() for p in found))


@dataclass(frozen=True)
class Prepared:
    """A new text for event.toml that has been found right, and has not been written yet."""

    file: Path
    before: bytes
    text: str
    keys: tuple[str, ...]

    def write(self) -> None:
        """Replace the file in one step, and keep the former one beside it."""
        if self.text.encode() != self.before:
            _replace(self.file.with_name(BEFORE), self.before)
            _replace(self.file, self.text.encode())


def digest(workspace: Workspace) -> str:
    """Names event.toml as it is now, so that a form can say what it was filled from."""
    try:
        return hashlib.sha256(_file(workspace).read_bytes()).hexdigest()[:32]
    except OSError:
        return ""


def mistakes(workspace: Workspace) -> tuple[Problem, ...]:
    """What is wrong in the files as they are now, which is why the settings before it stay."""
    try:
        read_settings(workspace.folder, is_demo=workspace.is_demo)
    except EventError as error:
        return error.problems
    return ()


def prepare(workspace: Workspace, seen: str, changes: Mapping[str, Any]) -> Prepared:
    """event.toml with `changes`: key → new value, a map for a table, None to leave the key out.

    `seen` is the digest that the form was filled from. The caller is the one writer of the board's
    database until it has written. Raises Edited, Refused, or EventError where the file that is
    there cannot be read.
    """
    file = _file(workspace)
    text = read_text(file, FILE)
    if isinstance(text, Problem):
        raise EventError([text])
    before = file.read_bytes()
    if hashlib.sha256(before).hexdigest()[:32] != seen:
        raise Edited(f"{FILE} has been changed meanwhile")
    if found := mistakes(workspace):
        raise EventError(found)
    document = tomlkit.parse(text)
    for key, value in changes.items():
        _put(document, key, value)
    made = tomlkit.dumps(document)
    _check(made)
    return Prepared(file, before, made, tuple(changes))


def put_secret(workspace: Workspace, key: str, value: str | None) -> None:
    """Write one value of secret.toml, readable by its owner alone; None leaves it out."""
    file = (workspace.folder / SECRETS).resolve()
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    _put(document, key, value)
    _replace(file, tomlkit.dumps(document).encode(), mode=0o600)


def _file(workspace: Workspace) -> Path:
    return (workspace.folder / FILE).resolve()  # where it is a link, the file it leads to


def _put(document: Any, key: str, value: Any) -> None:
    """Set a key where it stands; one that was a table goes to where plain keys belong."""
    before = document.get(key)
    if value is None:
        document.pop(key, None)
    elif isinstance(before, Table | InlineTable) and isinstance(value, Mapping):
        for name in [*before.keys(), *value]:
            _put(before, name, value.get(name))
    else:
        if isinstance(before, Table):
            document.pop(key)
        document[key] = _item(key, value)


def _item(key: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return list(value) if isinstance(value, tuple) else value
    made = tomlkit.table() if key == "mail" else tomlkit.inline_table()
    made.update({name: inner for name, inner in value.items() if inner is not None})
    return made


def _check(text: str) -> None:
    """Raise Refused with everything that the event's own form finds wrong in `text`."""
    source = load_toml(text, FILE)
    if isinstance(source, Problem):
        raise Refused({"": [source]})
    value = frozen(source.value)
    try:
        Event.model_validate(value)
    except ValidationError as error:
        by_key: dict[str, list[Any]] = {}
        for one in error.errors(include_url=False):
            by_key.setdefault(str(one["loc"][0]) if one["loc"] else "", []).append(one)
        read_as = Source(FILE, value, source.lines)
        raise Refused({key: told(found, read_as, Event) for key, found in by_key.items()}) from None


def _replace(file: Path, content: bytes, mode: int | None = None) -> None:
    """Write aside and rename, so that whoever reads meanwhile reads one whole file."""
    if mode is None:
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    aside = file.with_name(f".{file.name}-{random_source.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as made:
            made.write(content)
            made.flush()
            os.fsync(made.fileno())
        aside.replace(file)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise
