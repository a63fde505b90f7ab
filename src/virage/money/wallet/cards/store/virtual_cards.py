"""Keys of phones that pay, and proofs on their way to tills."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.identity.keys.types import HolderKey
from virage.money.wallet.cards.rules.virtual_cards import PhoneKey
from virage.money.wallet.cards.store.queries import queries
from virage.platform.data.database import Connection


def _key(row: Any) -> PhoneKey:
    id_, wallet_id, x, y_odd, label, registered_at, blocked_at = row
    return PhoneKey(id_, wallet_id, HolderKey(x, y_odd), label, registered_at, blocked_at)


async def phone_keys(conn: Connection, ids: Collection[UUID]) -> dict[UUID, PhoneKey]:
    """Keys of phones by id."""
    return {row["id"]: _key(row) async for row in queries.phone_keys(conn, ids=list(ids))}


async def phone_keys_of_wallet(conn: Connection, wallet_id: UUID) -> list[PhoneKey]:
    """All keys of phones on a wallet, the oldest first."""
    return [_key(row) async for row in queries.phone_keys_of_wallet(conn, wallet_id=wallet_id)]


async def insert_phone_key(conn: Connection, key: PhoneKey) -> bool:
    """Whether it is new: its id and the key itself."""
    written = await queries.insert_phone_key(
        conn,
        id=key.id,
        wallet_id=key.wallet_id,
        x=key.key.x,
        y_odd=key.key.y_odd,
        label=key.label,
        now=key.registered_at,
    )
    return bool(written)


async def block_phone_key(conn: Connection, key_id: UUID, now: datetime) -> bool:
    """Whether it lived."""
    return bool(await queries.block_phone_key(conn, id=key_id, now=now))


async def forget_phone_keys(conn: Connection, wallet_id: UUID) -> None:
    """Erase the keys of a wallet."""
    await queries.forget_phone_keys(conn, wallet_id=wallet_id)


async def send_proof(
    conn: Connection, record_id: UUID, till_id: UUID, *, key_id: UUID, proof: str, now: datetime
) -> None:
    """Keep a proof for its till."""
    await queries.send_proof(conn, record_id=record_id, till_id=till_id, key_id=key_id, proof=proof, now=now)


async def proof_for(conn: Connection, record_id: UUID, till_id: UUID) -> str | None:
    """The latest proof that was sent for a record of a till."""
    found: str | None = await queries.proof_for(conn, record_id=record_id, till_id=till_id)
    return found


async def proof_sent_from(conn: Connection, record_id: UUID, wallet_id: UUID) -> bool:
    """Whether a phone of a wallet sent a proof for a record."""
    return bool(await queries.proof_sent_from(conn, record_id=record_id, wallet_id=wallet_id))


async def has_moved(conn: Connection, wallet_id: UUID, subject: UUID) -> bool:
    """Whether something that is about this moved a wallet."""
    return bool(await queries.has_moved(conn, wallet_id=wallet_id, subject=subject))


async def forget_proofs(conn: Connection, before: datetime) -> None:
    """Erase proofs that were sent before a moment."""
    await queries.forget_proofs(conn, before=before)
