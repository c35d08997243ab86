"""A text file that people write becomes a frozen, typed object, or every problem with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, RootModel, ValidationError
from pydantic_core import ErrorDetails

from sandbox.errors import Problem, did_you_mean

LANGUAGES = ("en", "nb", "nn", "sv", "da")
FALLBACK = {"nn": ("nn", "nb", "en"), "no": ("nb", "en")}

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class Descriptor(BaseModel):
    """Base of every typed form: frozen, strict about types, and an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Text(RootModel[dict[str, str]]):
    """Words for people: one string (English) or a map of language tags, kept as the map."""

    model_config = ConfigDict(frozen=True)

    def best(self, language: str) -> tuple[str, str]:
        """The words for a reader of `language`, and the tag of the language they are in."""
        for tag in (*FALLBACK.get(language, (language,)), "en", *self.root):
            if tag in self.root:
                return self.root[tag], tag
        raise KeyError(language)

    def __str__(self) -> str:
        return self.best("en")[0]


def _as_map(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


def _checked(value: object) -> object:
    if isinstance(value, Text):
        return value
    words = _as_map(value)
    if not isinstance(words, dict) or not words:
        raise ValueError(f"text or a map of language tags, not {_kind(value)}")
    for tag, text in words.items():
        if tag not in LANGUAGES:
            raise ValueError(f"language tag {tag!r} is not one of {', '.join(LANGUAGES)}")
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"the words for {tag!r} are empty or not text")
    return {tag: text.strip() for tag, text in words.items()}


Words = Annotated[Text, BeforeValidator(_checked)]


_KINDS = {
    bool: "true or false",
    dict: "a map",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "text",
    tuple: "a list",
    type(None): "nothing",
}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)


# --- YAML with the line of every value ------------------------------------------------------------


class _Loader(yaml.CSafeLoader):
    """YAML as of version 1.2: only true and false are booleans, no octal, no 12:30 as a number.

    YAML 1.1 reads the Norwegian `no`, the answer `yes` and the code 0301 as something else.
    """

    yaml_implicit_resolvers: Mapping[str, Any] = {}  # type: ignore[assignment]


_RESOLVERS = (
    ("bool", r"true|false", "tf"),
    ("null", r"~|null|", ["~", "n", ""]),
    ("int", r"[-+]?(0|[1-9][0-9_]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(0|[1-9][0-9_]*)?(\.[0-9]+([eE][-+]?[0-9]+)?|\.?[eE][-+]?[0-9]+)",
        "-+.0123456789",
    ),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.]+ *(Z|[-+][0-9:]+)?)?", "0123456789"),
)
for _name, _pattern, _first in _RESOLVERS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


@dataclass(frozen=True)
class Source:
    """What a file says, and on which line it says it."""

    file: str
    value: Any
    lines: Mapping[Path_, int]

    def line(self, path: Path_) -> int | None:
        """The line of the value at `path`, or of the nearest value around it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None


def load_yaml(text: str, file: str) -> Source | Problem:
    """Parse one YAML document, remembering lines; duplicate keys and broken syntax are problems."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Problem("the file is empty", file, 1, fix="describe it, or delete the folder")
        lines: dict[Path_, int] = {}
        for path, line in _walk(node, ()):
            if path in lines:
                again = f"key {path[-1]!r} stands twice"
                return Problem(
                    again, file, line, found=f"first on line {lines[path]}", fix="keep one"
                )
            lines[path] = line
        return Source(file, loader.construct_document(node), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = f"this is not YAML: {error.problem or error.context}"
        return Problem(
            what, file, mark.line + 1 if mark else None, fix="check indent, quotes, colons"
        )
    except (yaml.YAMLError, ValueError) as error:
        return Problem(f"this is not YAML: {error}", file)
    finally:
        loader.dispose()


def _walk(node: yaml.Node, path: Path_) -> Iterator[tuple[Path_, int]]:
    if not path:
        yield (), node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, key.value)
            yield here, key.start_mark.line + 1
            yield from _walk(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here = (*path, index)
            yield here, value.start_mark.line + 1
            yield from _walk(value, here)


def load_toml(text: str, file: str) -> Source | Problem:
    """Parse TOML; lines are found by searching for each top-level key and table."""
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        return Problem(f"this is not TOML: {error}", file, int(found[1]) if found else None)
    lines: dict[Path_, int] = {(): 1}
    table: Path_ = ()
    for number, row in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]", row):
            table = tuple(part.strip(" \"'") for part in header[1].split("."))
            lines.setdefault(table, number)
        elif key := re.match(r"\s*([\w\"'-]+)\s*=", row):
            lines.setdefault((*table, key[1].strip("\"'")), number)
    return Source(file, value, lines)


