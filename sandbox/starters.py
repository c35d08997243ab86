"""Make a project from a starter: its questions, the files in memory, a zip, or a folder.

Starters have cookiecutter's layout, so that its own command line makes the same project from the
same answers. This module takes answers from strangers as well: they are data and never rendered,
nothing runs, and nothing is written unless `start` is asked to.
"""

from __future__ import annotations

import fnmatch
import io
import json
import re
import shutil
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sandbox.errors import Problem, StarterError, did_you_mean

LONGEST_TEXT, LONGEST_ADDRESS = 60, 200
ZIP_DATE = (2020, 1, 1, 0, 0, 0)  # always the same, so that equal answers give equal bytes
# What cookiecutter offers by itself, less what gives another result each time (now, uuid4, random).
EXTENSIONS = (
    "cookiecutter.extensions.JsonifyExtension",
    "cookiecutter.extensions.SlugifyExtension",
)
# Control and private characters, lone surrogates, line separators; and what turns text around, so
# that a reader would see other words than a program does (Unicode Technical Report 36, 3.2).
UNWANTED_CATEGORIES = ("Cc", "Co", "Cs", "Zl", "Zp")
TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
# Device names that Windows takes for no folder, whatever their case.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """What a starter asks: `choices` maps values to their labels and is empty for free text."""

    name: str
    prompt: str
    default: str
    choices: Mapping[str, str]


class File(NamedTuple):
    """A file of the project: `mode` is 0o755 for what can be executed, else 0o644."""

    content: bytes
    mode: int


def questions(folder: Path, language: str = "en") -> tuple[Question, ...]:
    """What the starter in `folder` asks, in its order.

    The words stand in cookiecutter.json: `__prompts__` in English, as cookiecutter wants them, and
    `_prompts` by language tag in the same form. What is computed from other answers is not asked.
    """
    spec = _spec(folder)
    words = spec.get("__prompts__", {}) | spec.get("_prompts", {}).get(language, {})
    return tuple(
        _question(name, raw, words.get(name, name))
        for name, raw in spec.items()
        if not name.startswith("_") and not _is_computed(raw)
    )


def render(folder: Path, answers: Mapping[str, str]) -> dict[str, File]:
    """Every file of the project by its path, which begins with the project's own folder.

    Raises StarterError with every answer that cannot be used: Problem.file is the question's name.
    """
    spec = _spec(folder)
    template = _template(folder)
    environment = _environment(template)
    context = {"cookiecutter": _context(environment, spec, _checked(folder, answers))}
    kept = spec.get("_copy_without_render", [])
    top = _rendered(environment, template.name, context, template.name)
    if RESERVED.match(top):
        raise StarterError(
            [Problem("Windows keeps this name to itself", "project_name", None, top)]
        )
    files = {}
    for path in _members(template):
        relative = path.relative_to(template).as_posix()
        name = _rendered(environment, relative, context, relative)
        content = path.read_bytes()
        if not _is_kept(relative, kept) and (text := _text(content)) is not None:
            content = _rendered(environment, text, context, relative).encode()
        mode = 0o755 if path.stat().st_mode & 0o111 else 0o644
        files[_safe(f"{top}/{name}")] = File(content, mode)
    return files


def zip_bytes(
    folder: Path, answers: Mapping[str, str], *, sandbox_url: str | None = None
) -> tuple[str, bytes]:
    """The project as a zip: its file name, and bytes that are equal for equal answers.

    `sandbox_url` is the answer to the question of this name when `answers` has none.
    """
    asked = {question.name for question in questions(folder)}
    if sandbox_url and "sandbox_url" in asked and not answers.get("sandbox_url"):
        answers = {**answers, "sandbox_url": sandbox_url}
    files = render(folder, answers)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(files.items()):
            member = zipfile.ZipInfo(name, ZIP_DATE)
            member.create_system = 3  # Unix on every machine, since that keeps the mode
            member.external_attr = (0o100000 | file.mode) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, file.content)
    return f"{_top(files)}.zip", packed.getvalue()


def start(folder: Path, target: Path, answers: Mapping[str, str]) -> Path:
    """Write the project into a new folder below `target` and return it; nothing is overwritten."""
    files = render(folder, answers)
    project = target / _top(files)
    if project.exists():
        fix = "choose another project_name, or another folder with -o"
        raise StarterError(
            [Problem("there is something of this name already", str(project), fix=fix)]
        )
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=".starter-") as scratch:
            for name, file in files.items():
                path = Path(scratch, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.content)
                path.chmod(file.mode)
            shutil.move(Path(scratch, project.name), project)  # all of it, or nothing
    except OSError as error:
        what = f"the project cannot be written: {error.strerror}"
        raise StarterError([Problem(what, str(target), fix="choose another folder: -o")]) from None
    return project


# --- answers --------------------------------------------------------------------------------------


def _question(name: str, raw: Any, words: Any) -> Question:
    labels = words if isinstance(words, dict) else {"__prompt__": words}
    values = [str(value) for value in raw] if isinstance(raw, list) else []
    choices = {value: str(labels.get(value, value)) for value in values}
    return Question(name, str(labels["__prompt__"]), values[0] if values else str(raw), choices)


