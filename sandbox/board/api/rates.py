"""How many requests the API answers: counted in memory, since a look must not cost a write."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sandbox import clock

MOST_KEYS = 20_000


@dataclass(frozen=True)
class Rate:
    """`burst` at once, refilled over a minute."""

    burst: int

    @property
    def per_second(self) -> float:
        return self.burst / 60


# A venue's phones and laptops share one address, so it gets what a room of people needs.
TOKEN = Rate(300)
ADDRESS = Rate(1_200)


class Rates:
    """Buckets by key, the longest unused forgotten first. Each worker process has its own.

    So several processes together allow several times as much: this keeps one script from taking a
    board's threads, and is no account of anything. What must be exact is counted in the database.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def spend(self, key: str, rate: Rate) -> int:
        """Take one; the seconds to wait if there is none, else 0."""
        now = clock.now()
        with self._lock:
            left, seen = self._buckets.pop(key, (float(rate.burst), now))
            passed = max(0.0, (now - seen).total_seconds())
            left = min(float(rate.burst), left + passed * rate.per_second)
            wait = 0 if left >= 1 else ceil((1 - left) / rate.per_second)
            self._buckets[key] = (left if wait else left - 1, now)
            if len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
        return wait
