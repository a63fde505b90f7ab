"""What an OpenID provider signs: ID tokens, which say who has signed in, and logout tokens.

Sources: OpenID Connect Core 1.0 (3.1.3.7), OpenID Connect Back-Channel Logout 1.0 (2.6).
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from msgspec import Struct

from virage.identity.people.rules.addresses import normalise_address
from virage.identity.people.rules.sso import Sso
from virage.platform.web.guard import FRESH_FOR

ALGORITHMS: Final = ("RS256", "PS256", "ES256")
"""Public-key signatures alone: a token signed with "none" or with a public key as an HMAC secret is refused."""
LOGOUT_LIFETIME: Final = timedelta(minutes=10)
SKEW_S: Final = 60
SUBJECT_MAX: Final = 255
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_REGISTRY: Final = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


class Identity(Struct, frozen=True):
    """The person that the provider has signed in. `email` is normalised; None if it is missing or unverified."""

    subject: str
    email: str | None
    name: str | None
    locale: str
    groups: tuple[str, ...]
    authenticated_at: datetime | None
    sid: str | None


class InvalidToken(Exception):
    """A token that proves nothing; the text says why, for the log."""


def signed_claims(token: str, keys: KeySet) -> Mapping[str, Any]:
    """Return the claims of a token that one of the provider's keys signed. Raises InvalidToken."""
    try:
        return jwt.decode(token, keys, registry=_REGISTRY).claims
    except (JoseError, ValueError) as error:
        raise InvalidToken(f"signature: {error}") from error


def _check_sender(claims: Mapping[str, Any], sso: Sso, now: datetime) -> None:
    """Check `iss`, `aud`, `azp`, `exp` and `iat` (OpenID Connect Core, 3.1.3.7)."""
    audience, at = claims.get("aud"), now.timestamp()
    audiences = audience if isinstance(audience, list) else [audience]
    authorized = claims.get("azp")
    if claims.get("iss") != sso.issuer:
        raise InvalidToken("iss is another issuer")
    if sso.client_id not in audiences:
        raise InvalidToken("aud is another client")
    if authorized != sso.client_id and (authorized is not None or len(audiences) > 1):
        raise InvalidToken("azp is another client")
    if _seconds(claims, "iat") > at + SKEW_S:
        raise InvalidToken("iat is in the future")
    if _seconds(claims, "exp") <= at - SKEW_S:
        raise InvalidToken("exp is over")


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(f"{name} is missing")
    return value


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MAX:
        raise InvalidToken("sub is missing")
    return subject


def check_id_token(claims: Mapping[str, Any], sso: Sso, now: datetime, *, nonce: str | None) -> None:
    """Check the claims of an ID token. `nonce` is that of the sign-in, None for a token from a refresh."""
    _check_sender(claims, sso, now)
    _subject(claims)
    if nonce is not None and not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
        raise InvalidToken("nonce is of another sign-in")
    if LOGOUT_EVENT in _events(claims):
        raise InvalidToken("it is a logout token")


def identity_of(claims: Mapping[str, Any], sso: Sso, now: datetime) -> Identity:
    """Return the person of a checked ID token, completed with the claims of the userinfo endpoint.

    An address is accepted unless `email_verified` is false: some providers leave that claim out, and `Sso.domains`
    limits the addresses. An `auth_time` in the future becomes now.
    """
    address, groups, sid = claims.get("email"), claims.get(sso.groups_claim), claims.get("sid")
    confirmed = isinstance(address, str) and claims.get("email_verified") is not False
    proved_at = claims.get("auth_time")
    authenticated_at = None
    if isinstance(proved_at, int | float) and not isinstance(proved_at, bool):
        authenticated_at = datetime.fromtimestamp(min(proved_at, now.timestamp()), UTC)
    name, locale = claims.get("name"), claims.get("locale")
    return Identity(
        subject=_subject(claims),
        email=normalise_address(str(address)) if confirmed else None,
        name=name if isinstance(name, str) else None,
        locale=locale if isinstance(locale, str) else "",
        groups=tuple(group for group in groups if isinstance(group, str)) if isinstance(groups, list) else (),
        authenticated_at=authenticated_at,
        sid=sid if isinstance(sid, str) else None,
    )


class Proof(Struct, frozen=True):
    """A person whom the provider has signed in or confirmed, with the refresh token for the next check."""

    identity: Identity
    refresh_token: str


def proved_at(identity: Identity, now: datetime) -> datetime:
    """Return when the person authenticated; if the provider does not report it, a time that is not recent enough."""
    return identity.authenticated_at or now - 2 * FRESH_FOR


class Logout(Struct, frozen=True):
    """A sign-in that ended at the provider; without `sid`, all of the subject. `id` serves once."""

    id: str
    subject: str | None
    sid: str | None


def logout_of(claims: Mapping[str, Any], sso: Sso, now: datetime) -> Logout:
    """Return what a signed logout token ends (Back-Channel Logout, 2.6). Raises InvalidToken."""
    _check_sender(claims, sso, now)
    if LOGOUT_EVENT not in _events(claims) or "nonce" in claims:
        raise InvalidToken("it is no logout token")
    if _seconds(claims, "iat") < (now - LOGOUT_LIFETIME).timestamp():
        raise InvalidToken("iat is too long ago")
    id_, subject, sid = claims.get("jti"), claims.get("sub"), claims.get("sid")
    if not isinstance(id_, str) or not (isinstance(subject, str) or isinstance(sid, str)):
        raise InvalidToken("jti, sub or sid is missing")
    return Logout(id_, subject if isinstance(subject, str) else None, sid if isinstance(sid, str) else None)


def _events(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    events = claims.get("events")
    return events if isinstance(events, dict) else {}
