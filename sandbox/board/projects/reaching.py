"""Whether prototypes answer: asked for every five minutes while the event lasts.

A team names an address, and the board's machine calls it: so little is asked and less is told. One
address a team, one question in five minutes, and the answer is "somebody answers" or "nobody does",
so that nobody looks round a network by it. What the answer holds is never read, and redirects are
not followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import calls
from sandbox.board.jobs import every
from sandbox.board.projects import showing
from sandbox.board.served import event
from sandbox.board.store import state
from sandbox.projects import fields
from sandbox.state.projects import Project
from sandbox.state.teams import Team

PERIOD = timedelta(minutes=5)
AROUND = timedelta(days=1)  # before the event begins, and after it ends
SECONDS = 5.0  # for all of a call, however slowly somebody sends
AT_ONCE = 16
ANSWERED, NOBODY, NOT_ASKED = "answered", "nobody", "not_asked"
# Of ports below 1024 only the web's own: the others belong to machines' own services. Above, those
# of databases and the like, which could take a question for something else.
WEB = (80, 443)
FORBIDDEN = frozenset({1433, 1521, 2375, 2376, 2379, 3306, 3389, 4444, 5432, 5672, 5900, 5984, 6379,
                       6443, 8086, 9042, 9092, 9100, 9200, 9300, 10250, 11211, 27017})  # fmt: skip


@every(PERIOD, "prototypes")
def _ask(_payload: Mapping[str, Any]) -> None:
    if not _during(clock.now()):
        return
    with state().read() as reader:
        wanted = addresses(reader)
    seconds = float(current_app.config.get("PROTOTYPE_SECONDS", SECONDS))
    here = bool(current_app.config.get("PROTOTYPES_HERE"))  # for tests alone
    said = asyncio.run(_all(wanted.values(), seconds=seconds, this_machine=here))
    now = clock.now()
    with state().write() as writer:
        for number, address in wanted.items():
            _note(writer.get_one(Project, number), address, said[address], now)


def _during(now: datetime) -> bool:
    """Whether somebody is there who would want to know; an open lab has no end."""
    starts, ends = event().starts_at, event().ends_at
    return (starts is None or now >= starts - AROUND) and (ends is None or now <= ends + AROUND)


def addresses(session: Session) -> dict[int, str]:
    """Project → the address of its prototype: one each, of teams that are there.

    What was submitted, once the gallery is open; until then the draft's, which its team works on.
    """
    sent = {one.project.id: one.prototype for one in showing.submitted(session)}
    public = showing.is_open(session)
    drafts = session.scalars(select(Project).join(Team).where(Team.ended_at.is_(None)))
    found = {}
    for project in drafts:
        draft, submitted = str(project.fields.get("prototype") or ""), sent.get(project.id, "")
        address = (submitted or draft) if public else (draft or submitted)
        if fields.is_address(address):
            found[project.id] = address
    return found


def _note(project: Project, address: str, said: str, now: datetime) -> None:
    if project.asked_for != address:
        project.asked_for, project.reached_at = address, None
    project.asked_for_at, project.reached_said = now, said
    if said == ANSWERED:
        project.reached_at = now


# --- asking ---------------------------------------------------------------------------------------


async def _all(wanted: Iterable[str], *, seconds: float, this_machine: bool) -> dict[str, str]:
    """Address → what came of it; each once, and few at a time."""
    room = asyncio.Semaphore(AT_ONCE)
    # No certificate is checked: nothing is sent, nothing is read, and in a room they are home-made.
    async with httpx.AsyncClient(
        timeout=seconds, follow_redirects=False, trust_env=False, verify=False  # noqa: S501
    ) as client:  # fmt: skip

        async def one(address: str) -> tuple[str, str]:
            async with room:
                return address, await _asked(client, address, seconds, this_machine)

        return dict(await asyncio.gather(*map(one, sorted(set(wanted)))))


async def _asked(
    client: httpx.AsyncClient, address: str, seconds: float, this_machine: bool
) -> str:
    try:
        async with asyncio.timeout(seconds):
            target = httpx.URL(address)
            port = target.port or calls.PORTS.get(target.scheme, 0)
            where = await asyncio.to_thread(calls.looked_up, target, this_machine=this_machine)
            if not this_machine and (not may_ask(port) or is_own(where)):
                return NOT_ASKED
            async with client.stream(
                "GET",
                target.copy_with(host=str(where), fragment=None, username=None, password=None),
                headers={"Host": target.netloc.decode(), "User-Agent": "Sandbox-Prototypes/1"},
                extensions={"sni_hostname": target.host},
            ):
                return ANSWERED  # whatever it says: somebody is there
    except calls.Forbidden:
        return NOT_ASKED
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):
        return NOBODY


def may_ask(port: int) -> bool:
    return port in WEB or (port >= 1024 and port not in FORBIDDEN)


def is_own(address: calls.Address) -> bool:
    """Whether the address is one of this machine's own: only those can be listened at."""
    family = socket.AF_INET6 if isinstance(address, ipaddress.IPv6Address) else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True
