"""Evacuation instructions by block, from the approved plan, the people who are counted now and the closed exits."""

import asyncio
from collections.abc import Set as AbstractSet

from virage.control.safety.reads.clearing import Clearing
from virage.control.safety.rules.instructions import (
    InstructionRefusal,
    Instructions,
    PlanApproval,
    balanced,
    exit_loads,
    exit_widths,
    grouped,
    waiting_places,
)
from virage.control.safety.store import instructions as store
from virage.platform.data.database import Database
from virage.platform.values.refusals import Refused
from virage.site.programme.types import Event
from virage.site.venue import api as venues
from virage.site.venue.types import RouteOptions, route_table


async def instructions(
    db: Database, clearing: Clearing, event: Event, closed: AbstractSet[str]
) -> Instructions | Refused:
    """Return the instructions of an event without the exits that are `closed`.

    Refuses `place_unknown` with the codes that are no exits.
    """
    now = await clearing.people(event)
    async with db.connection() as conn:
        venue = await venues.venue_at(conn, event.venue_version)
        today = await venues.route_options(conn, step_free=True, event_id=event.id)
        sent = await store.instruction_sets(conn, event.id)
    widths = exit_widths(now.plan.network, venue)
    if unknown := closed - widths.keys():
        return Refused(InstructionRefusal.PLACE_UNKNOWN, {"places": sorted(unknown)})
    plan = now.plan.safety.evacuation_plan
    if plan is None:
        groups = grouped(venue, now.people, {}, {})
    else:
        options = RouteOptions(step_free=True, closed=frozenset(venue.walk.lifts))
        table = await asyncio.to_thread(route_table, venue, options)
        waiting = await asyncio.to_thread(waiting_places, now.plan.safety, table, today.closed)
        groups = grouped(venue, now.people, balanced(plan, now.people, widths, closed), waiting)
    return Instructions(
        at=now.at,
        plan=None
        if plan is None
        else PlanApproval(plan.reference, plan.approved_by, plan.approved_on, plan.help_number),
        is_measured=now.measured >= set(venue.zones),
        groups=groups,
        exits=exit_loads(groups, widths, closed),
        sent=sent,
    )
