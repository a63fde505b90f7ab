"""Signing keys in the database: made once, sealed, sealed again after a rotation."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from virage.identity.keys.acts import ensure_keys, open_vault, reseal_keys
from virage.identity.keys.jobs import KeyJobs
from virage.identity.keys.rules.vault import KeyVault, SealBroken
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import read_after
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)


@pytest.fixture
def vault(config: Config) -> KeyVault:
    return open_vault(config)


async def test_concurrent_first_requests_create_one_key(db: Database, vault: KeyVault) -> None:
    event_id = new_id()

    async def ask() -> bytes:
        async with db.transaction() as conn:
            return (await ensure_keys(conn, vault, [event_id], NOW))[event_id].public

    assert len(set(await asyncio.gather(*(ask() for _ in range(6))))) == 1


async def test_no_private_key_is_readable_in_the_database(conn: Connection, vault: KeyVault) -> None:
    event_id = new_id()
    key = (await ensure_keys(conn, vault, [event_id], NOW))[event_id]
    private = vault.open(key).private_bytes_raw()
    row = await conn.fetchrow("select * from keys.signing_key")
    assert row is not None
    assert all(private not in value for value in row.values() if isinstance(value, bytes))
    assert private.hex() not in str(await read_after(conn, "0-0"))


async def test_a_sealed_key_opens_with_its_event_and_secret_only(config: Config, vault: KeyVault) -> None:
    key = vault.new_key(new_id())
    stranger = open_vault(msgspec.structs.replace(config, secret="another secret, also long enough to be one"))
    with pytest.raises(SealBroken):
        stranger.open(key)
    with pytest.raises(SealBroken):
        vault.open(msgspec.structs.replace(key, event_id=new_id()))


async def test_a_rotated_secret_opens_old_keys_and_seals_them_anew(
    db: Database, config: Config, vault: KeyVault
) -> None:
    event_id = new_id()
    async with db.transaction() as conn:
        public = (await ensure_keys(conn, vault, [event_id], NOW))[event_id].public
    secret = "the secret after the rotation, long enough"
    rotated = open_vault(msgspec.structs.replace(config, secret=secret, secrets_previous=(config.secret,)))
    later = open_vault(msgspec.structs.replace(config, secret=secret))
    await KeyJobs(db, rotated).reseal()
    async with db.transaction() as conn:
        key = (await ensure_keys(conn, later, [event_id], NOW))[event_id]
        assert await reseal_keys(conn, rotated) == 0
    assert later.open(key).public_key().public_bytes_raw() == public


async def test_a_key_that_cannot_be_opened_is_unchanged(db: Database, config: Config, vault: KeyVault) -> None:
    async with db.transaction() as conn:
        await ensure_keys(conn, vault, [new_id()], NOW)
    stranger = open_vault(msgspec.structs.replace(config, secret="another secret, also long enough to be one"))
    await KeyJobs(db, stranger).reseal()
    async with db.transaction() as conn:
        assert await reseal_keys(conn, vault) == 0
