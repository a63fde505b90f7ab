"""Sale and refund records of an order, and the push message when it is ready."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.people.types import Locale, PushMessage, PushText
from virage.matchday.food.orders.rules.orders import FoodLine, Order
from virage.money.fiscal.types import Head, Kind, Line, Record, RefundOf, Tender, TenderKind, stamp, totals_of
from virage.platform.values.languages import installed, messages
from virage.platform.values.localised import text_in
from virage.site.programme.types import Text

NAME_CHARS: Final = 100
MESSAGE_TTL: Final = timedelta(hours=1)


class RecordPosition(NamedTuple):
    """Position of a record in its till's chain, with its cashier and time."""

    head: Head
    who: UUID
    at: datetime


class FoodMessages(Struct, frozen=True, forbid_unknown_fields=True):
    """The section `food` of `push.toml`."""

    ready: str
    collect: str
    deliver: str
    outlet: str


def sale_of(order: Order, entry: RecordPosition, locale: Locale) -> Record:
    """Return the sale of an accepted order, in the customer's language."""
    return _record(order, order.id, entry, [_line(line, locale) for line in order.lines])


def refund_of(
    order: Order, refund_id: UUID, reason: str, entry: RecordPosition, sale: Record, *, cups_are_out: bool = False
) -> Record:
    """Return the refund of an order: the lines of its sale, negated.

    With `cups_are_out`, deposits are excluded: they are refunded when the cups are returned.
    """
    lines = [replace(line, quantity=-line.quantity) for line in sale.lines if not (cups_are_out and line.deposit)]
    return _record(order, refund_id, entry, lines, RefundOf(order.till_id, order.id, reason))


def _record(
    order: Order, record_id: UUID, entry: RecordPosition, lines: list[Line], refunds: RefundOf | None = None
) -> Record:
    cents = order.total_cents if refunds is None else sum(line.cents for line in lines)
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
        tenders=[Tender(TenderKind.WALLET, cents, str(order.id))] if cents else [],
        tip_cents=0,
        cash_cents=None,
        refund_of=refunds,
        reprint_of=None,
    )


def _line(line: FoodLine, locale: Locale) -> Line:
    """Return a receipt line in one language."""
    return Line(
        line.item_id,
        _printed(line.name, locale),
        line.quantity,
        line.unit_cents,
        line.vat_permille,
        [_printed(option.choice, locale) for option in line.options],
        line.kind == "deposit",
    )


def _printed(text: Text, locale: Locale) -> str:
    return text_in(text, locale, locale)[:NAME_CHARS]


def ready_message(order: Order, person_id: UUID, now: datetime) -> PushMessage:
    """Return the push message of a ready order."""
    said = {
        tag: PushText(
            m.ready.format(number=order.number),
            m.collect.format(outlet=order.outlet) if order.deliver_to is None else m.deliver,
        )
        for tag in installed()
        for m in [messages(tag, "push.food", FoodMessages)]
    }
    return PushMessage(
        [person_id],
        "food_ready",
        order.id,
        said,
        {"order": order.id, "event": order.event_id, "outlet": order.outlet, "number": order.number},
        now + MESSAGE_TTL,
    )
