"""The vocabulary: a function becomes part of the language with one decorator and its docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_type_hints

import numpy as np

from sandbox.recipes.operators import Unfit, an
from sandbox.recipes.vectors import Array, Vector

if TYPE_CHECKING:
    from sandbox.recipes.tables import Table

# What a parameter takes, and what a function returns. The first group arrives as NumPy arrays,
# one value per row or one for all; where one of them is missing, so is the result.
Integers = Annotated[Array, "integer"]
Numbers = Annotated[Array, "number"]
Booleans = Annotated[Array, "boolean"]
Dates = Annotated[Array, "date"]
Datetimes = Annotated[Array, "datetime"]
Durations = Annotated[Array, "duration"]
Strings = Annotated[Vector, "string"]
References = Annotated[Vector, "reference"]
Anything = Annotated[Vector, "anything"]  # missing values included: the function sees to them
Constant = Annotated[Any, "constant"]  # written out in the expression
Constants = Annotated[list[Any], "list"]  # likewise, in square brackets
FileName = Annotated[str, "file"]  # a CSV beside the recipe
FromParents = Annotated[Vector, "parents"]  # an expression over the parents' rows
OtherTable = Annotated["Table", "table"]  # a table's name
Theirs = Annotated[Vector, "theirs"]  # an expression over the columns of that table
OwnColumn = Annotated["Named", "column"]  # the name of a column of this table
Planted = Annotated["Faulted", "faulted"]  # what a fault makes of a column
ManyRows = Annotated["Many", "many"]  # several rows per row, for `per`
Numbering = Annotated[Array, "numbering"]  # how many earlier rows are of this row's group

ARRAYS = ("integer", "number", "boolean", "date", "datetime", "duration")


@dataclass(frozen=True)
class Many:
    """Several rows per row: the row that each belongs to, ascending, and the words it brings."""

    owners: Array
    words: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True)
class Named:
    """A column of the table itself: its name, and its values, a foreign key's as keys."""

    name: str
    values: Vector


@dataclass(frozen=True)
class Faulted:
    """Where a fault strikes, and the values of the column that stand there instead."""

    hit: Array
    values: Vector


@dataclass(frozen=True)
class Parameter:
    """One parameter: `takes` is the tag of its annotation."""

    name: str
    takes: str
    required: bool
    kind: inspect._ParameterKind


@dataclass(frozen=True)
class Function:
    """One word of the language. A whole-table function needs all rows before it can tell one.

    `numbered_by` says the group of each row, a whole number of 0 or more, from the same arguments:
    the function is then told how many earlier rows are of that group. `declared` summarises what
    was drawn beside what was asked for. `of_children`: the table it names is looked at from here,
    as the children of these rows, unless columns of it are matched.
    """

    name: str
    call: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    returns: str
    whole_table: bool
    takes_here: bool
    topic: str
    numbered_by: Callable[..., Array] | None = None
    declared: Callable[..., Any] | None = None
    of_children: bool = False

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.call) or ""

    @property
    def usage(self) -> str:
        """The call as a reader would write it: `clip(values, low, high)`."""
        shown = []
        for p in self.parameters:
            if p.kind is inspect.Parameter.VAR_KEYWORD:
                shown.append("column=…")
            elif p.kind is inspect.Parameter.VAR_POSITIONAL:
                shown.append(f"{p.name}…")
            else:
                shown.append(p.name if p.required else f"[{p.name}]")
        return f"{self.name}({', '.join(shown)})"


FUNCTIONS: dict[str, Function] = {}
FAULTS: dict[str, Function] = {}  # what may stand under faults:, and nowhere else
F = TypeVar("F", bound=Callable[..., Any])
_filled: ContextVar[dict[str, Function]] = ContextVar("_filled", default=FUNCTIONS)


@contextmanager
def vocabulary_of_its_own() -> Iterator[dict[str, Function]]:
    """What is decorated inside becomes part of the yielded vocabulary, and not of the language."""
    own: dict[str, Function] = {}
    token = _filled.set(own)
    try:
        yield own
    finally:
        _filled.reset(token)


def function(
    *,
    name: str | None = None,
    whole_table: bool = False,
    numbered_by: Callable[..., Array] | None = None,
    declared: Callable[..., Any] | None = None,
    of_children: bool = False,
    vocabulary: dict[str, Function] | None = None,
) -> Callable[[F], F]:
    """Add a function to the language under its own name (or `name`, where Python has taken that).

    Its annotations say what it takes and returns; a first parameter `here` gives it its place, and
    with `numbered_by` a parameter `number: Numbering` the earlier rows of the same group.
    vocabulary: where it belongs, if not among the functions of the language.
    """

    def register(call: F) -> F:
        hints = get_type_hints(call, call.__globals__ | _NAMES, include_extras=True)
        signature = inspect.signature(call)
        for name_ in (*(n for n in signature.parameters if n != "here"), "return"):
            if not _is_kind(hints.get(name_)):
                what = f"{call.__name__}: {name_} has no kind"
                raise Unfit(what, fix="annotate it with Numbers, Integers, Strings, Dates …")
        parameters = tuple(
            Parameter(p.name, _tag(hints[p.name]), p.default is p.empty, p.kind)
            for p in signature.parameters.values()
            if p.name != "here" and _tag(hints[p.name]) != "numbering"
        )
        word = name or call.__name__
        if word in FUNCTIONS:
            raise Unfit(f"{word} is a function of the language already", fix="choose another name")
        if not call.__doc__:
            raise Unfit(f"{word} has no docstring", fix="say in a sentence what it gives")
        (_filled.get() if vocabulary is None else vocabulary)[word] = Function(
            word,
            call,
            parameters,
            _tag(hints["return"]),
            whole_table,
            "here" in signature.parameters,
            call.__module__.rpartition(".")[2],
            numbered_by,
            declared,
            of_children,
        )
        return call

    return register


def _is_kind(hint: Any) -> bool:
    return any(hasattr(part, "__metadata__") for part in (hint, *get_args(hint)[:1]))


def _tag(hint: Any) -> str:
    """What an annotation says after Annotated[…,; an optional one says it in its first part."""
    annotated = hint if hasattr(hint, "__metadata__") else get_args(hint)[0]
    return str(annotated.__metadata__[0])


_NAMES: dict[str, Any] = {"Table": object, "Many": Many, "Named": Named, "Faulted": Faulted}


def as_array(vector: Vector, takes: str) -> Array:
    """The values of a vector that a parameter of an array kind takes; Unfit if it does not."""
    vector = vector.keys()
    if takes == "number" and vector.kind == "integer":
        return vector.values.astype(np.float64)
    if takes == "integer" and vector.kind == "boolean":
        return vector.values.astype(np.int64)
    if vector.kind != takes:
        fix = "round(…) makes a whole number" if takes == "integer" else None
        raise Unfit(f"{an(takes)} is needed here", vector.kind, takes, fix)
    return vector.values
