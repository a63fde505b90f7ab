"""Check of a steward's override: who overrode, which pass, and how often the device did."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final
from uuid import UUID

from virage.matchday.access.rules.scans import Scan
from virage.matchday.access.rules.venue_state import VenueState, groups_at
from virage.platform.web.guard import Grant, Principal, holds
from virage.site.programme.types import Event
from virage.site.venue.types import Venue

OVERRIDES_MAX: Final = 60
"""Overrides per device and event that admit: a tenth of what a lane admits in an hour.

A lane checks 600 people per hour for two hours before the kick-off. One phone in a hundred is flat or broken, which
makes 12 overrides. 60 are five times as many; a device that uploads more is broken, abused or stolen.
"""


class OverrideRefusal(StrEnum):
    """Reason of an override that admits no pass. Its bearer counts as inside; the board shows the reason."""

    NO_STEWARD = "no_steward"
    NEEDS_SUPERVISOR = "needs_supervisor"
    TOO_MANY_OVERRIDES = "too_many_overrides"


def override_refusal(
    scan: Scan,
    event: Event | None,
    venue: Venue,
    state: VenueState,
    grants: Iterable[Grant],
    *,
    gate_group: str,
    barred: bool,
    overrides: int,
) -> OverrideRefusal | None:
    """Return why an override admits no pass, None if it does.

    `grants` are those of the person in the scan. A steward of the gate may override for passes of this gate; a
    supervisor of the gate also for other gate groups and for cancelled or banned passes (`barred`). `overrides` counts
    earlier overrides of the device at the event.
    """
    who = Principal("staff", scan.person_id, None, tuple(grants))
    if not supervises_gate(who, scan.gate, venue, event):
        if not _works_at(who, "steward", scan.gate, venue, event):
            return OverrideRefusal.NO_STEWARD
        if barred or gate_group not in groups_at(venue, [scan.gate], state):
            return OverrideRefusal.NEEDS_SUPERVISOR
    return OverrideRefusal.TOO_MANY_OVERRIDES if overrides >= OVERRIDES_MAX else None


def supervises_gate(who: Principal, gate: str, venue: Venue, event: Event | None) -> bool:
    """Return whether a person supervises a gate of an event's venue.

    By the gate, its group, the venue, the event, its organiser or everything.
    """
    return _works_at(who, "supervisor", gate, venue, event)


def _works_at(who: Principal, role: str, gate: str, venue: Venue, event: Event | None) -> bool:
    found = venue.gate_by_code.get(gate)
    within: list[tuple[str, UUID | str]] = [("venue", venue.code)]
    if found is not None:
        within.append(("gate", venue.prefix + found.group))
    if event is not None:
        within += [("event", event.id), ("organiser", event.organiser_id)]
    return holds(who, role, scope="gate", scope_id=gate, within=within)
