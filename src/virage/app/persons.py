"""Export and erasure of personal data: the functions of all domains, in order."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from virage.control.safety.api import export_requests, forget_teams_and_requests
from virage.identity.people.api import PersonErased, PersonExport
from virage.matchday.access.api import export_accreditations, forget_accreditations, forget_reviewed
from virage.matchday.food.orders.api import export_orders, forget_orders, lock_orders_of_erased, outlets_paid_at
from virage.media.live.api import erase_notifications, export_notifications
from virage.money.wallet.accounts.api import PaidAt
from virage.money.wallet.cards.api import export_cards, export_phones, forget_cards, forget_phones
from virage.money.wallet.funding.api import export_auto_top_up, export_wallet, forget_auto_top_up, forget_wallet
from virage.sale.draws.api import export_entries, forget_entries
from virage.sale.membership.api import export_memberships, forget_memberships
from virage.sale.packages.api import export_subscriptions, forget_subscriptions
from virage.sale.points.api import export_points, forget_points
from virage.sale.seasons.api import export_renewals, forget_renewals
from virage.sale.ticketing.api import export_tickets, refund_erased

PAID_AT: Final[Sequence[PaidAt]] = (outlets_paid_at,)
PERSON_EXPORTS: Final[dict[str, PersonExport]] = {
    "cards": export_cards,
    "phones": export_phones,
    "auto_top_up": export_auto_top_up,
    "wallet": partial(export_wallet, paid_at=PAID_AT),
    "ticketing": export_tickets,
    "membership": export_memberships,
    "packages": export_subscriptions,
    "seasons": export_renewals,
    "points": export_points,
    "draws": export_entries,
    "access": export_accreditations,
    "food_orders": export_orders,
    "notices": export_notifications,
    "safety": export_requests,
}
"""By the section of the export, in the order of the sections."""
PERSON_ERASED: Final[list[PersonErased]] = [
    lock_orders_of_erased,  # food orders first, renewals, members, draws, accreditations, tickets, points, wallets
    forget_renewals,
    forget_memberships,
    forget_entries,
    forget_accreditations,
    forget_reviewed,
    refund_erased,
    forget_subscriptions,
    forget_teams_and_requests,
    forget_points,
    forget_cards,  # before forget_phones, which locks the wallet, and before forget_wallet, which removes its owner
    forget_phones,  # before forget_wallet: phones are found by the wallet of their owner
    forget_auto_top_up,  # before forget_wallet, likewise
    forget_orders,  # before forget_wallet: orders that wait hold money, and a wallet that holds any is not closed
    forget_wallet,
    erase_notifications,
]
"""The functions that erase a person, in this order, in the transaction of the erasure.

Except where a comment says otherwise, every order gives the same state (`tests/app/test_order_of_handlers.py`).
"""
