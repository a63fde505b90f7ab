"""The time to clear a venue, computed in a process of its own from the picture of an event."""

from collections.abc import Set as AbstractSet
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from virage.control.safety.reads.pictures import VenuePictures, venue_and_safety
from virage.control.safety.rules.capacity import final_capacity
from virage.control.safety.rules.clearing import (
    MEMBERS,
    ClearingForecast,
    ClearTimes,
    clear_times,
    exits_of,
    in_use,
    people_by_block,
    places_by_stand,
    places_of,
)
from virage.control.safety.rules.incidents import IncidentRefusal
from virage.control.safety.rules.network import EgressNetwork, egress_network
from virage.control.safety.rules.picture import people_of
from virage.platform.data.database import Database
from virage.platform.host.background import in_background
from virage.platform.values.refusals import Refused
from virage.sale.ticketing import api as ticketing
from virage.site.programme.types import Event
from virage.site.venue.types import Safety

RESULTS_MAX: Final = 64
"""Results that are kept: while the counts of an event stay the same, all its desks get the same one."""


class VenuePlan(Struct, frozen=True, eq=False):
    """What does not change of a version of a venue."""

    network: EgressNetwork
    gates: int
    safety: Safety


class PeopleNow(Struct, frozen=True, eq=False):
    """People by block at an event. `places` are those in use, `measured` the zones with a fresh count."""

    at: datetime
    plan: VenuePlan
    places: int
    people: dict[str, int]
    measured: frozenset[str]


class Clearing:
    """Times to clear the venues of events."""

    def __init__(self, db: Database, pictures: VenuePictures) -> None:
        self._db = db
        self._pictures = pictures
        self._plans: dict[str, VenuePlan] = {}
        self._results: dict[Any, ClearTimes] = {}

    async def now(self, event: Event, closed: AbstractSet[str]) -> ClearingForecast | Refused:
        """Return when the venue of an event is clear if all leave now, without the exits that are `closed`.

        Refuses `place_unknown` with the codes that are no exits. A stand without a fresh count counts as full.
        """
        now = await self.people(event)
        network, people = now.plan.network, now.people
        if unknown := closed - set(network.exits):
            return Refused(IncidentRefusal.PLACE_UNKNOWN, {"places": sorted(unknown)})
        key = (event.venue_version, tuple(people.items()), frozenset(closed))
        times = self._results.get(key)
        if times is None:
            times = await self._computed(event.venue_version, network, people, closed)
            if len(self._results) == RESULTS_MAX:
                self._results.clear()
            self._results[key] = times
        venue, stands = places_of(times, now.measured)
        return ClearingForecast(
            event_id=event.id,
            at=now.at,
            members=MEMBERS,
            venue=venue,
            stands=stands,
            exits=exits_of(network, times, closed),
            assumed_widths=network.assumed,
            capacity=final_capacity(
                places=now.places,
                gates=now.plan.gates,
                safety=now.plan.safety,
                gate_groups_m=network.exit_m.tolist(),
            ),
        )

    async def people(self, event: Event) -> PeopleNow:
        """Return the people of each block now. A stand without a fresh count counts as full."""
        plan = await self._plan(event.venue_version)
        async with self._db.connection() as conn:
            pricing = await ticketing.load_pricing(conn, event.id)
        places = in_use(plan.network, {*pricing.blocks, *(area.area for area in pricing.areas)})
        picture = await self._pictures.now(event)
        counted = {zone.code: count for zone in picture.zones if (count := people_of(zone.people)) is not None}
        by_stand = {code: counted.get(code, full) for code, full in places_by_stand(plan.network, places).items()}
        people = people_by_block(plan.network, by_stand, places)
        return PeopleNow(picture.at, plan, int(places.sum()), people, frozenset(counted))

    async def _computed(
        self, version: str, network: EgressNetwork, people: dict[str, int], closed: AbstractSet[str]
    ) -> ClearTimes:
        try:
            return await in_background("clearing", clear_times, version, network, people, closed)
        except BrokenProcessPool:  # it was killed, for example for its memory; the next call starts another one
            return await in_background("clearing", clear_times, version, network, people, closed)

    async def _plan(self, version: str) -> VenuePlan:
        """Return the plan of a version of a venue, read once per process."""
        found = self._plans.get(version)
        if found is None:
            venue, safety = await venue_and_safety(self._db, version)
            found = self._plans[version] = VenuePlan(egress_network(venue), len(venue.gates), safety)
        return found
