"""When a request began to arrive, which is what deadlines ask: bad Wi-Fi makes nobody late.

What began to arrive in time counts, if it was whole soon after; the server that reads a request's
body before anything else runs says when it began (see `ARRIVED`). Without such a server the moment
is the one at which the board first sees the request.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import g, request

from sandbox import clock

ARRIVED = "sandbox.arrived_at"  # in the ASGI scope of a request: an aware moment
MOST_ON_THE_WAY = timedelta(minutes=2)


def arrived() -> datetime:
    """The moment that counts for this request, aware and in UTC.

    What took longer than `MOST_ON_THE_WAY` counts from when it was whole: a connection that is only
    held open cannot stop the clock.
    """
    if "arrived" not in g:
        now = clock.now()
        began: datetime = request.environ.get("asgi.scope", {}).get(ARRIVED, now)
        g.arrived = began if now - began <= MOST_ON_THE_WAY else now
    found: datetime = g.arrived
    return found
