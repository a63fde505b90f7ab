"""Verification of a QR text; web/src/shared/passes/verify.ts gives the same verdict."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.types import HolderKey, IssuerKey, signed_by_holder, signed_by_issuer
from virage.identity.passes.rules.claims import Claims, event_short
from virage.identity.passes.rules.code import STEPS_TOLERATED, Code, read_code, step_at


class VerificationFailure(StrEnum):
    """Why a text is not verified, in the order of the checks."""

    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    WRONG_EVENT = "wrong_event"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    HOLDER_SIGNATURE_MISSING = "holder_signature_missing"
    BAD_HOLDER_SIGNATURE = "bad_holder_signature"
    STALE_STEP = "stale_step"


class Verified(Struct, frozen=True, tag="verified"):
    """The issuer signed these claims for this event and time, and the phone proved its key, unless `paper`."""

    claims: Claims
    paper: bool
    step: int | None


class Unverified(Struct, frozen=True, tag="unverified"):
    """A failed verification. `claims` are set after a valid issuer signature; `step` after a valid holder's."""

    reason: VerificationFailure
    claims: Claims | None = None
    step: int | None = None


def verify(text: str, keys: Mapping[bytes, IssuerKey], now: datetime, event_id: UUID) -> Verified | Unverified:
    """Verify one QR text for the gate of `event_id`; never raises, whatever the text.

    `keys` finds issuer keys by kid. A step is valid if it is the current one or its neighbour. A stale step has a valid
    holder signature, so two of them that advance with the clock prove a phone with a wrong clock.
    """
    code = read_code(text)
    if code is None:
        return Unverified(VerificationFailure.MALFORMED)
    key = keys.get(code.signed.kid)
    if key is None:
        return Unverified(VerificationFailure.UNKNOWN_KEY)
    if not signed_by_issuer(key, code.signed.signature, code.signed.message):
        return Unverified(VerificationFailure.BAD_SIGNATURE)
    claims = code.signed.claims
    doubt = _claims_failure(claims, key, now, event_id)
    if doubt is not None:
        return Unverified(doubt, claims)
    return Verified(claims, paper=True, step=None) if claims.holder is None else _in_hand(code, claims.holder, now)


def _claims_failure(claims: Claims, key: IssuerKey, now: datetime, event_id: UUID) -> VerificationFailure | None:
    if key.event_id != event_id or claims.event != event_short(event_id):
        return VerificationFailure.WRONG_EVENT
    if now < claims.not_before:
        return VerificationFailure.NOT_YET_VALID
    return VerificationFailure.EXPIRED if now >= claims.expires_at else None


def _in_hand(code: Code, holder: HolderKey, now: datetime) -> Verified | Unverified:
    """Return whether the phone of the pass made this code now."""
    claims = code.signed.claims
    if code.step is None:
        return Unverified(VerificationFailure.HOLDER_SIGNATURE_MISSING, claims)
    if not signed_by_holder(holder, code.holder_signature, code.holder_message):
        return Unverified(VerificationFailure.BAD_HOLDER_SIGNATURE, claims)
    if abs(code.step - step_at(now)) > STEPS_TOLERATED:
        return Unverified(VerificationFailure.STALE_STEP, claims, code.step)
    return Verified(claims, paper=False, step=code.step)
