"""Whole addresses of pages, as links that leave the board need them, and as pictures to scan."""

from __future__ import annotations

from ipaddress import ip_address

import segno
from flask import request
from markupsafe import Markup

from sandbox.board.served import event


def absolute(path: str) -> str:
    """`path` at the event's public address, else at the one that this reader uses."""
    return (event().public_url or request.host_url.rstrip("/")) + path


def works_elsewhere() -> bool:
    """Whether another device can open what `absolute` says."""
    if event().public_url:
        return True
    host = request.host.rpartition(":")[0] or request.host
    try:
        return not ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


def qr(address: str) -> Markup:
    """A QR code as an SVG element: dark on white whatever the page's colours, as cameras need it.

    The page says beside it, or in a label around it, where it leads.
    """
    made = segno.make(address, error="m", micro=False)
    return Markup(made.svg_inline(omitsize=True, border=3, light="#fff", svgclass="qr"))  # noqa: S704
