"""Wallets as shown at card desks, and the takings of desks."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.identity.people import api as people
from virage.money.wallet.accounts.types import DeskTender
from virage.money.wallet.cards.api import card
from virage.money.wallet.cards.types import BlockReason, OwnedCard, masked
from virage.money.wallet.funding.rules.desk import BookedDeskTransaction, DeskLimits, max_payout, max_top_up
from virage.money.wallet.funding.store import desk as store
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import Balance, bonus
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents

_BEGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_END: Final = datetime(9999, 1, 1, tzinfo=UTC)


class WalletAtDesk(Struct, frozen=True):
    """A wallet as shown to the cashier. `purse` is its short id.

    `loadable_cents` is the maximum top-up; `payable_cash_cents` and `payable_terminal_cents` are the maximum payouts.
    `anonymous`: it has no owner. `holder_name` is the first name and an initial.
    """

    purse: str
    anonymous: bool
    holder_name: str | None
    label: str | None
    blocked: BlockReason | None
    available_cents: Cents
    bonus_cents: Cents
    loadable_cents: Cents
    payable_cash_cents: Cents
    payable_terminal_cents: Cents


class DeskReceipt(Struct, frozen=True):
    """A booked desk transaction and the wallet's new balance."""

    id: UUID
    cents: Cents
    booked_at: datetime
    purse: str
    label: str | None
    available_cents: Cents
    bonus_cents: Cents


class DeskTaking(Struct, frozen=True):
    """Top-ups less payouts of a till, by tender."""

    till_id: UUID
    tender: DeskTender
    cents: Cents


async def at_desk(conn: Connection, owned: OwnedCard, limits: DeskLimits, now: datetime) -> WalletAtDesk:
    """Return the wallet of a card, as shown to the cashier."""
    standing = await store.standing(conn, owned.card.wallet_id, zone=limits.zone, now=now)
    names = {} if owned.owner_id is None else await people.short_names(conn, [owned.owner_id])
    return WalletAtDesk(
        purse=masked(owned.card.wallet_id),
        anonymous=owned.owner_id is None,
        holder_name=next(iter(names.values()), None),
        label=owned.card.label,
        blocked=owned.card.blocked_reason,
        available_cents=standing.available_cents,
        bonus_cents=await _bonus(conn, owned.card.wallet_id),
        loadable_cents=max_top_up(standing, limits),
        payable_cash_cents=max_payout(standing, DeskTender.CASH),
        payable_terminal_cents=max_payout(standing, DeskTender.TERMINAL),
    )


async def booked(conn: Connection, booking: BookedDeskTransaction) -> DeskReceipt:
    """Return the receipt of a desk transaction."""
    wallet_id, card_id = booking.transaction.wallet_id, booking.transaction.card_id
    owned = await card(conn, card_id)
    available = (await balances_by_id(conn, [wallet_id])).get(wallet_id, Balance()).available_cents
    return DeskReceipt(
        id=booking.transaction.id,
        cents=booking.transaction.cents,
        booked_at=booking.booked_at,
        purse=masked(wallet_id),
        label=None if owned is None else owned.card.label,
        available_cents=available,
        bonus_cents=await _bonus(conn, wallet_id),
    )


async def payable_at_desks(conn: Connection, wallet_id: UUID, *, zone: ZoneInfo, now: datetime) -> Cents:
    """Return the cents that desks can pay out of a wallet, by both tenders together."""
    standing = await store.standing(conn, wallet_id, zone=zone, now=now)
    return min(standing.available_cents, sum(max_payout(standing, tender) for tender in DeskTender))


async def takings(conn: Connection, since: datetime, until: datetime) -> list[DeskTaking]:
    """Return top-ups less payouts by till and tender, for the drawers of shifts."""
    return [
        DeskTaking(till_id, tender, cents)
        for (till_id, tender), cents in (await store.takings(conn, since, until)).items()
    ]


async def all_takings(conn: Connection) -> list[DeskTaking]:
    """Return the takings of all time, for the books."""
    return await takings(conn, _BEGIN, _END)


async def booked_at_tills(conn: Connection) -> dict[tuple[str, str], Cents]:
    """Return the ledger's balances of drawers and terminals, by till id and tender."""
    return {(key, tender.value): -cents for (key, tender), cents in (await store.balances_of_tills(conn)).items()}


async def _bonus(conn: Connection, wallet_id: UUID) -> Cents:
    account_id = bonus(wallet_id).id
    return (await balances_by_id(conn, [account_id])).get(account_id, Balance()).available_cents
