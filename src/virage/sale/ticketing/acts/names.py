"""Name the holders of tickets."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts.transfers import IsBanned
from virage.sale.ticketing.rules.names import renamed
from virage.sale.ticketing.rules.terms import Reason
from virage.sale.ticketing.rules.transfers import TransferRefusal
from virage.sale.ticketing.store import tickets as store
from virage.sale.ticketing.store import transfers as transfers_store
from virage.site.programme import api as programme


async def name_holders(
    conn: Connection, is_banned: IsBanned, names: Mapping[UUID, str | None], fan_id: UUID, now: datetime
) -> Refused | None:
    """Set the holders' names of a fan's tickets; None removes one. All of them change, or none.

    Refusals: `not_found`, `tickets_not_named`, `ticket_refunded`, `names_closed` and `name_changes_used_up` (both with
    data.ticket_id), `transfer_not_possible` for a name that matches a ban, which a person reviews.
    """
    ticket_ids = sorted(names)
    held, fan = await transfers_store.held_tickets(conn, ticket_ids, fan_id), await people.person(conn, fan_id)
    if len(held) < len(ticket_ids) or fan is None:
        return Refused(Reason.NOT_FOUND)
    events = await programme.events(conn, sorted({ticket.event_id for ticket in held}))
    if not all(event.rules.named_tickets for event in events.values()):
        return Refused(Reason.TICKETS_NOT_NAMED)
    written = {id_: None if name is None else " ".join(name.split()) or None for id_, name in names.items()}
    given = [(ticket, name) for ticket in held if (name := written[ticket.id]) not in {None, ticket.holder_name}]
    met = [await is_banned(conn, one.event_id, one.id, fan, name=name, now=now) for one, name in given]
    if any(met):
        return Refused(TransferRefusal.NOT_POSSIBLE, commit=True)
    await store.lock_tickets(conn, ticket_ids)
    current = await transfers_store.held_tickets(conn, ticket_ids, fan_id)
    if len(current) < len(ticket_ids):
        return Refused(Reason.NOT_FOUND)
    changed = []
    for ticket in current:
        new = renamed(ticket, written[ticket.id], events[ticket.event_id], now)
        if isinstance(new, Refused):
            return new
        if new != ticket:
            changed.append(new)
    await store.name_holders(conn, changed)
    await append(conn, [Fact("ticket_named", fan_id, ticket.id) for ticket in changed], now)
    return None
