"""An event that dribdat exported as a data package, read into what it can become here.

The form is that of dribdat's own export (version 0.2.0 of its package): a datapackage.json whose
resources `events`, `projects`, `categories`, `resources`, `users` and `activities` hold rows, in
the file itself (`data`) or as CSV or JSON beside it in the same archive (`path`).
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import yaml

from sandbox.board.words import gettext
from sandbox.catalog import Challenge
from sandbox.descriptors import load_yaml, make
from sandbox.errors import Problem, SandboxError
from sandbox.workspace import SLUG

MOST_BYTES = 10_000_000  # of the upload
MOST_UNPACKED = 40_000_000  # of what an archive holds, for what is read of it
MOST_ROWS = 5_000  # of one resource
MOST_CHALLENGES = 50  # that one can look through on a page
NAMED = "datapackage.json"
LONGEST_SLUG = 40
RESERVED = ("new", "import")  # they are pages of the desk
PERSONAL = ("users", "activities")
LINKS = ("source_url", "webpage_url", "autotext_url", "download_url", "contact_url")


class NotAPackage(SandboxError):
    """What was uploaded cannot be imported; `problems` say why, all of it at once."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__("; ".join(problems))


@dataclass(frozen=True)
class Brief:
    """A challenge of dribdat: what it says of itself, without who wrote it."""

    slug: str
    title: str
    summary: str
    text: str
    category: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """What can be taken over, and what cannot; nothing of it is about a person."""

    name: str
    summary: str = ""
    description: str = ""
    starts: str = ""
    ends: str = ""
    url: str = ""
    place: str = ""
    challenges: tuple[Brief, ...] = ()
    projects: tuple[str, ...] = ()
    categories: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_plain(cls, kept: Mapping[str, Any]) -> Found:
        briefs = tuple(Brief(**b | {"links": tuple(b["links"])}) for b in kept["challenges"])
        pairs = {name: tuple(map(tuple, kept[name])) for name in ("categories", "links")}
        return cls(**{**kept, "challenges": briefs, "projects": tuple(kept["projects"]), **pairs})


# --- reading --------------------------------------------------------------------------------------


def read(content: bytes) -> Found:
    """What a datapackage.json, or an archive (.zip) with one, holds. Raises NotAPackage."""
    beside: Callable[[str], bytes | None] = lambda _path: None  # noqa: E731
    if zipfile.is_zipfile(io.BytesIO(content)):
        content, beside = _unpacked(content)
    package = _json(content)
    if not isinstance(package, dict) or not isinstance(package.get("resources"), list):
        told = gettext("This is not a data package: it lists no resources.")
        raise NotAPackage([told])
    problems: list[str] = []
    if not _from_dribdat(package):
        problems.append(gettext("This data package does not say that it comes from dribdat."))
    tables = _tables(package["resources"], beside, problems)
    events, projects = tables.get("events", []), tables.get("projects", [])
    if len(events) != 1:
        told = gettext("Expected one event in it, found %(count)s. Export one event by itself.")
        problems.append(told % {"count": len(events)})
    found = _found(events[0] if events else {}, projects, tables, problems)
    if problems:
        raise NotAPackage(problems)
    return found


def _from_dribdat(package: Mapping[str, Any]) -> bool:
    sources = package.get("sources")
    named = [s.get("title") for s in sources if isinstance(s, dict)] if sources else []
    return "dribdat" in named


