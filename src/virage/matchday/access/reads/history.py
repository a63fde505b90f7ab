"""History of a pass: its scans and its presence."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.matchday.access.reads.holders import FOUND_MAX
from virage.matchday.access.reads.names import names_of
from virage.matchday.access.rules.board import PassScan
from virage.matchday.access.rules.decision import Presence
from virage.matchday.access.rules.venue_state import label
from virage.matchday.access.store import board as store
from virage.matchday.access.store import scans as scan_store
from virage.platform.data.database import Connection
from virage.sale.ticketing import api as ticketing
from virage.site.venue.types import PlaceLabel, Venue

SCANS_SHOWN_MAX: Final = 200
SCANS_OF_PASSES_MAX: Final = 2_000


class PassMatch(Struct, frozen=True):
    """A pass found by a supervisor's search."""

    pass_number: int
    place_label: PlaceLabel | None
    order_code: str | None
    holder_name: str | None


class PassHistory(Struct, frozen=True):
    """The scans of a pass, the latest first, and its presence."""

    pass_number: int
    place_label: PlaceLabel | None
    gate_group: str
    revoked: bool
    presence: Presence | None
    scans: list[PassScan]


async def find_passes(conn: Connection, event_id: UUID, venue: Venue, wanted: str) -> list[PassMatch]:
    """Return passes by number, name, email address or order code; 20 at most."""
    if wanted.isascii() and wanted.isdigit():
        number = int(wanted[:10])
        issued = await passes.at_gate(conn, [(event_id, number)])
        return [PassMatch(number, label(venue, issued_pass.place), None, None) for issued_pass in issued.values()]
    holders = await ticketing.find_holders(conn, event_id, wanted, FOUND_MAX)
    states = await passes.states(conn, [holder.ticket_id for holder in holders])
    return [
        PassMatch(
            states[holder.ticket_id].number,
            label(venue, holder.place),
            holder.order_code,
            holder.holder_name or holder.account_name,
        )
        for holder in holders
        if holder.ticket_id in states
    ]


async def history(conn: Connection, event_id: UUID, venue: Venue, number: int) -> PassHistory | None:
    """Return the history of a pass, None if it was never issued."""
    key = (event_id, number)
    issued = (await passes.at_gate(conn, [key])).get(key)
    if issued is None:
        return None
    lines = await store.history(conn, event_id, number, SCANS_SHOWN_MAX)
    names = await names_of(conn, lines, [])
    stored = (await scan_store.presence_of(conn, [key])).get(key)
    return PassHistory(
        number,
        label(venue, issued.place),
        issued.gate_group,
        issued.revoked,
        None if stored is None else stored.presence,
        [names.named(line) for line in lines],
    )


async def scans_of_passes(conn: Connection, event_id: UUID, numbers: Sequence[int]) -> list[PassScan]:
    """Return the scans of some passes, the earliest first, at most 2,000; those of a training are left out."""
    return await store.scans_of_passes(conn, event_id, numbers, SCANS_OF_PASSES_MAX) if numbers else []
