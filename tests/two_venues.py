"""A second venue beside the first: the same plan with other codes, in another time zone."""

import sys
from functools import cache
from uuid import UUID

import pytest
from msgspec.structs import replace

from virage.platform.data.database import Connection
from virage.site.venue import store
from virage.site.venue.rules import Venue, load_venue

ARENA, PREFIX = "arena", "arena."


@cache
def arena() -> Venue:
    """Return the second venue: its gates, outlets and ramps have the local codes of the first one."""
    plan = load_venue()

    def renamed(code: str) -> str:
        kind, colon, local = code.partition(":")
        return f"{kind}:{PREFIX}{local}" if colon and kind in ("gate", "outlet", "ramp") else code

    nodes = tuple(replace(node, code=renamed(node.code)) for node in plan.walk.nodes)
    index = {renamed(code): at for code, at in plan.walk.index.items()}
    return replace(
        plan,
        code=ARENA,
        prefix=PREFIX,
        version="arena-1",
        name="The Arena",
        time_zone="America/New_York",
        gates=tuple(replace(gate, code=PREFIX + gate.code) for gate in plan.gates),
        outlets=tuple(replace(outlet, code=PREFIX + outlet.code) for outlet in plan.outlets),
        ramps=tuple(replace(ramp, code=PREFIX + ramp.code) for ramp in plan.ramps),
        walk=replace(plan.walk, nodes=nodes, index=index),
    )


@cache
def rebuilt() -> Venue:
    """Return a later version of the first venue, whose stand N has another name."""
    plan = load_venue()
    stands = tuple(replace(stand, name="Rebuilt") if stand.code == "N" else stand for stand in plan.stands)
    return replace(plan, version="main-2", stands=stands)


def install(monkeypatch: pytest.MonkeyPatch, *current: Venue) -> None:
    """Let the deployment have these venues, the first one first; all versions above exist."""
    versions = {venue.version: venue for venue in (load_venue(), arena(), rebuilt())}

    async def venue_at(_conn: Connection, version: str) -> Venue:
        return versions[version]

    async def venue_of(_conn: Connection, code: str) -> Venue | None:
        return next((venue for venue in current if venue.code == code), None)

    async def venues(_conn: Connection) -> list[Venue]:
        return list(current)

    fakes = {store.venue_at: venue_at, store.venue_of: venue_of, store.venues: venues}
    for module in [module for name, module in sys.modules.items() if name.startswith("virage.")]:
        for name, value in list(vars(module).items()):
            if callable(value) and getattr(value, "__module__", "") == store.__name__ and value in fakes:
                monkeypatch.setattr(module, name, fakes[value])


async def move_event(conn: Connection, event_id: UUID, version: str) -> None:
    """Let an event be at a version of a venue."""
    await conn.execute("update programme.event set ground_version = $2 where id = $1", event_id, version)
