"""Write docs/vectors/passes.json: passes from fixed keys, and the verdict on each text.

    python -m tests.identity.passes.make_vectors

The keys are public by purpose: they sign nothing but these vectors.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from virage.identity.keys.rules.keys import HolderKey, IssuerKey, kid_of
from virage.identity.passes.rules import base45
from virage.identity.passes.rules.cbor import encode
from virage.identity.passes.rules.claims import (
    HOLDER_PURPOSE,
    ISSUER_PURPOSE,
    Claims,
    event_short,
    sign_pass,
    to_be_signed,
)
from virage.identity.passes.rules.code import holder_message, rotating_code, step_at, text_of
from virage.identity.passes.rules.verification import Unverified, Verified, verify
from virage.platform.values.jwk import base64url

FILE = Path(__file__).parents[3] / "docs/vectors/passes.json"

EVENT = UUID("01970000-0000-7000-8000-0000a11ce001")
OTHER_EVENT = UUID("01970000-0000-7000-8000-0000b0bca7e2")
KICK_OFF = datetime(2026, 5, 9, 19, tzinfo=UTC)
NOW = KICK_OFF - timedelta(minutes=40)
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
Sign = Callable[[bytes], bytes]


class Issuer:
    """An event's signing key with a fixed seed."""

    def __init__(self, event_id: UUID, seed: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest())
        public = self.private.public_key().public_bytes_raw()
        self.key = IssuerKey(event_id, kid_of(public), public)

    def sign_pass(self, claims: Claims) -> bytes:
        return sign_pass(claims, self.key.kid, self.private.sign)

    def jwk(self) -> dict[str, str]:
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": base64url(self.key.public),
            "kid": base64url(self.key.kid),
            "alg": "EdDSA",
            "use": "sig",
        }


class Ed25519Phone:
    """A phone with an Ed25519 key with a fixed seed."""

    def __init__(self, seed: str) -> None:
        self.seed = sha256(seed.encode()).digest()
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.key = HolderKey(self.private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)

    def sign_with_neutral_point(self, message: bytes) -> bytes:
        """Sign with the nonce zero: the equation holds, and the signature reveals the private key."""
        scalar = int.from_bytes(sha512(self.seed).digest()[:32], "little") & ~7 & ((1 << 254) - 1) | (1 << 254)
        point = (1).to_bytes(32, "little")
        challenge = int.from_bytes(sha512(point + self.key.x + message).digest(), "little")
        return point + (challenge * scalar % ED25519_ORDER).to_bytes(32, "little")

    def jwk(self) -> dict[str, str]:
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(self.key.x), "d": base64url(self.seed)}


class P256Phone:
    """A phone with a P-256 key with a fixed scalar; its signatures are deterministic (RFC 6979)."""

    def __init__(self, seed: str) -> None:
        self.scalar = int.from_bytes(sha256(seed.encode()).digest())
        self.private = ec.derive_private_key(self.scalar, ec.SECP256R1())
        self.point = self.private.public_key().public_numbers()
        self.key = HolderKey(self.point.x.to_bytes(32), bool(self.point.y & 1))

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True)))
        return r.to_bytes(32) + s.to_bytes(32)

    def jwk(self) -> dict[str, str]:
        numbers = {"x": self.point.x, "y": self.point.y, "d": self.scalar}
        coordinates = {name: base64url(value.to_bytes(32)) for name, value in numbers.items()}
        return {"kty": "EC", "crv": "P-256", **coordinates}


ISSUER = Issuer(EVENT, "virage vectors: issuer of the match")
OTHER_ISSUER = Issuer(OTHER_EVENT, "virage vectors: issuer of another match")
STRANGER = Issuer(EVENT, "virage vectors: a key that nobody published")
ED25519 = Ed25519Phone("virage vectors: phone")
P256 = P256Phone("virage vectors: older phone")
P256_OTHER_PARITY = P256Phone("virage vectors: another older phone")
KEYS = {issuer.key.kid: issuer.key for issuer in (ISSUER, OTHER_ISSUER)}


def claims_of(holder: HolderKey | None, **changes: Any) -> Claims:
    """Return the claims of seat 41,207 on the night of the match, with changes."""
    claims = Claims(
        event=event_short(EVENT),
        number=12_345,
        generation=0,
        place=41_207,
        gate_group="N2",
        not_before=KICK_OFF - timedelta(hours=12),
        expires_at=KICK_OFF + timedelta(hours=4),
        holder=holder,
    )
    return msgspec.structs.replace(claims, **changes)


