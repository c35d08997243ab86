"""A submission as a folder to fill in: what it asks, everything that is wrong in it, its pack."""

from __future__ import annotations

import io
import textwrap
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError
from pydantic import create_model

from sandbox import clock
from sandbox.descriptors import LANGUAGES, Descriptor, Source, load, make, read_text
from sandbox.errors import PackError, Problem, did_you_mean
from sandbox.projects import packs
from sandbox.projects.codes import canonical
from sandbox.projects.fields import CHOICES, FIELDS, MOST_IMAGES, faults
from sandbox.projects.keys import TeamKey
from sandbox.ui.languages import N_, translator
from sandbox.workspace import SLUG

FILE = "submission.yml"
TEXTS, IMAGES, ANSWERS = "texts", "images", "answers"
LONG = tuple(field for field in FIELDS if field.kind == "text")
SHORT = tuple(field for field in FIELDS if field.kind != "text")
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_IMAGE_BYTES = 30_000_000
MOST_PIXELS = 50_000_000
SIDE = 2000  # pixels of the longer side, as pictures go into a pack
ALT = 300  # characters


class Link(Descriptor):
    """One entry of `links` in submission.yml; without a label its address stands for it."""

    address: str
    label: str | None = None


class Picture(Descriptor):
    """One entry of `images` in submission.yml."""

    file: str
    alt: str | None = None
    caption: str | None = None


# submission.yml: what is short, in the form of a descriptor, so that mistakes are told by line.
Short: Any = create_model(
    "Short",
    __base__=Descriptor,
    challenge=(str, ...),
    language=(str, ...),
    images=(tuple[Picture, ...] | None, None),
    **{field.name: (tuple[Link, ...] | None if field.kind == "links" else str | None, None)
       for field in SHORT},
)  # type: ignore[call-overload]  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """A folder that is in order."""

    challenge: str
    language: str
    fields: dict[str, Any]
    images: list[dict[str, str]]
    answers: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Packed:
    """A pack that was written."""

    file: Path
    bytes: int
    digest: str
    code: str
    images: int
    answers: int


# --- a new folder ---------------------------------------------------------------------------------


def new(folder: Path, key: TeamKey) -> Path:
    """Write a folder that asks for everything, in the team's language; PackError if it is taken."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PackError(
            [Problem("there is something here already; nothing was changed", str(folder),
                     expected="a folder that is empty or does not exist yet")]
        )  # fmt: skip
    for inner in (TEXTS, IMAGES, ANSWERS):
        (folder / inner).mkdir(parents=True)
    for field in LONG:
        (folder / TEXTS / f"{field.name}.txt").touch()
    (folder / FILE).write_text(_asked(key), encoding="utf-8", newline="\n")
    return folder


def _asked(key: TeamKey) -> str:
    """submission.yml as it is first: each question a comment, in the key's language."""
    say = translator(key.language).gettext
    about = say(N_(
        "What your team submits. Write the short answers here, between the quotes, and each long "
        "one into its file in texts/. Nothing here is sent anywhere before you pack it."
    ))  # fmt: skip
    known = "\n".join(f"{slug}: {title}" for slug, title in key.challenges.items())
    parts = [
        _comment(f"{key.event_name} · {key.team_name}"),
        _comment(about),
        _comment(say(N_("The challenge’s name, as in its address."))) + _comment(known)
        + f"challenge: {key.challenge or ''}\n",
        _comment(say(N_("The language you write in:")) + " " + ", ".join(LANGUAGES))
        + f"language: {key.language}\n",
    ]  # fmt: skip
    for field in FIELDS:
        asked = say(field.label) + (f"\n{say(field.hint)}" if field.hint else "")
        if field.ai:
            asked += "\n" + say(N_("Only where a model is used."))
        if field.kind == "text":
            asked += f"\n→ {TEXTS}/{field.name}.txt"
            parts.append(_comment(asked))
        elif field.kind == "links":
            example = '  - address: https://example.org/ours\n    label: ""'
            parts.append(_comment(asked) + _comment(example, wrap=False) + f"{field.name}: []\n")
        else:
            choices = CHOICES.get(field.name, ())
            parts.append(_comment(asked) + _comment(", ".join(choices)) + f'{field.name}: ""\n')
    pictures = say(N_(
        "Pictures: put JPEG, PNG or WebP files into images/ and name each here, with what it shows "
        "for those who cannot see it."
    ))  # fmt: skip
    example = '  - file: front.jpg\n    alt: ""\n    caption: ""'
    answers = say(N_("Answers to a challenge go into answers/, as <challenge>.csv."))
    parts += [
        _comment(pictures) + _comment(example, wrap=False) + "images: []\n",
        _comment(answers),
    ]
    return "\n".join(parts)


