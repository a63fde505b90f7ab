"""The proof that a phone shows once its fan has confirmed."""

from uuid import UUID

import msgspec

from virage.money.wallet.cards.rules.virtual_cards import SignedProof
from virage.platform.values.jwk import base64url


def proof_text(key_id: UUID, signature: bytes) -> str:
    """A proof as a phone shows it: base64url of its canonical JSON."""
    return base64url(msgspec.json.encode(SignedProof(key_id, base64url(signature)), order="sorted"))
