"""Gates and zones of an event's venue, and their settings at the event."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from msgspec import Struct

from virage.matchday.access.rules.decision import EntryTerms, GateContext, NameTerms, Window
from virage.platform.web.guard import Principal, holds
from virage.site.venue.types import PlaceLabel, RouteOptions, Venue, route_table

GROUPS_MAX: Final = 10
"""Maximum number of extra gate groups of a gate."""


class GateState(Struct, frozen=True):
    """Settings of a gate at an event; `extra_groups` are accepted besides its own."""

    turnstile: bool = False
    closed: bool = False
    extra_groups: tuple[str, ...] = ()


class VenueState(Struct, frozen=True):
    """Settings of a venue at an event where they differ from the plan; `windows` by gate group."""

    gates: Mapping[str, GateState] = {}
    full: frozenset[str] = frozenset()
    closed: bool = False
    windows: Mapping[str, Window] = {}

    def gates_of(self, group: str) -> list[str]:
        """Return the gates that accept an extra group, sorted."""
        return sorted(gate for gate, state in self.gates.items() if group in state.extra_groups)


DEFAULT_GATE_STATE = GateState()


class VenueStateRow(Struct, frozen=True):
    """A stored setting of the venue at an event."""

    what: str
    code: str
    turnstile: bool
    closed: bool
    extra_groups: list[str]
    opens_at: datetime | None
    closes_at: datetime | None


def venue_state(rows: list[VenueStateRow]) -> VenueState:
    """Return the state of the venue from its rows."""
    return VenueState(
        gates={
            row.code: GateState(row.turnstile, row.closed, tuple(row.extra_groups))
            for row in rows
            if row.what == "gate"
        },
        full=frozenset(row.code for row in rows if row.what == "zone"),
        closed=any(row.what == "ground" for row in rows),
        windows={
            row.code: Window(row.opens_at, row.closes_at)
            for row in rows
            if row.what == "window" and row.opens_at is not None and row.closes_at is not None
        },
    )


@lru_cache(maxsize=64)
def nearest_ramps(venue: Venue) -> dict[str, str]:
    """Return the ramp with the shortest walk to each gate. Takes about 0.1 s the first time."""
    found = route_table(venue, RouteOptions())
    nearest = found.to_gates[:, list(found.gates)].argmin(axis=0)
    names = [found.walk.nodes[at].code.removeprefix("ramp:") for at in found.ramps]
    codes = [found.walk.nodes[at].code.removeprefix("gate:") for at in found.gates]
    return {code: names[ramp] for code, ramp in zip(codes, nearest.tolist(), strict=True)}


def zone_of(venue: Venue, gate: str, place: int | None) -> str:
    """Return the zone of a bearer inside: the standing area of the pass, else the stand behind the gate."""
    area = None if place is None or place < venue.seats else venue.area_of(place)
    return venue.gate_by_code[gate].stand if area is None else area.code


def label(venue: Venue, place: int) -> PlaceLabel | None:
    """Return the label of a place, None where the venue has no such place."""
    return venue.label(place) if 0 <= place < venue.places else None


def is_at(device: Principal, venue: Venue, gate: str) -> bool:
    """Return whether a device belongs to a gate of a venue: by its code, its group, or because it works everywhere."""
    found = venue.gate_by_code.get(gate)
    if found is None:
        return False
    return holds(device, "gate", scope="gate", scope_id=gate, within=[("gate", venue.prefix + found.group)])


def gates_of(device: Principal, venue: Venue) -> list[str]:
    """Return the gates of a venue at which a device works; none at the venues to which it does not belong."""
    return [gate.code for gate in venue.gates if is_at(device, venue, gate.code)]


def groups_at(venue: Venue, codes: Collection[str], state: VenueState) -> frozenset[str]:
    """Return the gate groups that gates accept: their own, and the extra ones."""
    found = {venue.gate_by_code[code].group for code in codes}
    return frozenset(found.union(*(state.gates.get(code, DEFAULT_GATE_STATE).extra_groups for code in codes)))


def gate_context(
    venue: Venue, gate: str, state: VenueState, terms: EntryTerms, zone: str, *, names: NameTerms | None = None
) -> GateContext:
    """Return the gate as decisions need it; `zone` is the zone of this bearer."""
    here = state.gates.get(gate, DEFAULT_GATE_STATE)
    return GateContext(
        gate=gate,
        groups=groups_at(venue, [gate], state),
        zone=zone,
        terms=terms,
        closed=state.closed or here.closed,
        zone_full=zone in state.full,
        windows=state.windows,
        names=names,
    )
