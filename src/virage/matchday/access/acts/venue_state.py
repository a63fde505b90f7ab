"""A supervisor's settings of gates, zones and entry. Each change is a fact that devices receive."""

from datetime import datetime
from uuid import UUID

from virage.identity.passes.types import is_gate_group
from virage.matchday.access.rules.accreditations import AccreditationKindUpdate
from virage.matchday.access.rules.decision import Window
from virage.matchday.access.rules.venue_state import GROUPS_MAX, GateState
from virage.matchday.access.store import venue_state as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.programme.types import YEAR_MAX, YEAR_MIN
from virage.site.venue.types import Venue

NOT_FOUND = Refused("not_found")
NO_GROUP = invalid_input("group", "No pass can carry such a group.")
TICKET_GROUP = invalid_input("group", "This is a group of tickets.")
TOO_MANY = invalid_input("gates", f"A gate accepts {GROUPS_MAX} groups besides its own at most.")
NO_YEAR = invalid_input("opens_at", "There is no such time.")
NO_TIME = invalid_input("closes_at", "It closes before it opens.")


async def set_gate(
    conn: Connection, event_id: UUID, venue: Venue, gate: str, state: GateState, *, who: UUID | None, now: datetime
) -> Refused | None:
    """Set the turnstile, the closure and the extra gate groups of a gate."""
    if gate not in venue.gate_by_code:
        return NOT_FOUND
    if not all(is_gate_group(group) for group in state.extra_groups):
        return NO_GROUP
    await store.put_gate(conn, event_id, gate, state)
    await append(conn, [_gate_changed(event_id, gate, state, who)], now)
    return None


async def set_zone(
    conn: Connection, event_id: UUID, venue: Venue, zone: str, *, full: bool, who: UUID | None, now: datetime
) -> Refused | None:
    """Mark a zone as full or not full. A full zone admits no further people."""
    if zone not in venue.zones:
        return NOT_FOUND
    await store.put_zone(conn, event_id, zone, now, full=full)
    await append(conn, [Fact("zone_changed", who, event_id, {"zone": zone, "full": full})], now)
    return None


async def set_entry_closed(conn: Connection, event_id: UUID, *, closed: bool, who: UUID | None, now: datetime) -> None:
    """Stop or resume entry at all gates of the venue."""
    await store.put_entry_closed(conn, event_id, now, closed=closed)
    await append(conn, [Fact("ground_changed", who, event_id, {"closed": closed})], now)


async def set_window(
    conn: Connection,
    event_id: UUID,
    venue: Venue,
    group: str,
    window: Window,
    *,
    who: UUID | None,
    now: datetime,
) -> Refused | None:
    """Set the access window of an accreditation's gate group. Groups of tickets have no window."""
    if not is_gate_group(group):
        return NO_GROUP
    if group in {gate.group for gate in venue.gates}:
        return TICKET_GROUP
    if not all(YEAR_MIN <= moment.year <= YEAR_MAX for moment in (window.opens_at, window.closes_at)):
        return NO_YEAR
    if window.closes_at <= window.opens_at:
        return NO_TIME
    if await store.put_window(conn, event_id, group, window):
        await append(conn, [Fact("window_changed", who, event_id, {"group": group})], now)
    return None


async def set_group(
    conn: Connection,
    event_id: UUID,
    venue: Venue,
    group: str,
    word: AccreditationKindUpdate,
    *,
    who: UUID | None,
    now: datetime,
) -> Refused | None:
    """Set the window of a group and the gates that accept it. Only changes append facts."""
    if not set(word.gates) <= venue.gate_by_code.keys():
        return invalid_input("gates", "The venue has no such gate.")
    refused = await set_window(conn, event_id, venue, group, Window(word.opens_at, word.closes_at), who=who, now=now)
    if refused is not None:
        return refused
    changed = await store.put_group(conn, event_id, group, word.gates)
    if any(len(state.extra_groups) > GROUPS_MAX for _, state in changed):
        return TOO_MANY
    await append(conn, [_gate_changed(event_id, gate, state, who) for gate, state in changed], now)
    return None


def _gate_changed(event_id: UUID, gate: str, state: GateState, who: UUID | None) -> Fact:
    data = {"gate": gate, "turnstile": state.turnstile, "closed": state.closed, "groups": list(state.extra_groups)}
    return Fact("gate_changed", who, event_id, data)
