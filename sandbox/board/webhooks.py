"""Events told to other programs: written with what caused them, sent by a job until they arrive."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid4, uuid5

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox import clock
from sandbox.board import calls
from sandbox.board.forms import N_
from sandbox.board.jobs import WAITS, GiveUp, enqueue, handler
from sandbox.board.served import event
from sandbox.board.store import state
from sandbox.descriptors import Descriptor
from sandbox.errors import SandboxError
from sandbox.state.records import Delivery, Webhook
from sandbox.state.topics import ChallengeState

SECONDS = 5.0  # app.config["WEBHOOK_SECONDS"] says otherwise: to connect, to send, to answer


# --- what is told ---------------------------------------------------------------------------------


class QuestionAsked(Descriptor):
    """Somebody asked. The words are read at `url` or by the API: they may be hidden later."""

    number: int
    about: Literal["event", "challenge", "dataset"]
    slug: str
    url: str


class QuestionAnswered(QuestionAsked):
    """Somebody answered; `as_role` is null for anybody's answer."""

    as_role: str | None


class AnnouncementPublished(Descriptor):
    """Organisers told everybody something."""

    number: int
    titles: dict[str, str]
    urgent: bool
    url: str


class ChallengeMoved(Descriptor):
    """A challenge opened or closed, at the moment named."""

    slug: str
    at: datetime
    url: str


class PersonJoined(Descriptor):
    """Somebody joined; nothing is told but how many there are now."""

    people: int


class BuildDone(Descriptor):
    """New data is served."""

    data_digest: str


class Hello(Descriptor):
    """Nothing happened: somebody tries whether calls arrive."""

    said: str


# Event → the form of its data, and when it is told, as an organiser reads it.
EVENTS: dict[str, tuple[type[Descriptor], str]] = {
    "question.asked": (QuestionAsked, N_("A question is asked")),
    "question.answered": (QuestionAnswered, N_("A question is answered")),
    "announcement.published": (AnnouncementPublished, N_("An announcement is published")),
    "challenge.opened": (ChallengeMoved, N_("A challenge opens")),
    "challenge.closed": (ChallengeMoved, N_("A challenge closes")),
    "person.joined": (PersonJoined, N_("Somebody joins (a number, no names)")),
    "build.done": (BuildDone, N_("The data has been rebuilt")),
}
FORMS = {name: form for name, (form, _) in EVENTS.items()} | {"webhook.test": Hello}


class Message(Descriptor):
    """The body of a call: which event, when, and its data."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


# --- telling --------------------------------------------------------------------------------------


def emit(writer: Session, kind: str, data: Mapping[str, Any], once: str = "") -> None:
    """Tell `kind` to every webhook that asked for it, when the writer's transaction is committed.

    `data` must be as FORMS says. `once` names the occurrence, where the caller may run twice: it is
    then told once. Costs one query where there is no webhook.
    """
    made = FORMS[kind].model_validate(dict(data))
    hooks = writer.scalars(select(Webhook).where(Webhook.ended_at.is_(None)))
    _deliver(writer, (hook for hook in hooks if kind in hook.events), kind, made, once)


def test_call(writer: Session, hook: Webhook) -> None:
    """Tell this webhook alone that somebody tries it."""
    _deliver(writer, [hook], "webhook.test", Hello(said="Hello from the board"), "")


def _deliver(
    writer: Session, hooks: Iterable[Webhook], kind: str, data: Descriptor, once: str
) -> None:
    now = clock.now()
    identity = f"msg_{(uuid5(NAMESPACE_URL, f'{kind} {once}') if once else uuid4()).hex}"
    body = Message(type=kind, timestamp=now, data=data.model_dump(mode="json")).model_dump_json()
    for hook in hooks:
        known = select(Delivery.id).where(
            Delivery.webhook_id == hook.id, Delivery.message_id == identity
        )
        if once and writer.scalar(known) is not None:
            continue
        made = Delivery(webhook_id=hook.id, message_id=identity, event=kind, body=body, made_at=now)
        writer.add(made)
        writer.flush()
        enqueue(writer, "webhook", delivery=made.id)


def new_secret() -> str:
    """A signing key as Standard Webhooks writes it: 32 bytes after a prefix."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


# --- sending --------------------------------------------------------------------------------------


class NotDelivered(SandboxError):
    """The receiver did not take the call; it is tried again."""


@handler("webhook")
def _send(payload: Mapping[str, Any]) -> None:
    """Make one call. Whoever receives it may get it twice, under the same webhook-id."""
    with state().read() as reader:
        delivery = reader.get(Delivery, payload["delivery"])
        hook = None if delivery is None else reader.get(Webhook, delivery.webhook_id)
    if delivery is None or hook is None or delivery.delivered_at is not None:
        return  # told already, by a worker that did not live to say so
    if hook.ended_at is not None:
        _record(delivery.id, "ended", final=True)
        raise GiveUp("the webhook has ended")
    seconds = float(current_app.config.get("WEBHOOK_SECONDS", SECONDS))
    headers = calls.signed(hook.secret, delivery.message_id, clock.now(), delivery.body)
    answered = calls.post(
        hook.url, delivery.body, headers, seconds=seconds, this_machine=this_machine()
    )
    if answered.well:
        _record(delivery.id, answered.said, arrived=True)
        return
    last = answered.never or delivery.attempts >= len(WAITS)
    _record(delivery.id, answered.said, final=last, end=answered.gone)
    raise (GiveUp if last else NotDelivered)(f"webhook {hook.id}: {answered.said}")


def this_machine() -> bool:
    """Whether calls may go to the machine that the board runs on: in the demo, to try them out."""
    return event().public_seed is not None


def _record(
    delivery: int, said: str, *, arrived: bool = False, final: bool = False, end: bool = False
) -> None:
    now = clock.now()
    with state().write() as writer:
        found = writer.get_one(Delivery, delivery)
        found.attempts += 1
        found.said, found.called_at = said, now
        found.delivered_at = now if arrived else None
        found.given_up_at = now if final else None
        hook = writer.get_one(Webhook, found.webhook_id)
        hook.last_called_at, hook.last_status = now, said
        if end and hook.ended_at is None:
            hook.ended_at = now  # 410: the receiver wants no more


# --- challenges that open and close by the clock --------------------------------------------------


def plan_challenge(writer: Session, row: ChallengeState) -> None:
    """See to it that its opening and closing are told when they come; call it after each change.

    A moment that has been changed meanwhile is not told: the job looks at the row when it runs.
    """
    now = clock.now()
    for kind, moment in (("opened", row.opens_at), ("closed", row.closes_at)):
        if moment is not None:
            due = max(moment, now) - now
            enqueue(writer, "challenge.moment", after=due, slug=row.slug, moved=kind,
                    at=moment.isoformat())  # fmt: skip


@handler("challenge.moment")
def _moment_came(payload: Mapping[str, Any]) -> None:
    slug, kind, at = payload["slug"], payload["moved"], datetime.fromisoformat(payload["at"])
    with state().write() as writer:
        row = writer.get(ChallengeState, slug)
        if row is None or (row.opens_at if kind == "opened" else row.closes_at) != at:
            return
        if row.published_at is None or row.published_at > at or row.withdrawn_at is not None:
            return
        url = f"{event().public_url or ''}/challenges/{slug}/"
        emit(writer, f"challenge.{kind}", {"slug": slug, "at": at, "url": url},
             once=f"{slug} {payload['at']}")  # fmt: skip


def parsed(body: str) -> Any:
    """A kept body, for those who show it."""
    return json.loads(body)
