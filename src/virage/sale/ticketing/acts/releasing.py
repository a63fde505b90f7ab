"""Give seats back for one event without money: the passes are revoked, and the places are for sale again."""

from datetime import datetime
from uuid import UUID

from virage.identity.passes import api as passes
from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts.exchange import defect
from virage.sale.ticketing.acts.holding import freed_fact
from virage.sale.ticketing.rules.exchange import ExchangeRefusal, ReleaseRequest, companion_left_alone, may_release
from virage.sale.ticketing.rules.refunds import worth
from virage.sale.ticketing.rules.terms import Reason
from virage.sale.ticketing.store import claims as claims_store
from virage.sale.ticketing.store import exchange as store
from virage.sale.ticketing.store import orders as orders_store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.sale.ticketing.store import transfers as transfers_store
from virage.sale.ticketing.store.claims import Claim
from virage.sale.ticketing.store.tickets import TicketRefund
from virage.site.programme import api as programme


async def release(  # noqa: PLR0911 - each reason by its name
    conn: Connection, request: ReleaseRequest, holder_id: UUID, now: datetime
) -> Refused | None:
    """Give back tickets of one order of the holder, as a refund of nothing; roll back a refusal.

    What they cost stays with the operator, also in a later refund of the order. Refusals: `not_found`,
    `release_closed`, `not_for_exchange` (data.because), `companion_needs_access`, `ticket_listed`, `ticket_offered`,
    `ticket_refunded`, `event_cancelled`, `pass_already_entered`, `pass_revoked`, `id_reused`.
    """
    if await people.lock_person(conn, holder_id) is None:
        return Refused("unauthenticated")
    ticket_ids = sorted(set(request.ticket_ids))
    held = await transfers_store.held_tickets(conn, ticket_ids, holder_id)
    if len(held) < len(ticket_ids) or len({ticket.order_id for ticket in held}) > 1:
        return Refused(ExchangeRefusal.NOT_FOUND)
    order = (await orders_store.lock_orders(conn, [held[0].order_id]))[held[0].order_id]
    known = await tickets_store.refund(conn, request.id)
    if known is not None:
        return (
            None if (known.order_id, sorted(known.ticket_ids)) == (order.id, ticket_ids) else Refused(Reason.ID_REUSED)
        )
    tickets = await tickets_store.tickets(conn, order.ticket_ids)
    mine = [tickets[id_] for id_ in ticket_ids]
    event, terms = await programme.event(conn, order.event_id), await store.terms(conn, order.event_id)
    refusal = may_release(event, terms, now) or companion_left_alone(ticket_ids, tickets)
    refusal = refusal or defect(mine, await passes.states(conn, ticket_ids))
    if refusal is not None:
        return refusal
    if await store.lock_listings_of_tickets(conn, ticket_ids):
        return Refused(ExchangeRefusal.TICKET_LISTED)
    places = sorted(ticket.place for ticket in mine)
    await claims_store.free_places(conn, [Claim(order.event_id, place, order.id) for place in places])
    refund = TicketRefund(request.id, order.id, 0, ticket_ids, now, "released")
    if not await tickets_store.insert_refund(conn, refund, order.event_id, holder_id):
        return Refused(Reason.ID_REUSED)
    await tickets_store.refund_tickets(conn, ticket_ids, refund.id)
    await tickets_store.mark_sold(conn, dict.fromkeys(ticket_ids, 0))
    if await transfers_store.lock_open_of_tickets(conn, ticket_ids):
        return Refused(ExchangeRefusal.TICKET_OFFERED)
    if len(await transfers_store.held_tickets(conn, ticket_ids, holder_id)) < len(ticket_ids):
        return Refused(ExchangeRefusal.NOT_FOUND)  # accepted by another person since they were read
    await orders_store.count_refund(conn, order.id, 0, sum(worth(order, ticket.price_cents) for ticket in mine))
    data = {"refund": refund.id, "event": order.event_id, "reason": refund.reason}
    freed = freed_fact(order.id, order.event_id, places, "released")
    await append(conn, [freed, Fact("order_refunded", holder_id, order.id, data)], now)
    await passes.revoke(conn, ticket_ids, now, holder_id)
    if any(state.entered_at is not None for state in (await passes.states(conn, ticket_ids)).values()):
        return Refused("pass_already_entered")  # at this very moment
    return None
