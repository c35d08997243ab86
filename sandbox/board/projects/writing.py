"""Writing in a draft: what a page brings, merged with what others have written meanwhile."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from sandbox import clock
from sandbox.board.forms import tidy, tidy_lines
from sandbox.board.words import gettext
from sandbox.projects.fields import (
    BY_NAME,
    CHOICES,
    FIELDS,
    MOST_ADDRESS,
    MOST_LABEL,
    MOST_LINKS,
    Field,
    is_address,
)
from sandbox.state.projects import Project, Revision


def new_pen() -> str:
    """What an open page calls itself, see Revision."""
    return secrets.token_urlsafe(9)


def empty(name: str) -> Any:
    """What a field holds that nobody has written in."""
    return [] if BY_NAME[name].kind == "links" else ""


def held(fields: Mapping[str, Any], name: str) -> Any:
    return fields.get(name) or empty(name)


# --- what was typed -------------------------------------------------------------------------------


@dataclass
class Typed:
    """What a form brought: `values` can be kept, `wrong` says of the rest what is wrong with it.

    `shown` is all of it as the page shows it again. A field that did not come is in none of them.
    """

    values: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)


def read(form: MultiDict[str, str]) -> Typed:
    """The fields of a draft in a form; complete or not, each by itself."""
    typed = Typed()
    for one in FIELDS:
        if (value := _typed(one, form)) is None:
            continue
        typed.shown[one.name] = value
        if wrong := problems(one, value):
            typed.wrong[one.name] = wrong
        else:
            typed.values[one.name] = value
    return typed


def _typed(one: Field, form: MultiDict[str, str]) -> Any:
    if one.kind == "links":
        return _links(form) if "links-address" in form else None
    if one.name not in form:
        return None
    return (tidy_lines if one.kind == "text" else tidy)(form[one.name])


def _links(form: MultiDict[str, str]) -> list[dict[str, str]]:
    """Pairs of words and address, rows with neither left out; the address stands for no words."""
    labels = [tidy(text) for text in form.getlist("links-label")]
    addresses = [tidy(text) for text in form.getlist("links-address")]
    labels += [""] * (len(addresses) - len(labels))
    pairs = zip(labels, addresses, strict=False)
    return [{"label": label or to, "address": to} for label, to in pairs if label or to]


def problems(one: Field, value: Any) -> list[str]:
    """What keeps `value` from being kept in the field, in the reader's language."""
    if one.kind == "links":
        return _wrong_links(value)
    if not value:
        return []
    if one.kind == "choice":
        return [] if value in CHOICES[one.name] else [gettext("Choose one of these.")]
    if len(value) > one.most:
        return [_too_long(one.most, len(value))]
    if one.kind == "address" and not is_address(value):
        return [_no_address(value)]
    return []


def _wrong_links(links: list[dict[str, str]]) -> list[str]:
    wrong = [_no_address(link["address"]) for link in links if not is_address(link["address"])]
    for link in links:
        if len(link["address"]) > MOST_ADDRESS:
            wrong.append(_too_long(MOST_ADDRESS, len(link["address"])))
        if len(link["label"]) > MOST_LABEL and link["label"] != link["address"]:
            wrong.append(_too_long(MOST_LABEL, len(link["label"])))
    if len(links) > MOST_LINKS:
        wrong.append(gettext("At most %(most)s links.") % {"most": MOST_LINKS})
    return wrong


def _no_address(text: str) -> str:
    told = gettext("“%(text)s” is no address. One begins with http:// or https://.")
    return told % {"text": text if len(text) <= 80 else text[:79] + "…"}


def _too_long(most: int, length: int) -> str:
    told = gettext("Write at most %(most)s characters; this is %(length)s.")
    return told % {"most": most, "length": length}


# --- what is kept ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Other:
    """What stands in a field that somebody else changed, too."""

    value: Any
    by: int | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Saved:
    """What came of it: fields that were `changed`, those in `conflict`, and what the page lacks.

    `newer` holds what others wrote since the page's revision in fields that it did not change.
    """

    revision: int
    changed: dict[str, Any]
    conflicts: dict[str, Other]
    newer: dict[str, Any]


def save(
    writer: Session,
    project: Project,
    values: Mapping[str, Any],
    *,
    base: int,
    pen: str,
    by: int | None,
    unkept: Mapping[str, Any] | None = None,
    undecided: Collection[str] = (),
) -> Saved:
    """Keep `values` in the draft as far as nobody else has changed the same field meanwhile.

    `base` is the revision that the page showed, `pen` its name. What only one of two changed is
    kept; what both changed stays as it is and is told as a conflict, and so is each field in
    `undecided` that still differs: its conflict has been shown, and nobody has chosen. `unkept` was
    typed, too, and cannot be kept as it is; it can be in conflict like everything else.
    """
    since = {n: r for n, r in project.field_revisions.items() if r > base and n in BY_NAME}
    past = _past(writer, project) if since else []
    changed: dict[str, Any] = {}
    conflicts: dict[str, Other] = {}
    for name, value in {**values, **(unkept or {})}.items():
        if value == held(project.fields, name):
            continue
        seen, before = _seen(past, name, base, pen)
        foreign = name in since and since[name] > seen
        if name in undecided or (foreign and value != before):
            conflicts[name] = _other(project, past or _past(writer, project), name)
        elif not foreign and name in values:
            changed[name] = value
    if changed:
        _keep(writer, project, changed, pen, by)
    newer = {n: held(project.fields, n) for n in since if n not in changed and n not in conflicts}
    return Saved(project.revision, changed, conflicts, newer)


def _past(reader: Session, project: Project) -> list[Revision]:
    asked = select(Revision).where(Revision.project_id == project.id)
    return list(reader.scalars(asked.order_by(Revision.revision.desc())))


def _seen(past: list[Revision], name: str, base: int, pen: str) -> tuple[int, Any]:
    """The last change of the field that the page knows of: shown to it, or made by it."""
    for one in past:
        if name in one.fields and (one.revision <= base or (pen and one.pen == pen)):
            return one.revision, held(one.fields, name)
    return 0, empty(name)


def _other(project: Project, past: list[Revision], name: str) -> Other:
    last = next((one for one in past if name in one.fields), None)
    value = held(project.fields, name)
    return Other(value, last.by, last.at) if last else Other(value)


def _keep(
    writer: Session, project: Project, changed: Mapping[str, Any], pen: str, by: int | None
) -> None:
    now, revision = clock.now(), project.revision + 1
    project.revision = revision
    project.fields = {**project.fields, **changed}
    project.field_revisions = {
        **project.field_revisions,
        **dict.fromkeys(changed, revision),
    }
    project.changed_at, project.changed_by = now, by
    writer.add(
        Revision(
            project_id=project.id, revision=project.revision, at=now, by=by, pen=pen,
            fields=dict(changed),
        )
    )  # fmt: skip
    writer.flush()
