"""A challenge's folder as it is written in a browser: its texts, checked, packed and put in place.

Two of its files are code that a build runs, answers.sql and baseline.py. They never come from a
browser: a draft names the challenge whose code it uses, and they are copied from that folder.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import catalog, clock, new
from sandbox.descriptors import LANGUAGES, Source, decoded, load_yaml, make, read_text
from sandbox.errors import Problem, ProblemsFound, SandboxError
from sandbox.workspace import SLUG, Workspace

DESCRIPTOR = "challenge.yml"
CODE = ("answers.sql", "baseline.py")
TEXTS = (DESCRIPTOR, "brief.md", *(f"brief.{tag}.md" for tag in LANGUAGES[1:]))
LONGEST_SLUG = 50
RESERVED = ("new", "import")  # they are pages of the desk
ZIP_DATE = (2020, 1, 1, 0, 0, 0)  # always the same, so that equal folders give equal bytes
MOST_PACKED, MOST_OF_ONE, MOST_MEMBERS = 1_000_000, 500_000, 20
OF_A_MAC = ("__MACOSX/", ".DS_Store")  # what its archiver adds; nobody wrote it

Files = Mapping[str, str]


class NotImported(ProblemsFound):
    title = "The zip cannot be used"


class NotWritten(SandboxError):
    """The folder was not put in place; nothing was changed."""


@dataclass(frozen=True)
class Draft:
    """Texts by file name, the challenge whose code is used ("": the template's), and its origin.

    `made_from` is the digest of the folder that it was begun from, None where there was none.
    """

    files: dict[str, str]
    code_from: str = ""
    made_from: str | None = None

    @property
    def digest(self) -> str:
        return digest(self.files)


def digest(files: Mapping[str, str]) -> str:
    """What names exactly these texts."""
    said = hashlib.sha256()
    for name in sorted(files):
        said.update(name.encode() + b"\0" + hashlib.sha256(files[name].encode()).digest())
    return said.hexdigest()


def is_free(slug: str, workspace: Workspace) -> bool:
    """Whether a new challenge can have this name."""
    fits = SLUG.fullmatch(slug) and len(slug) <= LONGEST_SLUG and not slug.endswith("-")
    return bool(fits) and slug not in (*RESERVED, *workspace.folders("challenges"))


# --- where a draft comes from ---------------------------------------------------------------------


def begun(workspace: Workspace, title: str, like: str = "") -> Draft:
    """A new challenge: the template's, or one as another that this machine has."""
    if like:
        return Draft(texts_in(workspace.folders("challenges")[like]), code_from=like)
    return Draft({n: t for n, t in new.challenge_texts(title).items() if n in TEXTS})


def of_folder(workspace: Workspace, slug: str) -> Draft:
    """The challenge as it lies on this machine, the event's own folder or the kit's."""
    files = texts_in(workspace.folders("challenges")[slug])
    return Draft(files, code_from=slug, made_from=digest(files))


def texts_in(folder: Path) -> dict[str, str]:
    """The texts that a folder has; what cannot be read is left for the check to tell."""
    found = {name: read_text(folder / name, name) for name in TEXTS if (folder / name).is_file()}
    return {name: text for name, text in found.items() if isinstance(text, str)}


def code(workspace: Workspace, code_from: str) -> dict[str, str]:
    """answers.sql and baseline.py of a challenge of this machine; "" is the template."""
    if not code_from:
        return {name: new.challenge_texts("")[name] for name in CODE}
    folder = workspace.folders("challenges").get(code_from)
    if folder is None:
        raise NotWritten(f"The challenge {code_from}, whose scoring this one uses, is gone.")
    found = {name: read_text(folder / name, name) for name in CODE}
    return {name: text for name, text in found.items() if isinstance(text, str)}


# --- what is wrong with it ------------------------------------------------------------------------


def source(files: Files) -> Source | Problem:
    """challenge.yml, parsed."""
    return load_yaml(files.get(DESCRIPTOR, ""), DESCRIPTOR)


def model(files: Files) -> catalog.Challenge | None:
    """The challenge that challenge.yml describes, None while it cannot be one."""
    parsed = source(files)
    return None if isinstance(parsed, Problem) else make(parsed, catalog.Challenge, [])


def problems(workspace: Workspace, drafts: Mapping[str, Draft]) -> dict[str, list[Problem]]:
    """Slug → all that `sandbox check` would say of each draft, among what the event has.

    A problem's file is its name in the challenge's folder.
    """
    if not drafts:
        return {}
    with _beside(workspace, drafts) as seen:
        found = catalog.survey(seen)[1]
    by_slug: dict[str, list[Problem]] = {slug: [] for slug in drafts}
    for problem in found:
        kind, _, rest = problem.file.partition("/")
        slug, _, file = rest.partition("/")
        if kind == "challenges" and slug in by_slug:
            by_slug[slug].append(_in_folder(problem, file))
    return by_slug


def _in_folder(problem: Problem, file: str) -> Problem:
    return Problem(problem.what, file, problem.line, problem.found, problem.expected, problem.fix)


@contextmanager
def _beside(workspace: Workspace, drafts: Mapping[str, Draft]) -> Iterator[Workspace]:
    """The workspace as if the drafts were in place; they lie in a folder that is gone after."""
    with tempfile.TemporaryDirectory(prefix="drafts-") as scratch:
        for slug, draft in drafts.items():
            folder = Path(scratch, "challenges", slug)
            folder.mkdir(parents=True)
            try:
                own = code(workspace, draft.code_from)
            except NotWritten:
                own = {}
            _write(folder, {**draft.files, **own})
        yield workspace.with_content(Path(scratch))


def _write(folder: Path, files: Files) -> None:
    for name, text in files.items():
        if name in TEXTS or name in CODE:  # no other name ever becomes a path
            (folder / name).write_text(text, encoding="utf-8", newline="\n")


# --- into the event -------------------------------------------------------------------------------


def put(workspace: Workspace, slug: str, draft: Draft) -> Path:
    """Write the challenge's folder among the event's, whole or not at all; the old one is kept.

    It then lies in challenges/.history/. Raises NotWritten when that cannot be.
    """
    if workspace.is_demo:
        raise NotWritten("The demo is part of the kit and is not changed from a browser. Make an "
                         "event of your own first: sandbox event new ../my-event")  # fmt: skip
    if not SLUG.fullmatch(slug):
        raise NotWritten(f"{slug!r} cannot be a folder's name.")
    if draft.made_from != _digest_now(workspace, slug):
        raise NotWritten(f"The folder challenges/{slug} was changed on the machine after this "
                         "draft was begun. Keep a copy of the draft (zip), discard it, and begin "
                         "again from what the folder says now.")  # fmt: skip
    files = {**draft.files, **code(workspace, draft.code_from)}
    home = workspace.folder / "challenges"
    folder, aside = home / slug, home / f".{slug}.new"
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        _keep_the_rest(folder, aside)
        _write(aside, files)
        if folder.is_dir():
            folder.rename(_history(home, slug))
        aside.rename(folder)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise NotWritten(f"The system refused to write {home}: {error.strerror or error}") from None
    return folder


def _digest_now(workspace: Workspace, slug: str) -> str | None:
    folder = workspace.folders("challenges").get(slug)
    return None if folder is None else digest(texts_in(folder))


def _keep_the_rest(folder: Path, aside: Path) -> None:
    """Files beside those that are edited here stay as they are."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name in (*TEXTS, *CODE, "__pycache__"):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, aside / path.name, symlinks=True)
        else:
            shutil.copy2(path, aside / path.name, follow_symlinks=False)


def _history(home: Path, slug: str) -> Path:
    """A name for the old folder that nothing has; it begins with a dot, so nothing reads it."""
    (home / ".history").mkdir(exist_ok=True)
    name = f"{slug}-{clock.now():%Y%m%dT%H%M%SZ}"
    taken = {path.name for path in (home / ".history").iterdir()}
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return home / ".history" / next(n for n in names if n not in taken)


# --- as a zip -------------------------------------------------------------------------------------


def packed(slug: str, files: Files) -> bytes:
    """The folder as a zip, the same bytes for the same files, on every machine.

    Nothing is compressed, since libraries that do it differ in what they write.
    """
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(f"{slug}/{name}", ZIP_DATE)
            member.create_system = 3  # Unix on every machine, since that keeps the mode
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, files[name].encode())
    return raw.getvalue()


def unpacked(raw: bytes, workspace: Workspace) -> tuple[str, Draft]:
    """The challenge's name and its draft, read from a zip in memory; nothing is unpacked to disk.

    Raises NotImported with everything that is wrong with it.
    """
    if len(raw) > MOST_PACKED:
        raise NotImported([Problem("the zip is too large", expected="at most 1 MB")])
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            slug, files = _members(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise NotImported([Problem("this is no zip that can be read")]) from None
    texts = {name: text for name, text in files.items() if name in TEXTS}
    if DESCRIPTOR not in texts:
        raise NotImported([Problem("the file is missing", f"{slug}/{DESCRIPTOR}")])
    folder = workspace.folders("challenges").get(slug)
    made_from = digest(texts_in(folder)) if folder else None
    return slug, Draft(texts, _known_code(workspace, slug, files), made_from)


def _members(archive: zipfile.ZipFile) -> tuple[str, dict[str, str]]:
    members = [m for m in archive.infolist() if not m.filename.endswith("/") and not _of_a_mac(m)]
    if len(members) > MOST_MEMBERS:
        raise NotImported([Problem("the zip has too many files", expected="one challenge")])
    wrong = [problem for member in members if (problem := _refused(member))]
    tops = {member.filename.partition("/")[0] for member in members}
    if len(tops) != 1:
        wrong.append(Problem("one folder is expected, called as the challenge"))
    names = [member.filename for member in members]
    wrong += [Problem("it stands twice", name) for name in set(names) if names.count(name) > 1]
    if wrong:
        raise NotImported(wrong)
    files = {}
    for member in members:
        with archive.open(member) as file:
            raw = file.read(MOST_OF_ONE + 1)  # what it says of its own size may be a lie
        text = decoded(raw, member.filename)
        if len(raw) > MOST_OF_ONE:
            wrong.append(Problem("the file is too large", member.filename))
        elif isinstance(text, Problem):
            wrong.append(text)
        else:
            files[member.filename.partition("/")[2]] = text
    if wrong:
        raise NotImported(wrong)
    return tops.pop(), files


def _of_a_mac(member: zipfile.ZipInfo) -> bool:
    return member.filename.startswith(OF_A_MAC[0]) or member.filename.endswith(OF_A_MAC[1])


def _refused(member: zipfile.ZipInfo) -> Problem | None:
    """What keeps a member from being read at all: its name, its kind, its size."""
    top, _, name = member.filename.partition("/")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if not SLUG.fullmatch(top) or len(top) > LONGEST_SLUG or top in RESERVED:
        return Problem("this cannot be a challenge's folder", member.filename,
                       expected="small letters, digits and hyphens")  # fmt: skip
    if name not in (*TEXTS, *CODE):
        return Problem("a challenge has no such file", member.filename,
                       expected=", ".join((*TEXTS, *CODE)))  # fmt: skip
    if kind not in (0, stat.S_IFREG) or member.flag_bits & 1:
        return Problem("this is no plain file", member.filename, fix="pack the folder again")
    if member.file_size > MOST_OF_ONE:
        return Problem("the file is too large", member.filename, None,
                       f"{member.file_size} bytes", f"at most {MOST_OF_ONE}")  # fmt: skip
    return None


def _known_code(workspace: Workspace, slug: str, files: Files) -> str:
    """The challenge of this machine whose code the zip has; other code is refused.

    A build runs it with the rights of whoever runs the build, so only they may put it there.
    """
    brought = {name: files[name] for name in CODE if name in files}
    own = slug if slug in workspace.folders("challenges") else ""
    others = ("", *workspace.folders("challenges"))
    for known in dict.fromkeys((own, *others)):
        if brought.items() <= code(workspace, known).items():
            return known
    fix = ("put the folder into the event's challenges/ on the machine itself, or leave both files "
           "out of the zip: then the template's are used")  # fmt: skip
    names = ", ".join(brought)
    raise NotImported(
        [Problem(f"{names}: code is not taken from a browser, since the build would run it",
                 slug, found="files that no challenge on this machine has", fix=fix)]
    )  # fmt: skip
