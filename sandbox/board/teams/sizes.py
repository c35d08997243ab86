"""How many people a team may have, and should have; organisers choose it at the desk."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.state.records import Setting

SETTING = "teams"
LARGEST = 50  # that can be chosen


class Sizes(NamedTuple):
    """From `least` members on a team is whole; at `most` it is full."""

    least: int = 1
    most: int = 6


def of(session: Session) -> Sizes:
    """What holds now, in a writing session until it commits."""
    chosen = session.get(Setting, SETTING)
    return Sizes() if chosen is None else Sizes(chosen.value["least"], chosen.value["most"])


def choose(writer: Session, sizes: Sizes) -> None:
    """From now on these hold; a team that is larger stays as it is, and nobody more gets in."""
    writer.merge(Setting(name=SETTING, value=sizes._asdict(), changed_at=clock.now()))