def _comment(text: str, *, wrap: bool = True) -> str:
    lines = [
        part
        for line in text.splitlines()
        for part in (textwrap.wrap(line, 94, break_on_hyphens=False) if wrap else [line])
    ]
    return "".join(f"# {line}\n" for line in lines)


# --- everything that is wrong ---------------------------------------------------------------------


def read(folder: Path) -> Filled:
    """What the folder holds. Raises PackError with everything that is wrong in it, by line."""
    problems: list[Problem] = []
    source = load(folder / FILE, FILE)
    if isinstance(source, Problem):
        fix = "make the folder by `sandbox submission new FOLDER --key FILE`"
        missing = not (folder / FILE).is_file()
        raise PackError([Problem(source.what, FILE, source.line, source.found, source.expected,
                                 fix if missing else source.fix)])  # fmt: skip
    said = make(source, Short, problems)
    texts = _texts(folder, problems)
    fields: dict[str, Any] = dict(texts)
    if said is not None:
        fields |= {field.name: _short(said, field.name) for field in SHORT}
        fields = {name: value for name, value in fields.items() if value}
        problems += _choices(said, source)
        problems += _field_problems(fields, source)
    images = _images(folder, said, source, problems)
    answers = _answers(folder, problems)
    if problems or said is None:
        raise PackError(problems)
    return Filled(said.challenge, said.language, fields, images, answers)


def _short(said: Any, name: str) -> Any:
    value = getattr(said, name)
    if isinstance(value, str):
        return " ".join(value.split())
    links = ((" ".join((link.label or "").split()), link.address.strip()) for link in value or ())
    return [{"label": label or address, "address": address} for label, address in links]


def _choices(said: Any, source: Source) -> Iterator[Problem]:
    if not SLUG.fullmatch(said.challenge):
        yield Problem(
            "challenge is not the name of one", FILE, source.line(("challenge",)),
            said.challenge or "nothing", "the name in its address, such as same-day-permit",
        )  # fmt: skip
    if said.language not in LANGUAGES:
        yield Problem("language is not one of the kit's", FILE, source.line(("language",)),
                      said.language or "nothing", ", ".join(LANGUAGES))  # fmt: skip


def _field_problems(fields: dict[str, Any], source: Source) -> Iterator[Problem]:
    for field, fault in faults(fields):
        what, found, expected, fix = fault.told()
        is_long = field.kind == "text"
        file = f"{TEXTS}/{field.name}.txt" if is_long else FILE
        line = 1 if is_long else source.line((field.name,))
        told = f"{field.name}: {what[0].lower()}{what[1:]}"
        yield Problem(f"{told} ({field.label})", file, line, found, expected, fix or None)


def _texts(folder: Path, problems: list[Problem]) -> dict[str, str]:
    known = [f"{field.name}.txt" for field in LONG]
    found: dict[str, str] = {}
    for file in _files(folder / TEXTS):
        shown = f"{TEXTS}/{file.name}"
        if file.name not in known:
            fix = did_you_mean(file.name, known)
            problems.append(Problem("there is no question of this name", shown, None, fix=fix))
            continue
        text = read_text(file, shown)
        if isinstance(text, Problem):
            problems.append(text)
        else:
            lines = (line.rstrip() for line in text.strip().split("\n"))
            found[file.stem] = "\n".join(lines)
    return found


def _files(folder: Path) -> list[Path]:
    """By name, without what systems leave behind, such as .DS_Store."""
    inside = folder.iterdir() if folder.is_dir() else ()
    hidden = ("Thumbs.db", "desktop.ini")
    return sorted(f for f in inside if not f.name.startswith(".") and f.name not in hidden)


# --- pictures and answers -------------------------------------------------------------------------


