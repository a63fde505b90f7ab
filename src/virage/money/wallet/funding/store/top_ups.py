"""Top-ups by bank card, and payouts back to it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.money.wallet.funding.rules.top_ups import TopUp
from virage.money.wallet.funding.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


async def insert_top_up(conn: Connection, top_up: TopUp, now: datetime) -> bool:
    """Whether it is new."""
    return bool(
        await queries.insert_top_up(
            conn,
            id=top_up.id,
            wallet_id=top_up.wallet_id,
            payment_id=top_up.payment_id,
            cents=top_up.cents,
            now=now,
        )
    )


async def top_ups(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, TopUp]:
    """Top-ups by id."""
    return {row["id"]: TopUp(*row) async for row in queries.top_ups(conn, ids=ids)}


async def top_ups_of_wallet(conn: Connection, wallet_id: UUID) -> list[TopUp]:
    """The top-ups of a wallet, the latest first."""
    return [TopUp(*row) async for row in queries.top_ups_of_wallet(conn, wallet_id=wallet_id)]


async def recent_top_ups(conn: Connection, wallet_ids: Sequence[UUID], since: datetime) -> list[TopUp]:
    """The top-ups of wallets that began after a moment."""
    return [TopUp(*row) async for row in queries.recent_top_ups(conn, wallet_ids=list(wallet_ids), since=since)]


async def insert_payout(conn: Connection, payout_id: UUID, wallet_id: UUID, cents: Cents, now: datetime) -> bool:
    """Whether it is new."""
    return bool(await queries.insert_payout(conn, id=payout_id, wallet_id=wallet_id, cents=cents, now=now))


async def payout(conn: Connection, payout_id: UUID) -> tuple[UUID, Cents] | None:
    """The wallet and the cents of a payout."""
    row = await queries.payout(conn, id=payout_id)
    return None if row is None else (row["purse_id"], row["cents"])
