"""Signing keys of events, made when first asked for, and documents signed by them, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.keys import store
from virage.identity.keys.rules.vault import PURPOSE, KeyVault, SealedKey
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.settings.config import Config
from virage.platform.values.derivation import derive


def open_vault(config: Config) -> KeyVault:
    """Return the vault of the deployment's signing keys."""
    previous = [derive(secret, PURPOSE) for secret in config.secrets_previous]
    return KeyVault(derive(config.secret, PURPOSE), previous)


async def ensure_keys(
    conn: Connection, vault: KeyVault, event_ids: Sequence[UUID], now: datetime
) -> dict[UUID, SealedKey]:
    """Return the signing keys of events, made now where an event has none."""
    wanted = sorted(set(event_ids))
    keys = await store.signing_keys(conn, wanted)
    missing = [event_id for event_id in wanted if event_id not in keys]
    if not missing:
        return keys
    await store.add_signing_keys(conn, [vault.new_key(event_id) for event_id in missing], now)
    facts = [Fact("pass_key_made", None, event_id, {}) for event_id in missing]
    await append(conn, facts, now)
    return await store.signing_keys(conn, wanted)


async def sign_document(
    conn: Connection, vault: KeyVault, event_id: UUID, message: bytes, now: datetime
) -> tuple[bytes, bytes]:
    """Sign a document with the event's key; return (kid, signature).

    The message must begin with a purpose in letters, which no CBOR array of a pass does.
    """
    key = (await ensure_keys(conn, vault, [event_id], now))[event_id]
    return key.kid, vault.open(key).sign(message)


async def reseal_keys(conn: Connection, vault: KeyVault) -> int:
    """Seal every key under the current secret after a rotation; return the number of resealed keys."""
    resealed = [vault.resealed(key) for key in await store.all_signing_keys(conn)]
    changed = [key for key in resealed if key is not None]
    await store.reseal(conn, changed)
    return len(changed)
