"""Structs and pure functions of keys that other domains' rules may import."""

from virage.identity.keys.rules.keys import COSE_EDDSA as COSE_EDDSA
from virage.identity.keys.rules.keys import KID_BYTES as KID_BYTES
from virage.identity.keys.rules.keys import SIGNATURE_BYTES as SIGNATURE_BYTES
from virage.identity.keys.rules.keys import HolderKey as HolderKey
from virage.identity.keys.rules.keys import IssuerKey as IssuerKey
from virage.identity.keys.rules.keys import cose_key as cose_key
from virage.identity.keys.rules.keys import holder_key_from_cose as holder_key_from_cose
from virage.identity.keys.rules.keys import holder_key_from_jwk as holder_key_from_jwk
from virage.identity.keys.rules.keys import kid_of as kid_of
from virage.identity.keys.rules.keys import signed_body as signed_body
from virage.identity.keys.rules.keys import signed_by_holder as signed_by_holder
from virage.identity.keys.rules.keys import signed_by_issuer as signed_by_issuer
from virage.identity.keys.rules.vault import KeyVault as KeyVault
from virage.identity.keys.rules.vault import SealedKey as SealedKey