def _images(
    folder: Path, said: Any, source: Source, problems: list[Problem]
) -> list[dict[str, str]]:
    files = {file.name: file for file in _files(folder / IMAGES)}
    if said is None:  # which of them are named cannot be told
        return []
    named = said.images or ()
    if len(named) > MOST_IMAGES:
        problems.append(
            Problem("these are too many pictures", FILE, source.line(("images",)),
                    f"{len(named)}", f"at most {MOST_IMAGES}", "leave some out")
        )  # fmt: skip
        return []
    for name in sorted(set(files) - {one.file for one in named}):
        problems.append(Problem(f"the picture is not named in {FILE}", f"{IMAGES}/{name}",
                                fix=f"add it to images in {FILE}, or delete it"))  # fmt: skip
    made = []
    for position, one in enumerate(named):
        line = source.line(("images", position))
        if one.file not in files:
            fix = did_you_mean(one.file, sorted(files))
            problems.append(
                Problem(f"there is no picture {IMAGES}/{one.file}", FILE, line, fix=fix)
            )
            continue
        alt, caption = (" ".join((text or "").split()) for text in (one.alt, one.caption))
        if not alt or max(len(alt), len(caption)) > ALT:
            longest = max(len(alt), len(caption))
            problems.append(
                Problem(f"{one.file}: alt says in words what the picture shows", FILE, line,
                        f"{longest} characters" if alt else "nothing",
                        f"alt of 1 to {ALT} characters, a caption of at most {ALT}")
            )  # fmt: skip
        content = _picture(files[one.file], problems)
        made.append({"content": b64encode(content).decode(), "alt": alt, "caption": caption})
    return made


def _picture(file: Path, problems: list[Problem]) -> bytes:
    """The picture as a modest WebP: no phone's place or name in it, and packs stay small."""
    shown, expected = f"{IMAGES}/{file.name}", "a JPEG, PNG or WebP picture"
    if not file.is_file() or file.stat().st_size > MOST_IMAGE_BYTES:
        problems.append(Problem("the picture is too large, or no file", shown, None,
                                f"{file.stat().st_size:,} bytes",
                                f"at most {MOST_IMAGE_BYTES:,}"))  # fmt: skip
        return b""
    try:
        with Image.open(file, formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                found = f"{opened.width} × {opened.height} pixels"
                most = f"at most {MOST_PIXELS:,} in all"
                problems.append(Problem("the picture is too large", shown, None, found, most,
                                        "make it smaller"))  # fmt: skip
                return b""
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((SIDE, SIDE))
            kept = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        problems.append(Problem("the picture cannot be read", shown, None, "something else, or a "
                                "part of one", expected, "save it again as JPEG"))  # fmt: skip
        return b""
    made = io.BytesIO()
    kept.save(made, "WEBP", quality=90)
    return made.getvalue()


def _answers(folder: Path, problems: list[Problem]) -> dict[str, dict[str, str]]:
    found = {}
    for file in _files(folder / ANSWERS):
        shown = f"{ANSWERS}/{file.name}"
        if not file.is_file() or file.suffix != ".csv" or not SLUG.fullmatch(file.stem):
            problems.append(Problem("this is not named after a challenge", shown, None,
                                    expected=f"{ANSWERS}/<challenge>.csv"))  # fmt: skip
        elif (size := file.stat().st_size) > packs.MOST_BYTES:
            problems.append(Problem("the file is too large for a pack", shown, None,
                                    f"{size:,} bytes", f"less than {packs.MOST_BYTES:,} in all",
                                    "bring it by the browser instead"))  # fmt: skip
        else:
            content = b64encode(file.read_bytes()).decode()
            found[file.stem] = {"name": file.name, "content": content}
    if len(found) > packs.MOST_ANSWERS:
        problems.append(Problem("these are too many files of answers", ANSWERS, None,
                                str(len(found)), f"at most {packs.MOST_ANSWERS}"))  # fmt: skip
    return found


# --- the pack -------------------------------------------------------------------------------------


def pack(filled: Filled, key: TeamKey, out: Path) -> Packed:
    """Write the pack into the folder `out`; the same content, key and clock give the same bytes.

    Raises PackError where the whole is too large, and then writes nothing.
    """
    payload = canonical(
        {
            "event": key.event,
            "team": key.team,
            "challenge": filled.challenge,
            "language": filled.language,
            "fields": filled.fields,
            "images": filled.images,
            "answers": filled.answers,
            "made_at": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
        }
    )
    content = packs.signed(payload, key.private)
    try:
        found = packs.read(content)  # by the board's own rules
    except packs.PackRefused as error:
        what, had, expected, fix = error.fault.told()
        raise PackError([Problem(what, "", None, had, expected, fix)]) from None
    file = out / f"{key.team}-{found.digest[:8]}.pack.json"
    file.write_bytes(content)
    return Packed(
        file, len(content), found.digest, found.code, len(filled.images), len(filled.answers)
    )


def unknown(filled: Filled, key: TeamKey) -> list[str]:
    """Challenges that the key does not know of: opened after it was made, or mistyped."""
    named = {filled.challenge, *filled.answers}
    return sorted(named - set(key.challenges)) if key.challenges else []
