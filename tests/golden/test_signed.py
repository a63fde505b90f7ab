"""Today's code reads what devices of 0.1.0 signed, and the server signs the same bytes as before."""

import json
from base64 import b64decode
from typing import Any
from uuid import UUID

from tests.golden.archives import decoded
from tests.golden.browser import expected
from tests.golden.signed import FILE, event_key
from virage.identity.keys.rules.keys import HolderKey, IssuerKey, kid_of, signed_by_issuer
from virage.matchday.access.rules.pack import PACK_PURPOSE
from virage.matchday.access.rules.scans import SignedScan, body_of, scan_of
from virage.money.fiscal.rules.record import RECORD_PURPOSE, SignedRecord, VerifiedRecord, canonical, check, read_signed

SIGNED: dict[str, Any] = json.loads(FILE.read_bytes())
GATE, TILL, PACKS = SIGNED["gate"], SIGNED["till"], SIGNED["packs"]


def changed(text: str) -> str:
    """The same base64url with another letter in its middle."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


def test_every_signed_scan_of_a_gate_is_decoded_to_the_same_values() -> None:
    key = HolderKey(decoded(GATE["key"]["x"]))
    read = []
    for signed in GATE["scans"]:
        body = body_of(SignedScan(**signed), key)
        assert body is not None
        scan = scan_of(body)
        assert scan is not None
        read.append((scan.number, scan.kind, scan.pass_number, scan.offline, scan.reason))
        assert body_of(SignedScan(changed(signed["body"]), signed["signature"]), key) is None
    meant = expected().gate.scans
    assert read == [(scan.number, scan.kind, scan.pass_number, scan.offline, scan.reason) for scan in meant]
    assert len(read) == 5


def test_every_sale_that_a_till_signed_is_read_and_written_again_with_the_same_bytes() -> None:
    key, till = HolderKey(decoded(TILL["key"]["x"])), UUID(TILL["device"])
    previous = None
    for signed, meant in zip(TILL["records"], expected().till.records, strict=True):
        written = read_signed(SignedRecord(**signed), till, key)
        assert isinstance(written, VerifiedRecord), written
        assert canonical(written.record) == decoded(signed["body"])
        assert (written.hash, written.record.number, written.record.id) == (meant.hash, meant.number, meant.id)
        assert check(written.record) is None
        assert previous in (None, written.record.previous)
        previous = written.hash
        assert not isinstance(
            read_signed(SignedRecord(changed(signed["body"]), signed["signature"]), till, key), VerifiedRecord
        )
    assert len(TILL["records"]) == 4


def test_a_key_signs_the_body_of_a_pack_and_of_a_sale_as_it_did() -> None:
    """The purposes before the bodies are repeated here as published: another purpose gives another
    signature.
    """
    assert (PACK_PURPOSE, RECORD_PURPOSE) == (b"virage:pack:v1\0", b"virage:sale:v1\0")
    sealed = json.loads(PACKS["gate"])
    body, signature = b64decode(sealed["body"]), decoded(sealed["signature"])
    event = UUID(json.loads(body)["event"]["id"])
    private = event_key(event)
    public = private.public_key().public_bytes_raw()
    assert private.sign(b"virage:pack:v1\0" + body) == signature
    assert kid_of(public) == decoded(sealed["kid"])
    key = IssuerKey(event, kid_of(public), public)
    assert signed_by_issuer(key, signature, PACK_PURPOSE + body)
    assert not signed_by_issuer(key, signature, PACK_PURPOSE + body.replace(b"true", b"fals"))
