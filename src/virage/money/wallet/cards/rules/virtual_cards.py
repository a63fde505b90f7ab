"""Payment by phone: the phone signs the challenge of a till. See docs/cards.md.

The challenge has the values of the till's record, and the phone signs exactly these. The signed text names its purpose,
so that a ticket signature cannot pay and a payment signature cannot open a gate.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.identity.keys.types import SIGNATURE_BYTES, HolderKey, signed_by_holder
from virage.money.wallet.cards.rules.cards import BlockReason
from virage.platform.values.jwk import bytes_of_base64url
from virage.platform.values.refusals import Refused

PAY_PURPOSE: Final = b"virage:pay:v1\0"
PROOF_LIVES: Final = timedelta(minutes=10)
"""How long after a till fixed its amount a phone's signature still pays, and how far a till's clock may be ahead."""
TOLD_PROOF_LIVES: Final = timedelta(days=7)
"""How long after a sale without network a till may tell the proof that paid it."""
KEYS_MAX: Final = 10
PROOF_CHARS_MAX: Final = 400
PROVEN_CENTS_MAX: Final = 100_000_000

Stamp = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", max_length=24)]
"""A moment in UTC with its milliseconds, as JavaScript's `toISOString` writes it: one text a moment."""
Proof = Annotated[str, Meta(min_length=1, max_length=PROOF_CHARS_MAX)]


class Reason(StrEnum):
    """Why a phone's signature does not pay, or why its key is not taken. The first two are said of cards too."""

    CARD_UNKNOWN = "card_unknown"
    CARD_BLOCKED = "card_blocked"
    PROOF_FORGED = "proof_forged"
    PROOF_TOO_OLD = "proof_too_old"
    PROOF_USED = "proof_used"
    KEY_INVALID = "unprocessable"
    KEY_TAKEN = "key_taken"
    PHONES_MAX = "phones_max"
    NOT_FOUND = "not_found"


class Challenge(Struct, frozen=True, forbid_unknown_fields=True):
    """What a till wants paid: the very values that its record will have. `cents` is what this phone pays of it."""

    at: Stamp
    cents: Annotated[int, Meta(ge=1, le=PROVEN_CENTS_MAX)]
    id: UUID
    outlet: Annotated[str, Meta(min_length=1, max_length=40)]
    till: UUID


class SignedProof(Struct, frozen=True, forbid_unknown_fields=True):
    """What is in a proof: which key signed, and its 64 bytes as base64url."""

    key: UUID
    signature: Annotated[str, Meta(min_length=86, max_length=86)]


class PhoneKey(Struct, frozen=True):
    """A stored phone key, and the wallet that it pays from."""

    id: UUID
    wallet_id: UUID
    key: HolderKey
    label: str | None
    registered_at: datetime
    blocked_at: datetime | None


class Shown(Struct, frozen=True):
    """A proof that pays a record. `told`: an offline sale, valid if the key was valid at the time of the record.

    Offline proofs are accepted for a week, and only from the registration of the key on, less ten minutes, because a
    till may make its challenge before the phone is registered.
    """

    challenge: Challenge
    proof: str
    told: bool = False


class Proven(Struct, frozen=True):
    """A proof that counts: whose key signed, and the wallet that pays."""

    key_id: UUID
    wallet_id: UUID


Outcome = Proven | Refused

_proofs = msgspec.json.Decoder(SignedProof)


def challenge_bytes(challenge: Challenge) -> bytes:
    """What is signed, after the purpose: the challenge's canonical JSON (RFC 8785)."""
    return msgspec.json.encode(challenge, order="sorted")


def moment_of(challenge: Challenge) -> datetime | None:
    """When the till fixed it, by its own clock; None for a text that looks like a moment and is none."""
    try:
        return datetime.fromisoformat(challenge.at)
    except ValueError:
        return None


def read_proof(text: str) -> SignedProof | None:
    """What a proof says; None where it is none, or not the one text for it."""
    body = bytes_of_base64url(text)
    if body is None or len(text) > PROOF_CHARS_MAX:
        return None
    try:
        proof = _proofs.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    signature = bytes_of_base64url(proof.signature)
    whole = signature is not None and len(signature) == SIGNATURE_BYTES
    return proof if whole and msgspec.json.encode(proof, order="sorted") == body else None


def signed(key: HolderKey, challenge: Challenge, proof: SignedProof) -> bool:
    """Whether this key signed this challenge for paying, and for nothing else."""
    signature = bytes_of_base64url(proof.signature) or b""
    return signed_by_holder(key, signature, PAY_PURPOSE + challenge_bytes(challenge))


def judge(shown: Sequence[Shown], keys: Mapping[UUID, PhoneKey], now: datetime) -> list[Outcome]:
    """Judge proofs that arrived together; one outcome each, in order.

    A record is booked once, so its proof pays once. Of one key one proof a record counts: who said yes once pays one
    part of it, not two.
    """
    used: set[tuple[UUID, UUID, UUID]] = set()
    outcomes: list[Outcome] = []
    for one in shown:
        outcome = _judge_one(one, keys, now)
        if isinstance(outcome, Proven):
            place = (one.challenge.till, one.challenge.id, outcome.key_id)
            if place in used:
                outcome = Refused(Reason.PROOF_USED)
            used.add(place)
        outcomes.append(outcome)
    return outcomes


def _judge_one(shown: Shown, keys: Mapping[UUID, PhoneKey], now: datetime) -> Outcome:
    proof, at = read_proof(shown.proof), moment_of(shown.challenge)
    if proof is None or at is None:
        return Refused(Reason.PROOF_FORGED)
    known = keys.get(proof.key)
    if known is None:
        return Refused(Reason.CARD_UNKNOWN)
    if not signed(known.key, shown.challenge, proof):
        return Refused(Reason.PROOF_FORGED)
    if known.blocked_at is not None and not (shown.told and at < known.blocked_at):
        return Refused(Reason.CARD_BLOCKED, {"reason": BlockReason.OWNER})
    lives = TOLD_PROOF_LIVES if shown.told else PROOF_LIVES
    if at < known.registered_at - PROOF_LIVES or not -PROOF_LIVES <= now - at <= lives:
        return Refused(Reason.PROOF_TOO_OLD)
    return Proven(known.id, known.wallet_id)