def code_of(
    phone: Any, *, step: int | None = None, issuer: Issuer = ISSUER, sign: Sign | None = None, **changes: Any
) -> bytes:
    """Return the moving code that the phone shows at NOW, with changes to its step, signatures or claims."""
    cwt = issuer.sign_pass(claims_of(phone.key, **changes))
    return rotating_code(cwt, step_at(NOW) if step is None else step, phone.key, sign or phone.sign)


def verdict_json(verdict: Verified | Unverified) -> dict[str, Any]:
    """Return the verdict as both implementations compare it: bytes in hex, times in seconds since 1970."""
    found: dict[str, Any] = {"type": "verified" if isinstance(verdict, Verified) else "unverified"}
    if isinstance(verdict, Verified):
        found["paper"] = verdict.paper
    else:
        found["reason"] = verdict.reason
    claims = verdict.claims
    holder = claims and claims.holder
    found["claims"] = claims and {
        "event": claims.event.hex(),
        "number": claims.number,
        "generation": claims.generation,
        "place": claims.place,
        "gate_group": claims.gate_group,
        "not_before": int(claims.not_before.timestamp()),
        "expires_at": int(claims.expires_at.timestamp()),
        "holder": holder and {"x": holder.x.hex(), "y_odd": holder.y_odd},
    }
    found["step"] = verdict.step
    return found


