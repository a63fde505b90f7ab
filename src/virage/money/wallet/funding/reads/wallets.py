"""A wallet as shown to its owner, and its data export."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.identity.people.types import Email, EmailContent
from virage.money.payments import api as payments
from virage.money.wallet.accounts.api import ALL, END, PAGE, PaidAt, Statement, statement, wallet_of
from virage.money.wallet.funding.reads.desk import payable_at_desks
from virage.money.wallet.funding.refundable import refundable
from virage.money.wallet.funding.rules import top_ups as rules
from virage.money.wallet.funding.rules.top_ups import Limits, Progress, credit_id
from virage.money.wallet.funding.store import bonus, desk
from virage.money.wallet.funding.store import top_ups as store
from virage.money.wallet.ledger import api as ledger
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


class WalletView(Statement, frozen=True):
    """A wallet as shown to its owner. `refundable_cents` can be refunded to bank cards now.

    `desk_cents` can be paid out at a desk: cash and terminal money that is left.
    """

    refundable_cents: Cents
    desk_cents: Cents
    limits: Limits


class TopUpView(Struct, frozen=True):
    """State of a top-up; `reason` of a failure is the provider's code, `cancelled` or `expired`."""

    id: UUID
    payment_id: UUID
    cents: Cents
    progress: Progress
    reason: str | None


async def wallet_view(
    conn: Connection,
    owner_id: UUID,
    limits: Limits,
    before: datetime | None = None,
    *,
    zone: ZoneInfo,
    now: datetime,
    paid_at: Sequence[PaidAt] = (),
) -> WalletView:
    """Return a person's wallet with a page of its history, latest first; empty without a wallet."""
    said = await statement(conn, owner_id, before or END, PAGE, paid_at)
    paid = await refundable(conn, said.id) if said.id is not None else []
    back = sum(share.cents for share in rules.shares(paid, said.available_cents))
    desk = await payable_at_desks(conn, said.id, zone=zone, now=now) if said.id is not None else 0
    fields = (said.id, said.balance_cents, said.available_cents, said.bonus_cents, said.history, said.more)
    return WalletView(*fields, refundable_cents=back, desk_cents=desk, limits=limits)


async def top_up_view(conn: Connection, owner_id: UUID, top_up_id: UUID) -> TopUpView | None:
    """Return a person's own top-up, or None."""
    wallet = await wallet_of(conn, owner_id)
    top_up = (await store.top_ups(conn, [top_up_id])).get(top_up_id)
    if wallet is None or top_up is None or top_up.wallet_id != wallet.id:
        return None
    payment = await payments.payment(conn, top_up.payment_id)
    credit = credit_id(top_up.payment_id)
    credited = credit in await ledger.transfers(conn, {credit})
    progress = rules.progress(payment, credited=credited)
    failed = payment if progress is Progress.FAILED else None
    reason = None if failed is None else failed.reason or failed.state.value
    return TopUpView(top_up.id, top_up.payment_id, top_up.cents, progress, reason)


async def wallet_of_top_up(conn: Connection, top_up_id: UUID) -> UUID | None:
    """Return the wallet of a top-up, or None."""
    top_up = (await store.top_ups(conn, [top_up_id])).get(top_up_id)
    return None if top_up is None else top_up.wallet_id


async def credited_proceeds(conn: Connection, refund_ids: Collection[UUID]) -> set[UUID]:
    """Return the refunds of sold tickets whose proceeds were credited to a wallet."""
    wanted = {rules.sale_credit_id(id_): id_ for id_ in refund_ids}
    return {wanted[id_] for id_ in await ledger.transfers(conn, set(wanted))}


async def payouts_among(conn: Connection, refund_ids: Collection[UUID]) -> set[UUID]:
    """Return the refunds of payments that pay out wallets: each has the id of its transfer."""
    return set(await ledger.transfers(conn, set(refund_ids)))


async def export(conn: Connection, person_id: UUID, paid_at: Sequence[PaidAt] = ()) -> dict[str, Any]:
    """Return a person's wallet data: history, desk transactions and bonus grants, without the names of cashiers."""
    said = await statement(conn, person_id, END, ALL, paid_at)
    if said.id is None:
        return {"purse": None}
    transactions = [
        {
            "at": booking.booked_at,
            "cents": booking.transaction.cents,
            "tender": booking.transaction.tender,
            "slip": booking.transaction.slip,
        }
        for booking in await desk.desk_transactions_of_wallet(conn, said.id)
    ]
    given = [
        {"id": grant.id, "cents": grant.cents, "reason": grant.reason}
        for grant in await bonus.bonus_grants_of(conn, said.id)
    ]
    return {"purse": said, "desk": transactions, "gifts": given}


async def payout_failed_content(conn: Connection, email: Email) -> EmailContent | None:
    """Return a part of a payout that the bank does not take, while it waits for another way."""
    refund = await payments.refund(conn, email.subject_id)
    if refund is None or refund.failed_at is None:
        return None
    return EmailContent({"cents": refund.amount_cents}, path=rules.WALLET_PATH)
