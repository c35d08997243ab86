"""The calendar (RFC 5545): the event, and when each challenge that can be seen opens and closes."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response
from icalendar import Calendar
from icalendar import Event as Entry

from sandbox.board.access import everyone
from sandbox.board.served import event, served
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.talk import agenda
from sandbox.board.words import gettext

pages = Blueprint("calendar", __name__)
START = datetime(2026, 1, 1, tzinfo=UTC)  # from which versions of an entry are counted


@pages.get("/calendar.ics")
@everyone
def ics() -> Response:
    language = page().language
    calendar = Calendar()
    calendar.add("prodid", "-//Sandbox//Board//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    name = event().name.best(language)[0]
    calendar.add("name", name)  # RFC 7986
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", event().timezone)
    calendar.add("url", f"{agenda.home()}/")
    calendar.add("refresh-interval;value=duration", "PT1H")
    for entry in _entries(language):
        calendar.add_component(entry)
    calendar.add_missing_timezones()
    response = Response(calendar.to_ical(), content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    return agenda.kept_a_minute(response)


def _entries(language: str) -> list[Entry]:
    found, settled = [], _settled_at()
    starts, ends = event().starts_at, event().ends_at
    if starts:
        name = event().name.best(language)[0]
        found.append(_entry("event", name, "/", settled, starts, ends))
    for slug, times in agenda.times(db()).items():
        words = {"title": times.title.best(language)[0]}
        path, changed = f"/challenges/{slug}/", times.changed_at or settled
        if times.opens_at:
            title = gettext("Opens: %(title)s") % words
            found.append(_entry(f"{slug}-opens", title, path, changed, times.opens_at))
        if times.closes_at:
            title = gettext("Closes, last answers: %(title)s") % words
            found.append(_entry(f"{slug}-closes", title, path, changed, times.closes_at))
    return found


def _entry(
    name: str, title: str, path: str, changed: datetime,
    starts: datetime, ends: datetime | None = None,
) -> Entry:  # fmt: skip
    """One entry; its name stays and its version grows, so whoever has subscribed sees it move."""
    entry = Entry()
    entry.add("uid", f"{name}.{agenda.identity()}@{agenda.host()}")
    entry.add("summary", title)
    entry.add("url", agenda.home() + path)
    entry.add("dtstart", starts.astimezone(event().zone))
    if ends:
        entry.add("dtend", ends.astimezone(event().zone))
    entry.add("dtstamp", changed)
    entry.add("last-modified", changed)
    entry.add("sequence", max(int((changed - START).total_seconds()) // 60, 0))
    entry.add("transp", "TRANSPARENT" if ends is None else "OPAQUE")
    return entry


def _settled_at() -> datetime:
    """When the event's own dates were last written down."""
    file = served().workspace.folder / "event.toml"
    return datetime.fromtimestamp(int(file.stat().st_mtime), UTC) if file.is_file() else START
