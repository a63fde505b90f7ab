"""Write docs/vectors/virtual_card.json: the challenge of a till, the signature of a phone, and the
result.

    python -m tests.money.wallet.cards.make_vectors

The keys are public by purpose: they sign nothing but these vectors.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import replace

from tests.identity.passes.make_vectors import Ed25519Phone, P256Phone
from tests.money.wallet.cards.proofs import proof_text
from virage.money.wallet.cards.rules.virtual_cards import (
    PAY_PURPOSE,
    Challenge,
    PhoneKey,
    Reason,
    Shown,
    challenge_bytes,
    judge,
)
from virage.platform.values.jwk import base64url
from virage.platform.values.refusals import Refused

FILE = Path(__file__).parents[4] / "docs/vectors/virtual_card.json"
NOW = datetime(2026, 5, 9, 19, 47, 12, 345_000, tzinfo=UTC)
TILL = UUID("01970000-0000-7000-8000-0000000071a1")
RECORD = UUID("01970000-0000-7000-8000-00000000ba51")
WALLET = UUID("01970000-0000-7000-8000-00000000f2a5")
CHALLENGE = Challenge("2026-05-09T19:47:12.345Z", 1_500, RECORD, "01", TILL)
PHONES: dict[str, Ed25519Phone | P256Phone] = {
    "Ed25519": Ed25519Phone("virage vectors: phone that pays"),
    "P-256": P256Phone("virage vectors: older phone that pays"),
    "lost": Ed25519Phone("virage vectors: lost phone"),
}
IDS = {name: UUID(f"01970000-0000-7000-8000-0000000e{at:04x}") for at, name in enumerate(PHONES)}
REGISTERED_AT = NOW - timedelta(days=8)
BLOCKED_AT = NOW - timedelta(minutes=1)
KEYS = {
    IDS[name]: PhoneKey(IDS[name], WALLET, phone.key, None, REGISTERED_AT, BLOCKED_AT if name == "lost" else None)
    for name, phone in PHONES.items()
}
A_DAY = timedelta(days=1)
STRANGER = Ed25519Phone("virage vectors: phone of nobody")


def proof(name: str = "Ed25519", challenge: Challenge = CHALLENGE, purpose: bytes = PAY_PURPOSE) -> str:
    """The content that a phone signs."""
    return proof_text(IDS[name], PHONES[name].sign(purpose + challenge_bytes(challenge)))


def cases() -> list[tuple[str, list[Shown], datetime]]:
    """Proofs that are presented together, and their time."""
    late, spaced = NOW + timedelta(minutes=11), proof().encode().hex()
    forged = STRANGER.sign(PAY_PURPOSE + challenge_bytes(CHALLENGE))
    before = replace(CHALLENGE, at="2026-05-09T19:46:00.000Z")
    early = replace(CHALLENGE, at="2026-05-01T19:37:12.344Z")
    no_day = replace(CHALLENGE, at="2026-02-30T19:46:00.000Z")
    return [
        ("an Ed25519 key", [Shown(CHALLENGE, proof())], NOW),
        ("a P-256 key", [Shown(CHALLENGE, proof("P-256"))], NOW),
        ("another amount", [Shown(replace(CHALLENGE, cents=1_501), proof())], NOW),
        ("another record", [Shown(replace(CHALLENGE, id=TILL), proof())], NOW),
        ("another till", [Shown(replace(CHALLENGE, till=RECORD), proof())], NOW),
        ("another outlet", [Shown(replace(CHALLENGE, outlet="02"), proof())], NOW),
        ("another moment", [Shown(before, proof())], NOW),
        ("no moment", [Shown(no_day, proof(challenge=no_day))], NOW),
        ("signed as a pass is", [Shown(CHALLENGE, proof(purpose=b"virage:holder:v1\0"))], NOW),
        ("signed without a purpose", [Shown(CHALLENGE, proof(purpose=b""))], NOW),
        ("another phone's signature", [Shown(CHALLENGE, proof_text(IDS["Ed25519"], forged))], NOW),
        ("a key that nobody registered", [Shown(CHALLENGE, proof_text(RECORD, forged))], NOW),
        ("no proof", [Shown(CHALLENGE, spaced)], NOW),
        ("asked too late", [Shown(CHALLENGE, proof())], late),
        ("told late", [Shown(CHALLENGE, proof(), told=True)], late),
        ("a till whose clock is ahead", [Shown(CHALLENGE, proof())], NOW - timedelta(minutes=11)),
        ("a blocked phone", [Shown(before, proof("lost", before))], NOW),
        ("told, signed before the block", [Shown(before, proof("lost", before), told=True)], NOW),
        ("told, signed after the block", [Shown(CHALLENGE, proof("lost"), told=True)], NOW),
        ("one yes for two parts of a record", [Shown(CHALLENGE, proof()), Shown(CHALLENGE, proof())], NOW),
        ("two phones for two parts of a record", [Shown(CHALLENGE, proof()), Shown(CHALLENGE, proof("P-256"))], NOW),
        ("told within a week", [Shown(CHALLENGE, proof(), told=True)], NOW + timedelta(days=7)),
        ("told after a week", [Shown(CHALLENGE, proof(), told=True)], NOW + timedelta(days=7, milliseconds=1)),
        ("told by a till whose clock is ahead", [Shown(CHALLENGE, proof(), told=True)], NOW - timedelta(minutes=11)),
        (
            "told, dated too long before the phone was registered",
            [Shown(early, proof(challenge=early), told=True)],
            NOW - A_DAY,
        ),
    ]


def vectors() -> dict[str, Any]:
    """Return all of the file's content."""
    text = challenge_bytes(CHALLENGE)
    return {
        # The module's path at that time: the file keeps its bytes.
        "about": "Written by python -m tests.wallet.make_vectors.",
        "purpose": base64url(PAY_PURPOSE),
        "address": f"https://virage.example/pay#{base64url(text)}",
        "challenge": {"value": to_builtins(CHALLENGE), "text": text.decode()},
        "keys": {
            name: {"id": str(IDS[name]), "jwk": phone.jwk(), "blocked": name == "lost"}
            for name, phone in PHONES.items()
        },
        "cases": [
            {
                "name": name,
                "now": now.isoformat(),
                "shown": [to_builtins(one) for one in shown],
                "outcomes": [_outcome(one) for one in judge(shown, KEYS, now)],
            }
            for name, shown, now in cases()
        ],
    }


def _outcome(one: Any) -> dict[str, Any]:
    return {"reason": str(one.reason)} if isinstance(one, Refused) else {"key": str(one.key_id)}


def reasons() -> set[str]:
    """Every reason in the file."""
    found = [outcome for case in vectors()["cases"] for outcome in case["outcomes"]]
    return {outcome["reason"] for outcome in found if "reason" in outcome}


def file_text() -> str:
    """Return the content of the file in docs/vectors."""
    return json.dumps(vectors(), indent=1, ensure_ascii=True) + "\n"


AT_REGISTRATION = frozenset({Reason.KEY_INVALID, Reason.KEY_TAKEN, Reason.PHONES_MAX, Reason.NOT_FOUND})

if __name__ == "__main__":
    FILE.write_text(file_text(), encoding="utf-8")
