"""Who comes without a phone: the passes of a name, an address or an order code."""

from uuid import UUID

from msgspec import Struct

from virage.access.rules.ground import label
from virage.kernel.database import Connection
from virage.passes import reads as passes
from virage.ticketing.reads import gates as ticketing
from virage.venue.rules.ground import PlaceLabel


class Found(Struct, frozen=True):
    """A pass that somebody without a phone asks for, with what their proof of identity must say."""

    pass_number: int
    place: int
    place_label: PlaceLabel | None
    order_code: str
    holder_name: str | None
    buyer_name: str | None
    revoked: bool
    entered: bool


async def find(conn: Connection, event_id: UUID, wanted: str) -> list[Found]:
    """The passes of an event by the name of their holder or buyer, an e-mail address or an order code; 20 at most."""
    holders = await ticketing.find_holders(conn, event_id, wanted)
    states = await passes.states(conn, [holder.ticket_id for holder in holders])
    return [
        Found(
            states[holder.ticket_id].number,
            holder.place,
            label(holder.place),
            holder.order_code,
            holder.holder_name,
            holder.buyer_name,
            states[holder.ticket_id].revoked,
            states[holder.ticket_id].entered_at is not None,
        )
        for holder in holders
        if holder.ticket_id in states
    ]
