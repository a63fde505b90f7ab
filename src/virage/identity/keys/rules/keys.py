"""Keys of a pass: the issuer's, one per event, and the holder's, made on the fan's phone."""

from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from virage.platform.values.jwk import KEY_BYTES, Jwk, bytes_of_base64url, coordinates_of

KID_BYTES: Final = 4
SIGNATURE_BYTES: Final = 64

# COSE labels and values: RFC 9052 section 7, RFC 9053 sections 2 and 7.
COSE_EDDSA: Final = -8
COSE_ES256: Final = -7
_KTY, _CRV, _X, _Y = 1, -1, -2, -3
_KTY_OKP, _CRV_ED25519 = 1, 6
_KTY_EC2, _CRV_P256 = 2, 1


class IssuerKey(Struct, frozen=True):
    """The public key that signs the passes of one event; `kid` finds it in a pass."""

    event_id: UUID
    kid: bytes
    public: bytes


class HolderKey(Struct, frozen=True):
    """A phone's public key: Ed25519 (32 bytes of `x`), or P-256 as `x` and the parity of y."""

    x: bytes
    y_odd: bool | None = None

    @property
    def algorithm(self) -> int:
        """The COSE algorithm that this key signs with."""
        return COSE_EDDSA if self.y_odd is None else COSE_ES256


def kid_of(public: bytes) -> bytes:
    """Return the key id of an issuer key: the first four bytes of its SHA-256."""
    return sha256(public).digest()[:KID_BYTES]


def holder_key_from_jwk(jwk: Jwk) -> HolderKey | None:
    """Return the key, or None if it is not a point of its curve or proves nothing."""
    found = coordinates_of(jwk)
    if found is None:
        return None
    return HolderKey(found.x, None if found.y is None else bool(found.y[-1] & 1))


def cose_key(key: HolderKey) -> dict[int, Any]:
    """Return the key as a COSE_Key map (RFC 9053 section 7), a P-256 point in its compressed form."""
    if key.y_odd is None:
        return {_KTY: _KTY_OKP, _CRV: _CRV_ED25519, _X: key.x}
    return {_KTY: _KTY_EC2, _CRV: _CRV_P256, _X: key.x, _Y: key.y_odd}


def holder_key_from_cose(item: object) -> HolderKey | None:
    """Return the key in a COSE_Key map, or None; callers compare it with the encoding of `cose_key`."""
    if not isinstance(item, dict):
        return None
    x, y_odd = item.get(_X), item.get(_Y)
    if not isinstance(x, bytes) or len(x) != KEY_BYTES or not isinstance(y_odd, bool | None):
        return None
    return HolderKey(x, y_odd)


def signed_by_issuer(key: IssuerKey, signature: bytes, message: bytes) -> bool:
    """Return whether the event's key signed the message; never raises, whatever the lengths."""
    return _ed25519_holds(key.public, signature, message)


def signed_by_holder(key: HolderKey, signature: bytes, message: bytes) -> bool:
    """Return whether the phone's key signed the message; ES256 signatures are r and s of 32 bytes each."""
    if key.y_odd is None:
        return _ed25519_holds(key.x, signature, message)
    r, s = int.from_bytes(signature[:KEY_BYTES]), int.from_bytes(signature[KEY_BYTES:])
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes([2 + key.y_odd]) + key.x)
        point.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def signed_body(body: str, signature: str, key: HolderKey | None, purpose: bytes) -> bytes | None:
    """Return the bytes of `body` if the signature over purpose and bytes is valid under the key, else None.

    Both texts are base64url. Each kind of document that devices sign has its own purpose.
    """
    found, signed = bytes_of_base64url(body), bytes_of_base64url(signature)
    if key is None or found is None or signed is None or len(signed) != SIGNATURE_BYTES:
        return None
    return found if signed_by_holder(key, signed, purpose + found) else None


def _ed25519_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        VerifyKey(public).verify(message, signature)
    except (BadSignatureError, ValueError):  # libsodium's for a key or a signature of another length
        return False
    return True
