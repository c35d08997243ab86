"""What follows when somebody asks, answers or announces, on a page and through the API alike.

Each is written into the caller's transaction with its mails and its calls to webhooks; the caller
has checked who may do it, and commits.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.served import address
from sandbox.board.talk import announcements, mails
from sandbox.board.talk.places import Place
from sandbox.board.webhooks import emit
from sandbox.state.people import Role
from sandbox.state.topics import Announcement, Answer, Question


def ask(writer: Session, asker: int, place: Place, text: str, language: str) -> Question:
    """A new question of account `asker` about `place`."""
    question = Question(
        about=place.about,
        slug=place.slug,
        place=place.place,
        text=text,
        language=language,
        asked_at=clock.now(),
        asked_by=asker,
    )
    writer.add(question)
    writer.flush()
    mails.of_question(writer, question, place)
    emit(writer, "question.asked", _told(question))
    return question


def answer(
    writer: Session, question: Question, author: int, role: Role | None, text: str, language: str
) -> Answer:
    """A new answer of account `author`; the first one by right of a `role` counts as the answer."""
    reply = Answer(
        question=question,
        text=text,
        language=language,
        at=clock.now(),
        by=author,
        as_role=role or "",
    )
    writer.add(reply)
    if role and question.answered_at is None:
        question.answered_at = reply.at
    writer.flush()
    mails.of_answer(writer, question, reply)
    emit(writer, "question.answered", {**_told(question), "as_role": role and str(role)})
    return reply


def announce(writer: Session, announcement: Announcement) -> None:
    """After writing or changing one: mails and calls go out when its time comes."""
    writer.add(announcement)
    writer.flush()
    announcements.schedule(writer, announcement)


def _told(question: Question) -> dict[str, object]:
    url = address(f"/questions/{question.id}/")
    return {"number": question.id, "about": question.about, "slug": question.slug, "url": url}
