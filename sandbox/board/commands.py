"""What the command line does to challenges' states, as lines to print."""

from __future__ import annotations

from sandbox.board import publishing, standing
from sandbox.board.local_time import NoMoment, read
from sandbox.board.publishing import Act
from sandbox.board.standing import Stage, Standing
from sandbox.bundle import Bundle, open_bundle
from sandbox.catalog import Catalog, from_bundle
from sandbox.errors import SandboxError, did_you_mean
from sandbox.state import open_state
from sandbox.ui import languages
from sandbox.workspace import Workspace

NEEDED = {"owner": "the owner's yes", "review": "a second reader", "preview": "a preview"}


def open_challenges(
    workspace: Workspace, slugs: tuple[str, ...] | None, at: str | None
) -> list[str]:
    """Open each of `slugs`, or all; what is missing is told and on record, and is no hindrance."""
    bundle, catalog = _served(workspace)
    try:
        moment = read(at, workspace.event.zone) if at else None
    except NoMoment as error:
        raise SandboxError(f"--at {at!r}: {error}.") from None
    said = []
    state = open_state(workspace)
    with state.write() as writer:
        act, known = Act(writer, None, workspace.is_demo), standing.rows(writer)
        for slug in _chosen(catalog, slugs):
            lacks = publishing.lacking(known.get(slug), publishing.digest(bundle, slug))
            made = act.open(slug, moment, lacks, "opened at the command line" if lacks else "")
            said.append(f"{slug} {_told(made, workspace)}")
            if lacks and not workspace.is_demo:
                without = ", ".join(NEEDED[gate] for gate in lacks)
                said.append(f"  without {without}, as is on record")
    state.close()
    return said


def close_challenges(workspace: Workspace, slugs: tuple[str, ...] | None) -> list[str]:
    """Close each of `slugs`, or all that are open."""
    _, catalog = _served(workspace)
    state = open_state(workspace)
    with state.write() as writer:
        act = Act(writer, None, workspace.is_demo)
        chosen = _chosen(catalog, slugs)
        if slugs is None:
            known = standing.rows(writer)
            now = {s: standing.of(known.get(s), is_demo=workspace.is_demo) for s in chosen}
            chosen = [slug for slug in chosen if now[slug].stage is Stage.OPEN]
        for slug in chosen:
            act.close(slug)
    state.close()
    return [f"{slug} is closed" for slug in chosen] or ["No challenge is open."]


def status(workspace: Workspace) -> list[str]:
    """A table of every challenge of the bundle."""
    bundle, catalog = _served(workspace)
    state = open_state(workspace)
    with state.read() as reader:
        known = standing.rows(reader)
    state.close()
    said, width = [], max(map(len, catalog.challenges), default=0)
    for slug in catalog.challenges:
        row = known.get(slug)
        now = standing.of(row, is_demo=workspace.is_demo)
        lacks = publishing.lacking(row, publishing.digest(bundle, slug))
        needed = ", ".join(NEEDED[gate] for gate in lacks) or "nothing"
        said.append(f"{slug:{width}}  {_told(now, workspace)}; missing: {needed}")
    return said or ["The bundle holds no challenge."]


def _served(workspace: Workspace) -> tuple[Bundle, Catalog]:
    bundle = open_bundle(workspace.current_bundle())
    return bundle, from_bundle(bundle)


def _chosen(catalog: Catalog, slugs: tuple[str, ...] | None) -> list[str]:
    for slug in slugs or ():
        if slug not in catalog.challenges:
            known = did_you_mean(slug, sorted(catalog.challenges))
            raise SandboxError(f"{slug!r} is not a challenge of the bundle that is served: {known}")
    return list(catalog.challenges if slugs is None else dict.fromkeys(slugs))


def _told(one: Standing, workspace: Workspace) -> str:
    """is open until Saturday 6 March 2027, 15:00 (Europe/Oslo)"""
    zone = workspace.event.zone
    change = one.next_change
    when = languages.moment(change, "en", zone) if change else ""
    said = {
        Stage.DRAFT: "is a draft, seen by organisers and its owner alone",
        Stage.ANNOUNCED: f"is announced and opens {when}" if when else "is announced",
        Stage.OPEN: f"is open until {when}" if when else "is open",
        Stage.CLOSED: "is closed",
        Stage.WITHDRAWN: "is withdrawn",
    }[one.stage]
    return f"{said} ({workspace.event.timezone})" if when else said