def flipped(data: bytes, at: int) -> bytes:
    """Return the bytes with the lowest bit of one of them changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def raw_pass(header: Any, claims_set: Any, unprotected: Any = None, purpose: bytes = ISSUER_PURPOSE) -> bytes:
    """Return a COSE_Sign1 of any header and claims, signed by the issuer although it may be
    invalid.
    """
    protected = header if isinstance(header, bytes) else encode(header)
    payload = claims_set if isinstance(claims_set, bytes) else encode(claims_set)
    signature = ISSUER.private.sign(to_be_signed(protected, purpose, payload))
    return b"\xd2" + encode([protected, unprotected or {}, payload, signature])


def accepted() -> dict[str, bytes]:
    step = step_at(NOW)
    return {
        "a phone with Ed25519": code_of(ED25519),
        "a phone with P-256": code_of(P256),
        "a phone with P-256, the other parity of y": code_of(P256_OTHER_PARITY),
        "a phone half a minute behind": code_of(ED25519, step=step - 1),
        "a phone half a minute ahead": code_of(P256, step=step + 1),
        "the largest values": code_of(
            P256, number=70_000, generation=23, place=4_294_967_295, gate_group="NORTH2", not_before=NOW - timedelta(45)
        ),
        "paper": ISSUER.sign_pass(claims_of(None, generation=1)),
    }


def doubted() -> dict[str, bytes]:
    step, good, paper = step_at(NOW), code_of(ED25519), ISSUER.sign_pass(claims_of(None))
    cwt = ISSUER.sign_pass(claims_of(ED25519.key))
    hour = timedelta(hours=1)
    early, late = {"not_before": NOW + hour}, {"not_before": NOW - 2 * hour, "expires_at": NOW - hour}
    as_issuer = to_be_signed(encode({1: -8}), ISSUER_PURPOSE, encode([cwt, step]))
    header, claims_set = {1: -8, 4: ISSUER.key.kid}, {4: 2_000_000_000, -65537: [bytes(6), 1, 0, 1, "N2", 60]}
    return {
        "a screenshot of a minute ago": code_of(ED25519, step=step - 2),
        "a step of the future": code_of(P256, step=step + 2),
        "a pass with a holder, alone": cwt,
        "another phone's key": rotating_code(cwt, step, ED25519.key, Ed25519Phone("another").sign),
        "another older phone's key": code_of(P256, sign=P256_OTHER_PARITY.sign),
        "a step that the holder did not sign": encode(
            [cwt, step + 1, ED25519.sign(holder_message(cwt, step, ED25519.key))]
        ),
        "a holder signature for the issuer's purpose": encode([cwt, step, ED25519.sign(as_issuer)]),
        "an issuer signature for the holder's purpose": raw_pass(header, claims_set, purpose=HOLDER_PURPOSE),
        "a signature of zeros": encode([cwt, step, bytes(64)]),
        "a holder signature with a point of small order": code_of(ED25519, sign=ED25519.sign_with_neutral_point),
        "a P-256 signature of zeros": code_of(P256, sign=lambda _: bytes(64)),
        "an unknown issuer": code_of(ED25519, issuer=STRANGER),
        "a pass of another event": code_of(ED25519, issuer=OTHER_ISSUER, event=event_short(OTHER_EVENT)),
        "this event signed by another event's key": code_of(ED25519, issuer=OTHER_ISSUER),
        "another event signed by this event's key": code_of(ED25519, event=event_short(OTHER_EVENT)),
        "not yet valid": code_of(ED25519, **dict[str, Any](early)),
        "no longer valid": code_of(ED25519, **dict[str, Any](late)),
        "a changed number": good.replace(bytes.fromhex("193039"), bytes.fromhex("193038")),
        "a changed issuer signature": flipped(paper, len(paper) - 1),
        "a changed holder signature": flipped(good, len(good) - 1),
        "paper in a moving code": encode([paper, step, ED25519.sign(holder_message(paper, step, ED25519.key))]),
    }


def malformed() -> dict[str, bytes]:
    good, paper = code_of(ED25519), ISSUER.sign_pass(claims_of(None))
    header, values = {1: -8, 4: ISSUER.key.kid}, [event_short(EVENT), 1, 0, 1, "N2", 60]
    kid, expires = ISSUER.key.kid, 2_000_000_000
    long_zero = encode({4: expires, -65537: values}).replace(b"\x86\x46", b"\x98\x06\x46")
    return {
        "no bytes": b"",
        "a trailing byte": good + b"\0",
        "a missing byte": good[:-1],
        "a trailing byte after paper": paper + b"\0",
        "no tag": paper[1:],
        "another tag": b"\xd1" + paper[1:],
        "an indefinite array": b"\x9f" + good[1:] + b"\xff",
        "a longer head than needed": raw_pass(header, long_zero),
        "a longer head in a moving code": b"\x83\x59\x00" + good[2:],
        "a longer head in a paper": paper.replace(b"\x58\x40", b"\x59\x00\x40"),
        "keys out of order": raw_pass(
            bytes.fromhex("a20444") + kid + bytes.fromhex("0127"), {4: expires, -65537: values}
        ),
        "a repeated key": raw_pass(header, b"\xa3\x04\x1a\x77\x35\x94\x00" + encode({4: expires, -65537: values})[1:]),
        "another algorithm": raw_pass({1: -7, 4: kid}, {4: expires, -65537: values}),
        "a longer kid": raw_pass({1: -8, 4: kid + b"\0"}, {4: expires, -65537: values}),
        "no kid": raw_pass({1: -8}, {4: expires, -65537: values}),
        "an unprotected header": raw_pass(header, {4: expires, -65537: values}, unprotected={4: kid}),
        "a claim too many": raw_pass(header, {4: expires, 6: 1, -65537: values}),
        "no expiry": raw_pass(header, {-65537: values}),
        "an expiry after 2106": raw_pass(header, {4: 2**32, -65537: values}),
        "no pass array": raw_pass(header, {4: expires}),
        "a value too many": raw_pass(header, {4: expires, -65537: [*values, 0]}),
        "a negative number": raw_pass(header, {4: expires, -65537: [values[0], -1, *values[2:]]}),
        "true as a number": raw_pass(header, {4: expires, -65537: [values[0], True, *values[2:]]}),
        "generation 24": raw_pass(header, {4: expires, -65537: [*values[:2], 24, *values[3:]]}),
        "a short event": raw_pass(header, {4: expires, -65537: [bytes(5), *values[1:]]}),
        "an empty gate group": raw_pass(header, {4: expires, -65537: [*values[:4], "", 60]}),
        "a gate group of seven": raw_pass(header, {4: expires, -65537: [*values[:4], "NORTH22", 60]}),
        "a gate group with an accent": raw_pass(header, {4: expires, -65537: [*values[:4], "É", 60]}),
        "a gate group that is no UTF-8": raw_pass(
            header, encode({4: expires, -65537: values}).replace(b"\x62N2", b"\x62\xc3\x28")
        ),
        "no minute of validity": raw_pass(header, {4: expires, -65537: [*values[:5], 0]}),
        "a floating expiry": raw_pass(header, {4: 2_000_000_000.5, -65537: values}),
        "a confirmation without key": raw_pass(header, {4: expires, 8: {}, -65537: values}),
        "a confirmation by key id": raw_pass(header, {4: expires, 8: {3: b"kid"}, -65537: values}),
        "a short holder key": raw_pass(header, {4: expires, 8: {1: {1: 1, -1: 6, -2: bytes(31)}}, -65537: values}),
        "a holder key of an unknown curve": raw_pass(
            header, {4: expires, 8: {1: {1: 1, -1: 7, -2: bytes(32)}}, -65537: values}
        ),
        "a P-256 key without y": raw_pass(header, {4: expires, 8: {1: {1: 2, -1: 1, -2: bytes(32)}}, -65537: values}),
        "a short holder signature": encode([ISSUER.sign_pass(claims_of(ED25519.key)), 1, bytes(63)]),
        "a negative step": encode([ISSUER.sign_pass(claims_of(ED25519.key)), -1, bytes(64)]),
        "a step of 33 bits": encode([ISSUER.sign_pass(claims_of(ED25519.key)), 2**32, bytes(64)]),
        "deep nesting": b"\x83" + b"\x81" * 200,
        "an array longer than memory": bytes.fromhex("839b7fffffffffffffff"),
        "a byte string longer than memory": bytes.fromhex("835b7fffffffffffffff"),
    }


def malformed_texts() -> dict[str, str]:
    paper = text_of(ISSUER.sign_pass(claims_of(None)))
    return {
        "an empty text": "",
        "another prefix": "V2:" + paper[3:],
        "no prefix": paper[3:],
        "a prefix alone": "V1:",
        "small letters": paper.lower(),
        "a character outside base45": paper[:-3] + "\u00df00",
        "an underscore": paper[:-1] + "_",
        "a last character alone": "V1:" + base45.encode(b"\xd2\x84") + "0",
        "a group above 65535": "V1:GGW" + paper[6:],
        "a last group above 255": "V1:" + base45.encode(b"\xd2\x84") + "V5",
        "a text longer than the code holds": text_of(bytes(244)),
    }


def cases() -> list[dict[str, Any]]:
    """Return every text with its verdict at NOW, at the gate of EVENT."""
    texts = {name: text_of(data) for group in (accepted(), doubted(), malformed()) for name, data in group.items()}
    return [
        {"name": name, "text": text, "verdict": verdict_json(verify(text, KEYS, NOW, EVENT))}
        for name, text in (texts | malformed_texts()).items()
    ]


def base45_vectors() -> dict[str, Any]:
    samples = [b"", b"\0", b"\xff", b"\0\0", b"\xff\xff", b"AB", b"Hello!!", b"base-45", b"ietf!", bytes(range(256))]
    return {
        "encoded": [{"hex": data.hex(), "text": base45.encode(data)} for data in samples],
        "refused": ["0", "0000", ":::", "GGX", "::", "U5U5", "ab", "0_0", "\u0660\u0661", "\u00e9A", "AB\n"],
    }


def vectors() -> dict[str, Any]:
    """Return all of the file's content."""
    cwt = ISSUER.sign_pass(claims_of(ED25519.key))
    return {
        # The module's path at that time: the file keeps its bytes.
        "about": "Written by python -m tests.passes.make_vectors; the format is docs/passes.cddl.",
        "now": NOW.isoformat().replace("+00:00", "Z"),
        "event_id": str(EVENT),
        "issuers": [
            {"event_id": str(issuer.key.event_id), "keys": [issuer.jwk()]} for issuer in (ISSUER, OTHER_ISSUER)
        ],
        "holders": {"ed25519": ED25519.jwk(), "p256": P256.jwk()},
        "moving": {
            "pass": text_of(cwt),
            "step": step_at(NOW),
            "holder_message": holder_message(cwt, step_at(NOW), ED25519.key).hex(),
            "code": text_of(code_of(ED25519)),
            "p256_pass": text_of(ISSUER.sign_pass(claims_of(P256.key))),
        },
        "base45": base45_vectors(),
        "cases": cases(),
    }


def file_text() -> str:
    """Return the content of the file in docs/vectors."""
    return json.dumps(vectors(), indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(file_text(), encoding="utf-8")
