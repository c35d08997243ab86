"""The Atom feed (RFC 4287): announcements, challenges that open and close, pinned answers,
results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from feedgenerator import Atom1Feed
from flask import Blueprint, Response
from sqlalchemy import select

from sandbox import clock
from sandbox.board.access import everyone
from sandbox.board.scores import boards
from sandbox.board.served import event
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.talk import agenda, announcements
from sandbox.board.talk.questions import headline
from sandbox.board.words import gettext
from sandbox.state.topics import Answer, Question
from sandbox.ui import markdown

pages = Blueprint("feed", __name__)
MOST = 50
START = datetime(2026, 1, 1, tzinfo=UTC)  # of a feed that has nothing to tell yet


@dataclass(frozen=True)
class Entry:
    """Something that has happened; `name` is its part of the id, and `path` its page."""

    name: str
    title: str
    path: str
    html: str
    published: datetime
    updated: datetime


class Feed(Atom1Feed):  # type: ignore[misc]
    """Atom whose `updated` is that of its newest entry, so that it changes only when they do."""

    def latest_post_date(self) -> datetime:
        """When the newest entry was last changed."""
        return max((item["updateddate"] for item in self.items), default=START)


@pages.get("/feed.atom")
@everyone
def atom() -> Response:
    language, home = page().language, agenda.home()
    feed = Feed(
        title=event().name.best(language)[0],
        link=f"{home}/announcements/",
        description=gettext("Announcements, challenges that open and close, and answers."),
        language=language,
        author_name=event().name.best(language)[0],
        feed_url=f"{home}/feed.atom?lang={language}",
        feed_guid=agenda.tag(f"feed/{language}"),
    )
    entries = sorted(_entries(language), key=lambda entry: (entry.published, entry.name))
    for entry in entries[: -MOST - 1 : -1]:
        feed.add_item(
            title=entry.title,
            link=home + entry.path,
            description=None,
            content=entry.html or None,
            pubdate=entry.published,
            updateddate=entry.updated,
            unique_id=agenda.tag(entry.name),
        )
    response = Response(feed.writeString("utf-8"), content_type=Atom1Feed.content_type)
    response.last_modified = feed.latest_post_date()
    return agenda.kept_a_minute(response)


def _entries(language: str) -> list[Entry]:
    times = agenda.times(db())
    told = [*_announced(language), *_challenges(language, times), *_answers(times)]
    return [*told, *_results(language, times)]


def _announced(language: str) -> list[Entry]:
    found = []
    for each in announcements.published(db())[:MOST]:
        title, text, _ = announcements.text_of(each, language)
        if each.withdrawn_at:
            title, text = gettext("Withdrawn: %(title)s") % {"title": title}, ""
        elif each.urgent:
            title = gettext("Urgent: %(title)s") % {"title": title}
        updated = max(filter(None, (each.published_at, each.changed_at, each.withdrawn_at)))
        found.append(
            Entry(
                f"announcement/{each.id}", title, f"/announcements/{each.id}/",
                markdown.render(text), each.published_at, updated,
            )
        )  # fmt: skip
    return found


def _challenges(language: str, seen: Mapping[str, agenda.Times]) -> list[Entry]:
    """What has opened and closed by now; what lies ahead stands in the calendar."""
    now, found = clock.now(), []
    for slug, times in seen.items():
        words = {"title": times.title.best(language)[0]}
        path = f"/challenges/{slug}/"
        if times.opens_at and times.opens_at <= now:
            title = gettext("Open: %(title)s") % words
            name = f"challenge/{slug}/opens"
            found.append(Entry(name, title, path, "", times.opens_at, times.opens_at))
        if times.closes_at and times.closes_at <= now:
            title = gettext("Closed: %(title)s") % words
            name = f"challenge/{slug}/closes"
            found.append(Entry(name, title, path, "", times.closes_at, times.closes_at))
    return found


def _results(language: str, seen: Mapping[str, agenda.Times]) -> list[Entry]:
    """Where results have been published: that they are there, and none of their numbers."""
    found = []
    for slug, decided in boards.all_decided(db()).items():
        if slug in seen and decided.is_published and decided.results_at:
            title = gettext("Results: %(title)s") % {"title": seen[slug].title.best(language)[0]}
            path, at = f"/challenges/{slug}/results/", decided.results_at
            found.append(Entry(f"challenge/{slug}/results", title, path, "", at, at))
    return found


def _answers(seen: Mapping[str, agenda.Times]) -> list[Entry]:
    """Questions that were pinned, with the first answer of somebody responsible."""
    rows = db().execute(
        select(Question, Answer)
        .join(Answer, Answer.question_id == Question.id)
        .where(
            Question.pinned_at.is_not(None), Question.hidden_at.is_(None),
            Answer.as_role != "", Answer.hidden_at.is_(None),
        )
        .order_by(Question.pinned_at.desc(), Answer.at)
        .limit(2 * MOST)
    )  # fmt: skip
    found: dict[int, Entry] = {}
    for question, answer in rows:
        assert question.pinned_at is not None
        if question.about == "challenge" and question.slug not in seen:
            continue
        found.setdefault(
            question.id,
            Entry(
                f"question/{question.id}", headline(question), f"/questions/{question.id}/",
                markdown.render(answer.text), answer.at, max(answer.at, question.pinned_at),
            ),
        )  # fmt: skip
    return list(found.values())
