"""Corrections of the number of people in a zone; a correction is added, counts are never edited."""

from virage.matchday.access.rules.board import Correction
from virage.matchday.access.store import board as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused, invalid_input
from virage.platform.values.texts import shows_all
from virage.site.venue.types import Venue

PEOPLE_MAX, REASON_MAX = 100_000, 200


async def correct(conn: Connection, venue: Venue, correction: Correction) -> Correction | Refused:
    """Store a correction. A repeated request returns the same correction; an id of another one is refused."""
    if correction.zone not in venue.zones:
        return Refused("not_found")
    reason = correction.reason.strip()
    if not 0 < len(reason) <= REASON_MAX or not shows_all(reason):
        return invalid_input("reason", "Say why, in at most 200 visible characters.")
    if not 0 < abs(correction.people) <= PEOPLE_MAX:
        return invalid_input("people", "Say by how many people, at most 100,000.")
    if await store.insert_correction(conn, correction):
        data = {"event_id": correction.event_id, "zone": correction.zone, "people": correction.people}
        facts = [Fact("presence_corrected", correction.corrected_by, correction.id, data)]
        await append(conn, facts, correction.corrected_at)
        return correction
    known = await store.correction(conn, correction.id)
    asked = (correction.event_id, correction.zone, correction.people, correction.reason)
    same = known is not None and (known.event_id, known.zone, known.people, known.reason) == asked
    return known if known is not None and same else Refused("id_taken")
