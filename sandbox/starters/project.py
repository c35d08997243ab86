"""The files of a project, rendered in memory as cookiecutter would; a zip or a folder of them."""

from __future__ import annotations

import fnmatch
import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sandbox.errors import Problem, StarterError
from sandbox.starters.answers import checked, questions, read_spec

ZIP_DATE = (2020, 1, 1, 0, 0, 0)  # always the same, so that equal answers give equal bytes
# What cookiecutter offers by itself, less what gives another result each time (now, uuid4, random).
EXTENSIONS = (
    "cookiecutter.extensions.JsonifyExtension",
    "cookiecutter.extensions.SlugifyExtension",
)
MARKERS = re.compile(r"\{[{%#]")
# Device names that Windows takes for no folder, whatever their case.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


class File(NamedTuple):
    """A file of the project: `mode` is 0o755 for what can be executed, else 0o644."""

    content: bytes
    mode: int


def render(folder: Path, answers: Mapping[str, str]) -> dict[str, File]:
    """Every file of the project by its path, which begins with the project's own folder.

    Raises StarterError with every answer that cannot be used: Problem.file is the question's name.
    """
    spec = read_spec(folder)
    template = _template(folder)
    environment = _environment(template)
    context = {"cookiecutter": _context(environment, spec, checked(folder, answers))}
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


# --- the template ---------------------------------------------------------------------------------


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
    if not MARKERS.search(
        text
    ):  # most names and files; compiling each would take three times as long
        return text
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
