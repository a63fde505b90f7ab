"""Proceeds of sold tickets in wallets."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.money.wallet.funding.rules.disputes import DisputedProceeds, HeldProceeds, TakenBack
from virage.money.wallet.funding.rules.top_ups import Proceeds, Share
from virage.money.wallet.funding.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


async def put_proceeds(conn: Connection, credited: Sequence[tuple[UUID, Proceeds]], now: datetime) -> None:
    """Add proceeds to locked wallets, each with the id of its wallet."""
    await queries.put_proceeds(
        conn,
        wallet_ids=[wallet_id for wallet_id, _ in credited],
        payment_ids=[one.payment_id for _, one in credited],
        cents=[one.cents for _, one in credited],
        now=now,
    )


async def proceeds_of_wallet(conn: Connection, wallet_id: UUID) -> dict[UUID, Cents]:
    """Return the proceeds of a wallet that did not go back, by payment, the latest first."""
    rows = queries.proceeds_of_wallet(conn, wallet_id=wallet_id)
    return {row["payment_id"]: row["left_cents"] async for row in rows}


async def proceeds_of_payments(conn: Connection, payment_ids: Sequence[UUID]) -> list[HeldProceeds]:
    """Return the proceeds of some payments that did not go back, by wallet."""
    rows = queries.proceeds_of_payments(conn, payment_ids=payment_ids)
    return [HeldProceeds(row["purse_id"], row["payment_id"], row["left_cents"]) async for row in rows]


async def return_proceeds(conn: Connection, wallet_id: UUID, payment_id: UUID, cents: Cents) -> None:
    """Return proceeds to a locked wallet, from which a dispute had taken them."""
    await queries.return_proceeds(conn, wallet_id=wallet_id, payment_id=payment_id, cents=cents)


async def pay_out_proceeds(conn: Connection, wallet_id: UUID, shares: Sequence[Share]) -> None:
    """Count proceeds of a locked wallet that go back to their payments."""
    await queries.pay_out_proceeds(
        conn,
        wallet_id=wallet_id,
        payment_ids=[share.payment_id for share in shares],
        cents=[share.cents for share in shares],
    )


async def insert_disputed_proceeds(conn: Connection, taken: Sequence[TakenBack], now: datetime) -> None:
    """Store what disputes took back from locked wallets, and what was missing there."""
    await queries.insert_disputed_proceeds(
        conn,
        dispute_ids=[one.dispute_id for one in taken],
        wallet_ids=[one.wallet_id for one in taken],
        payment_ids=[one.payment_id for one in taken],
        cents=[one.cents for one in taken],
        missing_cents=[one.missing_cents for one in taken],
        now=now,
    )


async def latest_disputed_proceeds(conn: Connection, before: datetime, limit: int) -> list[DisputedProceeds]:
    """Return what disputes took back from wallets before a time, the latest first; some more if times are equal."""
    rows = queries.latest_disputed_proceeds(conn, before=before, limit_=limit)
    return [DisputedProceeds(*row) async for row in rows]


async def disputed_proceeds_of_payment(conn: Connection, payment_id: UUID) -> list[DisputedProceeds]:
    """Return what the disputes of a payment took back from wallets, the latest first."""
    return [DisputedProceeds(*row) async for row in queries.disputed_proceeds_of_payment(conn, payment_id=payment_id)]


async def proceeds_left(conn: Connection) -> Cents:
    """Return the proceeds in all wallets that did not go back."""
    return int(await queries.proceeds_left(conn))
