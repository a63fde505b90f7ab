"""Passkeys (WebAuthn Level 3): options for the browser, and verification of what it answers."""

import hmac
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final, cast
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.server import Fido2Server
from fido2.webauthn import (
    Aaguid,
    AttestationConveyancePreference,
    AttestationObject,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    UserVerificationRequirement,
)
from msgspec import Struct

from virage.identity.people.rules.secrets import PeopleKeys
from virage.identity.people.rules.webauthn import AssertionJson, RegistrationJson
from virage.identity.people.settings import PeopleSettings
from virage.platform.settings.config import Config

CHALLENGE_LIFETIME: Final = timedelta(minutes=5)
PASSKEYS_MAX: Final = 20
TRIES_PER_BROWSER: Final = 60  # answers to challenges within an hour: a shared computer of staff needs many
ADDED_PER_PERSON: Final = 20  # within an hour
HANDLE_BYTES: Final = 32
ALGORITHMS: Final = (ES256.ALGORITHM, EdDSA.ALGORITHM, RS256.ALGORITHM)
TRANSPORTS: Final = frozenset({"ble", "hybrid", "internal", "nfc", "smart-card", "usb"})
_NONCE_BYTES: Final = 16
_HEAD_BYTES: Final = 8 + _NONCE_BYTES
_MALFORMED: Final = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, OverflowError, RecursionError),
    *(struct.error, UnsupportedAlgorithm),
)
"""What the parsers of CBOR, JSON and keys raise for bytes that are none."""


class RelyingParty(Struct, frozen=True):
    """The deployment as authenticators know it: its RP ID, and the origins at which its passkeys serve."""

    id: str
    name: str
    origins: tuple[str, ...]


def relying_party_of(config: Config) -> RelyingParty | None:
    """Return the relying party; None where the public URL is an IP address or browsers give it no passkeys."""
    parts = urlsplit(config.public_url)
    host = parts.hostname or ""
    if _is_address(host) or not (config.secure or host == "localhost"):
        return None
    settings = config.of(PeopleSettings)
    origins = (config.public_url, *settings.passkey_origins)
    return RelyingParty(settings.passkey_rp_id or host, config.club.name, origins)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Purpose(StrEnum):
    """What a challenge is for; it serves for nothing else."""

    REGISTER = "register"
    SIGN_IN = "sign in"
    CONFIRM = "confirm"


class Asked(Struct, frozen=True):
    """Whom a challenge is for: a browser, and within it a session unless it is for a sign-in."""

    purpose: Purpose
    browser: UUID
    session_id: UUID | None = None


def new_challenge(keys: PeopleKeys, asked: Asked, now: datetime) -> bytes:
    """Return a challenge with its time, sealed for who asked. It is not stored."""
    head = int(now.timestamp() * 1000).to_bytes(8, "big") + secrets.token_bytes(_NONCE_BYTES)
    return head + _seal(keys, asked, head)


def challenge_end(keys: PeopleKeys, asked: Asked, challenge: bytes, now: datetime) -> datetime | None:
    """Return when a challenge expires; None if it has, or was not sealed for who answers."""
    head, seal = challenge[:_HEAD_BYTES], challenge[_HEAD_BYTES:]
    if not hmac.compare_digest(seal, _seal(keys, asked, head)):
        return None
    end = datetime.fromtimestamp(int.from_bytes(head[:8], "big") / 1000, UTC) + CHALLENGE_LIFETIME
    return end if now < end else None


def _seal(keys: PeopleKeys, asked: Asked, head: bytes) -> bytes:
    whom = f"{asked.purpose}\n{asked.browser}\n{asked.session_id}\n".encode()
    return hmac.digest(keys.passkey, whom + head, "sha256")


def new_handle() -> bytes:
    """Return a random handle for a person at their authenticators."""
    return secrets.token_bytes(HANDLE_BYTES)


class Passkey(Struct, frozen=True):
    """A stored passkey. `public_key` is a COSE_Key; `handle` is that of its person."""

    id: UUID
    person_id: UUID
    name: str
    handle: bytes
    credential_id: bytes
    public_key: bytes
    sign_count: int
    disabled: bool