def _json(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        told = gettext("This is neither JSON nor an archive with a datapackage.json: %(why)s")
        raise NotAPackage([told % {"why": str(error)[:200]}]) from None


def _unpacked(content: bytes) -> tuple[bytes, Callable[[str], bytes | None]]:
    """datapackage.json of an archive, and a way to read what lies beside it; nothing is written."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        names = [n for n in archive.namelist() if n.rpartition("/")[2] == NAMED]
        if len(names) != 1 or sum(i.file_size for i in archive.infolist()) > MOST_UNPACKED:
            raise ValueError(f"{len(names)} × {NAMED}, {len(archive.namelist())} files")
        folder = names[0].removesuffix(NAMED)

        def beside(path: str) -> bytes | None:
            try:
                return archive.read(folder + path)
            except (KeyError, zipfile.BadZipFile, ValueError, RuntimeError):
                return None

        return archive.read(names[0]), beside
    except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError) as error:
        told = gettext("The archive cannot be read: %(why)s. It must hold one datapackage.json.")
        raise NotAPackage([told % {"why": error}]) from None


def _tables(
    resources: list[Any], beside: Callable[[str], bytes | None], problems: list[str]
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        name = resource.get("name") if isinstance(resource, dict) else None
        if not isinstance(name, str):
            problems.append(gettext("One of its resources has no name."))
            continue
        if name == "readme":
            continue
        rows = _rows(resource, beside)
        if rows is None:
            told = gettext("The rows of %(name)s are neither in the file nor in the archive.")
            problems.append(told % {"name": name[:80]})
        elif len(rows) > MOST_ROWS:
            told = gettext("%(name)s has %(count)s rows; at most %(most)s are read.")
            problems.append(told % {"name": name[:80], "count": len(rows), "most": MOST_ROWS})
        else:
            found[name] = rows
    return found


def _rows(
    resource: Mapping[str, Any], beside: Callable[[str], bytes | None]
) -> list[dict[str, Any]] | None:
    rows = resource.get("data")
    if rows is None and isinstance(path := resource.get("path"), str):
        content = beside(path)
        if content is None:
            return None
        try:
            text = content.decode("utf-8-sig")
            rows = json.loads(text) if path.endswith(".json") else [*csv.DictReader(_lines(text))]
        except (ValueError, csv.Error, RecursionError):
            return None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    return rows


def _lines(text: str) -> Iterator[str]:
    return iter(io.StringIO(text, newline=""))


# --- what becomes what ----------------------------------------------------------------------------


def _found(
    event: Mapping[str, Any],
    projects: list[dict[str, Any]],
    tables: Mapping[str, list[dict[str, Any]]],
    problems: list[str],
) -> Found:
    name = _said(event, "name", 80)
    if event and not name:
        problems.append(gettext("The event in it has no name."))
    dates = {key: _local(event, key, problems) for key in ("starts_at", "ends_at")}
    challenges, others = _split(projects, tables, problems)
    return Found(
        name=name,
        summary=_said(event, "summary", 200),
        description=_said(event, "description", 100_000),
        starts=dates["starts_at"],
        ends=dates["ends_at"],
        url=_address(event, "webpage_url"),
        place=", ".join(
            filter(None, (_said(event, "hostname", 80), _said(event, "location", 255)))
        ),
        challenges=challenges,
        projects=others,
        categories=tuple(
            (_said(row, "name", 80), _said(row, "description", 1000))
            for row in tables.get("categories", [])
        ),
        links=_links_to_keep(tables.get("resources", [])),
        left_out={name: len(tables[name]) for name in PERSONAL if tables.get(name)},
    )


def _split(
    projects: list[dict[str, Any]],
    tables: Mapping[str, list[dict[str, Any]]],
    problems: list[str],
) -> tuple[tuple[Brief, ...], tuple[str, ...]]:
    """Projects that nobody has begun are challenges; the others are work of teams."""
    taken: set[str] = set()
    briefs, others = [], []
    for number, row in enumerate(projects, 1):
        title = _said(row, "name", 80)
        if not title:
            told = gettext("Project %(number)s has no name.")
            problems.append(told % {"number": number})
        elif _is_challenge(row):
            briefs.append(_brief(row, title, tables.get("resources", []), taken))
        else:
            others.append(title)
    if len(briefs) > MOST_CHALLENGES:
        told = gettext("It has %(count)s challenges; at most %(most)s are taken over.")
        problems.append(told % {"count": len(briefs), "most": MOST_CHALLENGES})
    return tuple(briefs), tuple(others)


def _is_challenge(row: Mapping[str, Any]) -> bool:
    """As dribdat has it: no further than progress 0. In CSV all is text."""
    said = row.get("is_challenge")
    if said is not None and said != "":
        return str(said).lower() in ("true", "1")
    try:
        return int(row.get("progress") or 0) <= 0
    except (TypeError, ValueError):
        return True


def _brief(
    row: Mapping[str, Any], title: str, resources: list[dict[str, Any]], taken: set[str]
) -> Brief:
    links = [address for key in LINKS if (address := _address(row, key))]
    links += [
        address
        for other in resources
        if other.get("project_id") not in (None, "")
        and str(other["project_id"]) == str(row.get("id"))
        and (address := _address(other, "url"))
    ]
    written = _said(row, "longtext", 100_000) or _said(row, "autotext", 100_000)
    return Brief(
        slug=_slug(title, taken),
        title=title,
        summary=_said(row, "summary", 500),
        text=written,
        category=_said(row, "category_name", 80),
        links=tuple(dict.fromkeys(links)),
    )


def _links_to_keep(resources: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Name and address of each resource; what has no address has nothing to be kept."""
    return tuple(
        (_said(row, "name", 80) or address, address)
        for row in resources
        if (address := _address(row, "url"))
    )


def _said(row: Mapping[str, Any], key: str, most: int) -> str:
    """Text as people wrote it, without what cannot be printed."""
    value = row.get(key)
    if not isinstance(value, str):
        return ""
    kept = "".join(c for c in value.replace("\r\n", "\n") if c.isprintable() or c in "\n\t")
    return kept.strip()[:most]


def _address(row: Mapping[str, Any], key: str) -> str:
    """A web address, and nothing else that a link could start."""
    value = _said(row, key, 2048)
    return value if re.fullmatch(r"https?://[^\s<>\"'()\[\]]+", value) else ""


def _local(event: Mapping[str, Any], key: str, problems: list[str]) -> str:
    """dribdat's date and time, which is on the clocks of its own server: as it stands."""
    value = str(event.get(key) or "")[:16].replace(" ", "T")
    if not value:
        return ""
    try:
        return datetime.fromisoformat(value).strftime("%Y-%m-%dT%H:%M")
    except ValueError:
        told = gettext("%(key)s of the event is no date and time: %(found)s")
        problems.append(told % {"key": key, "found": value})
        return ""


def _slug(title: str, taken: set[str]) -> str:
    """A folder's name from a title; letters of the Nordic languages as they are spelt without."""
    text = title.lower()
    for letter, plain in (("æ", "ae"), ("ø", "o"), ("å", "a"), ("ä", "a"), ("ö", "o"), ("ü", "u"),
                          ("é", "e")):  # fmt: skip
        text = text.replace(letter, plain)
    name = (
        re.sub(r"[^a-z0-9]+", "-", text).strip("-0123456789")[:LONGEST_SLUG].strip("-")
        or "challenge"
    )
    made, number = name, 2
    while made in taken or made in RESERVED or not SLUG.fullmatch(made):
        made, number = f"{name}-{number}", number + 1
    taken.add(made)
    return made


# --- drafts ---------------------------------------------------------------------------------------

MISSING = """\
# Imported from dribdat, which asks for less than this kit does. What is still to be written, each
# with an example: sandbox/new/challenge/challenge.yml. The check names what is missing.
"""


def draft(brief: Brief, language: str) -> dict[str, str]:
    """The files of a challenge's folder, as far as what was imported goes.

    language: the tag of the one that its texts are in.
    """
    words = {"title": brief.title, "summary": brief.summary}
    said = {k: text if language == "en" else {language: text} for k, text in words.items() if text}
    described = MISSING + yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=100)
    name = "brief.md" if language == "en" else f"brief.{language}.md"
    return {"challenge.yml": described, name: _brief_text(brief)}


def gaps(briefs: Iterable[Brief]) -> list[str]:
    """What challenges of this kit say and these do not: for their authors to write."""
    found: list[Problem] = []
    for brief in briefs:
        parsed = load_yaml(draft(brief, "en")["challenge.yml"], "challenge.yml")
        if isinstance(parsed, Problem):
            found.append(parsed)
        else:
            make(parsed, Challenge, found)
    return list(dict.fromkeys(problem.what for problem in found))


def _brief_text(brief: Brief) -> str:
    parts = [f"# {brief.title}"]
    if brief.category:
        parts.append(gettext("Category: %(name)s") % {"name": brief.category})
    parts += [part for part in (brief.summary, brief.text) if part]
    if brief.links:
        parts.append("\n".join([f"## {gettext('Links')}", "", *(f"- <{a}>" for a in brief.links)]))
    return "\n\n".join(parts) + "\n"
