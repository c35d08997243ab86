"""Text in YAML or TOML becomes plain values, and the line of each of them is remembered."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import Problem

MOST_BYTES = 1_000_000
LINE_WIDTH = 96  # of YAML that is written
DEEPEST = 40  # far beyond any descriptor, far below where a parser's own recursion ends

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """What a file says, and on which line it says it.

    A path is a tuple of keys, always as text, and positions in lists. `problems` are those that
    leave the values readable: keys that stand twice.
    """

    file: str
    value: Any
    lines: Mapping[Path_, int]
    problems: tuple[Problem, ...] = ()

    def line(self, path: Path_) -> int | None:
        """The line of the value at `path`, or of the nearest value around it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None


def load(path: Path, shown_as: str | None = None) -> Source | Problem:
    """Parse `path` (.yml or .toml); `shown_as` is its path as its author knows it."""
    file = shown_as or path.name
    text = read_text(path, file)
    if isinstance(text, Problem):
        return text
    return load_toml(text, file) if path.suffix == ".toml" else load_yaml(text, file)


def read_text(path: Path, file: str) -> str | Problem:
    """A small UTF-8 file of printable characters, its line ends as LF, without a byte order mark.

    Returns what is wrong when it is anything else; `file` is its path as its author knows it.
    """
    if not path.is_file():
        return Problem("the file is missing", file, fix="add it, or delete the folder it is for")
    if (size := path.stat().st_size) > MOST_BYTES:
        most = f"at most {MOST_BYTES // 1_000_000} MB of text"
        return Problem("the file is too large", file, None, f"{size:,} bytes", most)
    try:
        return decoded(path.read_bytes(), file)
    except OSError as error:
        return Problem(f"the file cannot be read: {error.strerror}", file)


def decoded(raw: bytes, file: str) -> str | Problem:
    """The text that `raw` holds, in the form and under the rules of `read_text`."""
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{raw[error.start]:02x}"
        return Problem("the file is not UTF-8", file, line, found, fix="save it as UTF-8")
    if strange := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, strange.start()) + 1
        found = f"U+{ord(strange[0]):04X}"
        return Problem("a character that cannot be printed", file, line, found, fix="delete it")
    return text


# --- YAML -----------------------------------------------------------------------------------------


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
        r"[-+]?((0|[1-9][0-9_]*)(\.[0-9]+)?|\.[0-9]+)([eE][-+]?[0-9]+)?",
        "-+.0123456789",
    ),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.]+ *(Z|[-+][0-9:]+)?)?", "0123456789"),
)
for _name, _pattern, _first in _RESOLVERS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def _timestamp(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> date | datetime:
    try:
        if len(node.value) == len("2027-03-05"):
            return date.fromisoformat(node.value)
        return datetime.fromisoformat(node.value)
    except ValueError as error:
        what = f"{node.value!r} is no date or time ({error})"
        raise yaml.constructor.ConstructorError(None, None, what, node.start_mark) from None


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


class _Dumper(yaml.SafeDumper):
    """Puts in quotes what any YAML, of 1.1 or as it is read here, would take for more than text."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: aliases are not read here."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists stand below their key, further in, as people write them."""
        super().increase_indent(flow, False)


for _name, _pattern, _first in _RESOLVERS:
    _Dumper.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Several lines stand below each other, as they were written."""
    style = "|" if "\n" in text.strip("\n") else None
    if re.search("[\x85\u2028\u2029]", text):  # line ends that hardly any editor knows
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def dump_yaml(value: Any) -> str:
    """Plain values (maps, lists, text, numbers, dates) as YAML that `load_yaml` reads the same."""
    return str(
        yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=LINE_WIDTH)
    )


def load_yaml(text: str, file: str) -> Source | Problem:
    """Parse one YAML document, remembering lines."""
    try:
        if refused := _refused(text, file):
            return refused
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return Problem("the file is empty", file, 1, fix="describe it, or delete it")
            lines: dict[Path_, int] = {}
            doubled: list[Problem] = []
            for path, line in _walk(node, ()):
                if (first := lines.setdefault(path, line)) != line:
                    what, found = f"the key {path[-1]!r} stands twice", f"first on line {first}"
                    doubled.append(Problem(what, file, line, found, fix="keep one"))
            return Source(file, loader.construct_document(node), lines, tuple(doubled))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = f"this is not YAML: {error.problem or error.context}"
        return Problem(
            what, file, mark.line + 1 if mark else None, fix="check indent, quotes, colons"
        )
    except (yaml.YAMLError, ValueError) as error:
        return Problem(f"this is not YAML: {error}", file)


def _refused(text: str, file: str) -> Problem | None:
    """Aliases, which a few lines can blow up to gigabytes, and depth that ends in a crash."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent):
            fix = f"write out what *{event.anchor} stands for"
            return Problem("aliases are not read here", file, line, f"*{event.anchor}", fix=fix)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            return Problem(f"it is nested more than {DEEPEST} levels deep", file, line)
    return None


def _walk(node: yaml.Node, path: Path_) -> Iterator[tuple[Path_, int]]:
    if not path:
        yield (), node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                what = "a map or a list stands where a key belongs"
                raise yaml.constructor.ConstructorError(None, None, what, key.start_mark)
            here = (*path, key.value)
            yield here, key.start_mark.line + 1
            yield from _walk(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here = (*path, index)
            yield here, value.start_mark.line + 1
            yield from _walk(value, here)


# --- TOML -----------------------------------------------------------------------------------------


def load_toml(text: str, file: str) -> Source | Problem:
    """Parse TOML; lines are found by searching for each key and table that begins a line."""
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r" \(at line (\d+), column \d+\)", str(error))
        what = f"this is not TOML: {str(error).replace(found[0], '') if found else error}"
        line = int(found[1]) if found else text.count("\n") + 1
        return Problem(what, file, line, fix='check quotes and brackets: key = "text"')
    lines: dict[Path_, int] = {(): 1}
    table: Path_ = ()
    for number, row in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]", row):
            table = _keys(header[1])
            lines.setdefault(table, number)
        elif key := re.match(r"\s*([\w\"'.-]+)\s*=", row):
            lines.setdefault((*table, *_keys(key[1])), number)
    return Source(file, value, lines)


def _keys(dotted: str) -> Path_:
    return tuple(part.strip(" \"'") for part in dotted.split("."))
