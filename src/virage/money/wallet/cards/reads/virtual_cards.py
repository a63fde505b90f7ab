"""Phones that pay, as their owners see them, and what has become of what they signed."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.money.wallet.accounts.api import wallet_of
from virage.money.wallet.cards.rules.virtual_cards import PhoneKey
from virage.money.wallet.cards.store import virtual_cards as store
from virage.platform.data.database import Connection
from virage.platform.values.jwk import base64url


class MyPhone(Struct, frozen=True):
    """A phone that pays from my wallet."""

    id: UUID
    label: str | None
    registered_at: datetime


class ProofState(StrEnum):
    """What has become of a proof: the till has not booked it yet, or it has."""

    WAITING = "waiting"
    PAID = "paid"


class ProofSent(Struct, frozen=True):
    """A proof on its way to its till."""

    record_id: UUID
    state: ProofState


async def phones_of(conn: Connection, owner_id: UUID) -> list[MyPhone]:
    """Return the paying phones of a person, oldest first."""
    return [my_phone(key) for key in await _keys_of(conn, owner_id) if key.blocked_at is None]


def my_phone(key: PhoneKey) -> MyPhone:
    """A phone as its owner sees it."""
    return MyPhone(key.id, key.label, key.registered_at)


async def proof_sent(conn: Connection, owner_id: UUID, record_id: UUID) -> ProofSent | None:
    """Return the state of a proof by the person's own phone; None without one for this record."""
    wallet = await wallet_of(conn, owner_id)
    if wallet is None or not await store.proof_sent_from(conn, record_id, wallet.id):
        return None
    paid = await store.has_moved(conn, wallet.id, record_id)
    return ProofSent(record_id, ProofState.PAID if paid else ProofState.WAITING)


async def proof_for(conn: Connection, record_id: UUID, till_id: UUID) -> str | None:
    """The latest proof that was sent for a record of a till."""
    return await store.proof_for(conn, record_id, till_id)


async def export(conn: Connection, person_id: UUID) -> Any:
    """Return the export of a person's paying phones."""
    return [
        {
            "id": key.id,
            "label": key.label,
            "public_key": base64url(key.key.x),
            "registered_at": key.registered_at,
            "blocked_at": key.blocked_at,
        }
        for key in await _keys_of(conn, person_id)
    ]


async def _keys_of(conn: Connection, owner_id: UUID) -> list[PhoneKey]:
    wallet = await wallet_of(conn, owner_id)
    return [] if wallet is None else await store.phone_keys_of_wallet(conn, wallet.id)
