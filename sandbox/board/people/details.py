"""What an organiser may ask beyond a name: each piece for one purpose, kept until it is met."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board.words import N_
from sandbox.state.people import Consent, Detail

FOLLOW_UP = "follow_up"


class Asked(NamedTuple):
    """A piece of personal data: its label, why it is asked, and what a browser may fill in."""

    label: str
    why: str
    longest: int
    autocomplete: str = "off"


# In the order in which they are asked. Names are those of `ask` in event.toml.
ASKED = {
    "phone": Asked(
        N_("Mobile number"), N_("So that the organisers can reach you during the event."), 40, "tel"
    ),
    "diet": Asked(
        N_("Food: allergies and what you do not eat"), N_("So that there is food for you."), 300
    ),
    "access": Asked(
        N_("What you need at the venue"),
        N_("Such as step-free access, an induction loop or a quiet room, so that it is there."),
        300,
    ),
}


def of(reader: Session, account_id: int) -> dict[str, str]:
    """Field → what somebody wrote there."""
    rows = reader.scalars(select(Detail).where(Detail.account_id == account_id))
    return {row.field: row.value for row in rows}


def keep(writer: Session, account_id: int, values: dict[str, str]) -> None:
    """Write these fields anew; an empty one is erased. Others stay as they are."""
    before = of(writer, account_id)
    changed = {field: value for field, value in values.items() if before.get(field, "") != value}
    if not changed:
        return
    writer.execute(delete(Detail).where(Detail.account_id == account_id, Detail.field.in_(changed)))
    writer.add_all(
        Detail(account_id=account_id, field=field, value=value, given_at=clock.now())
        for field, value in changed.items()
        if value
    )


def consents(reader: Session, account_id: int) -> list[Consent]:
    """Every yes of somebody, the newest first."""
    given = select(Consent).where(Consent.account_id == account_id)
    return list(reader.scalars(given.order_by(Consent.given_at.desc(), Consent.id.desc())))


def consented(given: Iterable[Consent], purpose: str) -> Consent | None:
    """The yes to `purpose` that holds."""
    return next((c for c in given if c.purpose == purpose and c.withdrawn_at is None), None)


def set_consent(writer: Session, account_id: int, purpose: str, *, yes: bool) -> None:
    """Give or take back: either is one step, and the moment of both is kept."""
    held = consented(consents(writer, account_id), purpose)
    if yes and held is None:
        writer.add(Consent(account_id=account_id, purpose=purpose, given_at=clock.now()))
    elif not yes and held is not None:
        held.withdrawn_at = clock.now()
