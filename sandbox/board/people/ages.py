"""From which age on somebody agrees for themselves, and what is kept of an age: the band alone.

GDPR article 8 lets each country set the age from 13 to 16 at which a child's own consent to a
service on the net is enough; below it a guardian must agree. The ages of law, looked up 2026-11-26
in secondary sources (see docs/legal.md):

- Norway 13, personopplysningsloven § 5; 15 has been proposed (consultation of 2025), and whether
  that is law by now could not be looked up: so the kit asks for 15, which is right under both.
- Sweden 13, lag (2018:218) 2 kap. 4 §.
- Denmark 15, databeskyttelsesloven § 6, stk. 2 and 3, since 2024-01-01 (13 before).
- Finland 13, dataskyddslag (1050/2018) 5 §.
- Iceland 13, lög nr. 90/2018, article 10.

An organiser can raise the age at the desk; nobody can lower it below the country's.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.state.people import UNDER
from sandbox.state.records import Setting

LAWFUL = {"NO": 15, "SE": 13, "DK": 15, "FI": 13, "IS": 13}
HIGHEST = 18
SETTING = "age"
GUARDIAN = "guardian"  # the purpose of a guardian's consent
GUARDIAN_FIELDS = ("guardian_name", "guardian_contact")


def limit(reader: Session, country: str) -> int:
    """The age, in years, from which on nobody else has to agree."""
    chosen = reader.get(Setting, SETTING)
    raised = int(chosen.value["from"]) if chosen else 0
    return max(LAWFUL[country], raised)


def raise_to(writer: Session, years: int) -> None:
    writer.merge(Setting(name=SETTING, value={"from": years}, changed_at=clock.now()))


def band(years: int, *, old_enough: bool) -> str:
    """What is kept: "15+" or "under 15"."""
    return f"{years}+" if old_enough else f"{UNDER}{years}"