class PasskeyView(Struct, frozen=True):
    """One of my passkeys. `disabled_reason` "cloned": its counter went back, so a copy of it was used."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    backed_up: bool
    disabled_at: datetime | None
    disabled_reason: str | None


class NewPasskey(Struct, frozen=True):
    """A passkey that an authenticator has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]
    aaguid: UUID
    backed_up: bool


class Assertion(Struct, frozen=True):
    """A verified signature."""

    sign_count: int
    backed_up: bool


TIMEOUT_MS: Final = int(CHALLENGE_LIFETIME.total_seconds() * 1000)


def encoded(value: bytes) -> str:
    """Return bytes as base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Return the bytes of base64url without padding. Raises ValueError for other texts."""
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))


def credential_id_of(answer: AssertionJson) -> bytes | None:
    """Return which passkey is said to answer; None for a malformed id."""
    try:
        return decoded(answer.raw_id)
    except ValueError:
        return None


def challenge_of(client_data: str) -> bytes | None:
    """Return the challenge that an answer is for; None if its client data are malformed."""
    try:
        return CollectedClientData(decoded(client_data)).challenge
    except _MALFORMED:
        return None


@lru_cache(maxsize=8)
def _server(party: RelyingParty) -> Fido2Server:
    """Return the verifier, which accepts the exact origins alone."""
    entity = PublicKeyCredentialRpEntity(name=party.name, id=party.id)
    return Fido2Server(entity, AttestationConveyancePreference.NONE, lambda origin: origin in party.origins)


def _state(challenge: bytes) -> dict[str, str]:
    return {"challenge": encoded(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def registered(party: RelyingParty, answer: RegistrationJson, challenge: bytes) -> NewPasskey | None:
    """Verify a new passkey; None if anything is wrong with it (WebAuthn Level 3, 7.1)."""
    try:
        response = RegistrationResponse(
            raw_id=decoded(answer.raw_id),
            response=AuthenticatorAttestationResponse(
                client_data=CollectedClientData(decoded(answer.response.client_data_json)),
                attestation_object=AttestationObject(decoded(answer.response.attestation_object)),
            ),
        )
        data = _server(party).register_complete(_state(challenge), response)
        made = data.credential_data
        if made is None or response.response.client_data.cross_origin or made.credential_id != response.raw_id:
            return None
        algorithm, backed_up = made.public_key.ALGORITHM, data.is_backed_up()
        if algorithm not in ALGORITHMS or (backed_up and not data.is_backup_eligible()):
            return None
        return NewPasskey(
            credential_id=made.credential_id,
            public_key=cbor.encode(made.public_key),
            sign_count=data.counter,
            transports=sorted(TRANSPORTS.intersection(answer.response.transports)),
            aaguid=UUID(bytes=bytes(made.aaguid)),
            backed_up=backed_up,
        )
    except _MALFORMED:
        return None


def asserted(
    party: RelyingParty, answer: AssertionJson, passkey: Passkey, challenge: bytes, *, named: bool
) -> Assertion | None:
    """Verify a signature of a passkey; None if anything is wrong with it (WebAuthn Level 3, 7.2).

    `named`: the request named the passkey, so the authenticator may leave out the handle of its person.
    """
    try:
        handle = answer.response.user_handle
        response = AuthenticationResponse(
            raw_id=passkey.credential_id,
            response=AuthenticatorAssertionResponse(
                client_data=CollectedClientData(decoded(answer.response.client_data_json)),
                authenticator_data=AuthenticatorData(decoded(answer.response.authenticator_data)),
                signature=decoded(answer.response.signature),
                user_handle=None if handle is None else decoded(handle),
            ),
        )
        shown = response.response.user_handle
        if (shown != passkey.handle and not (named and shown is None)) or response.response.client_data.cross_origin:
            return None
        known = AttestedCredentialData.create(
            Aaguid.NONE,
            passkey.credential_id,
            CoseKey.parse(cast("Mapping[int, Any]", cbor.decode(passkey.public_key))),
        )
        _server(party).authenticate_complete(_state(challenge), [known], response)
        data = response.response.authenticator_data
        return Assertion(data.counter, data.is_backed_up())
    except _MALFORMED:
        return None


def is_clone(stored_count: int, count: int) -> bool:
    """Return whether a counter went back or stood still; one that is always 0 does not count."""
    return (stored_count, count) != (0, 0) and count <= stored_count
