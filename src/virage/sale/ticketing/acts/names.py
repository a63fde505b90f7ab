"""Name the holders of tickets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts.transfers import IsBanned
from virage.sale.ticketing.rules.names import renamed
from virage.sale.ticketing.rules.terms import Reason, TicketRow
from virage.sale.ticketing.rules.transfers import TransferRefusal
from virage.sale.ticketing.store import tickets as store
from virage.sale.ticketing.store import transfers as transfers_store
from virage.site.programme import api as programme
from virage.site.programme.types import Event


async def name_holders(  # noqa: PLR0911 - each reason by its name
    conn: Connection, is_banned: IsBanned, names: Mapping[UUID, str | None], fan_id: UUID, now: datetime
) -> Refused | None:
    """Set the holders' names of a fan's tickets; None removes one. All of them change, or none.

    Refusals: `not_found`, `tickets_not_named`, `ticket_refunded`, `names_closed` and `name_changes_used_up` (both with
    data.ticket_id), `transfer_not_possible` for a name that matches a ban, which a person reviews. A name that may not
    be given for another reason is not compared with the bans: the answer would tell of them without a review.
    """
    ticket_ids = sorted(names)
    fan = await people.lock_person(conn, fan_id)  # one request at a time: each change is counted before the next asks
    held = await transfers_store.held_tickets(conn, ticket_ids, fan_id)
    if len(held) < len(ticket_ids) or fan is None:
        return Refused(Reason.NOT_FOUND)
    events = await programme.events(conn, sorted({ticket.event_id for ticket in held}))
    if not all(event.rules.named_tickets for event in events.values()):
        return Refused(Reason.TICKETS_NOT_NAMED)
    written = {id_: None if name is None else " ".join(name.split()) or None for id_, name in names.items()}
    possible = _renamed(held, written, events, now)
    if isinstance(possible, Refused):
        return possible
    given = [(ticket, name) for ticket in held if (name := written[ticket.id]) not in {None, ticket.holder_name}]
    met = [await is_banned(conn, one.event_id, one.id, fan, name=name, now=now, guest=True) for one, name in given]
    if any(met):
        return Refused(TransferRefusal.NOT_POSSIBLE, commit=True)
    await store.lock_tickets(conn, ticket_ids)
    current = await transfers_store.held_tickets(conn, ticket_ids, fan_id)
    if len(current) < len(ticket_ids):
        return Refused(Reason.NOT_FOUND)
    changed = _renamed(current, written, events, now)
    if isinstance(changed, Refused):
        return changed
    await store.name_holders(conn, changed)
    await append(conn, [Fact("ticket_named", fan_id, ticket.id) for ticket in changed], now)
    return None


def _renamed(
    tickets: Sequence[TicketRow], names: Mapping[UUID, str | None], events: Mapping[UUID, Event], now: datetime
) -> list[TicketRow] | Refused:
    """Return the tickets that get another name, with it; the first refusal if one may not."""
    changed = []
    for ticket in tickets:
        new = renamed(ticket, names[ticket.id], events[ticket.event_id], now)
        if isinstance(new, Refused):
            return new
        if new != ticket:
            changed.append(new)
    return changed
