"""The one clock: everything that asks what time it is asks here, so that tests can say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_fixed: ContextVar[datetime | None] = ContextVar("fixed", default=None)


def now() -> datetime:
    """The present, aware and in UTC; SANDBOX_NOW (ISO 8601, UTC) tells it to child processes."""
    if (fixed := _fixed.get()) is not None:
        return fixed
    if told := os.environ.get("SANDBOX_NOW"):
        moment = datetime.fromisoformat(told)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.now(UTC)


@contextmanager
def fixed(moment: datetime) -> Iterator[None]:
    """Stop the clock at an aware `moment` for the calling thread or task."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone differs from machine to machine")
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
