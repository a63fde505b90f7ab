"""Tickets and amounts of a refund."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from virage.money.payments.types import PaidBy
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.terms import OrderRow, Reason, TicketRow

AskedReason = Literal["asked", "seat_fault", "event_changed", "duplicate", "goodwill"]
"""Why the office gives money back: the fan asked, the seat was at fault, the event changed, bought twice, kindness."""
RefundReason = Literal[AskedReason, "event_cancelled", "exchanged", "released"]
"""Reasons of refunds; those of a cancelled event, and of tickets sold on the exchange, are automatic.

Tickets that their holder gives back are `released`, for nothing.
"""


class RefundProgress(Struct, frozen=True):
    """A refund of an order as its buyer sees it: on its way, paid at `done_at`, or failed at `failed_at`.

    After a failure the operator pays it another way.
    """

    amount_cents: Cents
    asked_at: datetime
    done_at: datetime | None
    failed_at: datetime | None
    paid_by: PaidBy


class RefundPlan(Struct, frozen=True):
    """The tickets of an order to refund, and their amount."""

    tickets: list[TicketRow]
    amount_cents: Cents


def plan_refund(
    order: OrderRow, tickets: Mapping[UUID, TicketRow], wanted: Sequence[UUID] | None
) -> RefundPlan | Refused:
    """Return the refund of all valid tickets, or of those given; a ticket is refunded with its fee."""
    if order.state != "paid":
        return Refused(Reason.NOT_PAID)
    standing = [tickets[id_] for id_ in order.ticket_ids if tickets[id_].refund_id is None]
    if wanted is None:
        return RefundPlan(standing, left_cents(order))
    unknown = [id_ for id_ in wanted if id_ not in tickets]
    if unknown or not wanted:
        return Refused(Reason.NOT_FOUND, {"tickets": unknown})
    gone = [id_ for id_ in wanted if tickets[id_].refund_id is not None]
    if gone:
        return Refused(Reason.TICKET_REFUNDED, {"tickets": gone})
    chosen = [ticket for ticket in standing if ticket.id in set(wanted)]
    if len(chosen) == len(standing):
        return RefundPlan(standing, left_cents(order))
    return RefundPlan(chosen, sum(worth(order, ticket.price_cents) for ticket in chosen))


def left_cents(order: OrderRow) -> Cents:
    """Return what a refund of all valid tickets of an order pays."""
    return order.total_cents - order.refunded_cents - order.withheld_cents


def worth(order: OrderRow, price_cents: Cents) -> Cents:
    """Return the price of a ticket of an order with its share of the fee, which free tickets do not bear."""
    paying = sum(1 for price in order.prices if price)
    return price_cents + (order.fee_cents // paying if price_cents else 0)
