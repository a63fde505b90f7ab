"""Whether an override of a steward admits a pass: who overrode, which pass, and how often the device did."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final
from uuid import UUID

from virage.matchday.access.rules.ground import GroundState, gates, groups_at
from virage.matchday.access.rules.scans import Scan
from virage.platform.web.guard import Grant, Principal, holds
from virage.site.programme.types import Event

OVERRIDES_MAX: Final = 60
"""Overrides of one device at one event that admit: a tenth of what a lane takes in an hour.

A lane checks 600 people an hour and works for two hours before the kick-off. One phone in a hundred is flat or broken,
which makes 12 overrides. 60 are five times as many; a device that tells more is broken, abused or stolen.
"""


class OverrideDoubt(StrEnum):
    """Why an override admits no pass. Its bearer went in and is counted inside; the board shows the reason."""

    NO_STEWARD = "no_steward"
    NEEDS_SUPERVISOR = "needs_supervisor"
    TOO_MANY_OVERRIDES = "too_many_overrides"


def override_doubt(
    scan: Scan,
    event: Event | None,
    state: GroundState,
    grants: Iterable[Grant],
    *,
    gate_group: str,
    barred: bool,
    overrides: int,
) -> OverrideDoubt | None:
    """Return why an override admits no pass, None where it does.

    `grants` are those of the person whom the scan names. A steward of the gate overrides for passes that enter there;
    a supervisor of the gate also for other gate groups and for passes that are cancelled or banned (`barred`).
    `overrides` counts those that the device sent for the event before.
    """
    who = Principal("staff", scan.person_id, None, tuple(grants))
    if not leads(who, scan.gate, event):
        if not _works_at(who, "steward", scan.gate, event):
            return OverrideDoubt.NO_STEWARD
        if barred or gate_group not in groups_at([scan.gate], state):
            return OverrideDoubt.NEEDS_SUPERVISOR
    return OverrideDoubt.TOO_MANY_OVERRIDES if overrides >= OVERRIDES_MAX else None


def leads(who: Principal, gate: str, event: Event | None) -> bool:
    """Whether somebody supervises a gate at an event: the gate, its group, the event, its organiser or everything."""
    return _works_at(who, "supervisor", gate, event)


def _works_at(who: Principal, role: str, gate: str, event: Event | None) -> bool:
    found = gates().get(gate)
    within: list[tuple[str, UUID | str]] = [] if found is None else [("gate", found.group)]
    if event is not None:
        within += [("event", event.id), ("organiser", event.organiser_id)]
    return holds(who, role, scope="gate", scope_id=gate, within=within)
