"""Where an event stands in time, in words: before it, during it, after it, or without dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sandbox import clock, ui
from sandbox.ui import languages


@dataclass(frozen=True)
class Countdown:
    """`words` such as "Begins in 2 days"; `when` the dates with weekday, and `zone` theirs."""

    state: Literal["before", "during", "after"]
    words: str
    starts: datetime
    ends: datetime | None
    zone: str


def countdown(page: ui.Page) -> Countdown | None:
    """For the event of `page` at this moment; None for an open lab, which has no dates."""
    starts, ends, now = page.event.starts_at, page.event.ends_at, clock.now()
    if starts is None:
        return None
    _ = page.words.gettext
    zone = languages.zone_name(starts, page.lang, page.event.zone)
    if now < starts:
        words = _("Begins %(when)s") % {"when": languages.away(starts - now, page.lang)}
        return Countdown("before", words, starts, ends, zone)
    if ends is None:
        return Countdown("during", _("Under way"), starts, ends, zone)
    if now < ends:
        words = _("Ends %(when)s") % {"when": languages.away(ends - now, page.lang)}
        return Countdown("during", words, starts, ends, zone)
    return Countdown("after", _("The event is over"), starts, ends, zone)
