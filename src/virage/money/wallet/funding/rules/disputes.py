"""Rules of proceeds whose payment is disputed: the bank takes the money of a payment that a wallet has got already."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from virage.money.payments.types import Dispute, DisputeState
from virage.money.wallet.funding.rules.top_ups import TICKET_MONEY
from virage.money.wallet.ledger.types import Transfer, wallet_account
from virage.platform.values.ids import named_id
from virage.platform.values.money import Cents


class HeldProceeds(NamedTuple):
    """Proceeds of a payment in a wallet that did not go back."""

    wallet_id: UUID
    payment_id: UUID
    left_cents: Cents


class TakenBack(NamedTuple):
    """What a dispute takes back from a wallet, and what it would take if the wallet still had it."""

    dispute_id: UUID
    wallet_id: UUID
    payment_id: UUID
    cents: Cents
    missing_cents: Cents


class DisputedProceeds(NamedTuple):
    """What a dispute took back from a wallet, as stored."""

    dispute_id: UUID
    wallet_id: UUID
    payment_id: UUID
    cents: Cents
    missing_cents: Cents
    taken_at: datetime


def contested(disputes: Sequence[Dispute]) -> set[UUID]:
    """Return the payments with a dispute or an inquiry that is not won."""
    return {dispute.payment_id for dispute in disputes if dispute.state is not DisputeState.WON}


def disputed(disputes: Sequence[Dispute]) -> set[UUID]:
    """Return the payments with a dispute that is not won: the bank takes their money, or has taken it.

    An inquiry takes none. To refund its payment is what ends it.
    """
    return contested([dispute for dispute in disputes if not dispute.is_inquiry])


def take_back(
    disputes: Sequence[Dispute], held: Sequence[HeldProceeds], available_cents: Mapping[UUID, Cents]
) -> list[TakenBack]:
    """Return what each dispute takes back: at most its amount, the proceeds that are left and what a wallet has.

    `available_cents` is by wallet. Together the disputes of a payment or a wallet never take more than there is.
    """
    left = {(one.wallet_id, one.payment_id): one.left_cents for one in held}
    available = dict(available_cents)
    found = []
    for dispute in disputes:
        wanted = dispute.amount_cents
        for one in held:
            if one.payment_id != dispute.payment_id:
                continue
            owed = min(wanted, left[one.wallet_id, one.payment_id])
            cents = min(owed, available[one.wallet_id])
            left[one.wallet_id, one.payment_id] -= owed
            available[one.wallet_id] -= cents
            wanted -= owed
            if owed:
                found.append(TakenBack(dispute.id, one.wallet_id, one.payment_id, cents, owed - cents))
    return found


def taking(taken: TakenBack) -> Transfer:
    """Return the transfer that takes proceeds back from a wallet."""
    return Transfer(
        taking_id(taken.dispute_id, taken.wallet_id),
        wallet_account(taken.wallet_id),
        TICKET_MONEY,
        taken.cents,
        "sale_disputed",
        taken.payment_id,
    )


def returning(dispute: Dispute, wallet_id: UUID, cents: Cents) -> Transfer:
    """Return the transfer that returns what a dispute took from a wallet."""
    return Transfer(
        returning_id(dispute.id, wallet_id),
        TICKET_MONEY,
        wallet_account(wallet_id),
        cents,
        "sale_dispute_won",
        dispute.payment_id,
    )


def taking_id(dispute_id: UUID, wallet_id: UUID) -> UUID:
    """Return the id of the transfer that takes the proceeds of a disputed payment from a wallet."""
    return named_id(dispute_id, f"take back {wallet_id}")


def returning_id(dispute_id: UUID, wallet_id: UUID) -> UUID:
    """Return the id of the transfer that returns them."""
    return named_id(dispute_id, f"return {wallet_id}")
