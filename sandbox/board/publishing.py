"""What is done to a challenge's state, from the desk and from the command line, and what it takes.

Each act is one step of the writer's transaction, with its entry in the audit log. Gates say what
somebody should have done before a challenge opens; who opens it without is on record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import standing
from sandbox.board.challenges import TIMES_CHANGED
from sandbox.board.local_time import told
from sandbox.board.standing import Stage, Standing
from sandbox.board.webhooks import plan_challenge
from sandbox.bundle import Bundle
from sandbox.errors import SandboxError
from sandbox.state import audit
from sandbox.state.topics import ChallengeState


class Gate(StrEnum):
    """What should be done before a challenge opens, in the order in which it is done."""

    BRIEF = "brief"  # the rules of docs/challenge-author.md hold
    OWNER = "owner"  # whoever owns the problem says: this is what I ask
    REVIEW = "review"  # somebody else than the last writer has read it
    PREVIEW = "preview"  # somebody has looked at it as a participant sees it


@dataclass(frozen=True)
class Passed:
    """A gate, and by whom and when it was passed: nobody where an act of its own is not needed."""

    gate: Gate
    done: bool
    at: datetime | None = None
    by: int | None = None


class NotPossible(SandboxError):
    """The act does not fit the challenge's state; the message is for whoever asked for it."""


@dataclass(frozen=True)
class Act:
    """One act: the writer's session, whose it is (None: the command line), in which event."""

    writer: Session
    actor_id: int | None
    is_demo: bool

    def row(self, slug: str) -> ChallengeState:
        """The challenge's row, made if there is none so that nothing changes by its being there."""
        found = self.writer.get(ChallengeState, slug)
        if found is None:
            now = clock.now() if self.is_demo else None
            found = ChallengeState(slug=slug, published_at=now, opens_at=now, withdrawn_why="")
            self.writer.add(found)
        return found

    def standing(self, row: ChallengeState) -> Standing:
        return standing.of(row, is_demo=self.is_demo)

    def announce(self, slug: str, lacks: tuple[Gate, ...] = (), reason: str = "") -> None:
        """Let everybody read it; it opens when its time comes."""
        row = self.row(slug)
        if self.standing(row).stage is not Stage.DRAFT:
            raise NotPossible(f"{slug} is published already.")
        row.published_at = clock.now()
        self._record("challenge.announced", slug, row, lacks, reason)
        plan_challenge(self.writer, row)

    def open(
        self,
        slug: str,
        at: datetime | None = None,
        lacks: tuple[Gate, ...] = (),
        reason: str = "",
    ) -> Standing:
        """Open it now, or publish it now and open it `at` a later moment."""
        row, now = self.row(slug), clock.now()
        before = self.standing(row)
        opens = at or (now if before.opens_at is None or before.opens_at > now else before.opens_at)
        closes = None if row.closes_at is not None and row.closes_at <= now else row.closes_at
        _in_order(opens, closes)
        row.published_at, row.withdrawn_at, row.withdrawn_why = row.published_at or now, None, ""
        self._times(row, opens, closes, before)
        self._record("challenge.opened", slug, row, lacks, reason)
        plan_challenge(self.writer, row)
        return self.standing(row)

    def close(self, slug: str) -> None:
        """Take no more answers from now on."""
        row = self.row(slug)
        before = self.standing(row)
        if before.stage is not Stage.OPEN:
            raise NotPossible(f"{slug} is {before.stage}, so it cannot be closed.")
        self._times(row, row.opens_at, clock.now(), before)
        self._record("challenge.closed", slug, row)
        plan_challenge(self.writer, row)

    def withdraw(self, slug: str, why: str) -> None:
        """Take it off all pages but its own, which says why."""
        row = self.row(slug)
        before = self.standing(row)
        if not before.listed:
            raise NotPossible(f"{slug} is {before.stage}, so it cannot be withdrawn.")
        row.withdrawn_at, row.withdrawn_why = clock.now(), why
        self._record("challenge.withdrawn", slug, row, why=why)

    def set_times(self, slug: str, opens_at: datetime | None, closes_at: datetime | None) -> bool:
        """Set both; whether anything changed. Who can read it already is told on its page."""
        row = self.row(slug)
        _in_order(opens_at, closes_at)
        if (row.opens_at, row.closes_at) == (opens_at, closes_at):
            return False
        before = self.standing(row)
        self._times(row, opens_at, closes_at, before)
        if not before.listed:
            self._record("challenge.times_set", slug, row)
        plan_challenge(self.writer, row)
        return True

    def pass_gate(self, slug: str, gate: Gate, digest: str) -> None:
        """Note that this account has passed a gate for exactly what `digest` names."""
        row, now = self.row(slug), clock.now()
        if not two_people(row, gate, digest, self.actor_id):
            raise NotPossible("A second person is needed for this.")
        if gate is Gate.OWNER:
            row.owner_confirmed_at, row.owner_confirmed_by = now, self.actor_id
            row.owner_confirmed_digest = digest
        elif gate is Gate.REVIEW:
            row.reviewed_at, row.reviewed_by, row.reviewed_digest = now, self.actor_id, digest
        elif gate is Gate.PREVIEW:
            row.previewed_at, row.previewed_by, row.previewed_digest = now, self.actor_id, digest
        self._record(f"challenge.gate_{gate}", slug, None, digest=digest)

    def _times(
        self,
        row: ChallengeState,
        opens_at: datetime | None,
        closes_at: datetime | None,
        before: Standing,
    ) -> None:
        """Set the times, and put on record what those who could read it were told before."""
        changed = (row.opens_at, row.closes_at) != (opens_at, closes_at)
        row.opens_at, row.closes_at = opens_at, closes_at
        if changed and before.listed:
            was = {"opens_at": told(before.opens_at), "closes_at": told(before.closes_at)}
            self._record(TIMES_CHANGED, row.slug, row, was=was)

    def _record(
        self,
        act: str,
        slug: str,
        row: ChallengeState | None,
        lacks: tuple[Gate, ...] = (),
        reason: str = "",
        **more: object,
    ) -> None:
        detail = dict(more)
        if row is not None:
            detail |= {"opens_at": told(row.opens_at), "closes_at": told(row.closes_at)}
        if lacks:
            detail |= {"without": [str(gate) for gate in lacks], "reason": reason}
        audit.record(self.writer, act, slug, self.actor_id, **detail)


