"""The endpoints that write: ask, answer, announce, each in the name of the account that asks."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from sandbox import clock
from sandbox.board.access import members, only
from sandbox.board.api import reads, shapes, showing
from sandbox.board.api.problems import Refused
from sandbox.board.api.registry import endpoint, known
from sandbox.board.forms import tidy, tidy_lines
from sandbox.board.people import limits, tokens
from sandbox.board.people.limits import Limit
from sandbox.board.people.visitor import myself
from sandbox.board.served import generation
from sandbox.board.store import db
from sandbox.board.webhooks import emit
from sandbox.errors import Problem
from sandbox.state import audit, topics
from sandbox.state.people import Account, Role

ASKING = (Limit("api.ask", "account", 20, timedelta(hours=1)),)
ANSWERING = (Limit("api.answer", "account", 120, timedelta(hours=1)),)
ANNOUNCING = (Limit("api.announce", "account", 20, timedelta(hours=1)),)


@endpoint(
    "POST", "/questions", shapes.QuestionAndAnswers, members,
    scope="write:questions", body=shapes.NewQuestion,
    sends={
        "about": {"kind": "event"},
        "text": "May a team hand in more than one idea?",
        "language": "en",
    },
)  # fmt: skip
def ask_question(body: shapes.NewQuestion) -> shapes.QuestionAndAnswers:
    """Ask about the event, a challenge, a dataset, one of its tables or columns."""
    _exists(body.about)
    _spend(ASKING)
    asked = topics.Question(
        about=body.about.kind,
        slug=getattr(body.about, "slug", ""),
        place=getattr(body.about, "place", ""),
        text=tidy_lines(body.text).strip(),
        language=body.language,
        asked_at=clock.now(),
        asked_by=myself().id,
    )
    db().add(asked)
    db().flush()
    shown = reads.with_answers(asked)
    emit(db(), "question.asked", {"number": asked.id, "about": asked.about, "slug": asked.slug,
                                  "url": shown.question.url})  # fmt: skip
    db().commit()
    return shown


@endpoint(
    "POST", "/questions/{number}/answers", shapes.QuestionAndAnswers, members,
    scope="write:answers", body=shapes.NewAnswer, example="/questions/1/answers",
    sends={"text": "Yes, as long as each idea has its own page.", "language": "en"},
)  # fmt: skip
def answer_question(number: int, body: shapes.NewAnswer) -> shapes.QuestionAndAnswers:
    """Answer a question.

    A challenge's owner, a dataset's steward and organisers answer by right: then the question
    counts as answered. Organisers need a token with the scope organise for that.
    """
    question = reads.shown_question(number)
    _spend(ANSWERING)
    role = _by_right(myself(), question)
    given = topics.Answer(
        text=tidy_lines(body.text).strip(),
        language=body.language,
        at=clock.now(),
        by=myself().id,
        as_role=role or "",
    )
    question.answers.append(given)
    if role and question.answered_at is None:
        question.answered_at = given.at
    db().flush()
    if role:
        about = f"question {question.id}"
        audit.record(db(), "question.answer", about, actor_id=myself().id, as_role=role)
    shown = reads.with_answers(question)
    emit(db(), "question.answered", {"number": question.id, "about": question.about,
                                     "slug": question.slug, "as_role": role,
                                     "url": shown.question.url})  # fmt: skip
    db().commit()
    return shown


@endpoint(
    "POST", "/announcements", shapes.Announcement, only(Role.ORGANISER),
    scope="organise", body=shapes.NewAnnouncement,
    sends={"words": {"en": {"title": "Lunch", "text": "Soup is served in the hall."}}},
)  # fmt: skip
def publish_announcement(body: shapes.NewAnnouncement) -> shapes.Announcement:
    """Tell everybody something now: on its page and in the feed. For organisers.

    It sends no e-mail; that is decided on the organisers' desk.
    """
    _spend(ANNOUNCING)
    now = clock.now()
    made = topics.Announcement(
        titles={tag: tidy(words.title) for tag, words in body.words.items()},
        texts={tag: tidy_lines(words.text) for tag, words in body.words.items()},
        urgent=body.urgent,
        published_at=now,
        changed_at=now,
        made_by=myself().id,
    )
    db().add(made)
    db().flush()
    audit.record(
        db(), "announcement.publish", f"announcement {made.id}", actor_id=myself().id, by="api"
    )
    shown = reads.announcement(made)
    emit(db(), "announcement.published", {"number": made.id, "titles": made.titles,
                                          "urgent": made.urgent, "url": shown.url})  # fmt: skip
    db().commit()
    return shown


def _spend(of: tuple[Limit, ...]) -> None:
    """Count a try in the database, where every worker sees it, or refuse."""
    wait = limits.spend(db(), of, str(myself().id))
    if wait is not None:
        said = f"At most {of[0].times} in {of[0].within // timedelta(minutes=1)} minutes."
        raise Refused(429, said, retry=ceil(wait.total_seconds()))


def _exists(about: shapes.AboutEvent | shapes.AboutChallenge | shapes.AboutDataset) -> None:
    """Refuse what names nothing that is shown."""
    if isinstance(about, shapes.AboutChallenge):
        known(about.slug, showing.challenges(), "challenge")
    if isinstance(about, shapes.AboutDataset):
        dataset = known(about.slug, generation().catalog.datasets, "dataset")
        table, _, column = about.place.partition(".")
        if table and (
            table not in dataset.tables or (column and column not in dataset.tables[table].columns)
        ):
            known_places = ", ".join(dataset.tables)
            wrong = Problem("no such table or column", "body", None, about.place, fix=known_places)
            raise Refused(404, f"{about.slug} has no {about.place}.", [wrong])


def _by_right(person: Account, question: topics.Question) -> str | None:
    """The role by which `person` answers for what the question is about, None for anybody."""
    scoped = {"challenge": Role.OWNER, "dataset": Role.STEWARD}.get(question.about)
    if scoped and person.has(scoped, scope=question.slug):
        return str(scoped)
    token = tokens.current()
    if person.has(Role.ORGANISER) and (token is None or "organise" in token.scopes):
        return str(Role.ORGANISER)
    return None
