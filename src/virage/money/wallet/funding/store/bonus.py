"""Bonus grants."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from virage.money.wallet.funding.rules.bonus import BonusGrant
from virage.money.wallet.funding.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


async def insert_bonus_grants(conn: Connection, grants: Sequence[BonusGrant], now: datetime) -> set[UUID]:
    """The ids of those that are new."""
    rows = queries.insert_bonus_grants(
        conn,
        ids=[grant.id for grant in grants],
        wallet_ids=[grant.wallet_id for grant in grants],
        cents=[grant.cents for grant in grants],
        reasons=[grant.reason for grant in grants],
        givers=[grant.given_by for grant in grants],
        now=now,
    )
    return {row["id"] async for row in rows}


async def bonus_grants(conn: Connection, ids: Collection[UUID]) -> dict[UUID, BonusGrant]:
    """Gifts by id."""
    return {row["id"]: BonusGrant(*row) async for row in queries.bonus_grants(conn, ids=list(ids))}


async def bonus_grants_of(conn: Connection, wallet_id: UUID) -> list[BonusGrant]:
    """All grants to a wallet, the earliest first."""
    return [BonusGrant(*row) async for row in queries.bonus_grants_of(conn, wallet_id=wallet_id)]


async def bonus_granted_and_booked(conn: Connection) -> tuple[Cents, Cents]:
    """Return the sum of all bonus by grants and by transfers."""
    row = await queries.bonus_granted_and_booked(conn)
    return row["told"], row["booked"]
