"""recipe.yml as it is written: tables, their shape, and one parsed expression per column."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from sandbox.descriptors import Path_, Source, load
from sandbox.errors import Problem, did_you_mean
from sandbox.recipes.operators import SHOWN
from sandbox.recipes.own_functions import read_functions
from sandbox.recipes.registry import Function

TOP = ("asof", "secrets", "size", "tables")
SHAPES = ("rows", "per", "file")
SHAPE_WORDS = (*SHAPES, "hidden", "hold_out", "truth", "faults")
TAKEN = ("hidden", "faults")  # further tables of truth beside those of effects
HOLD_OUT = ("rows", "with", "columns", "where")
ROW_WORDS = ("row", "parent", "position", "part", "asof", "scale")
MOST_ROWS = 2**32 - 1  # of a table: draws choose among no more
MOST_CHARACTERS, DEEPEST = 10_000, 100  # of an expression
_BRACKETS = "choice([…]), for example; what begins with a bracket goes below >-"
_FOUND = {
    list: ("a list", _BRACKETS),
    dict: ("a map", _BRACKETS),
    date: ("a date", "date('2026-01-31'), with quotes"),
    datetime: ("a moment", "moment(date('2026-01-31'))"),
}
NAME = re.compile(r"_?[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Expression:
    """One expression: its text, its syntax tree, and where it stands (`persons.age`, line)."""

    place: str
    text: str
    node: ast.expr
    line: int | None


@dataclass(frozen=True)
class HoldOut:
    """Which rows are held out, and what readers see of them.

    `rows` chooses that many at random; `along` follows a foreign key to rows held out there.
    `columns` are left blank; without them the rows are absent, all of them or those `where` says.
    """

    rows: int | None = None
    along: str | None = None
    columns: tuple[str, ...] = ()
    where: Expression | None = None
    line: int | None = None

    @property
    def drops_rows(self) -> bool:
        return self.along is not None and not (self.columns and self.where is None)


@dataclass(frozen=True)
class TableRecipe:
    """How one table is made: `rows` of its own, `per` row of another, or from a `file`."""

    name: str
    line: int | None
    rows: int | None = None
    per: Expression | None = None
    file: str | None = None
    columns: Mapping[str, Expression] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    hold_out: HoldOut | None = None
    truth: Mapping[str, Expression] = field(default_factory=dict)
    faults: tuple[Expression, ...] = ()

    @property
    def is_working(self) -> bool:
        """A table named with a leading underscore serves the others and is not published."""
        return self.name.startswith("_")


@dataclass(frozen=True)
class Recipe:
    """One recipe.yml. `file` is the path as its author knows it."""

    folder: Path
    file: str
    asof: date
    secrets: Mapping[str, Expression]
    tables: Mapping[str, TableRecipe]
    size: Mapping[str, int] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.folder.name

    def parent(self, table: str) -> str | None:
        """The table that another has rows per row of."""
        per = self.tables[table].per
        if per is None:
            return None
        node = per.node
        while isinstance(node, ast.BinOp):
            node = node.left
        return node.id if isinstance(node, ast.Name) else None

    def family(self, table: str) -> str | None:
        """The topmost table that a table's rows go back to; None for one that is read from a file.

        A table of a file or of another dataset stands above a family and is no member of it.
        """
        top, seen = table, {table}
        while (above := self.parent(top)) in self.tables and above not in seen:
            assert above is not None
            if self.tables[above].file is not None:
                break
            seen.add(above)
            top = above
        return None if self.tables[table].file is not None else top

    def members(self, root: str) -> list[str]:
        """The tables of a family, each after the one it has rows per row of."""
        order = [root]
        for name in order:
            order += [n for n in self.tables if n not in order and self.parent(n) == name]
        return order


def read_recipe(folder: Path) -> tuple[Recipe | None, list[Problem]]:
    """The recipe in `folder`, None if it has no usable form, and all that is wrong with it."""
    file = f"{folder.parent.name}/{folder.name}/recipe.yml"
    source = load(folder / "recipe.yml", file)
    if isinstance(source, Problem):
        return None, [source]
    reader = _Reader(source)
    recipe = reader.recipe(folder)
    return (None if reader.problems else recipe), reader.problems


class _Reader:
    """Takes the parsed YAML apart, key by key, and notes whatever does not belong."""

    def __init__(self, source: Source):
        self.source = source
        self.problems: list[Problem] = list(source.problems)

    def problem(self, path: Path_, what: str, **more: Any) -> None:
        self.problems.append(Problem(what, self.source.file, self.source.line(path), **more))

    def recipe(self, folder: Path) -> Recipe:
        top = self.map((), self.source.value)
        self.known((), top, TOP)
        asof = top.get("asof")
        if type(asof) is not date:
            fix = "add the date that the data describes, such as asof: 2026-01-01"
            self.problem(("asof",), "asof is missing or is no date", fix=fix)
            asof = date.min
        secrets = {
            name: parsed
            for name, text in self.map(("secrets",), top.get("secrets") or {}).items()
            if (parsed := self.expression(("secrets", name), f"secrets.{name}", text))
        }
        tables = self.map(("tables",), top.get("tables") or {})
        if not tables:
            self.problem(("tables",), "there are no tables", fix="add tables:")
        made = {name: self.table(name, body) for name, body in tables.items()}
        self.secret_names(secrets, made)
        size = {
            name: count
            for name, value in self.map(("size",), top.get("size") or {}).items()
            if (count := self.size(("size", name), name, value, tables))
        }
        functions, found = read_functions(folder, f"{self.source.file.rpartition('/')[0]}")
        self.problems += found
        return Recipe(folder, self.source.file, asof, secrets, made, size, functions)

    def secret_names(self, secrets: Iterable[str], tables: Mapping[str, TableRecipe]) -> None:
        """A name means the column before it means the secret, so the two must not be the same."""
        for name in secrets:
            self.name(("secrets", name), name)
            owner = next((table for table, made in tables.items() if name in made.columns), None)
            if owner or name in ROW_WORDS:
                of = f"a column of {owner}" if owner else "a word of the language"
                what = f"{name!r} is {of}, so no secret can be called so"
                self.problem(("secrets", name), what, fix="choose another name for the secret")

    def size(self, at: Path_, name: str, value: object, tables: Iterable[str]) -> int | None:
        """How many rows a table has at scale 1."""
        if name not in tables:
            what = f"size names {name!r}, which is no table of this recipe"
            self.problem(at, what, fix=did_you_mean(name, list(tables)))
        return self.count(at, value)

    def table(self, name: str, body: object) -> TableRecipe:
        at: Path_ = ("tables", name)
        words = self.said(at, self.map(at, body))
        self.name(at, name)
        shapes = [word for word in SHAPES if word in words]
        if len(shapes) != 1:
            found = " and ".join(shapes) or "none of them"
            fix = "say where the rows come from, once"
            self.problem(at, f"{name} has no single shape", found=found,
                         expected="one of rows, per, file", fix=fix)  # fmt: skip
        columns = {
            column: parsed
            for column, text in words.items()
            if column not in SHAPE_WORDS
            and (parsed := self.column((*at, column), name, column, text))
        }
        if not columns and "file" not in words:
            self.problem(at, f"{name} has no columns", fix="add its key: id: row")
        per = words.get("per")
        return TableRecipe(
            name,
            self.source.line(at),
            self.count((*at, "rows"), words.get("rows")),
            self.expression((*at, "per"), f"{name}.per", per) if per is not None else None,
            self.text((*at, "file"), words.get("file")),
            columns,
            self.names((*at, "hidden"), words.get("hidden"), columns),
            self.hold_out(at, name, words.get("hold_out"), columns),
            self.truth((*at, "truth"), name, words.get("truth")),
            self.faults((*at, "faults"), name, words.get("faults")),
        )

    def faults(self, at: Path_, table: str, value: object) -> tuple[Expression, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self.problem(at, "faults is not a list", fix="- missing(column, .01), one on each line")
            return ()
        parsed = (
            self.expression((*at, index), f"{table}.faults.{index}", text)
            for index, text in enumerate(value)
        )
        return tuple(expression for expression in parsed if expression)

    def truth(self, at: Path_, table: str, value: object) -> dict[str, Expression]:
        """Effects by name, each of which becomes a table of truth."""
        found = {}
        for name, text in self.map(at, value).items() if value is not None else ():
            self.name((*at, name), name)
            if name in TAKEN:
                what = f"{name!r} has a meaning of its own among the tables of truth"
                self.problem((*at, name), what, fix="choose another name for the effect")
            if parsed := self.expression((*at, name), f"{table}.truth.{name}", text):
                found[name] = parsed
        return found

    def column(self, at: Path_, table: str, name: str, text: object) -> Expression | None:
        self.name(at, name)
        if name in ROW_WORDS:
            what = f"{name!r} has a meaning of its own in expressions"
            self.problem(at, what, fix="choose another name for the column")
        return self.expression(at, f"{table}.{name}", text)

    def hold_out(
        self, at: Path_, table: str, value: object, columns: Iterable[str]
    ) -> HoldOut | None:
        if value is None:
            return None
        at = (*at, "hold_out")
        words = self.said(at, self.map(at, value))
        self.known(at, words, HOLD_OUT)
        if ("rows" in words) == ("with" in words):
            fix = "rows: 5_000 chooses rows here; with: COLUMN follows a foreign key"
            self.problem(at, "hold_out needs either rows or with", fix=fix)
        if "rows" in words and not words.get("columns"):
            fix = "columns: [the columns to leave blank in those rows]"
            self.problem(at, "hold_out names no columns", fix=fix)
        if "where" in words and "with" not in words:
            self.problem(at, "where belongs with a foreign key", fix="use with: COLUMN")
        where = words.get("where")
        return HoldOut(
            self.count((*at, "rows"), words.get("rows")),
            self.text((*at, "with"), words.get("with")),
            self.names((*at, "columns"), words.get("columns"), columns),
            None if where is None
            else self.expression((*at, "where"), f"{table}.hold_out.where", where),
            self.source.line(at),
        )  # fmt: skip

    def expression(self, at: Path_, place: str, value: object) -> Expression | None:
        """The parsed expression at `at`; a bare number or truth value stands for itself."""
        if not isinstance(value, str | int | float) or value == "":
            what = f"{place} is not an expression"
            found, fix = _FOUND.get(type(value), ("nothing", "write one, or delete it"))
            self.problem(at, what, found=found, fix=fix)
            return None
        if isinstance(value, float) and not isfinite(value):
            self.problem(at, f"{place} is a number without limits", fix="at most 1.7e308")
            return None
        text = " ".join(str(value).strip().splitlines())
        if len(text) > MOST_CHARACTERS:
            found, most = f"{len(text):,} characters", f"at most {MOST_CHARACTERS:,}"
            fix = "put figures in a file, steps in columns of their own"
            self.problem(at, f"{place} is too long", found=found, expected=most, fix=fix)
            return None
        try:
            with warnings.catch_warnings(action="ignore"):  # Python's advice for its own programs
                node = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            column = getattr(error, "offset", None) or 1
            said = str(getattr(error, "msg", error)).replace(" (detected at line 1)", "")
            what = f"{place} is no expression: {said}, at column {column}"
            found = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
            self.problem(at, what, found=found, fix="check parentheses, commas and quotes")
            return None
        if _depth(node) > DEEPEST:
            fix = "give its steps names: columns that begin with _"
            expected = f"at most {DEEPEST} levels"
            self.problem(at, f"{place} is nested too deeply", expected=expected, fix=fix)
            return None
        return Expression(place, text, node, self.source.line(at))

    def map(self, at: Path_, value: object) -> dict[str, Any]:
        if isinstance(value, dict):
            return {str(key): inner for key, inner in value.items()}
        self.problem(at, f"{'.'.join(map(str, at)) or 'the recipe'} is not a map", fix="key: value")
        return {}

    def said(self, at: Path_, words: dict[str, Any]) -> dict[str, Any]:
        """The keys that have a value; one without is no better than a missing one."""
        for word, value in words.items():
            if value is None:
                what = f"{'.'.join(map(str, (*at[1:], word)))} has no value"
                self.problem((*at, word), what, fix="write one, or delete it")
        return {word: value for word, value in words.items() if value is not None}

    def known(self, at: Path_, words: Mapping[str, object], allowed: tuple[str, ...]) -> None:
        for word in words:
            if word not in allowed:
                what = f"{word} is not a key that belongs here"
                self.problem((*at, word), what, fix=did_you_mean(word, allowed))

    def name(self, at: Path_, name: str) -> None:
        if not NAME.fullmatch(name):
            expected = "small letters, digits and underscores"
            self.problem(at, f"{name!r} cannot be a name here", expected=expected)

    def names(self, at: Path_, value: object, known: Iterable[str]) -> tuple[str, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self.problem(at, f"{at[-1]} is not a list", fix=f"{at[-1]}: [name, name]")
            return ()
        for index, name in enumerate(value):
            if not isinstance(name, str) or name not in known:
                what = f"{at[-1]} names {name!r}, which is no column of this table"
                self.problem((*at, index), what, fix=did_you_mean(str(name), list(known)))
        return tuple(map(str, value))

    def count(self, at: Path_, value: object) -> int | None:
        if value is None or (type(value) is int and 0 <= value <= MOST_ROWS):
            return value
        if type(value) is int and value > 0:
            expected, fix = f"at most {MOST_ROWS:,}", "write fewer; --scale multiplies them"
            name = ".".join(map(str, at[1:]))
            self.problem(at, f"{name} is more than a table can have", found=f"{value:,}",
                         expected=expected, fix=fix)  # fmt: skip
            return None
        self.problem(at, f"{at[-1]} is no number of rows", found=str(value), expected="5_000")
        return None

    def text(self, at: Path_, value: object) -> str | None:
        if value is None or isinstance(value, str):
            return value
        self.problem(at, f"{at[-1]} is no name", found=str(value), expected="text")
        return None


def _depth(node: ast.AST) -> int:
    """How many levels an expression has, found without going down them one call each."""
    depth, level = 0, [node]
    while level:
        depth += 1
        level = [child for above in level for child in ast.iter_child_nodes(above)]
    return depth
