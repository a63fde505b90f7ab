"""What an order becomes: a record of its outlet's till of the house, and a message to whoever waits for it."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from virage.concessions.rules.fiscal.chain import Head
from virage.concessions.rules.fiscal.record import (
    Kind,
    Line,
    Record,
    RefundOf,
    Tender,
    TenderKind,
    stamp,
    totals_of,
)
from virage.concessions.rules.orders import FoodLine, Order
from virage.people.rules.push import PushMessage, Said

NAME_CHARS: Final = 100
TOLD_FOR: Final = timedelta(hours=1)


class Entry(NamedTuple):
    """Where a record stands: after which head of its till's chain, by whom, when."""

    head: Head
    who: UUID
    at: datetime


def sale_of(order: Order, entry: Entry) -> Record:
    """The sale of an order that somebody accepted."""
    return _record(order, order.id, entry)


def refund_of(order: Order, refund_id: UUID, reason: str, entry: Entry) -> Record:
    """The refund of a whole order, for a reason of the house."""
    return _record(order, refund_id, entry, RefundOf(order.till_id, order.id, reason))


def _record(order: Order, record_id: UUID, entry: Entry, refunds: RefundOf | None = None) -> Record:
    sign = 1 if refunds is None else -1
    lines = [_line(line, sign) for line in order.lines]
    cents = sign * order.total_cents
    return Record(
        id=record_id,
        till=order.till_id,
        number=entry.head.number + 1,
        previous=entry.head.hash,
        kind=Kind.SALE if refunds is None else Kind.REFUND,
        at=stamp(entry.at),
        outlet=order.outlet,
        event_id=order.event_id,
        cashier=entry.who,
        catalogue=order.version,
        lines=lines,
        totals=totals_of(lines),
        tenders=[Tender(TenderKind.PURSE, cents, str(order.id))] if cents else [],
        tip_cents=0,
        cash_cents=None,
        refund_of=refunds,
        reprint_of=None,
    )


def _line(line: FoodLine, sign: int) -> Line:
    """A line of the receipt, in French: it is kept for the tax office."""
    return Line(
        line.item_id,
        line.name.fr[:NAME_CHARS],
        sign * line.quantity,
        line.unit_cents,
        line.vat_permille,
        [option.choice.fr[:NAME_CHARS] for option in line.options],
        line.kind == "deposit",
    )


def told_ready(order: Order, person_id: UUID, now: datetime) -> PushMessage:
    """What its fan is told of an order that is ready."""
    if order.deliver_to is None:
        french, english = f"À retirer au point de vente {order.outlet}.", f"Collect it at food stand {order.outlet}."
    else:
        french, english = "Elle part vers votre place.", "It is on its way to your seat."
    return PushMessage(
        person_id,
        "food_ready",
        order.id,
        {
            "fr": Said(f"Commande {order.number} prête", french),
            "en": Said(f"Order {order.number} is ready", english),
        },
        {"order": order.id, "event": order.event_id, "outlet": order.outlet, "number": order.number},
        now + TOLD_FOR,
    )
