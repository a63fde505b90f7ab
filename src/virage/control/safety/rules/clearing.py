"""The time to clear a venue and its stands from the people who are counted now, at planning and at observed flows."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np
from msgspec import Struct

from virage.control.safety.rules.capacity import FinalCapacity
from virage.control.safety.rules.egress import OBSERVED, PLANNING, Cleared, Flows, Spread, ensemble, run
from virage.control.safety.rules.network import EgressNetwork, Ints, shares

MEMBERS: Final = 200
"""Members of an ensemble."""
SAMPLE: Final = 4
"""In ensembles, one of so many people leaves, through passages of 1 / `SAMPLE` of their width."""
NETWORKS_MAX: Final = 8


class ClearTime(Struct, frozen=True):
    """Seconds until the last person has left: one run in which all start at once, and the spread of an ensemble.

    0 without people, None if people are left without an open exit.
    """

    seconds: int | None
    p50_s: int | None
    p95_s: int | None


class PlaceClearing(Struct, frozen=True, kw_only=True):
    """The time to clear a stand or standing area; `code` is None for the venue.

    `is_measured` is false without a fresh count: then the place counts as full. `blocked` people have no open exit.
    """

    code: str | None
    people: int
    is_measured: bool
    blocked: int
    planning: ClearTime
    observed: ClearTime


class ExitLoad(Struct, frozen=True):
    """An exit, a group of gates, with its clear width in metres and the people who leave through it."""

    code: str
    width_m: float
    closed: bool
    people: int


class ClearingForecast(Struct, frozen=True, kw_only=True):
    """When the venue is clear if all leave now. `at` is the time of the counts.

    `assumed_widths` counts walkways whose width the venue file does not give.
    """

    event_id: UUID
    at: datetime
    members: int
    venue: PlaceClearing
    stands: list[PlaceClearing]
    exits: list[ExitLoad]
    assumed_widths: int
    capacity: FinalCapacity


class ClearTimes(Struct, frozen=True):
    """Runs and ensembles at planning and observed flows: what takes processor time. Times by stand, None for all."""

    planned: Cleared
    observed: Cleared
    planned_spread: dict[str | None, Spread]
    observed_spread: dict[str | None, Spread]


_networks: dict[str, EgressNetwork] = {}
"""Networks by version of the venue. One object for each version, because its ways out are cached by it."""


def clear_times(
    version: str, network: EgressNetwork, people: Mapping[str, int], closed: AbstractSet[str]
) -> ClearTimes:
    """Return the times to clear a venue with these people by block; for a process of its own, which keeps the network.

    Raises:
        ValueError: for a block or exit that the network does not have.
    """
    if version not in _networks:
        if len(_networks) == NETWORKS_MAX:
            _networks.pop(next(iter(_networks)))
        _networks[version] = network
    network = _networks[version]
    return ClearTimes(
        run(network, people, PLANNING, closed),
        run(network, people, OBSERVED, closed),
        _spread(network, people, PLANNING, closed),
        _spread(network, people, OBSERVED, closed),
    )


def _spread(
    network: EgressNetwork, people: Mapping[str, int], flows: Flows, closed: AbstractSet[str]
) -> dict[str | None, Spread]:
    found = ensemble(
        network,
        {block: -(-count // SAMPLE) for block, count in people.items()},
        Flows(flows.level / SAMPLE, flows.stairs / SAMPLE),
        members=MEMBERS,
        closed=closed,
    )
    spreads: dict[str | None, Spread] = {None: found.venue}
    spreads.update(found.stands)
    return spreads


def in_use(network: EgressNetwork, sold: AbstractSet[str]) -> Ints:
    """Return the places of each block that an event uses: those that it sells, or all if it sells none."""
    if not sold:
        return network.capacity
    return np.array(
        [places if code in sold else 0 for code, places in zip(network.blocks, network.capacity.tolist(), strict=True)],
        np.int32,
    )


def places_by_stand(network: EgressNetwork, places: Ints) -> dict[str, int]:
    """Return the places of each stand and standing area from those of each block."""
    return {code: int(places[network.stand == number].sum()) for number, code in enumerate(network.stands)}


def people_by_block(network: EgressNetwork, people: Mapping[str, int], places: Ints) -> dict[str, int]:
    """Return the people of each block from those of each stand, shared out by places in use, else by all places."""
    found: dict[str, int] = {}
    for number, stand in enumerate(network.stands):
        own = np.flatnonzero(network.stand == number)
        weights = places[own] if places[own].any() else network.capacity[own]
        for block, count in zip(own.tolist(), shares(people[stand], weights.astype(np.float64)).tolist(), strict=True):
            found[network.blocks[block]] = found.get(network.blocks[block], 0) + count
    return found


def places_of(times: ClearTimes, measured: AbstractSet[str]) -> tuple[PlaceClearing, list[PlaceClearing]]:
    """Return the venue and its stands; `measured` are the stands with a fresh count."""
    observed = {one.stand: one for one in times.observed.stands}

    def times_of(seconds: int | None, spread: Spread) -> ClearTime:
        return ClearTime(seconds, spread.p50_s, spread.p95_s)

    stands = [
        PlaceClearing(
            code=one.stand,
            people=one.people,
            is_measured=one.stand in measured,
            blocked=one.blocked,
            planning=times_of(one.seconds, times.planned_spread[one.stand]),
            observed=times_of(observed[one.stand].seconds, times.observed_spread[one.stand]),
        )
        for one in times.planned.stands
    ]
    venue = PlaceClearing(
        code=None,
        people=times.planned.people,
        is_measured=all(one.is_measured for one in stands),
        blocked=times.planned.blocked,
        planning=times_of(times.planned.seconds, times.planned_spread[None]),
        observed=times_of(times.observed.seconds, times.observed_spread[None]),
    )
    return venue, stands


def exits_of(network: EgressNetwork, times: ClearTimes, closed: AbstractSet[str]) -> list[ExitLoad]:
    """Return the exits with the people who leave through each."""
    return [
        ExitLoad(code, round(metres, 2), code in closed, times.planned.by_exit[code])
        for code, metres in zip(network.exits, network.exit_m.tolist(), strict=True)
    ]