def _checked(folder: Path, answers: Mapping[str, str]) -> dict[str, str]:
    """All answers, those not given by their defaults; StarterError lists all that is wrong."""
    asked = {question.name: question for question in questions(folder)}
    given = {name: str(answer).strip() for name, answer in answers.items()}
    problems = [
        Problem("this is not asked", name, fix=did_you_mean(name, list(asked)))
        for name in given
        if name not in asked
    ]
    for name, answer in given.items():
        problems += _wrong(asked[name], answer) if name in asked else ()
    if problems:
        raise StarterError(problems)
    return {name: given.get(name, question.default) for name, question in asked.items()}


def _wrong(question: Question, answer: str) -> Iterator[Problem]:
    """What keeps an answer from being used. A name that ends in _url takes an address."""
    name, shown = question.name, answer if len(answer) <= LONGEST_TEXT else f"{answer[:20]}…"
    longest = LONGEST_ADDRESS if name.endswith("_url") else LONGEST_TEXT
    if question.choices:
        if answer not in question.choices:
            yield Problem("not one of the choices", name, None, shown, ", ".join(question.choices))
    elif not answer:
        yield Problem("it is empty", name, fix=f"write something such as: {question.default}")
    elif len(answer) > longest:
        found = f"{len(answer)} characters"
        yield Problem("it is too long", name, None, found, f"at most {longest}")
    elif bad := [char for char in answer if _is_unwanted(char)]:
        what = "it has a line break or another character that cannot be seen"
        yield Problem(what, name, None, f"U+{ord(bad[0]):04X}", fix="type it again")
    elif name.endswith("_url") and not _is_address(answer):
        yield Problem("not an address", name, None, shown, f"such as {question.default}")


def _is_unwanted(char: str) -> bool:
    return unicodedata.category(char) in UNWANTED_CATEGORIES or ord(char) in TURNING


def _is_address(answer: str) -> bool:
    """Whether this is http(s)://host[:port][/path], in characters that need no care anywhere."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/%\-]*)?", answer):
        return False
    try:
        parts = urlsplit(answer)
        return bool(parts.hostname) and (parts.port or 1) > 0  # port raises when it is none
    except ValueError:
        return False


def _context(
    environment: Environment, spec: Mapping[str, Any], answers: Mapping[str, str]
) -> dict[str, Any]:
    """The values by name, as cookiecutter computes them, but answers stay as they were given."""
    context: dict[str, Any] = {}
    for name, raw in spec.items():
        if name in answers:
            context[name] = answers[name]
        elif name.startswith("_") and not name.startswith("__"):
            context[name] = raw
        elif name != "__prompts__":
            context[name] = _rendered(
                environment, str(raw), {"cookiecutter": context}, f"cookiecutter.json, {name}"
            )
    return context


# --- the template ---------------------------------------------------------------------------------


def _spec(folder: Path) -> dict[str, Any]:
    file = folder / "cookiecutter.json"
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        problem = Problem("this is missing or damaged", str(file), fix="see: sandbox check")
        raise StarterError([problem]) from None


def _is_computed(raw: object) -> bool:
    return isinstance(raw, str) and raw.startswith("{{")


def _template(folder: Path) -> Path:
    found = [path for path in folder.iterdir() if "{{" in path.name and path.is_dir()]
    if len(found) != 1:
        expected = "one folder {{cookiecutter.project_slug}}"
        raise StarterError([Problem("no single project", str(folder), expected=expected)])
    return found[0]


def _environment(template: Path) -> Environment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(template),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        extensions=EXTENSIONS,
        autoescape=False,  # files of many kinds: where text needs escaping, templates use tojson
    )


def _rendered(environment: Environment, text: str, context: Mapping[str, Any], where: str) -> str:
    try:
        return environment.from_string(text).render(**context)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise StarterError([Problem(f"the starter is broken: {error}", where, line)]) from None


def _members(template: Path) -> Iterator[Path]:
    """Every file, in order. A link could lead anywhere on this machine, so none is followed."""
    for path in sorted(template.rglob("*")):
        if path.is_symlink():
            what = "a link in a starter is not followed"
            raise StarterError([Problem(what, str(path), fix="put a copy of the file there")])
        if path.is_file():
            yield path


def _text(content: bytes) -> str | None:
    """What there is to render; None for a picture and the like."""
    try:
        return None if b"\0" in content else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_kept(relative: str, patterns: list[str]) -> bool:
    """Whether cookiecutter would copy this as it is: the file, or a folder above it, matches."""
    names = [relative, *(folder.as_posix() for folder in PurePosixPath(relative).parents)]
    return any(fnmatch.fnmatch(name, pattern) for name in names for pattern in patterns)


def _safe(name: str) -> str:
    parts = name.split("/")
    if "\\" in name or ":" in name or any(part in ("", ".", "..") for part in parts):
        raise StarterError([Problem("this would be written outside the project", name)])
    return name


def _top(files: Mapping[str, File]) -> str:
    return next(iter(files)).partition("/")[0]
