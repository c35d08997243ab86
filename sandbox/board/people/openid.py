"""OpenID Connect: what is said to a provider and what its answer must prove; nothing of the board.

Authorisation code flow with PKCE (RFC 7636), as OpenID Connect Core 1.0 has it in section 3.1.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from joserfc.jwk import KeySet

from sandbox import clock
from sandbox.errors import SandboxError
from sandbox.workspace import Provider

SECONDS = 10
LEEWAY = 120  # seconds that the provider's clock and ours may differ
# Signatures by a key that the provider alone has. "none" is no signature, and with HS256 whoever
# knows the client's secret could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
              "EdDSA"]  # fmt: skip


class Failed(SandboxError):
    """No sign-in came of it: `reason` is away, refused, clock or answer; the log gets the rest."""

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Person:
    """Who the provider says it is; `email` only where the provider says that it is proven."""

    issuer: str
    subject: str
    name: str = ""
    email: str | None = None


def begin(provider: Provider, back: str) -> tuple[str, dict[str, str]]:
    """The address to send the browser to, and what its session must keep until it comes `back`."""
    known = _discovered(provider)
    kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(kept["verifier"].encode()).digest())
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "scope": "openid email profile",
        "state": kept["state"],
        "nonce": kept["nonce"],
        "code_challenge": challenge.rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    at = str(known["authorization_endpoint"])
    return f"{at}{'&' if urlsplit(at).query else '?'}{urlencode(asked)}", kept


def finish(
    provider: Provider,
    secret: str | None,
    back: str,
    kept: Mapping[str, str],
    answer: Mapping[str, str],
) -> Person:
    """Who has come back with `answer`, the query of the address. Raises Failed."""
    if not secrets.compare_digest(answer.get("state", ""), kept["state"]):
        raise Failed("answer", f"{provider.slug}: the answer belongs to another question")
    if error := answer.get("error"):
        told = f"{provider.slug} says {error}: {answer.get('error_description', '')}"
        raise Failed("refused" if error == "access_denied" else "answer", told)
    known = _discovered(provider)
    # A provider that names itself in the answer must be the one that was asked (RFC 9207).
    if answer.get("iss", provider.issuer) != provider.issuer:
        raise Failed("answer", f"{provider.slug}: another provider has answered")
    tokens = _exchange(provider, known, secret, back, kept["verifier"], answer.get("code", ""))
    claims = _proven(provider, known, str(tokens.get("id_token", "")), kept["nonce"])
    return _person(provider, _with_more(provider, known, tokens, claims))


def client() -> httpx.Client:
    """What asks the provider: no redirects, no proxies' surprises, no endless waiting."""
    return httpx.Client(timeout=SECONDS, follow_redirects=False)


def _discovered(provider: Provider) -> dict[str, Any]:
    known = _json(
        provider, "GET", f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    )
    if known.get("issuer") != provider.issuer:
        told = f"{provider.slug} calls itself {known.get('issuer')!r}, not {provider.issuer!r}"
        raise Failed("answer", told)
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(known.get(name), str):
            raise Failed("answer", f"{provider.slug} does not say its {name}")
    return known


def _exchange(
    provider: Provider,
    known: Mapping[str, Any],
    secret: str | None,
    back: str,
    verifier: str,
    code: str,
) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": verifier,
    }
    auth = None
    ways = known.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if secret is None:
        form["client_id"] = provider.client_id
    elif "client_secret_basic" in ways:
        # RFC 6749, 2.3.1: both are encoded as in a form first.
        auth = (quote_plus(provider.client_id), quote_plus(secret))
    else:
        form |= {"client_id": provider.client_id, "client_secret": secret}
    return _json(provider, "POST", known["token_endpoint"], data=form, auth=auth)


def _proven(
    provider: Provider, known: Mapping[str, Any], id_token: str, nonce: str
) -> dict[str, Any]:
    """The claims of an ID token that is signed, meant for us, fresh, and asked for by us."""
    rules = jwt.JWTClaimsRegistry(
        now=int(clock.now().timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": provider.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        keys = KeySet.import_key_set(_json(provider, "GET", known["jwks_uri"]))  # type: ignore[arg-type]
        claims = dict(jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims)
        rules.validate(claims)
    except ExpiredTokenError as error:
        raise Failed("clock", f"{provider.slug}: the ID token has expired ({error})") from None
    except InvalidClaimError as error:
        reason = "clock" if error.claim in ("iat", "nbf") else "answer"
        raise Failed(reason, f"{provider.slug}: the ID token does not hold ({error})") from None
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Failed("answer", f"{provider.slug}: the ID token does not hold ({error})") from None
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise Failed("answer", f"{provider.slug}: the ID token was issued to another client")
    return claims


def _with_more(
    provider: Provider,
    known: Mapping[str, Any],
    tokens: Mapping[str, Any],
    claims: dict[str, Any],
) -> dict[str, Any]:
    """The claims, with those that some providers tell only at their userinfo endpoint."""
    if "email" in claims or not isinstance(known.get("userinfo_endpoint"), str):
        return claims
    bearer = {"Authorization": f"Bearer {tokens.get('access_token', '')}"}
    more = _json(provider, "GET", known["userinfo_endpoint"], headers=bearer)
    if more.get("sub") != claims["sub"]:
        raise Failed("answer", f"{provider.slug} tells of somebody else")  # Core 1.0, 5.3.2
    return {**more, **claims}


def _person(provider: Provider, claims: Mapping[str, Any]) -> Person:
    email, name = claims.get("email"), claims.get("name")
    proven = claims.get("email_verified") is True and isinstance(email, str)
    return Person(
        provider.issuer,
        claims["sub"],
        name if isinstance(name, str) else "",
        email if proven else None,
    )


def _json(provider: Provider, method: str, address: str, **more: Any) -> dict[str, Any]:
    try:
        with client() as asking:
            answer = asking.request(method, address, **more)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        told = f"{provider.slug} cannot be asked at {address}: {error or type(error).__name__}"
        raise Failed("away", told) from None
    if answer.status_code >= 500:
        raise Failed("away", f"{provider.slug} answers {answer.status_code} at {address}")
    try:
        found = answer.json()
    except ValueError:
        found = None
    if answer.status_code != 200 or not isinstance(found, dict):
        said = found.get("error", "") if isinstance(found, dict) else ""
        raise Failed("answer", f"{provider.slug} answers {answer.status_code} {said} at {address}")
    return found
