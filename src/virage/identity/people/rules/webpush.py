"""The protocol of Web Push: messages encrypted for one browser (RFC 8291), signed by the server (VAPID, RFC 8292)."""

import os
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from virage.identity.people.rules.push import Subscriber
from virage.platform.values.derivation import derive
from virage.platform.values.jwk import base64url

TOKEN_LIFETIME: Final = timedelta(hours=12)
SALT_BYTES: Final = 16
_CURVE: Final = ec.SECP256R1()
_RECORD_SIZE: Final = 4096
_LAST_RECORD: Final = b"\x02"
_COORDINATE_BYTES: Final = 32
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Vapid:
    """The deployment's key for push messages; it changes only with the secret."""

    def __init__(self, secret: str) -> None:
        number = int.from_bytes(derive(secret, "virage:push:vapid:v1"))
        self._private = ec.derive_private_key(number % (_ORDER - 1) + 1, _CURVE)
        self.public = point_of(self._private.public_key())

    def __repr__(self) -> str:
        return "Vapid()"

    def header(self, endpoint: str, contact: str, now: datetime) -> str:
        """The `Authorization` of a message: for the push service of that endpoint alone, for half a day."""
        url = urlsplit(endpoint)
        claims = {
            "aud": f"{url.scheme}://{url.netloc}",
            "exp": int((now + TOKEN_LIFETIME).timestamp()),
            "sub": contact,
        }
        signed = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
        r, s = decode_dss_signature(self._private.sign(signed.encode(), ec.ECDSA(SHA256())))
        signature = r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)
        return f"vapid t={signed}.{base64url(signature)}, k={base64url(self.public)}"


def encrypt(
    text: bytes, to: Subscriber, *, salt: bytes | None = None, own: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """Encrypt a message for a browser, in one record of `aes128gcm` (RFC 8188).

    `salt` and the sender's `own` key are fresh for each message; only the example of the RFC names them.
    """
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    own = ec.generate_private_key(_CURVE) if own is None else own
    ours = point_of(own.public_key())
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, to.p256dh))
    secret = _hkdf(to.auth, shared, b"WebPush: info\0" + to.p256dh + ours, 32)
    key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD_SIZE.to_bytes(4) + bytes([len(ours)]) + ours
    return head + AESGCM(key).encrypt(nonce, text + _LAST_RECORD, None)


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as an uncompressed point."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def _json(value: object) -> str:
    return base64url(msgspec.json.encode(value))
