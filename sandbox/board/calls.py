"""Calls to addresses that people named: signed, short, never redirected, and not to everywhere."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx

from sandbox.errors import SandboxError

PORTS = {"http": 80, "https": 443}
USER_AGENT = "Sandbox-Webhooks/1"
# What clouds answer with their own secrets at, besides all that is link-local.
METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(SandboxError):
    """An address that must not be called; the message says why."""


@dataclass(frozen=True)
class Answered:
    """What came of a call: `said` in a few words, never anything of the answer's body."""

    status: int | None
    said: str
    forbidden: bool = False

    @property
    def never(self) -> bool:
        """Whether trying again cannot help."""
        return self.gone or self.forbidden

    @property
    def well(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The receiver asks for no more calls (Standard Webhooks: 410)."""
        return self.status == 410


def signed(secret: str, identity: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks: identity, moment, and HMAC-SHA256 over both and the body.

    Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
    """
    moment = str(int(at.timestamp()))
    key = b64decode(secret.removeprefix("whsec_"))
    seal = hmac.new(key, f"{identity}.{moment}.{body}".encode(), hashlib.sha256).digest()
    return {
        "webhook-id": identity,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{b64encode(seal).decode()}",
    }


def post(
    url: str, body: str, headers: Mapping[str, str], *, seconds: float, this_machine: bool
) -> Answered:
    """POST `body` as JSON and look at the status alone; the rest of the answer is never read.

    The name is looked up once and that very address is called, so that it cannot lead elsewhere
    between the look and the call. No proxy of the environment is used, for the same reason.
    """
    try:
        target = httpx.URL(url)
        where = looked_up(target, this_machine=this_machine)
        with (
            httpx.Client(timeout=seconds, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST",
                target.copy_with(host=str(where)),
                content=body.encode(),
                headers={
                    **headers,
                    "Host": target.netloc.decode(),
                    "Content-Type": "application/json",
                    "User-Agent": USER_AGENT,
                },
                extensions={"sni_hostname": target.host},
            ) as response,
        ):
            return Answered(response.status_code, f"{response.status_code}")
    except Forbidden as refused:
        return Answered(None, str(refused), forbidden=True)
    except httpx.TimeoutException:
        return Answered(None, "no answer in time")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return Answered(None, _short(error))


def _short(error: Exception) -> str:
    """What kind of failure it is; a name that cannot be looked up, or a port nobody listens at."""
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    return type(error).__name__


def looked_up(target: httpx.URL, *, this_machine: bool) -> Address:
    """The first address of the target's host that may be called. Raises Forbidden, or OSError."""
    if target.scheme not in PORTS or not target.host:
        raise Forbidden("only http and https addresses are called")
    port = target.port or PORTS[target.scheme]
    found = socket.getaddrinfo(target.host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
    for one in addresses:
        if why := objection(one, this_machine=this_machine):
            raise Forbidden(why)
    return addresses[0]


def objection(one: Address, *, this_machine: bool) -> str | None:
    """Why this address must not be called, None if it may.

    Private networks are allowed: at a venue the receiver is a laptop in the room. The board's own
    machine is not, since whatever listens there alone trusts those who can reach it; nor is what
    machines of clouds answer with their own secrets.
    """
    inner = getattr(one, "ipv4_mapped", None) or getattr(one, "sixtofour", None) or one
    if inner.is_loopback:
        return None if this_machine else "the board's own machine is not called"
    if inner in METADATA or inner.is_link_local:
        return "a link-local or metadata address is not called"
    if inner.is_multicast or inner.is_unspecified or inner.is_reserved:
        return "this is no address of one machine"
    return None