# --- from values to objects -----------------------------------------------------------------------


def read(
    path: Path, model: type[Model], problems: list[Problem], *, shown_as: str | None = None
) -> tuple[Model, Source] | None:
    """The object that `path` (.yml or .toml) describes; what is wrong with it goes to `problems`.

    Returns None when the file cannot become a `model`; `shown_as` is its path for its author.
    """
    file = shown_as or path.name
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        problems.append(
            Problem("the file is not UTF-8", file, fix="save it as UTF-8", found=str(error))
        )
        return None
    except OSError as error:
        problems.append(Problem(f"the file cannot be read: {error.strerror}", file))
        return None
    loaded = load_toml(text, file) if path.suffix == ".toml" else load_yaml(text, file)
    if isinstance(loaded, Problem):
        problems.append(loaded)
        return None
    made = make(loaded, model, problems)
    return None if made is None else (made, loaded)


def make(source: Source, model: type[Model], problems: list[Problem]) -> Model | None:
    """The object that a parsed file describes, or None with every problem listed."""
    try:
        return model.model_validate(_frozen(source.value))
    except ValidationError as error:
        problems.extend(_problem(detail, source, model) for detail in error.errors())
        return None


def _frozen(value: Any) -> Any:
    """Lists as tuples, since descriptors cannot be changed once they are read."""
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _problem(detail: ErrorDetails, source: Source, model: type[BaseModel]) -> Problem:
    path: Path_ = _path(detail["loc"], source)
    name = ".".join(map(str, path)) or "the file"
    make_it = _EXPLAINED.get(detail["type"], _other)
    what, found, expected, fix = make_it(detail, name, model)
    return Problem(what, source.file, source.line(path), found, expected, fix)


def _path(loc: tuple[str | int, ...], source: Source) -> Path_:
    """pydantic's location without the names of union branches that it mixes in."""
    path: Path_ = ()
    for part in loc:
        if (*path, part) in source.lines or part == loc[-1]:
            path = (*path, part)
    return path


_Told = tuple[str, str | None, str | None, str | None]


def _missing(detail: ErrorDetails, name: str, model: type[BaseModel]) -> _Told:
    return f"{name} is missing", None, None, f"add {name.rpartition('.')[2]}:"


def _unknown(detail: ErrorDetails, name: str, model: type[BaseModel]) -> _Told:
    key = str(detail["loc"][-1])
    owner = _model_at(model, detail["loc"][:-1])
    known = sorted(f.alias or n for n, f in owner.model_fields.items()) if owner else []
    return f"{name} is not a key that belongs here", None, None, did_you_mean(key, known)


def _other(detail: ErrorDetails, name: str, model: type[BaseModel]) -> _Told:
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{name} is not right", _shown(detail["input"]), said, None


def _text(detail: ErrorDetails, name: str, model: type[BaseModel]) -> _Told:
    fix = 'put it in quotes: codes such as "0301" are text'
    value = detail["input"]
    return (
        f"{name} is not text",
        _shown(value),
        "text",
        fix if isinstance(value, int | float) else None,
    )


_EXPLAINED: dict[str, Callable[[ErrorDetails, str, type[BaseModel]], _Told]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "string_type": _text,
}


def _shown(value: object) -> str:
    text = repr(value)
    return f"{_kind(value)}: {text if len(text) <= 80 else text[:77] + '…'}"


def _model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model whose key stands at `loc`, following fields, lists and maps."""
    here: Any = model
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = field.annotation if field else None
        inner = _inner_model(here)
        here = inner or here
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation if issubclass(annotation, BaseModel) else None
    for argument in getattr(annotation, "__args__", ()):
        if found := _inner_model(argument):
            return found
    return None
