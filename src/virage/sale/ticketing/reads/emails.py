"""Content of emails about orders, loaded when they are sent. Times are in the zone of the event's venue."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.people.types import Email, EmailContent, EmailKind, Receipt, VatAmount
from virage.money.payments import api as payments
from virage.platform.data.database import Connection
from virage.platform.values.zones import zone_note
from virage.sale.ticketing.reads.views import Labels, former_labels, order_view
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.terms import TARIFFS, OrderRow, TicketRow
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.sale.ticketing.store import transfers as transfers_store
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue.api import venue_at, venues
from virage.site.venue.types import Venue


class _Bought(Struct, frozen=True):
    """An order, its event and the version of the venue.

    `zone` is stated beside the times, empty for the usual one; `former` are the labels of places that are gone.
    """

    order: OrderRow
    event: Event
    venue: Venue
    zone: str
    former: Labels

    def values(self) -> dict[str, Any]:
        """Return what every email about an order names."""
        return _named(self.event, self.venue, self.zone, _number(self.order))


class _Received(Struct, frozen=True):
    """The tickets that a person received by a transfer and still holds, also those refunded; their event and venue."""

    tickets: Mapping[UUID, TicketRow]
    event: Event
    venue: Venue
    zone: str

    @property
    def valid(self) -> bool:
        """Whether a ticket is not refunded."""
        return any(ticket.refund_id is None for ticket in self.tickets.values())

    def values(self) -> dict[str, Any]:
        """Return what every email about received tickets names; their order is another person's."""
        return _named(self.event, self.venue, self.zone, "")


async def order_paid(conn: Connection, email: Email) -> EmailContent | None:
    """Return the confirmation of an order, with its receipt if it was not free."""
    bought = await _bought(conn, email.about_id)
    if bought is None:
        return None
    order = bought.order
    view = order_view(order, bought.venue, former=bought.former)
    rows: list[dict[str, Any]] = [
        {"fee": False, "label": line.label, "tariff": line.tariff.value, "cents": line.price_cents}
        for line in view.lines
    ]
    if order.fee_cents:
        rows.append({"fee": True, "cents": order.fee_cents})
    receipt = None
    if order.total_cents and order.paid_at is not None:
        vat = [VatAmount(part.rate_permille, part.gross_cents, part.vat_cents) for part in view.vat]
        receipt = Receipt(_number(order), order.paid_at.astimezone(bought.venue.zone), order.total_cents, vat)
    values = bought.values() | {
        "paper": bought.event.rules.paper_accepted,
        "standing": order.state == "paid",
        "total_cents": order.total_cents,
    }
    path = "/tickets" if order.state == "paid" else f"/orders/{order.id}"
    return EmailContent(values, rows, path, receipt)


async def bundle_paid(conn: Connection, email: Email) -> EmailContent | None:
    """Return the confirmation of a bundle, or of a part of one: its events by date, with one receipt for them."""
    bundles = {} if email.about_id is None else await store.orders_paid_with(conn, [email.about_id])
    bought = [one for rows in bundles.values() for row in rows if (one := await _bought(conn, row.id)) is not None]
    if not bought:
        return None
    bought.sort(key=lambda one: (one.event.starts_at, one.event.id))
    first, standing = bought[0], any(one.order.state == "paid" for one in bought)
    lines = [
        one.values()
        | {"labels": [line.label for line in order_view(one.order, one.venue, former=one.former).lines]}
        | {"cents": one.order.total_cents}
        for one in bought
    ]
    total_cents = sum(one.order.total_cents for one in bought)
    receipt = None
    if total_cents and first.order.paid_at is not None:
        gross: dict[int, int] = {}
        vat: dict[int, int] = {}
        for one in bought:
            for part in order_view(one.order, one.venue, former=one.former).vat:
                gross[part.rate_permille] = gross.get(part.rate_permille, 0) + part.gross_cents
                vat[part.rate_permille] = vat.get(part.rate_permille, 0) + part.vat_cents
        amounts = [VatAmount(rate, gross[rate], vat[rate]) for rate in sorted(gross)]
        receipt = Receipt(_number(first.order), first.order.paid_at.astimezone(first.venue.zone), total_cents, amounts)
    values = {"count": len(bought), "number": _number(first.order), "standing": standing, "total_cents": total_cents}
    return EmailContent(values, lines, "/tickets" if standing else "/orders", receipt)


