"""Write docs/vectors/load.json: signed top-ups and payouts of a till, and the result of verifying
them.

    python -m tests.money.wallet.funding.make_load_vectors

The keys are public by purpose: they sign nothing but these vectors.
"""

import json
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import replace

from tests.identity.passes.make_vectors import Ed25519Phone, P256Phone
from virage.money.wallet.accounts.rules.wallets import DeskTender
from virage.money.wallet.funding.rules.desk import Reason
from virage.money.wallet.funding.rules.desk_records import (
    DESK_RECORD_PURPOSE,
    DeskRecord,
    desk_record_bytes,
    read_signed,
)
from virage.platform.values.jwk import base64url
from virage.platform.values.refusals import Refused

FILE = Path(__file__).parents[4] / "docs/vectors/load.json"
TILL: Final = UUID("01970000-0000-7000-8000-0000000071a1")
LOAD: Final = DeskRecord(
    at="2026-05-09T19:47:12.345Z",
    cashier=UUID("01970000-0000-7000-8000-00000000ca51"),
    cents=2_000,
    id=UUID("01970000-0000-7000-8000-00000010ad01"),
    outlet="01",
    purse="…f2a5",
    slip=None,
    tender=DeskTender.CASH,
    till=TILL,
)
PAYOUT: Final = replace(LOAD, cents=-1_250, slip="Nº 0042 « Sud »", tender=DeskTender.TERMINAL)
TILLS: Final[dict[str, Ed25519Phone | P256Phone]] = {
    "Ed25519": Ed25519Phone("virage vectors: till that loads"),
    "P-256": P256Phone("virage vectors: older till that loads"),
}
STRANGER: Final = Ed25519Phone("virage vectors: till of nobody")


def case(
    name: str, body: bytes, *, key: str = "Ed25519", signer: Any = None, purpose: bytes = DESK_RECORD_PURPOSE
) -> Any:
    """Return the case of a signed body."""
    signature = base64url((signer or TILLS[key]).sign(purpose + body))
    return outcome(name, base64url(body), signature, key)


def outcome(name: str, body: str, signature: str, key: str = "Ed25519") -> dict[str, Any]:
    """Return the case of a request: its parts and the reason of its refusal."""
    said = read_signed(body, signature, TILL, TILLS[key].key)
    reason = str(said.reason) if isinstance(said, Refused) else None
    return {"name": name, "key": key, "body": body, "signature": signature, "reason": reason}


def cases() -> list[dict[str, Any]]:
    """Return the cases: top-ups, payouts and their verification."""
    text = desk_record_bytes(LOAD)
    other = desk_record_bytes(replace(LOAD, cents=200_000))
    signed = base64url(TILLS["Ed25519"].sign(DESK_RECORD_PURPOSE + text))
    return [
        case("a load, an Ed25519 key", text),
        case("a payout, a P-256 key", desk_record_bytes(PAYOUT), key="P-256"),
        outcome("unsigned", base64url(text), ""),
        outcome("another amount", base64url(other), signed),
        case("another key", text, signer=STRANGER),
        case("signed as a sale is", text, purpose=b"virage:sale:v1\0"),
        case("signed as a phone pays", text, purpose=b"virage:pay:v1\0"),
        case("signed without a purpose", text, purpose=b""),
        case("nothing moves", desk_record_bytes(replace(LOAD, cents=0))),
        case("too much", desk_record_bytes(replace(LOAD, cents=1_000_001))),
        case("another spelling", text.replace(b",", b", ", 1)),
        case("a member more", text.replace(b"{", b'{"a":1,', 1)),
        case("no moment", desk_record_bytes(replace(LOAD, at="2026-02-30T19:47:12.345Z"))),
        case("no purse", desk_record_bytes(replace(LOAD, purse="f2a5"))),
        case("a slip with an invisible sign", desk_record_bytes(replace(PAYOUT, slip="4\u200b2"))),
        case("no JSON", b"load it"),
        case("another till's", desk_record_bytes(replace(LOAD, till=LOAD.id))),
    ]


def vectors() -> dict[str, Any]:
    """Return all of the file's content."""
    return {
        # The module's path at that time: the file keeps its bytes.
        "about": "Written by python -m tests.wallet.make_load_vectors.",
        "purpose": base64url(DESK_RECORD_PURPOSE),
        "till": str(TILL),
        "loads": [{"value": to_builtins(one), "text": desk_record_bytes(one).decode()} for one in (LOAD, PAYOUT)],
        "keys": {name: {"jwk": till.jwk()} for name, till in TILLS.items()},
        "cases": cases(),
    }


def reasons() -> set[str]:
    """Every reason in the file."""
    return {one["reason"] for one in cases()} - {None}


def file_text() -> str:
    """Return the content of the file in docs/vectors."""
    return json.dumps(vectors(), indent=1, ensure_ascii=True) + "\n"


OF_THE_TEXT: Final = {Reason.LOAD_FORGED, Reason.LOAD_INVALID, Reason.NOT_THIS_TILL}

if __name__ == "__main__":
    FILE.write_text(file_text(), encoding="utf-8")
