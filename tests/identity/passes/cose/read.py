"""Read passes with the library `cwt`, in a separate environment: it needs a CBOR library older than
Virage's.

Standard input: one JSON document with `keys` (JWKs of the issuer) and `passes` (hex, with the
purpose, and for a phone's code its step and signature). Standard output: for each pass its claims,
and whether the phone signed the step.
"""

import json
import sys
from base64 import urlsafe_b64decode
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cwt import COSE, COSEKey


def read(shown: dict[str, Any], keys: list[Any]) -> dict[str, Any]:
    """Return the claims of one pass; `error` when the library refuses it."""
    try:
        pass_ = bytes.fromhex(shown["pass"])
        payload = COSE.new().decode(pass_, keys, external_aad=shown["purpose"].encode())
        claims = cbor2.loads(payload)
        signed = None
        if "step" in shown:
            signed = by_phone(claims[8][1], pass_, shown)
        return {"claims": cbor2.dumps(claims, canonical=True).hex(), "phone": signed}
    except Exception as error:  # noqa: BLE001 - any exception of the library is a refusal
        return {"error": f"{type(error).__name__}: {error}"}


def by_phone(key: dict[int, Any], pass_: bytes, shown: dict[str, Any]) -> bool:
    """Whether the key in `cnf` signed the pass and the step (RFC 8747)."""
    algorithm = -8 if key[1] == 1 else -7
    key = {**key, 2: b"phone", 3: algorithm}
    if algorithm == -7:  # the library needs the uncompressed point
        point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), bytes([2 + key[-3]]) + key[-2])
        key[-3] = point.public_numbers().y.to_bytes(32, "big")
    step = cbor2.dumps([pass_, shown["step"]])
    protected = cbor2.dumps({1: algorithm})
    message = cbor2.CBORTag(18, [protected, {4: b"phone"}, step, bytes.fromhex(shown["signature"])])
    payload = COSE.new().decode(cbor2.dumps(message), COSEKey.new(key), external_aad=b"virage:step:v1")
    return bool(payload == step)


def raw(text: str) -> bytes:
    """Return the bytes of a base64url text without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main() -> None:
    """Read all passes."""
    asked = json.load(sys.stdin)
    keys = [COSEKey.new({1: 1, 2: raw(key["kid"]), 3: -8, -1: 6, -2: raw(key["x"])}) for key in asked["keys"]]
    json.dump([read(shown, keys) for shown in asked["passes"]], sys.stdout)


main()