async def refunded(conn: Connection, email: Email) -> EmailContent | None:
    """Return the refunded tickets and their amount."""
    bought, refund = await _bought(conn, email.about_id), await tickets_store.refund(conn, email.subject_id)
    if bought is None or refund is None:
        return None
    tickets = await tickets_store.tickets(conn, refund.ticket_ids)
    rows = [
        {
            "label": bought.former.get(ticket.id) or label(bought.venue, ticket.place),
            "tariff": TARIFFS[ticket.tariff].value,
        }
        for ticket in sorted(tickets.values(), key=lambda ticket: ticket.place)
    ]
    return EmailContent(bought.values() | {"cents": refund.amount_cents}, rows, f"/orders/{bought.order.id}")


async def money_returned(conn: Connection, email: Email) -> EmailContent | None:
    """Return a returned payment."""
    bought, payment = await _bought(conn, email.about_id), await payments.payment(conn, email.subject_id)
    if bought is None or payment is None:
        return None
    late = email.kind is EmailKind.LATE_PAYMENT
    path = f"/events/{bought.event.id}" if late else f"/orders/{bought.order.id}"
    return EmailContent(bought.values() | {"cents": payment.amount_cents}, path=path)


async def refund_failed(conn: Connection, email: Email) -> EmailContent | None:
    """Return a refund that the bank does not take, while it waits for another way."""
    bought, refund = await _bought(conn, email.about_id), await payments.refund(conn, email.subject_id)
    if bought is None or refund is None or refund.failed_at is None:
        return None
    return EmailContent(bought.values() | {"cents": refund.amount_cents}, path=f"/orders/{bought.order.id}")


async def tickets_held(conn: Connection, email: Email) -> EmailContent | None:
    """Return an order whose tickets were suspended or are valid again."""
    bought = await _bought(conn, email.about_id)
    return None if bought is None else EmailContent(bought.values(), path=f"/orders/{bought.order.id}")


async def debit(conn: Connection, email: Email) -> EmailContent | None:
    """Return the debit of an order: under way, failed, or to be returned once its money arrives."""
    bought = await _bought(conn, email.about_id)
    if bought is None or (email.kind is EmailKind.DEBIT_STARTED and bought.order.debit != "awaiting"):
        return None
    values = bought.values() | {
        "cents": bought.order.total_cents,
        "cancelled": bought.event.state == "cancelled",
    }
    failed = email.kind is EmailKind.DEBIT_FAILED
    return EmailContent(values, path=f"/events/{bought.event.id}" if failed else f"/orders/{bought.order.id}")


async def event_moved(conn: Connection, email: Email) -> EmailContent | None:
    """Return the current event, while the order still has valid tickets or awaits settlement.

    Who received tickets by a transfer is told while they hold them.
    """
    bought, received = await _bought(conn, email.about_id), await _received(conn, email.about_id)
    if email.was_at is not None and received is not None and received.valid and received.event.state != "cancelled":
        values = received.values() | {"was_at": email.was_at.astimezone(received.venue.zone)}
        return EmailContent(values, path="/tickets")
    if bought is None or email.was_at is None:
        return None
    waits = bought.order.state == "paying" and bought.order.debit == "awaiting"
    if (bought.order.state != "paid" and not waits) or bought.event.state == "cancelled":
        return None
    values = bought.values() | {"was_at": email.was_at.astimezone(bought.venue.zone)}
    return EmailContent(values, path=f"/orders/{bought.order.id}")


