"""Links, codes and cards that let somebody in: made here, and kept only as a hash.

A link holds 256 bits. A code is short enough to type: eight letters for an invite, which only lets
people register, twelve for a card, which is as good as its owner's key.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.people.visitor import fingerprint, keyed
from sandbox.state import audit
from sandbox.state.people import Account, Pass, Role, RoleHeld

LINK_LASTS = timedelta(hours=24)
MAIL_LASTS = timedelta(minutes=30)
CARD_LASTS = timedelta(days=90)
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none of them looks like another: no 0 O, 1 I L, U V
INVITE_LETTERS, CARD_LETTERS = 8, 12


# --- links ----------------------------------------------------------------------------------------


def link_for(
    writer: Session,
    account: Account,
    lasts: timedelta = LINK_LASTS,
    made_by: int | None = None,
) -> str:
    """A token that signs `account` in once; those made before it end."""
    writer.flush()
    end_passes(writer, account, "link")
    made = _made("link", lasts, made_by, account_id=account.id, uses_left=1)
    token = secrets.token_urlsafe(32)
    made.token_hash = fingerprint(token)
    writer.add(made)
    return token


def link_to(writer: Session, email: str, through: int | None = None) -> str:
    """A token that is sent to `email`: whoever opens it reads that address."""
    made = _made("confirm", MAIL_LASTS, None, email=email, through=through, uses_left=1)
    token = secrets.token_urlsafe(32)
    made.token_hash = fingerprint(token)
    writer.add(made)
    return token


def by_token(reader: Session, token: str) -> Pass | None:
    """The link of that token, if it still lets somebody in."""
    found = reader.scalar(
        select(Pass).where(
            Pass.kind.in_(("link", "confirm")), Pass.token_hash == fingerprint(token)
        )
    )
    return found if found and usable(found) else None


# --- codes ----------------------------------------------------------------------------------------


def invite(
    writer: Session,
    made_by: int | None,
    role: Role = Role.PARTICIPANT,
    scope: str = "",
    label: str = "",
    uses: int | None = None,
    lasts: timedelta | None = None,
) -> Pass:
    """A code that gives `role` to whoever comes with it, `uses` times (None: without a limit)."""
    made = _made("invite", lasts, made_by, role=str(role), scope=scope, label=label, uses_left=uses)
    made.token_hash = secrets.token_hex(32)  # until it has the number that its code follows from
    writer.add(made)
    writer.flush()
    made.token_hash = _hash(_code(made))
    writer.flush()
    about = f"invite {made.id}"
    audit.record(writer, "invite.make", about, made_by, role=str(role), scope=scope, uses=uses)
    return made


def code_of(made: Pass) -> str | None:
    """An invite's code, to be shown and printed again; None if the event's key has been changed.

    It is written down nowhere: it follows from the event's key and the invite's number and time.
    """
    code = _code(made)
    return spaced(code) if _hash(code) == made.token_hash else None


def card_for(writer: Session, account: Account, made_by: int | None) -> str:
    """A code that signs `account` in until it is ended; the one made before it ends."""
    writer.flush()
    end_passes(writer, account, "card")
    return _card(writer, made_by, account_id=account.id)


def blank_card(writer: Session, made_by: int | None, label: str = "") -> str:
    """A card that becomes the one of whoever uses it first, a new participant."""
    return _card(writer, made_by, role=str(Role.PARTICIPANT), label=label)


def by_code(reader: Session, code: str) -> Pass | None:
    """The invite or card of a code as somebody typed it, if it still lets somebody in."""
    found = reader.scalar(
        select(Pass).where(Pass.kind.in_(("invite", "card")), Pass.token_hash == _hash(code))
    )
    return found if found and usable(found) else None


def is_card(code: str) -> bool:
    """Whether a code has a card's length; what it opens is known only to who asks the database."""
    return len(bare(code)) == CARD_LETTERS


def bare(code: str) -> str:
    """A code as it is compared: capitals, without the spaces and hyphens that help reading."""
    return "".join(c for c in code.upper() if c.isalnum())


def spaced(code: str) -> str:
    """In groups of four, as it is read aloud: K7PX-3MQD."""
    letters = bare(code)
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


# --- what they have in common ---------------------------------------------------------------------


def usable(found: Pass) -> bool:
    if found.ended_at or (found.expires_at and found.expires_at <= clock.now()):
        return False
    return found.uses_left is None or found.uses_left > 0


def use(found: Pass) -> None:
    """Count one use, the last of which ends it."""
    found.used += 1
    if found.uses_left is not None:
        found.uses_left -= 1
        if found.uses_left == 0:
            found.ended_at = clock.now()


def end_passes(writer: Session, account: Account, *kinds: str) -> None:
    """End what would let somebody in as `account`."""
    writer.execute(
        update(Pass)
        .where(Pass.kind.in_(kinds), Pass.account_id == account.id, Pass.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def account_for(writer: Session, email: str) -> Account:
    """The account of a normalised address, made if there is none."""
    found = writer.scalar(select(Account).where(Account.email == email))
    if found is None:
        found = Account(email=email, created_at=clock.now())
        writer.add(found)
        writer.flush()
    return found


def make_organiser(writer: Session, email: str) -> str:
    """Give the role to the account of `email`, made if need be; a token that signs it in once."""
    account = account_for(writer, email)
    if not account.has(Role.ORGANISER):
        account.roles.append(RoleHeld(role=Role.ORGANISER, granted_at=clock.now()))
        writer.flush()
        audit.record(writer, "role.grant", f"account {account.id}", role=Role.ORGANISER)
    return link_for(writer, account)


def _made(kind: str, lasts: timedelta | None, made_by: int | None, **more: object) -> Pass:
    now = clock.now()
    ends: datetime | None = now + lasts if lasts else None
    return Pass(kind=kind, made_at=now, made_by=made_by, expires_at=ends, used=0, **more)


def _card(writer: Session, made_by: int | None, **more: object) -> str:
    code = "".join(secrets.choice(LETTERS) for _ in range(CARD_LETTERS))
    made = _made("card", CARD_LASTS, made_by, **more)
    made.token_hash = _hash(code)
    writer.add(made)
    return spaced(code)


def _code(made: Pass) -> str:
    number, code = int(keyed(f"invite:{made.id}:{made.made_at.isoformat()}"), 16), ""
    for _ in range(INVITE_LETTERS):
        number, letter = divmod(number, len(LETTERS))
        code += LETTERS[letter]
    return code


def _hash(code: str) -> str:
    """Under the event's key, since a copy of the database alone must not let codes be guessed."""
    return keyed(f"code:{bare(code)}")
