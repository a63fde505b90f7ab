"""Write docs/vectors/fiscal.json: records of tills, their totals, and the continuation of a chain.

    python -m tests.money.fiscal.make_vectors

The keys are public by purpose: they sign nothing but these vectors. Python and TypeScript both
encode each record, hash it, check it and extend each chain: neither relies on the other.
"""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import replace

from tests.identity.passes.make_vectors import Ed25519Phone, P256Phone
from tests.money.fiscal.test_fiscal_record import LARGEST_TIP, RIGHT, SPELLINGS, WRONG
from tests.money.fiscal.till import Till
from virage.money.fiscal.rules.chain import Head, Link, anchor, extend, link_of
from virage.money.fiscal.rules.record import GENESIS, RECORD_PURPOSE, Kind, Record, VerifiedRecord, canonical, check
from virage.platform.values.jwk import base64url
from virage.platform.values.refusals import Refused

FILE = Path(__file__).parents[3] / "docs/vectors/fiscal.json"

TILLS = {
    "Ed25519": Till(UUID("01970000-0000-7000-8000-00000000711a"), Ed25519Phone("virage vectors: till")),
    "P-256": Till(UUID("01970000-0000-7000-8000-00000000711b"), P256Phone("virage vectors: older till")),
}


def _id(name: str) -> UUID:
    """An id for each name: a UUIDv7 except for its time."""
    digits = "".join(f"{byte:02x}" for byte in name.encode())[-24:].rjust(24, "0")
    return UUID(f"01970000-{digits[:4]}-7{digits[4:7]}-8{digits[7:10]}-{digits[10:22]}")


def _record(till: Till, name: str, kind: Kind, changes: dict[str, Any]) -> Record:
    return replace(till.record(kind, **changes), id=_id(name))


def _refusal(refused: Refused | None) -> dict[str, Any] | None:
    return None if refused is None else {"reason": refused.reason, "data": refused.data}


def _written(name: str, key: str, record: Record) -> dict[str, Any]:
    written = TILLS[key].sign(record)
    return {
        "name": name,
        "key": key,
        "record": to_builtins(record),
        "text": written.body.decode(),
        "hash": written.hash,
        "signature": base64url(written.signature),
        "total_cents": record.total_cents,
        "check": _refusal(check(record)),
    }


def _records() -> list[dict[str, Any]]:
    cases = {kind.value: (kind, dict[str, Any]()) for kind in Kind} | RIGHT
    cases |= {name: (kind, changes) for name, (kind, changes, _) in WRONG.items()} | LARGEST_TIP
    found = []
    for number, (name, (kind, changes)) in enumerate(cases.items()):
        key = list(TILLS)[number % 2]
        found.append(_written(name, key, _record(TILLS[key], name, kind, dict(changes))))
    return found


def _no_records() -> list[dict[str, str]]:
    body = canonical(_record(TILLS["Ed25519"], "spelled", Kind.SALE, {"at": "2026-05-09T18:00:20.000Z"}))
    return [{"name": name, "body": base64url(spell(body))} for name, spell in SPELLINGS.items()]


def _chain() -> list[VerifiedRecord]:
    """Eight records of one till."""
    till, head, chain = TILLS["Ed25519"], Head(), list[VerifiedRecord]()
    for number in range(1, 9):
        record = _record(till, f"chain {number}", Kind.SALE, {"number": number, "previous": head.hash})
        chain.append(till.sign(record))
        head = Head(number, chain[-1].hash)
    return chain


def _extensions(chain: list[VerifiedRecord]) -> list[dict[str, Any]]:
    links = [link_of(written) for written in chain]
    other = links[2]._replace(hash="f" * 64, id=_id("another"))
    cases: dict[str, tuple[int, list[Link]]] = {
        "the first record": (0, links[:1]),
        "all in order": (0, links),
        "an upload in any order": (2, [links[4], links[2], links[3]]),
        "the same again": (8, [links[2], links[7]]),
        "the same twice in one upload": (2, [links[2], links[2]]),
        "a gap": (2, [links[4]]),
        "a gap behind what is expected": (2, [links[2], links[4]]),
        "other bytes under a number that is taken": (8, [other]),
        "other bytes under the number that is expected, first": (2, [other._replace(previous="f" * 64), links[2]]),
        "two records of one number": (2, [links[2], other]),
        "an id for the second time": (2, [links[2]._replace(id=links[1].id)]),
        "nothing": (3, []),
    }
    found = []
    for name, (number, upload) in cases.items():
        known = {link.number: link.hash for link in links[:number]}
        before = Head(number, links[number - 1].hash) if number else Head()
        after, outcomes = extend(before, known, upload, {link.id for link in links[:number]})
        found.append(
            {
                "name": name,
                "head": to_builtins(before),
                "upload": [link._asdict() | {"id": str(link.id)} for link in upload],
                "after": to_builtins(after),
                "outcomes": [_refusal(one) if isinstance(one, Refused) else to_builtins(one) for one in outcomes],
            }
        )
    return found


def vectors() -> dict[str, Any]:
    """Return all of the file's content."""
    chain = _chain()
    head = Head(chain[-1].record.number, chain[-1].hash)
    first = anchor(TILLS["Ed25519"].id, Head(3, chain[2].hash), "2026-05-09T18:00:00.000Z", None)
    second = anchor(TILLS["Ed25519"].id, head, "2026-05-09T18:05:00.000Z", first)
    return {
        # The module's path at that time: the file keeps its bytes.
        "about": "Written by python -m tests.concessions.make_vectors.",
        "purpose": base64url(RECORD_PURPOSE),
        "genesis": GENESIS,
        "keys": {name: till.signer.jwk() for name, till in TILLS.items()},
        "records": _records(),
        "no_records": _no_records(),
        "chain": [
            {"text": one.body.decode(), "hash": one.hash, "signature": base64url(one.signature)} for one in chain
        ],
        "extensions": _extensions(chain),
        "anchors": [to_builtins(one) | {"own_hash": one.own_hash} for one in (first, second)],
    }


def reasons() -> set[str]:
    """Every reason in the file."""
    found = vectors()
    refusals = [record["check"] for record in found["records"]]
    refusals += [outcome for one in found["extensions"] for outcome in one["outcomes"]]
    return {str(refusal["reason"]) for refusal in refusals if refusal is not None and "reason" in refusal}


def file_text() -> str:
    """Return the content of the file in docs/vectors."""
    return json.dumps(vectors(), indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(file_text(), encoding="utf-8")