async def seats_changed(conn: Connection, email: Email) -> EmailContent | None:
    """Return the changed tickets of an order or a transfer with their former and present seats, or their refund.

    `entrance` is the gate group of a seat that stays the same. A ticket that was refunded after the move is left out.
    """
    bought = await _received(conn, email.about_id) or await _bought(conn, email.about_id)
    if bought is None or bought.event.state == "cancelled":
        return None
    if isinstance(bought, _Received):
        tickets = bought.tickets
        order_ids = sorted({ticket.order_id for ticket in tickets.values()})
    else:
        tickets, order_ids = await tickets_store.tickets(conn, bought.order.ticket_ids), [bought.order.id]
    changes = [
        change
        for order_id in order_ids
        for change in await tickets_store.seat_changes(conn, email.subject_id, order_id)
        if change.ticket_id in tickets
    ]
    rows = []
    for change in changes:
        ticket = tickets[change.ticket_id]
        if ticket.refund_id == change.refund_id:
            now = None if change.refund_id else label(bought.venue, ticket.place)
            stays = now is not None and replace(now, gate_group=change.label.gate_group) == change.label
            rows.append(
                {
                    "former": change.label,
                    "label": now,
                    "entrance": now.gate_group if now is not None and stays else "",
                    "tariff": TARIFFS[ticket.tariff].value,
                }
            )
    if not rows:
        return None
    paid_back = set() if isinstance(bought, _Received) else {one.refund_id for one in changes if one.refund_id}
    refunds = [await tickets_store.refund(conn, id_) for id_ in sorted(paid_back)]
    changed = {change.ticket_id for change in changes}
    values = bought.values() | {
        "lost": sum(1 for row in rows if not row["entrance"]),
        "moved": sum(1 for row in rows if row["label"] and not row["entrance"]),
        "entrances": sum(1 for row in rows if row["entrance"]),
        "kept": sum(1 for ticket in tickets.values() if ticket.refund_id is None and ticket.id not in changed),
        "paper": bought.event.rules.paper_accepted,
        "cents": sum(refund.amount_cents for refund in refunds if refund is not None),
    }
    if isinstance(bought, _Received) or values["moved"] or values["entrances"]:
        return EmailContent(values, rows, "/tickets")
    return EmailContent(values, rows, f"/orders/{bought.order.id}")


async def _bought(conn: Connection, order_id: UUID | None) -> _Bought | None:
    order = None if order_id is None else (await store.orders(conn, [order_id])).get(order_id)
    if order is None:
        return None
    event = (await programme.events(conn, [order.event_id]))[order.event_id]
    venue = await venue_at(conn, event.venue_version)
    zone = zone_note(venue.zone, (await venues(conn))[0].zone)
    return _Bought(order, event, venue, zone, await former_labels(conn, [order]))


async def _received(conn: Connection, transfer_id: UUID | None) -> _Received | None:
    found = None if transfer_id is None else await transfers_store.transfer(conn, transfer_id)
    event = None if found is None else await programme.event(conn, found.event_id)
    if found is None or event is None:
        return None
    tickets = await tickets_store.tickets(conn, found.ticket_ids)
    venue = await venue_at(conn, event.venue_version)
    zone = zone_note(venue.zone, (await venues(conn))[0].zone)
    held = {id_: ticket for id_, ticket in tickets.items() if ticket.holder_id == found.to_id}
    return _Received(held, event, venue, zone)


def _named(event: Event, venue: Venue, zone: str, number: str) -> dict[str, Any]:
    return {
        "number": number,
        "title": event.title,
        "starts_at": event.starts_at.astimezone(venue.zone),
        "doors_at": event.doors_at.astimezone(venue.zone),
        "zone": zone,
        "venue": venue.name,
    }


def _number(order: OrderRow) -> str:
    """Return the order code in the form shown to people: `ABCD-EFGH`."""
    return f"{order.code[:4]}-{order.code[4:]}"
