"""Single sign-on of the staff by OpenID Connect: who it is for, the roles of groups, and requests to the provider.

Sources: OpenID Connect Core 1.0 (3.1.2.1: the request), RFC 7636 (PKCE). What the provider answers is in `openid.py`.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.identity.people.rules.grants import GrantRequest, RoleName, ScopeName, grant_of
from virage.identity.people.rules.secrets import PeopleKeys
from virage.identity.people.rules.sign_in import STAFF_LIFETIME
from virage.platform.web.guard import Grant

CHECK_EVERY: Final = timedelta(minutes=5)
VALID_FOR: Final = timedelta(minutes=15)
"""How long a session is valid after the provider confirmed its person: the longest that a removed person has access."""
AWAY_MAX: Final = timedelta(hours=4)
"""How long sessions stay valid while the provider is unreachable, so that its outage does not end a match day."""
STATE_LIFETIME: Final = timedelta(minutes=10)
PROOF_AGE_MAX_S: Final = int(STAFF_LIFETIME.total_seconds())
PATH_MAX: Final = 500


class Sso(Struct, frozen=True):
    """Single sign-on of a deployment. `name` is what its sign-in button says; `roles` are those of each group."""

    issuer: str
    client_id: str
    name: str
    domains: tuple[str, ...]
    break_glass: tuple[str, ...]
    """Normalised addresses that sign in without the provider."""
    groups_claim: str
    roles: tuple[tuple[str, Grant], ...]

    def owns(self, email: str) -> bool:
        """Whether the provider decides about this normalised address."""
        return email.rpartition("@")[2] in self.domains and email not in self.break_glass

    def grants_of(self, groups: Sequence[str]) -> list[Grant]:
        """Return the roles of some groups, each once, in the order of the configuration."""
        return list(dict.fromkeys(grant for group, grant in self.roles if group in groups))


def role_of(text: str) -> Grant | None:
    """Return the grant of `role` or `role@scope:id`, as `steward@venue:arena`; None if it is none."""
    role, _, scope = text.partition("@")
    name, _, scope_id = scope.partition(":")
    try:
        return grant_of(GrantRequest(RoleName(role), ScopeName(name or "all"), scope_id or None))
    except ValueError:
        return None


class DueCheck(Struct, frozen=True):
    """An account that the provider is to be asked about, with its refresh token."""

    person_id: UUID
    issuer: str
    subject: str
    refresh_token: str
    confirmed_at: datetime


class SsoRequest(Struct, frozen=True):
    """A sign-in that has begun: the page that it returns to, and whose session it confirms."""

    to: str
    confirms: UUID | None = None


class SsoAnswer(Struct, frozen=True):
    """The authorization response: a code or an error. `iss` is the issuer that sent it (RFC 9207)."""

    code: str
    error: str
    iss: str | None


class _State(Struct, frozen=True, array_like=True):
    at_ms: int
    nonce: str
    to: str
    confirms: UUID | None


def new_state(keys: PeopleKeys, browser: UUID, request: SsoRequest, now: datetime) -> str:
    """Return the state of a sign-in, sealed for a browser. It is not stored."""
    state = _State(int(now.timestamp() * 1000), secrets.token_urlsafe(16), request.to, request.confirms)
    body = _text(msgspec.json.encode(state))
    return f"{body}.{_text(_mac(keys, browser, 'state', body))}"


def request_of(keys: PeopleKeys, browser: UUID, state: str, now: datetime) -> tuple[SsoRequest, datetime] | None:
    """Return the sign-in of a state and when the state expires; None if it has, or is not of this browser."""
    body, _, seal = state.partition(".")
    if not hmac.compare_digest(seal.encode(), _text(_mac(keys, browser, "state", body)).encode()):
        return None
    found = msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=_State)
    end = datetime.fromtimestamp(found.at_ms / 1000, UTC) + STATE_LIFETIME
    return (SsoRequest(found.to, found.confirms), end) if now < end else None


def nonce_of(keys: PeopleKeys, browser: UUID, state: str) -> str:
    """Return the nonce of a sign-in, which the ID token repeats."""
    return _text(_mac(keys, browser, "nonce", state))


def verifier_of(keys: PeopleKeys, browser: UUID, state: str) -> str:
    """Return the code verifier of a sign-in (RFC 7636, 4.1): 43 characters, shown to the provider alone."""
    return _text(_mac(keys, browser, "verifier", state))


def challenge_of(verifier: str) -> str:
    """Return the code challenge of a verifier, by S256."""
    return _text(sha256(verifier.encode()).digest())


def _mac(keys: PeopleKeys, browser: UUID, purpose: str, text: str) -> bytes:
    return hmac.digest(keys.sso, f"{purpose}\n{browser}\n{text}".encode(), "sha256")


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def page_of(to: str) -> str | None:
    """Return `to` if it is the path of a page of this deployment, else None."""
    plain = len(to) <= PATH_MAX and to.isascii() and to.isprintable() and " " not in to and "\\" not in to
    return to if plain and to.startswith("/") and not to.startswith(("//", "/api/")) else None


def sign_in_url(
    endpoint: str, sso: Sso, redirect_uri: str, *, state: str, nonce: str, verifier: str, confirms: bool
) -> str:
    """Return the provider's address for a sign-in. One that `confirms` asks for a new proof of the person."""
    query = {
        "response_type": "code",
        "client_id": sso.client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid profile email offline_access",
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    # With `max_age` the ID token has `auth_time` (Core, 3.1.2.1).
    query |= {"prompt": "login", "max_age": "0"} if confirms else {"max_age": str(PROOF_AGE_MAX_S)}
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
