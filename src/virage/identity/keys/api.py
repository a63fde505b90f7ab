"""Acts and reads of keys that other domains may use."""

from virage.identity.keys.acts import ensure_keys as ensure_keys
from virage.identity.keys.acts import open_vault as open_vault
from virage.identity.keys.acts import sign_document as sign_document
from virage.identity.keys.reads import DeviceKeyring as DeviceKeyring
from virage.identity.keys.reads import DeviceKeys as DeviceKeys
from virage.identity.keys.reads import PassKeys as PassKeys
from virage.identity.keys.reads import device_keys as device_keys
from virage.identity.keys.reads import issuer_key as issuer_key
from virage.identity.keys.reads import issuer_keys as issuer_keys
