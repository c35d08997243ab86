"""A text file that people write becomes a frozen, typed object, or every problem with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sandbox.descriptors import messages
from sandbox.descriptors.forms import FALLBACK, LANGUAGES, Descriptor, Expected, Text, Words
from sandbox.descriptors.parsing import (
    Path_,
    Source,
    decoded,
    dump_yaml,
    load,
    load_toml,
    load_yaml,
    read_text,
)
from sandbox.errors import Problem

__all__ = [
    "FALLBACK",
    "LANGUAGES",
    "Descriptor",
    "Expected",
    "Path_",
    "Source",
    "Text",
    "Words",
    "decoded",
    "dump_yaml",
    "frozen",
    "load",
    "load_toml",
    "load_yaml",
    "make",
    "read",
    "read_text",
]

Model = TypeVar("Model", bound=BaseModel)


def read(
    path: Path, model: type[Model], problems: list[Problem], *, shown_as: str | None = None
) -> tuple[Model, Source] | None:
    """The object that `path` (.yml or .toml) describes; what is wrong with it goes to `problems`.

    Returns None when the file cannot become a `model`; `shown_as` is its path for its author.
    """
    loaded = load(path, shown_as)
    if isinstance(loaded, Problem):
        problems.append(loaded)
        return None
    made = make(loaded, model, problems)
    return None if made is None else (made, loaded)


def make(source: Source, model: type[Model], problems: list[Problem]) -> Model | None:
    """The object that a parsed file describes, or None with every problem listed."""
    problems.extend(source.problems)
    value = frozen(source.value)
    try:
        made = model.model_validate(value)
    except ValidationError as error:
        read_as = Source(source.file, value, source.lines)
        problems.extend(messages.problems(error.errors(include_url=False), read_as, model))
        return None
    return None if source.problems else made


def frozen(value: Any) -> Any:
    """Lists as tuples, since descriptors cannot be changed once they are read."""
    if isinstance(value, dict):
        return {key: frozen(inner) for key, inner in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list) else value
