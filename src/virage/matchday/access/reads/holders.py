"""Search of passes for people without a phone, by name, address or order code."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.matchday.access.rules.venue_state import groups_at, label
from virage.matchday.access.store import venue_state as venue_state_store
from virage.platform.data.database import Connection
from virage.sale.ticketing import api as ticketing
from virage.site.venue.types import PlaceLabel, Venue

SOUGHT_MAX: Final = 500
"""Holders read over all gates, so that those of this gate are among them."""
FOUND_MAX: Final = 20


class HolderMatch(Struct, frozen=True):
    """A pass found for a person without a phone, with the names to compare with their ID.

    `buyer_name` is that of the account which has the ticket: the buyer's, or the receiver's after a transfer.
    """

    pass_number: int
    place: int
    place_label: PlaceLabel | None
    order_code: str
    holder_name: str | None
    buyer_name: str | None
    revoked: bool
    entered: bool


async def find(
    conn: Connection, event_id: UUID, venue: Venue, codes: Collection[str], wanted: str
) -> list[HolderMatch]:
    """Return passes of some gates by the name of holder or buyer, an address or an order code; 20 at most."""
    holders = await ticketing.find_holders(conn, event_id, wanted, SOUGHT_MAX)
    states = await passes.states(conn, [holder.ticket_id for holder in holders])
    groups = groups_at(venue, codes, (await venue_state_store.venue_states(conn, [event_id]))[event_id])
    at_gate = await passes.at_gate(conn, [(event_id, state.number) for state in states.values()])
    taken = {number for (_, number), gate_pass in at_gate.items() if gate_pass.gate_group in groups}
    return [
        HolderMatch(
            states[holder.ticket_id].number,
            holder.place,
            label(venue, holder.place),
            holder.order_code,
            holder.holder_name,
            holder.account_name,
            states[holder.ticket_id].revoked,
            states[holder.ticket_id].entered_at is not None,
        )
        for holder in holders
        if holder.ticket_id in states and states[holder.ticket_id].number in taken
    ][:FOUND_MAX]
