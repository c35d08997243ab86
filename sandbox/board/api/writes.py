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
from sandbox.board.talk import duty, places, said
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
    text = tidy_lines(body.text).strip()
    asked = said.ask(db(), myself().id, _place(body.about), text, body.language)
    shown = reads.with_answers(asked)
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
    said.answer(db(), question, myself().id, role, tidy_lines(body.text).strip(), body.language)
    shown = reads.with_answers(question)
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
    said.announce(db(), made)
    audit.record(
        db(), "announcement.write", f"announcement {made.id}", actor_id=myself().id, by="api"
    )
    shown = reads.announcement(made)
    db().commit()
    return shown


def _spend(of: tuple[Limit, ...]) -> None:
    """Count a try in the database, where every worker sees it, or refuse."""
    wait = limits.spend(db(), of, str(myself().id))
    if wait is not None:
        raise too_many(of, wait)


def too_many(of: tuple[Limit, ...], wait: timedelta) -> Refused:
    """How a limit that is reached is told."""
    said = f"At most {of[0].times} in {of[0].within // timedelta(minutes=1)} minutes."
    return Refused(429, said, retry=ceil(wait.total_seconds()))


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


def _by_right(person: Account, question: topics.Question) -> Role | None:
    """The role by which `person` answers for what the question is about, None for anybody."""
    role, token = duty.role_in(person, places.of(question)), tokens.current()
    if role is Role.ORGANISER and token is not None and "organise" not in token.scopes:
        return None
    return role


def _place(about: shapes.AboutEvent | shapes.AboutChallenge | shapes.AboutDataset) -> places.Place:
    """What the question is about, which is known to exist."""
    if isinstance(about, shapes.AboutEvent):
        return places.EVENT
    named: dict[str, str] = {about.kind: about.slug}
    if isinstance(about, shapes.AboutDataset):
        named["place"] = about.place
    return places.named(named) or places.EVENT
