"""Announcements: a page, a banner while it holds, and mails when their time comes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, abort, render_template, request
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import mail
from sandbox.board.access import everyone
from sandbox.board.jobs import enqueue, handler
from sandbox.board.served import address, event
from sandbox.board.store import SAFE, db, state
from sandbox.board.talk import wishes
from sandbox.board.webhooks import emit
from sandbox.descriptors import Text
from sandbox.state.people import Account
from sandbox.state.topics import Announcement

log = logging.getLogger(__name__)
pages = Blueprint("announcements", __name__, url_prefix="/announcements")
MOST = 200


def attach(app: Flask) -> None:
    """Let every page of the board show what holds now."""
    app.jinja_env.globals |= {"banners": banners, "announcement_words": text_of}


# --- reading --------------------------------------------------------------------------------------


@pages.get("/")
@everyone
def index() -> str:
    return render_template("board/talk/announcements.html", found=published(db()))


@pages.get("/live")
@everyone
def live() -> str:
    return render_template("board/talk/_announcements.html", found=published(db()))


@pages.get("/banner")
@everyone
def banner() -> str:
    return render_template("board/talk/_banners.html")


@pages.get("/<int:number>/")
@everyone
def one(number: int) -> str:
    found = db().get(Announcement, number)
    if found is None or found.published_at > clock.now():
        abort(404)
    return render_template("board/talk/announcement.html", announcement=found)


def published(session: Session) -> list[Announcement]:
    """What has been told, the newest first, also what was withdrawn since."""
    told = select(Announcement).where(Announcement.published_at <= clock.now())
    return list(
        session.scalars(
            told.order_by(Announcement.published_at.desc(), Announcement.id.desc()).limit(MOST)
        )
    )


def banners() -> list[Announcement]:
    """What stands above every page at this moment; in one query, and never a reason to fail."""
    now = clock.now()
    holds = (
        select(Announcement)
        .where(
            Announcement.published_at <= now,
            Announcement.banner_until > now,
            Announcement.withdrawn_at.is_(None),
        )
        .order_by(Announcement.urgent.desc(), Announcement.published_at.desc())
    )
    try:
        if request.method in SAFE:
            return list(db().scalars(holds))
        with state().read() as reader:  # the writer may have come to grief
            return list(reader.scalars(holds))
    except SQLAlchemyError as error:
        log.error("Banners cannot be read: %s", error)
        return []


def text_of(announcement: Announcement, language: str) -> tuple[str, str, str]:
    """Title, text and their language, for a reader of `language`."""
    title, tag = Text(announcement.titles).best(language)
    return title, announcement.texts.get(tag, ""), tag


# --- mail -----------------------------------------------------------------------------------------


def schedule(writer: Session, announcement: Announcement) -> None:
    """Have it told when it is published; a job for another time finds that out and does nothing.

    Call it again whenever that time, or whether it is mailed, has been changed.
    """
    ahead = max(announcement.published_at - clock.now(), timedelta(0))
    at = announcement.published_at.isoformat()
    enqueue(writer, "announcement", after=ahead, number=announcement.id, at=at)


@handler("announcement")
def _tell(payload: Mapping[str, Any]) -> None:
    """Tell other programs, and queue a mail for each recipient, in one transaction with the mark
    that it is done."""
    number, at = payload["number"], datetime.fromisoformat(payload["at"])
    with state().read() as reader:
        found = reader.get(Announcement, number)
        if found is None or not _holds(found, at):
            return
        written = {tag: _written(found, tag) for tag in event().languages}
    with state().write() as writer:
        found = writer.get(Announcement, number)
        if found is None or not _holds(found, at):
            return
        told = {"number": number, "titles": found.titles, "urgent": found.urgent}
        told["url"] = address(f"/announcements/{number}/")
        emit(writer, "announcement.published", told, once=f"{number} {payload['at']}")
        if found.by_mail and found.mailed_at is None and mail.possible():
            found.mailed_at = clock.now()
            for account in recipients(writer, urgent=found.urgent):
                subject, text = written[wishes.language(account, event().languages)]
                enqueue(writer, "mail", to=account.email, subject=subject, text=text)


def _holds(announcement: Announcement, at: datetime) -> bool:
    """Whether what was scheduled for `at` still is."""
    return announcement.published_at == at and announcement.withdrawn_at is None


def _written(announcement: Announcement, language: str) -> tuple[str, str]:
    title, text, _ = text_of(announcement, language)
    return mail.rendered(
        "announcement", language,
        title=title, text=text, number=announcement.id, urgent=announcement.urgent,
    )  # fmt: skip


def recipients(session: Session, *, urgent: bool) -> list[Account]:
    """Members with a confirmed address: all when it is urgent, else those who said yes."""
    able = (
        Account.email.is_not(None),
        Account.email_confirmed_at.is_not(None),
        Account.joined_at.is_not(None),
        Account.deleted_at.is_(None),
        Account.blocked_at.is_(None),
    )
    members = list(session.scalars(select(Account).where(*able).order_by(Account.id)))
    if urgent:
        return members
    said = wishes.wishes(session, [m.id for m in members], wishes.ANNOUNCEMENTS)
    return [member for member in members if said.get(member.id)]


def upcoming(session: Session) -> list[Announcement]:
    """What is scheduled or was published, the latest first, for those who write it."""
    every = select(Announcement).order_by(Announcement.published_at.desc(), Announcement.id.desc())
    return list(session.scalars(every.limit(MOST)))
