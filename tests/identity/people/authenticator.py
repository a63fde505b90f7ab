"""An authenticator in software: it makes passkeys and signs with them, as a phone or a security key does."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fido2.cose import ES256, CoseKey, EdDSA
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

ORIGIN = "https://virage.local"
PRESENT, VERIFIED, BACKED_UP = 0x01, 0x04, 0x18
AAGUID = Aaguid(b"a software key .")

PrivateKey = ec.EllipticCurvePrivateKey | Ed25519PrivateKey | rsa.RSAPrivateKey


def new_key(algorithm: int) -> tuple[PrivateKey, CoseKey]:
    """A key pair of a COSE algorithm."""
    key: PrivateKey
    if algorithm == ES256.ALGORITHM:
        key = ec.generate_private_key(ec.SECP256R1())
    elif algorithm == EdDSA.ALGORITHM:
        key = Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(65_537, 2_048)
    kind: Any = CoseKey.for_alg(algorithm)
    return key, kind.from_cryptography_key(key.public_key())


@dataclass
class Credential:
    """One passkey: its private key stays in the authenticator, unless it is copied."""

    id: bytes
    rp_id: str
    handle: bytes
    key: PrivateKey
    count: int


@dataclass
class Authenticator:
    """A security key or a phone. `counts` is False for passkeys that sync: their counter stays 0."""

    origin: str = ORIGIN
    counts: bool = True
    flags: int = PRESENT | VERIFIED | BACKED_UP
    algorithm: int = ES256.ALGORITHM
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: Mapping[str, Any], **lies: Any) -> dict[str, Any]:
        """A new passkey as `PublicKeyCredential.toJSON` returns it; `lies` replace what an honest one would say."""
        key, public_key = new_key(self.algorithm)
        handle, rp_id = websafe_decode(options["user"]["id"]), options["rp"]["id"]
        made = Credential(lies.get("credential_id", secrets.token_bytes(32)), rp_id, handle, key, int(self.counts))
        self.credentials.append(made)
        client = self._client("webauthn.create", options["challenge"], lies)
        data = AuthenticatorData.create(
            sha256(lies.get("rp_id", rp_id).encode()),
            self.flags | AuthenticatorData.FLAG.AT,
            made.count,
            AttestedCredentialData.create(AAGUID, made.id, public_key),
        )
        return {
            "id": websafe_encode(made.id),
            "rawId": websafe_encode(made.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": websafe_encode(client),
                "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
                "transports": ["internal", "hybrid"],
            },
        }

    def get(self, options: Mapping[str, Any], **lies: Any) -> dict[str, Any]:
        """A signature of the passkey that the options name, or of the last one."""
        named = {websafe_decode(one["id"]) for one in options["allowCredentials"]}
        credential = next(one for one in reversed(self.credentials) if not named or one.id in named)
        credential.count += self.counts
        client = self._client("webauthn.get", options["challenge"], lies)
        rp_id = lies.get("rp_id", credential.rp_id)
        data = AuthenticatorData.create(
            sha256(rp_id.encode()), lies.get("flags", self.flags), lies.get("count", credential.count)
        )
        return {
            "id": websafe_encode(credential.id),
            "rawId": websafe_encode(credential.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(lies.get("signature", _signed(credential.key, data + client.hash))),
                "userHandle": websafe_encode(lies.get("handle", credential.handle)),
            },
        }

    def _client(self, kind: str, challenge: str, lies: Mapping[str, Any]) -> CollectedClientData:
        said = {
            "type": lies.get("type", kind),
            "challenge": challenge,
            "origin": lies.get("origin", self.origin),
            "crossOrigin": lies.get("cross_origin", False),
        }
        return CollectedClientData(json.dumps(said).encode())


def _signed(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message)
