"""Claims of a pass, and its signed form: a CWT in COSE_Sign1 (RFC 8392, RFC 9052), see docs/passes.cddl."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.types import COSE_EDDSA, KID_BYTES, SIGNATURE_BYTES, HolderKey, cose_key, holder_key_from_cose
from virage.identity.passes.rules.cbor import NotDeterministic, decode, encode

ISSUER_PURPOSE: Final = b"virage:pass:v1"
HOLDER_PURPOSE: Final = b"virage:step:v1"

EVENT_BYTES: Final = 6
GATE_GROUP_LENGTH_MAX: Final = 6
GENERATION_MAX: Final = 23
"""The largest integer that CBOR writes in one byte; rebinding and printing stay far below it."""
VALIDITY_MINUTES_MAX: Final = 0xFFFF
"""45 days; a longer validity is shortened at its start."""

_TAG_SIGN1: Final = b"\xd2"
_ALG, _KID = 1, 4
_EXP, _CNF, _PASS = 4, 8, -65537
_COSE_KEY = 1
_PASS_TYPES: Final = (bytes, int, int, int, str, int)
_UINT32_MAX: Final = 0xFFFFFFFF
_HEADERS_MAX: Final = 256  # active events have far fewer keys; unknown key ids may evict entries


class Claims(Struct, frozen=True):
    """Signed claims. A pass without `holder` is a paper pass."""

    event: bytes
    """Last six bytes of the event's id."""
    number: int
    """Dense number of the pass in its event: its bit in every bitmap."""
    generation: int
    place: int
    """Dense index of the seat or standing place in the event's venue."""
    gate_group: str
    not_before: datetime
    expires_at: datetime
    holder: HolderKey | None


class SignedPass(Struct, frozen=True):
    """A decoded CWT with an unverified signature."""

    kid: bytes
    claims: Claims
    message: bytes
    """The bytes that the issuer signed."""
    signature: bytes


def event_short(event_id: UUID) -> bytes:
    """Return the six bytes that name the event in a pass; the signing key of the event is the proof."""
    return event_id.bytes[-EVENT_BYTES:]


def sign_pass(claims: Claims, kid: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the CWT of the claims, its validity rounded outwards: the end to a second, the start to a minute."""
    protected = _protected_header(kid)
    payload = encode(_claims_set(claims))
    signature = sign(to_be_signed(protected, ISSUER_PURPOSE, payload))
    return _TAG_SIGN1 + encode([protected, {}, payload, signature])


def to_be_signed(protected: bytes, purpose: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure (RFC 9052, 4.4); `purpose` is the external_aad and separates uses of a key."""
    return encode(["Signature1", protected, purpose, payload])


def read_pass(data: bytes) -> SignedPass | None:
    """Return the CWT in `data`, or None unless it is exactly an encoding of `sign_pass`."""
    if data[:1] != _TAG_SIGN1:
        return None
    try:
        match decode(data[1:]):
            case [bytes(protected), dict(unprotected), bytes(payload), bytes(signature)]:
                kid, claims = _kid(decode(protected)), _claims(decode(payload))
            case _:
                return None
    except NotDeterministic:
        return None
    if unprotected or len(signature) != SIGNATURE_BYTES or kid is None or claims is None:
        return None
    if protected != _protected_header(kid) or payload != encode(_claims_set(claims)):
        return None
    return SignedPass(kid, claims, to_be_signed(protected, ISSUER_PURPOSE, payload), signature)


@lru_cache(maxsize=_HEADERS_MAX)
def _protected_header(kid: bytes) -> bytes:
    return encode({_ALG: COSE_EDDSA, _KID: kid})


def _kid(header: object) -> bytes | None:
    kid = header.get(_KID) if isinstance(header, dict) else None
    return kid if isinstance(kid, bytes) and len(kid) == KID_BYTES else None


def _claims_set(claims: Claims) -> dict[int, Any]:
    expires = ceil(claims.expires_at.timestamp())
    minutes = min(ceil((expires - claims.not_before.timestamp()) / 60), VALIDITY_MINUTES_MAX)
    claims_set: dict[int, Any] = {_EXP: expires}
    if claims.holder is not None:
        claims_set[_CNF] = {_COSE_KEY: cose_key(claims.holder)}
    claims_set[_PASS] = [claims.event, claims.number, claims.generation, claims.place, claims.gate_group, minutes]
    return claims_set


def _claims(claims_set: object) -> Claims | None:
    """Return the claims within their ranges; `read_pass` compares them with their only encoding."""
    if not isinstance(claims_set, dict):
        return None
    expires, values = claims_set.get(_EXP), claims_set.get(_PASS)
    if type(values) is not list or len(values) != len(_PASS_TYPES) or type(expires) is not int:
        return None
    if any(type(value) is not wanted for value, wanted in zip(values, _PASS_TYPES, strict=True)):
        return None
    event, number, generation, place, gate_group, minutes = values
    holder = None
    if _CNF in claims_set:
        confirmation = claims_set[_CNF]
        holder = holder_key_from_cose(confirmation.get(_COSE_KEY) if isinstance(confirmation, dict) else None)
        if holder is None:
            return None
    if not (
        len(event) == EVENT_BYTES
        and 0 <= number <= _UINT32_MAX
        and 0 <= generation <= GENERATION_MAX
        and 0 <= place <= _UINT32_MAX
        and is_gate_group(gate_group)
        and 0 < minutes <= VALIDITY_MINUTES_MAX
        and minutes * 60 <= expires <= _UINT32_MAX
    ):
        return None
    expires_at = datetime.fromtimestamp(expires, UTC)
    not_before = expires_at - timedelta(minutes=minutes)
    return Claims(event, number, generation, place, gate_group, not_before, expires_at, holder)


def is_gate_group(text: str) -> bool:
    """Return whether a pass can carry this gate group: one to six visible ASCII characters."""
    return 0 < len(text) <= GATE_GROUP_LENGTH_MAX and text.isascii() and text.isprintable()
