"""How ready the event is: each line a fact that the files or the database say."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from sqlalchemy import func, select

from sandbox.board import mail
from sandbox.board.desk import content
from sandbox.board.desk.setup import TESTED, named
from sandbox.board.people.texts import MUST_BE_ACCEPTED
from sandbox.board.served import event
from sandbox.board.standing import standings
from sandbox.board.store import db
from sandbox.board.words import gettext, ngettext
from sandbox.state.people import Document, Pass, Role, RoleHeld
from sandbox.state.records import Audit, Setting

BACKED_UP = ("backup.download", "backup.write")  # by browser, and at the command line


@dataclass(frozen=True)
class Fact:
    """One line of the list: what it is about, whether it is so, and what is so or to do."""

    name: str
    is_so: bool
    told: str
    href: str


@dataclass(frozen=True)
class Counted:
    """What the database says, asked in one query."""

    documents: int
    cards: int
    responders: int
    backups: int


def facts() -> list[Fact]:
    """Everything an event needs before people come, in the order in which it is set up."""
    counted = _counted()
    return [*_said(), _mail(counted), _built(), *_decided(counted)]


def _counted() -> Counted:
    kinds = Document.kind.in_(MUST_BE_ACCEPTED) & Document.published_by.is_not(None)
    cards = Pass.kind.in_(("card", "invite")) & Pass.ended_at.is_(None)
    asked = (
        select(func.count(func.distinct(Document.kind))).where(kinds),
        select(func.count()).select_from(Pass).where(cards),
        select(func.count(func.distinct(RoleHeld.account_id))).where(
            RoleHeld.role == Role.RESPONDER
        ),
        select(func.count()).select_from(Audit).where(Audit.act.in_(BACKED_UP)),
    )
    found = db().execute(select(*(one.scalar_subquery() for one in asked))).one()
    return Counted(*found)


def _said() -> list[Fact]:
    """What stands in event.toml."""
    now, here = event(), url_for("setup.form")
    yes = gettext("Said.")
    return [
        Fact(
            gettext("Dates"),
            now.starts_at is not None and now.ends_at is not None,
            yes if now.starts_at else gettext("None: it is an open lab without a countdown."),
            f"{here}#starts",
        ),
        Fact(
            gettext("Contact"),
            now.contact is not None,
            yes if now.contact else gettext("Say how people reach you."),
            f"{here}#contact",
        ),
        Fact(
            gettext("Contact for the code of conduct"),
            now.conduct_contact is not None,
            yes if now.conduct_contact else gettext("Say whom to tell."),
            f"{here}#conduct_contact",
        ),
        Fact(
            gettext("Address"),
            now.public_url is not None,
            now.public_url or gettext("Say what participants type; links in mails lead there."),
            f"{here}#public_url",
        ),
    ]


def _mail(counted: Counted) -> Fact:
    """Mail that has been tried, or cards in place of it."""
    now, told = event().mail, gettext("Neither a mail server nor cards to print.")
    tested = db().get(Setting, TESTED)
    tried = bool(tested and now and tested.value == {"server": named(now), "said": ""})
    if mail.possible():
        told = gettext("Tried.") if tried else gettext("Not tried yet: send yourself a test mail.")
    elif now:
        told = gettext("A server is named, but no address for the links in mails.")
    elif counted.cards:
        told = gettext("No mail; people come in by invitations and cards.")
    is_so = tried if mail.possible() else bool(counted.cards and not now)
    return Fact(gettext("Mail or cards"), is_so, told, url_for("setup.mail_form"))


def _built() -> Fact:
    missing = content.not_built()
    told = gettext("All that is chosen is built.")
    if missing:
        told = gettext("Chosen and not built: %(names)s.") % {"names": ", ".join(missing)}
    return Fact(gettext("Data"), not missing, told, url_for("building.overview"))


def _decided(counted: Counted) -> list[Fact]:
    """What organisers decide in the board itself."""
    texts = counted.documents == len(MUST_BE_ACCEPTED)
    published = sum(one.listed for one in standings().values())
    return [
        Fact(
            gettext("Terms and code of conduct"),
            texts,
            gettext("Published by an organiser.")
            if texts
            else gettext("Read both texts, make them yours, and publish them."),
            url_for("desk_texts.index"),
        ),
        Fact(
            gettext("Responders"),
            counted.responders >= 2,  # so that nobody has to tell the one whom it is about
            gettext("%(count)s, two or more are needed.") % {"count": counted.responders},
            url_for("desk_people.overview"),
        ),
        Fact(
            gettext("Challenges"),
            published > 0,
            gettext("%(count)s published.") % {"count": published},
            url_for("desk_challenges.index"),
        ),
        Fact(
            gettext("Backup"),
            counted.backups > 0,
            ngettext("Made once.", "Made %(count)s times.", counted.backups)
            % {"count": counted.backups}
            if counted.backups
            else gettext("Make one, and try once to restore it."),
            url_for("desk_backups.overview"),
        ),
    ]
