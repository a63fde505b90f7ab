"""Audit of the wallet's books, printed by `virage wallet audit`."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.api import device_keys
from virage.identity.keys.types import HolderKey
from virage.money.payments import api as payments
from virage.money.wallet.cards.types import masked
from virage.money.wallet.funding.rules.desk import DeskTransaction, transfer, transfer_id
from virage.money.wallet.funding.rules.desk_records import read_signed
from virage.money.wallet.funding.rules.top_ups import CARD_MONEY, PURPOSE, TICKET_MONEY, UNCLAIMED
from virage.money.wallet.funding.store.bonus import bonus_granted_and_booked
from virage.money.wallet.funding.store.desk import StoredDeskRecord, signed_desk_records, unsigned_desk_transactions
from virage.money.wallet.funding.store.proceeds import proceeds_left
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import IN_POINTS, Balance, StoredTransfer
from virage.platform.data.database import Connection
from virage.platform.values.jwk import base64url
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


class DeskMismatch(Struct, frozen=True):
    """A desk transaction that differs from its signed record or its transfer."""

    till_id: UUID
    id: UUID


class Audit(Struct, frozen=True):
    """The result of the audit. In a clean one the sums are 0; captures, bonus grants and proceeds equal the ledger.

    Points are a unit of their own: `kinds` has the accounts of money, and `points` those of points.

    `unsigned_desk_transactions` were made before tills signed them; `unclaimed_cents` is money of erased persons.
    """

    sum_cents: Cents
    balance_mismatches: list[ledger.BalanceMismatch]
    captured_cents: Cents
    refund_cents: Cents
    booked_cents: Cents
    kinds: dict[str, Cents]
    gifts_cents: Cents
    gifts_booked_cents: Cents
    desk_mismatches: list[DeskMismatch]
    unsigned_desk_transactions: int
    unclaimed_cents: Cents
    points_sum: int
    points: dict[str, int]
    proceeds_cents: Cents
    proceeds_booked_cents: Cents

    @property
    def clean(self) -> bool:
        """Whether there are no findings."""
        at_provider = self.booked_cents == self.captured_cents - self.refund_cents
        given = self.gifts_booked_cents == self.gifts_cents
        sold = self.proceeds_booked_cents == self.proceeds_cents
        return (
            self.sum_cents == 0
            and self.points_sum == 0
            and not self.balance_mismatches
            and not self.desk_mismatches
            and at_provider
            and given
            and sold
        )


async def audit(conn: Connection) -> Audit:
    """Audit the ledger in one snapshot: the caller's transaction is `repeatable read`.

    Captures for wallets minus refunds must equal the balance of the provider's account in the books.
    """
    turnover = await payments.of_purpose(conn, PURPOSE)
    held = await ledger.balances_by_id(conn, [CARD_MONEY.id, TICKET_MONEY.id, UNCLAIMED.id])
    gifts = await bonus_granted_and_booked(conn)
    sums = await ledger.sums_of_units(conn)
    kinds = {kind: balance.balance_cents for kind, balance in (await ledger.balance_of_kinds(conn)).items()}
    return Audit(
        sums.cents,
        await ledger.balance_mismatches(conn),
        turnover.captured_cents,
        turnover.refund_cents,
        -held.get(CARD_MONEY.id, Balance()).balance_cents,
        {kind: cents for kind, cents in kinds.items() if kind not in IN_POINTS},
        *gifts,
        await desk_mismatches(conn),
        await unsigned_desk_transactions(conn),
        held.get(UNCLAIMED.id, Balance()).balance_cents,
        sums.points,
        {kind: points for kind, points in kinds.items() if kind in IN_POINTS},
        await proceeds_left(conn),
        -held.get(TICKET_MONEY.id, Balance()).balance_cents,
    )


async def desk_mismatches(conn: Connection) -> list[DeskMismatch]:
    """Return desk transactions that differ from what their tills signed."""
    kept = await signed_desk_records(conn)
    keys = await device_keys(conn, sorted({record.transaction.till_id for record in kept}))
    moved = await ledger.transfers(conn, {transfer_id(record.transaction) for record in kept})
    return [
        DeskMismatch(record.transaction.till_id, record.transaction.id)
        for record in kept
        if not _is_signed(record, keys.get(record.transaction.till_id)) or not _has_moved(record.transaction, moved)
    ]


def _is_signed(record: StoredDeskRecord, key: HolderKey | None) -> bool:
    stored = record.transaction
    signed = read_signed(base64url(record.body), base64url(record.signature), stored.till_id, key)
    if isinstance(signed, Refused):
        return False
    said, stands = (
        signed.said,
        (stored.id, stored.cashier, stored.cents, stored.tender, stored.slip, masked(stored.wallet_id)),
    )
    return (said.id, said.cashier, said.cents, said.tender, said.slip, said.purse) == stands


def _has_moved(transaction: DeskTransaction, moved: Mapping[UUID, StoredTransfer]) -> bool:
    """Return whether the ledger has the transfer between the till and the wallet."""
    wanted, found = transfer(transaction), moved.get(transfer_id(transaction))
    if found is None:
        return False
    return (wanted.debit.id, wanted.credit.id, wanted.cents) == (found.debit_id, found.credit_id, found.cents)
