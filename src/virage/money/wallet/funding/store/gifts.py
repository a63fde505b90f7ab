"""What the house gave to purses."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from virage.money.wallet.funding.rules.gifts import Gift
from virage.money.wallet.funding.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


async def insert_gifts(conn: Connection, gifts: Sequence[Gift], now: datetime) -> set[UUID]:
    """The ids of those that are new."""
    rows = queries.insert_gifts(
        conn,
        ids=[gift.id for gift in gifts],
        purse_ids=[gift.purse_id for gift in gifts],
        cents=[gift.cents for gift in gifts],
        reasons=[gift.reason for gift in gifts],
        givers=[gift.given_by for gift in gifts],
        now=now,
    )
    return {row["id"] async for row in rows}


async def gifts(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Gift]:
    """Gifts by id."""
    return {row["id"]: Gift(*row) async for row in queries.gifts(conn, ids=list(ids))}


async def gifts_of(conn: Connection, purse_id: UUID) -> list[Gift]:
    """All gifts to a purse, the earliest first."""
    return [Gift(*row) async for row in queries.gifts_of(conn, purse_id=purse_id)]


async def gifts_told_and_booked(conn: Connection) -> tuple[Cents, Cents]:
    """All that the house ever gave, as gifts say and as transfers do."""
    row = await queries.gifts_told_and_booked(conn)
    return row["told"], row["booked"]
