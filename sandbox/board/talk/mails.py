"""Mails about questions: to the responsible when one is asked, to the asker when answered."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from sandbox.board import mail
from sandbox.board.served import event
from sandbox.board.talk import duty, wishes
from sandbox.board.talk.places import Place
from sandbox.state.people import Account
from sandbox.state.topics import Answer, Question


def of_question(writer: Session, question: Question, place: Place) -> None:
    """Tell whoever is responsible there, unless they said no, or asked themselves."""
    if not mail.possible():
        return
    for account in duty.responsible(writer, place):
        if account.id != question.asked_by:
            tell(writer, account, wishes.DUTIES, "question", question=question, place=place)


def of_answer(writer: Session, question: Question, answer: Answer) -> None:
    """Tell the asker, if they want that and are somebody else."""
    if not mail.possible() or question.asked_by in (None, answer.by):
        return
    if account := writer.get(Account, question.asked_by):
        tell(writer, account, wishes.QUESTIONS, "answer", question=question, answer=answer)


def tell(writer: Session, account: Account, purpose: str, template: str, **words: Any) -> None:
    """Queue a mail to somebody who can be reached by a confirmed address and wants such mails."""
    if not account.email_confirmed_at or account.deleted_at or account.blocked_at:
        return  # an address that nobody has confirmed may be anybody's
    if account.email and wishes.wanted(writer, account.id, purpose):
        language = wishes.language(account, event().languages)
        mail.post(writer, account.email, language, template, **words)
