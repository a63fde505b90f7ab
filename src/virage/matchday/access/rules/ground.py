"""The gates and zones of the ground, and how they stand at an event."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Final

from msgspec import Struct

from virage.matchday.access.rules.decision import Post, Terms, Window
from virage.site.venue.types import Gate, PlaceLabel, RouteOptions, load_venue, route_table

GROUPS_MAX: Final = 10
"""How many groups a gate takes besides its own, at most."""


class GateState(Struct, frozen=True):
    """How a gate stands at an event. `extra_groups` are taken besides its own."""

    turnstile: bool = False
    closed: bool = False
    extra_groups: tuple[str, ...] = ()


class GroundState(Struct, frozen=True):
    """How the ground stands at an event, where it differs from the plan; windows are by gate group."""

    gates: Mapping[str, GateState] = {}
    full: frozenset[str] = frozenset()
    closed: bool = False
    windows: Mapping[str, Window] = {}

    def gates_of(self, group: str) -> list[str]:
        """Return the gates that take a group besides their own, in order."""
        return sorted(gate for gate, said in self.gates.items() if group in said.extra_groups)


NOTHING_SAID = GateState()


class GroundRow(Struct, frozen=True):
    """One thing in which the ground differs from its plan at an event, as it is stored."""

    what: str
    code: str
    turnstile: bool
    closed: bool
    extra_groups: list[str]
    opens_at: datetime | None
    closes_at: datetime | None


def ground_state(rows: list[GroundRow]) -> GroundState:
    """Return the state of the ground that its rows make."""
    return GroundState(
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


@cache
def gates() -> dict[str, Gate]:
    """The gates of the ground by code."""
    return {gate.code: gate for gate in load_venue().gates}


@cache
def nearest_ramps() -> dict[str, str]:
    """The ramp from which each gate is the shortest walk: nothing else ties them. Some 0.1 s the first time."""
    found = route_table(RouteOptions())
    nearest = found.to_gates[:, list(found.gates)].argmin(axis=0)
    names = [found.walk.nodes[at].code.removeprefix("ramp:") for at in found.ramps]
    codes = [found.walk.nodes[at].code.removeprefix("gate:") for at in found.gates]
    return {code: names[ramp] for code, ramp in zip(codes, nearest.tolist(), strict=True)}


@cache
def zones() -> tuple[str, ...]:
    """The zones: the stands, then the standing areas."""
    ground = load_venue()
    return (*(stand.code for stand in ground.stands), *(area.code for area in ground.areas))


def zone_of(gate: str, place: int | None) -> str:
    """Return where a bearer is once inside: the standing area of the pass, else the stand behind the gate."""
    area = None if place is None or place < load_venue().seats else load_venue().area_of(place)
    return gates()[gate].stand if area is None else area.code


@cache
def label(place: int) -> PlaceLabel | None:
    """What the signs say of a place, None where the ground has none like that."""
    ground = load_venue()
    return ground.label(place) if 0 <= place < ground.places else None


def groups_at(codes: Collection[str], state: GroundState) -> frozenset[str]:
    """Return the gate groups that some gates take: their own, and those taken besides."""
    found = {gates()[code].group for code in codes}
    return frozenset(found.union(*(state.gates.get(code, NOTHING_SAID).extra_groups for code in codes)))


def post_of(gate: str, state: GroundState, terms: Terms, zone: str) -> Post:
    """Return the gate as decisions ask it; `zone` is where this bearer would be."""
    here = state.gates.get(gate, NOTHING_SAID)
    return Post(
        gate=gate,
        groups=groups_at([gate], state),
        zone=zone,
        terms=terms,
        closed=state.closed or here.closed,
        zone_full=zone in state.full,
        windows=state.windows,
    )
