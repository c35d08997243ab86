"""What pydantic finds wrong, told to the person who wrote the file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from sandbox.descriptors.parsing import Path_, Source
from sandbox.errors import Problem, did_you_mean, nearest

IN_A_KEY = "[key]"  # how pydantic says that a map's key is wrong, not its value
_EXPECTED = {
    "bool_type": "true or false",
    "date_type": "a date such as 2027-03-05",
    "datetime_type": "a date and time such as 2027-03-05T09:00:00",
    "dict_type": "a map",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "model_type": "a map",
    "string_type": "text",
    "tuple_type": "a list",
}


def problems(
    errors: Iterable[ErrorDetails], source: Source, model: type[BaseModel]
) -> list[Problem]:
    """One problem per value, though pydantic has one error per branch of a union."""
    by_place: dict[tuple[Path_, bool], list[ErrorDetails]] = {}
    for error in errors:
        place = _path(error, source.value), error["loc"][-1:] == (IN_A_KEY,)
        by_place.setdefault(place, []).append(error)
    hidden = bool(model.model_config.get("hide_input_in_errors"))
    return [
        _problem(path, found, source, model, hidden=hidden) for (path, _), found in by_place.items()
    ]


def _path(error: ErrorDetails, value: Any) -> Path_:
    """pydantic's location without the names of union branches that it mixes in."""
    path: Path_ = ()
    for part in error["loc"]:
        if isinstance(value, dict):
            keys = {str(key): key for key in value}
            if str(part) in keys:
                value, path = value[keys[str(part)]], (*path, str(part))
        elif isinstance(value, tuple) and isinstance(part, int) and part < len(value):
            value, path = value[part], (*path, part)
    return (*path, str(error["loc"][-1])) if error["type"] == "missing" else path


def _problem(
    path: Path_,
    errors: list[ErrorDetails],
    source: Source,
    model: type[BaseModel],
    *,
    hidden: bool,
) -> Problem:
    error = errors[0]
    name = _named(path)
    line = source.line(path)
    if error["type"] == "missing":
        fix = f"add {path[-1]}{' =' if source.file.endswith('.toml') else ':'} …"
        return Problem(f"{name} is missing", source.file, line, fix=fix)
    if error["type"] == "extra_forbidden":
        fix = did_you_mean(str(path[-1]), _keys(model, error["loc"][:-1]))
        return Problem(f"{name} is not a key that belongs here", source.file, line, fix=fix)
    wanted = dict.fromkeys(map(_expected, errors))
    if "a number" in wanted:
        wanted.pop("a whole number", None)
    expected = " or ".join(wanted)
    said = error.get("ctx", {}).get("error")
    found = None if hidden else getattr(said, "found", None) or shown(error["input"])
    way_out = getattr(said, "fix", None) or _way_out(error, expected)
    if error["loc"][-1:] == (IN_A_KEY,):
        name = f"the key {path[-1]} of {_named(path[:-1])}"
    return Problem(f"{name} is not right", source.file, line, found, expected, way_out)


def _named(path: Path_) -> str:
    """`tables.trees.search item 2`: as a person would find it."""
    name = ""
    for part in path:
        name += f" item {part + 1}" if isinstance(part, int) else f".{part}"
    return name.removeprefix(".") or "the file"


def _expected(error: ErrorDetails) -> str:
    said = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return _EXPECTED.get(error["type"], said)


def _way_out(error: ErrorDetails, expected: str) -> str | None:
    value = error["input"]
    if expected.startswith("text") and isinstance(value, int | float | date):
        return f'put it in quotes: "{value}"'
    if error["type"] == "literal_error" and isinstance(value, str):
        choices = error["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        close = nearest(value, choices)
        return f"did you mean {close}?" if close else None
    return None


def shown(value: object) -> str:
    """A value from a file in a few words: its kind, and how it begins."""
    if isinstance(value, dict):
        return f"a map with {_cut(', '.join(map(str, value)))}" if value else "an empty map"
    if isinstance(value, tuple | list):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    if isinstance(value, str):
        return f"text: {_cut(repr(value))}"
    kind = "date" if isinstance(value, date) else "number"
    return f"the {kind} {_cut(str(value))}"


def _cut(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that belong in the model at `loc`, following fields, lists and maps."""
    here: Any = model
    for part in loc:
        here = _step(here, part)
    found = _model(here)
    return sorted(found.model_fields) if found else []


def _step(annotation: Any, part: str | int) -> Any:
    if found := _model(annotation):
        field = found.model_fields.get(str(part))
        return field.annotation if field else None
    inner = next((a for a in _branches(annotation) if get_origin(a) in (dict, tuple)), None)
    return get_args(inner)[1 if get_origin(inner) is dict else 0] if inner else annotation


def _model(annotation: Any) -> type[BaseModel] | None:
    for branch in _branches(annotation):
        if isinstance(branch, type) and issubclass(branch, BaseModel):
            return branch
    return None


def _branches(annotation: Any) -> tuple[Any, ...]:
    """What a value may be: the members of a union, without what annotates them."""
    if get_origin(annotation) is Annotated:
        return _branches(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(b for a in get_args(annotation) for b in _branches(a))
    return (annotation,)