def _in_order(opens_at: datetime | None, closes_at: datetime | None) -> None:
    if closes_at is not None and opens_at is None:
        raise NotPossible("It has a closing time, so it needs an opening time as well.")
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise NotPossible("It would close before it opens.")


def digest(bundle: Bundle, slug: str) -> str:
    """What names exactly the folder that the bundle's challenge was made from; "" if none was."""
    return bundle.manifest.made_from.get(f"challenges/{slug}", "")


def gates(row: ChallengeState | None, digest: str) -> tuple[Passed, ...]:
    """Every gate of a challenge of the bundle, whose folder `digest` names.

    A bundle is only built where the brief's rules hold, so that gate is passed by being there.
    """
    brief = Passed(Gate.BRIEF, done=True)
    if row is None:
        return (brief, *(Passed(gate, done=False) for gate in list(Gate)[1:]))
    passed = (
        (Gate.OWNER, row.owner_confirmed_digest, row.owner_confirmed_at, row.owner_confirmed_by),
        (Gate.REVIEW, row.reviewed_digest, row.reviewed_at, row.reviewed_by),
        (Gate.PREVIEW, row.previewed_digest, row.previewed_at, row.previewed_by),
    )
    return (brief, *(Passed(gate, bool(digest) and which == digest, at, by)
                     for gate, which, at, by in passed))  # fmt: skip


def two_people(row: ChallengeState, gate: Gate, digest: str, actor_id: int | None) -> bool:
    """Whether `actor_id` may pass it: who reviews has neither written nor confirmed the text."""
    if gate is Gate.REVIEW:
        wrote = row.written_by is not None and row.written_by == actor_id
        return not wrote and (row.owner_confirmed_by, row.owner_confirmed_digest) != (
            actor_id,
            digest,
        )
    if gate is Gate.OWNER:
        return (row.reviewed_by, row.reviewed_digest) != (actor_id, digest)
    return True


def lacking(row: ChallengeState | None, digest: str) -> tuple[Gate, ...]:
    return tuple(one.gate for one in gates(row, digest) if not one.done)
