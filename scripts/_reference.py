"""What docs/recipes.md says of each word of the recipe language, made from the words themselves."""

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping

from sandbox.recipes import drawing as _drawing  # noqa: F401  fills the vocabulary
from sandbox.recipes.effects import Effect
from sandbox.recipes.registry import FAULTS, FUNCTIONS, Function
from sandbox.workspace import KIT

PAGE = KIT / "docs" / "recipes.md"
EXAMPLE = KIT / "docs" / "examples" / "library"
WIDTH = 110
MARK = re.compile(r"(<!-- stamped: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
NUMBERED = "Counts the rows before it that are of the same group."


def page() -> bytes:
    """docs/recipes.md with all that stands between its marks made anew."""
    makers: dict[str, Callable[[], str]] = {
        "glance": glance,
        "cell functions": lambda: by_topic(cell_functions()),
        "whole-table functions": lambda: described(whole_table_functions().values()),
        "faults": lambda: described(FAULTS.values()),
        "effects": effects,
    }

    def made(mark: re.Match[str]) -> str:
        what = mark[2]
        text = makers[what]() if what in makers else file(what)
        return f"{mark[1]}\n{text}\n\n{mark[3]}"

    return MARK.sub(made, PAGE.read_text(encoding="utf-8")).encode()


def cell_functions() -> dict[str, Function]:
    return {name: f for name, f in sorted(FUNCTIONS.items()) if not f.whole_table}


def whole_table_functions() -> dict[str, Function]:
    return {name: f for name, f in sorted(FUNCTIONS.items()) if f.whole_table}


def file(name: str) -> str:
    """A file of the example, as it is."""
    text = (EXAMPLE / name).read_text(encoding="utf-8")
    return f"```{'yaml' if name.endswith('.yml') else 'text'}\n{text}```"


def glance() -> str:
    """Every word with a link to what is said of it."""
    kinds: dict[str, Iterable[str]] = {
        "cell functions": cell_functions(),
        "whole-table functions": whole_table_functions(),
        "faults": FAULTS,
        "effects": ["effect"],
    }
    lines = ["| kind | words |", "|---|---|"]
    for kind, names in kinds.items():
        lines.append(f"| {kind} | {' · '.join(f'[{name}](#{name})' for name in sorted(names))} |")
    return "\n".join(lines)


def by_topic(functions: Mapping[str, Function]) -> str:
    """Functions under the headings of the modules that hold them, each module's sentence first."""
    topics: dict[str, list[Function]] = {}
    for function in functions.values():
        topics.setdefault(function.topic, []).append(function)
    return "\n\n".join(
        f"### {topic.replace('_', ' ').capitalize()}\n\n{wrapped(_sentence(topics[topic][0]))}\n\n"
        + described(topics[topic])
        for topic in sorted(topics)
    )


def _sentence(function: Function) -> str:
    """The first paragraph of a function's module."""
    module = inspect.getmodule(function.call)
    return (inspect.getdoc(module) or "").partition("\n\n")[0]


def described(functions: Iterable[Function]) -> str:
    return "\n\n".join(map(_described, functions))


def _described(function: Function) -> str:
    head = f"#### {function.name}\n\n`{function.usage}`"
    if function.whole_table:
        head += " **whole table**"
    parts = [head, *_said(told(function.doc), [*(p.name for p in function.parameters), "column"])]
    if function.numbered_by:
        parts.append(NUMBERED)
    shown = ", ".join(f"`{_in_place(function, text)}`" for text in examples(function.doc))
    return "\n\n".join([*parts, f"Example: {shown}"])


def _in_place(function: Function, example: str) -> str:
    """An example as it stands in a recipe, where it is not simply a column's expression."""
    if function.returns == "many":
        return f"per: {example}"
    return f"- {example}" if function.name in FAULTS else example


def effects() -> str:
    doc = inspect.getdoc(Effect) or ""
    said = _said(told(doc), ["outcome", "treatment", "off", "on", "by"])
    shown = ", ".join(f"`{text}`" for text in examples(doc))
    return "\n\n".join(["#### effect", *said, f"Example: {shown}"])


EXAMPLES = re.compile(r"^Example: (.+)$", re.MULTILINE)


def examples(doc: str) -> list[str]:
    """The expressions that a docstring gives as examples."""
    return EXAMPLES.findall(doc)


def told(doc: str) -> str:
    """A docstring without its examples."""
    return EXAMPLES.sub("", doc).strip()


def _said(doc: str, names: Iterable[str]) -> Iterator[str]:
    """The paragraphs of a docstring, the parameters that it explains as a list."""
    known = "|".join(sorted(set(names), key=len, reverse=True))
    start = re.compile(rf"(?:^|(?<=\.\s))((?:(?:{known}), )*(?:{known})): ")
    for paragraph in doc.split("\n\n"):
        text = " ".join(paragraph.split())
        plain, *explained = start.split(text)
        if plain:
            yield wrapped(plain)
        pairs = zip(explained[::2], explained[1::2], strict=True)
        if items := [_item(name, what) for name, what in pairs]:
            yield "\n".join(items)


def _item(names: str, what: str) -> str:
    shown = ", ".join(f"`{name}`" for name in names.split(", "))
    return wrapped(f"- {shown}: {what.strip()}", "  ")


def wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()), WIDTH, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
